// Where somebody is signed in, for who administers them; each can be ended.
import { useCallback, useState } from 'react';
import { endSignInOf, signInsOf } from '../connection/administration';
import { tell } from '../ui/frame';
import { useWords } from '../words';
import { Device } from './account_devices';
import { Came, useRead, useSay } from './administration_parts';

interface SessionsProps {
    organisation: string;
    person: string;
}

export function Sessions({ organisation, person }: SessionsProps) {
    const words = useWords();
    const say = useSay();
    const [problem, setProblem] = useState('');
    const ask = useCallback(() => signInsOf(organisation, person), [organisation, person]);
    const { answer, look } = useRead(ask);
    const end = async (id: string) => {
        const ended = await endSignInOf(organisation, person, id);
        setProblem(ended.is === 'done' ? '' : say(ended));
        if (ended.is === 'done') {
            tell(words.administration.sessionEnded);
        }
        look();
    };
    return (
        <>
            <Came answer={answer} again={look}>
                {({ signIns }) =>
                    signIns.length === 0 ? (
                        <p className="mute">{words.administration.noSessions}</p>
                    ) : (
                        <ul className="list devices">
                            {signIns.map((one) => (
                                <Device key={one.id} one={one} onEnd={() => void end(one.id)} />
                            ))}
                        </ul>
                    )
                }
            </Came>
            <p className="problem" role="alert">
                {problem}
            </p>
        </>
    );
}
