// Closing somebody's account: what goes and what stays is said first, and who does it proves who they are.
import { useCallback, useState } from 'react';
import { readAccount } from '../connection/account';
import { closeAccount } from '../connection/administration';
import { Button } from '../ui/controls';
import { tell } from '../ui/frame';
import { useWords } from '../words';
import { ProofForm } from './account_parts';
import { Came, useRead, useSay } from './administration_parts';

interface ClosingProps {
    person: string;
    name: string;
    onClosed: () => void;
}

export function CloseAccount({ person, name, onClosed }: ClosingProps) {
    const words = useWords();
    const text = words.administration;
    const say = useSay();
    const [problem, setProblem] = useState('');
    const [busy, setBusy] = useState(false);
    const ask = useCallback(() => readAccount(), []);
    const { answer, look } = useRead(ask);
    const close = async () => {
        setBusy(true);
        const closed = await closeAccount(person);
        setBusy(false);
        setProblem(closed.is === 'done' ? '' : say(closed));
        if (closed.is === 'done') {
            tell(text.accountClosed(name));
            onClosed();
        }
    };
    return (
        <div className="stack">
            <p>{text.closeGoes}</p>
            <p>{text.closeStays}</p>
            <p className="problem" role="alert">
                {problem}
            </p>
            <Came answer={answer} again={look}>
                {(account) =>
                    account.proved ? (
                        <Button look="primary" disabled={busy} onClick={() => void close()}>
                            {text.closeNow}
                        </Button>
                    ) : (
                        <ProofForm account={account} onProved={() => void close()} />
                    )
                }
            </Came>
        </div>
    );
}
