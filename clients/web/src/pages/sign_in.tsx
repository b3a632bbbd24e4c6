// Name and password, then a second step if the account has one; or a passkey alone. Says what went wrong, and keeps
// what was typed.
import { useState, type FormEvent, type ReactNode } from 'react';
import { secondByCode, secondByPasskey, signInByPasskey, type Answer } from '../connection/account';
import { signIn, type Half } from '../connection/http';
import { passkeysWork } from '../connection/passkey';
import { LanguageChoice } from '../ui/frame';
import { Button, Field } from '../ui/controls';
import { useWords } from '../words';
import { useProblem } from '../ui/problem';

export function SignInPage({ onIn, wasIn }: { onIn: () => void; wasIn: boolean }) {
    const [half, setHalf] = useState<Half>();
    return half ? (
        <SecondStep half={half} onIn={onIn} onBack={() => setHalf(undefined)} />
    ) : (
        <FirstStep onIn={onIn} wasIn={wasIn} onHalf={setHalf} />
    );
}

export function Desk({ onSubmit, children }: { onSubmit?: () => void; children: ReactNode }) {
    const words = useWords();
    const submit = (event: FormEvent) => {
        event.preventDefault();
        onSubmit?.();
    };
    return (
        <main className="place front-desk sign-in" id="content">
            <form onSubmit={submit}>
                <div className="mark">
                    <img src="/mark.svg" alt="" />
                    {words.productName}
                </div>
                {children}
                <footer>
                    <LanguageChoice />
                </footer>
            </form>
        </main>
    );
}

interface FirstStepProps {
    wasIn: boolean;
    onIn: () => void;
    onHalf: (half: Half) => void;
}

function FirstStep({ wasIn, onIn, onHalf }: FirstStepProps) {
    const words = useWords();
    const [login, setLogin] = useState('');
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const say = useProblem();

    const submit = async () => {
        setBusy(true);
        setProblem('');
        const answer = await signIn(login.trim(), password);
        setBusy(false);
        switch (answer.outcome) {
            case 'in':
                onIn();
                return;
            case 'half':
                onHalf(answer.half);
                return;
            case 'wrong':
                setProblem(words.wrongLogin);
                return;
            case 'wait':
                setProblem(words.tooManyAttempts(answer.seconds));
                return;
            case 'failed':
                setProblem(words.signInFailed);
        }
    };

    const byPasskey = async () => {
        setBusy(true);
        setProblem('');
        const answer = await signInByPasskey();
        setBusy(false);
        if (answer.is === 'done') {
            onIn();
        } else {
            setProblem(say(answer));
        }
    };

    return (
        <Desk onSubmit={() => void submit()}>
            <div>
                <h1>{words.signInTitle}</h1>
                <p className="mute">{wasIn ? words.signedOutElsewhere : words.signInLead}</p>
            </div>
            <Field
                label={words.login}
                name="username"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
                autoFocus
                value={login}
                onChange={(event) => setLogin(event.target.value)}
            />
            <Field
                label={words.password}
                name="password"
                type="password"
                autoComplete="current-password"
                required
                value={password}
                onChange={(event) => setPassword(event.target.value)}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary" disabled={busy}>
                {busy ? words.signingIn : words.signIn}
            </Button>
            {passkeysWork() && (
                <Button disabled={busy} onClick={() => void byPasskey()}>
                    {words.account.passkeySignIn}
                </Button>
            )}
        </Desk>
    );
}

interface SecondStepProps {
    half: Half;
    onIn: () => void;
    onBack: () => void;
}

function SecondStep({ half, onIn, onBack }: SecondStepProps) {
    const words = useWords();
    const [code, setCode] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    const say = useProblem();

    const send = async (asked: Promise<Answer<unknown>>) => {
        setBusy(true);
        setProblem('');
        const answer = await asked;
        setBusy(false);
        if (answer.is === 'done') {
            onIn();
        } else {
            setCode('');
            setProblem(say(answer));
        }
    };

    return (
        <Desk onSubmit={() => void send(secondByCode(half, code))}>
            <div>
                <h1>{words.account.second.title}</h1>
                <p className="mute">{words.account.second.lead}</p>
            </div>
            {half.passkey && passkeysWork() && (
                <Button disabled={busy} onClick={() => void send(secondByPasskey(half))}>
                    {words.account.second.usePasskey}
                </Button>
            )}
            <Field
                label={words.account.second.code}
                help={words.account.second.codeHelp}
                name="code"
                autoComplete="one-time-code"
                autoCapitalize="none"
                spellCheck={false}
                required
                autoFocus
                value={code}
                onChange={(event) => setCode(event.target.value)}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary" disabled={busy}>
                {words.account.second.go}
            </Button>
            <Button look="quiet" onClick={onBack}>
                {words.account.second.back}
            </Button>
        </Desk>
    );
}
