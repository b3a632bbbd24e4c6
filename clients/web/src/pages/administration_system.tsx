// How the backup fares, and the keys.
import { useEffect, useState } from 'react';
import {
    backupState,
    keyState,
    rotateKeys,
    type BackupState,
    type KeyState,
} from '../connection/administration';
import { Button } from '../ui/controls';
import { tell } from '../ui/frame';
import { dateText, numberText, paperTime, useSpeech, useWords } from '../words';
import { Came, useRead, useSay } from './administration_parts';

/** Between two looks at keys that are being turned. */
const LOOK_MS = 1000;
/** More than that, and somebody should know. */
const BEHIND_MS = 2 * 60 * 1000;

export function System() {
    const words = useWords();
    const text = words.administration;
    const backup = useRead(backupState);
    const keys = useRead(keyState);
    // A server without these routes has keys that turn on the command line alone.
    const absent = keys.answer?.is === 'problem' && keys.answer.word === 'not_found';
    return (
        <>
            <section aria-labelledby="backup">
                <h2 id="backup">{text.backup}</h2>
                <Came answer={backup.answer} again={backup.look}>
                    {(state) => <Backup state={state} />}
                </Came>
            </section>
            {!absent && (
                <section aria-labelledby="keys">
                    <h2 id="keys">{text.keys}</h2>
                    <Came answer={keys.answer} again={keys.look}>
                        {(state) => <Keys state={state} look={keys.look} />}
                    </Came>
                </section>
            )}
        </>
    );
}

function Backup({ state }: { state: BackupState }) {
    const { words, language } = useSpeech();
    const text = words.administration;
    if (!state.configured) {
        return (
            <>
                <p>
                    <span className="chip stop">{text.backupNone}</span>
                </p>
                <p className="mute">{text.backupNoneHelp}</p>
            </>
        );
    }
    const well = state.well && state.behindMs < BEHIND_MS;
    const behind = text.minutes(Math.max(1, Math.round(state.behindMs / 60_000)));
    const when = (at: number | undefined) =>
        at === undefined ? text.never : paperTime(at * 1000, language);
    const facts: [string, string][] = [
        [text.backupFacts.lastBase, when(state.lastBase)],
        [text.backupFacts.lastLog, when(state.lastLog)],
        [text.backupFacts.lastImage, when(state.lastImage)],
        [text.backupFacts.firstBase, when(state.firstBase)],
        [text.backupFacts.held, `${numberText(state.heldBytes / 1e6, language, 1)} MB`],
    ];
    if (state.incomplete > 0) {
        facts.push([text.backupFacts.incomplete, numberText(state.incomplete, language)]);
    }
    return (
        <>
            <p>
                <span className={well ? 'chip safe' : 'chip attention'}>
                    {well ? text.backupWell : text.backupBehind(behind)}
                </span>
            </p>
            <dl className="pairs">
                {facts.map(([name, value]) => (
                    <div key={name}>
                        <dt className="mute">{name}</dt>
                        <dd>{value}</dd>
                    </div>
                ))}
            </dl>
        </>
    );
}

function Keys({ state, look }: { state: KeyState; look: () => void }) {
    const { words, language } = useSpeech();
    const text = words.administration;
    const say = useSay();
    const [problem, setProblem] = useState('');
    const rotate = async () => {
        const answer = await rotateKeys();
        setProblem(answer.is === 'done' ? '' : say(answer));
        if (answer.is === 'done') {
            tell(text.keysRotated);
        }
        look();
    };
    const turning = state.rotation !== 'resting';
    useEffect(() => {
        const timer = turning ? window.setInterval(look, LOOK_MS) : undefined;
        return () => window.clearInterval(timer);
    }, [turning, look]);
    const made = (at: number) => text.keysMade(dateText(at * 1000, language));
    return (
        <>
            <p className="mute">{text.keysLead}</p>
            {state.erasuresWaiting > 0 && <p>{text.keysErasures(state.erasuresWaiting)}</p>}
            <ul className="list devices">
                {state.generations.map((one, index) => (
                    <li key={one.generation}>
                        <div>
                            <strong>{text.keysGeneration(one.generation)}</strong>
                            {index === 0 && <span className="chip safe">{text.keysCurrent}</span>}
                            <div className="mute small">
                                {made(one.madeAt)} · {text.keysStreams(one.streams)}
                            </div>
                        </div>
                    </li>
                ))}
            </ul>
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button disabled={turning} onClick={() => void rotate()}>
                {turning ? text.keysRotating : text.keysRotate}
            </Button>
        </>
    );
}
