// Where one is signed in: when, from where, with what; each can be ended.
import { useCallback, useEffect, useState } from 'react';
import { endOtherSignIns, endSignIn, signIns, type Answer, type SignedIn } from '../connection/account';
import { Button } from '../ui/controls';
import { tell } from '../ui/frame';
import { dateTimeText, useSpeech, useWords } from '../words';
import { useProblem } from '../ui/problem';

export function Devices() {
    const words = useWords();
    const say = useProblem();
    const text = words.account.devices;
    const [list, setList] = useState<SignedIn[]>([]);
    const [problem, setProblem] = useState('');
    const look = useCallback(() => {
        void signIns().then((answer) => {
            if (answer.is === 'done') {
                setList(answer.body.signIns);
            }
        });
    }, []);
    useEffect(look, [look]);
    const end = async (asked: Promise<Answer<unknown>>) => {
        const answer = await asked;
        setProblem(answer.is === 'done' ? '' : say(answer));
        if (answer.is === 'done') {
            tell(text.ended);
        }
        look();
    };
    return (
        <section aria-labelledby="devices">
            <h2 id="devices">{text.title}</h2>
            <p className="mute">{text.lead}</p>
            <ul className="list devices">
                {list.map((one) => (
                    <Device key={one.id} one={one} onEnd={() => void end(endSignIn(one.id))} />
                ))}
            </ul>
            <p className="problem" role="alert">
                {problem}
            </p>
            {list.length > 1 && (
                <Button onClick={() => void end(endOtherSignIns())}>{text.others}</Button>
            )}
        </section>
    );
}

export function Device({ one, onEnd }: { one: SignedIn; onEnd: () => void }) {
    const { words, language } = useSpeech();
    const text = words.account.devices;
    const when = (milliseconds: number) => dateTimeText(milliseconds * 1000, language);
    const name = text.on(
        text.browser[one.browser] ?? one.browser,
        text.system[one.system] ?? one.system,
    );
    const about = [
        text.made(when(one.madeAt)),
        text.used(when(one.usedAt)),
        text.from(one.address),
        one.signsUntil === undefined ? '' : text.signs(when(one.signsUntil)),
    ];
    return (
        <li data-current={one.current}>
            <div>
                <strong>{name}</strong>
                {one.current && <span className="chip safe">{text.current}</span>}
                <div className="mute small">{about.filter(Boolean).join(' · ')}</div>
            </div>
            {!one.current && (
                <Button aria-label={text.endNamed(name)} onClick={onEnd}>
                    {text.end}
                </Button>
            )}
        </li>
    );
}
