// Name and password. Says what went wrong, and keeps what was typed.
import { useState, type FormEvent } from 'react';
import { signIn, type Me } from '../connection/http';
import { LanguageChoice } from '../ui/frame';
import { Button, Field } from '../ui/controls';
import { useWords } from '../words';

export function SignInPage({ onIn, wasIn }: { onIn: (me: Me) => void; wasIn: boolean }) {
    const words = useWords();
    const [login, setLogin] = useState('');
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');

    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        setProblem('');
        const answer = await signIn(login.trim(), password);
        setBusy(false);
        switch (answer.outcome) {
            case 'in':
                onIn(answer.me);
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

    return (
        <main className="place front-desk sign-in" id="content">
            <form onSubmit={(event) => void submit(event)}>
                <div className="mark">
                    <img src="/mark.svg" alt="" />
                    {words.productName}
                </div>
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
                <footer>
                    <LanguageChoice />
                </footer>
            </form>
        </main>
    );
}
