// What the pages of an account share: problems in words, the proof before a change, codes shown once, the picture for
// an authenticator app.
import encodeQR from 'qr';
import { useState, type FormEvent } from 'react';
import {
    proveByCode,
    proveByPasskey,
    type Account,
    type Answer,
} from '../connection/account';
import { passkeysWork } from '../connection/passkey';
import { Button, Field, Sheet } from '../ui/controls';
import { useProblem } from '../ui/problem';
import { useWords } from '../words';

interface ProofSheetProps {
    account: Account;
    open: boolean;
    onClose: () => void;
    onProved: () => void;
}

export function ProofSheet({ open, onClose, ...rest }: ProofSheetProps) {
    const words = useWords();
    return (
        <Sheet title={words.account.proof.title} open={open} onClose={onClose}>
            <ProofForm {...rest} />
        </Sheet>
    );
}

export function ProofForm({ account, onProved }: Pick<ProofSheetProps, 'account' | 'onProved'>) {
    const words = useWords();
    const say = useProblem();
    const [password, setPassword] = useState('');
    const [code, setCode] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const hasFactor = account.factors.length > 0;
    const hasPasskey = account.factors.some(({ kind }) => kind === 'passkey') && passkeysWork();
    const send = async (asked: Promise<Answer<unknown>>) => {
        setBusy(true);
        setProblem('');
        const answer = await asked;
        setBusy(false);
        if (answer.is === 'done') {
            onProved();
        } else {
            setProblem(say(answer));
        }
    };
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void send(proveByCode(password, code));
    };
    return (
        <form className="stack" onSubmit={submit}>
            <p className="mute">{words.account.proof.lead}</p>
            <Field
                label={words.password}
                name="password"
                type="password"
                autoComplete="current-password"
                required
                autoFocus
                value={password}
                onChange={(event) => setPassword(event.target.value)}
            />
            {hasFactor && (
                <Field
                    label={words.account.second.code}
                    help={words.account.second.codeHelp}
                    name="code"
                    autoComplete="one-time-code"
                    autoCapitalize="none"
                    spellCheck={false}
                    required={!hasPasskey}
                    value={code}
                    onChange={(event) => setCode(event.target.value)}
                />
            )}
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row wrap">
                <Button type="submit" look="primary" disabled={busy}>
                    {words.account.proof.go}
                </Button>
                {hasPasskey && (
                    <Button
                        disabled={busy || password === ''}
                        onClick={() => void send(proveByPasskey(password))}
                    >
                        {words.account.second.usePasskey}
                    </Button>
                )}
            </div>
        </form>
    );
}

/** Shown once: whoever closes it has them, or has none. */
export function CodesShown({ codes, onKept }: { codes: string[]; onKept: () => void }) {
    const words = useWords();
    return (
        <div className="stack">
            <p>{words.account.recovery.shown}</p>
            <ol className="codes">
                {codes.map((code) => (
                    <li key={code}>
                        <code>{code}</code>
                    </li>
                ))}
            </ol>
            <div className="row wrap">
                <Button look="primary" onClick={onKept}>
                    {words.account.recovery.kept}
                </Button>
                <Button onClick={() => window.print()}>{words.account.recovery.print}</Button>
            </div>
        </div>
    );
}

/** Dark squares as one path: a picture that no style sheet has to be written for. */
export function QrPicture({ text, label }: { text: string; label: string }) {
    const squares = encodeQR(text, 'raw', { border: 4 });
    const path = squares
        .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
        .join('');
    return (
        <svg
            className="qr"
            role="img"
            aria-label={label}
            viewBox={`0 0 ${squares.length} ${squares.length}`}
            shapeRendering="crispEdges"
        >
            <rect width={squares.length} height={squares.length} fill="#fff" />
            <path d={path} fill="#000" />
        </svg>
    );
}
