// Adding a second factor: an authenticator app by a picture and a first code, or a passkey of this device.
import { useEffect, useState, type FormEvent } from 'react';
import { addPasskey, beginApp, confirmApp, type AppSecret } from '../connection/account';
import { passkeysWork } from '../connection/passkey';
import { Button, Field } from '../ui/controls';
import { useWords } from '../words';
import { useProblem } from '../ui/problem';
import { QrPicture } from './account_parts';

interface AddAppProps {
    /** With the recovery codes, if these are the first. */
    onAdded: (codes: string[] | undefined) => void;
}

export function AddApp({ onAdded }: AddAppProps) {
    const words = useWords();
    const say = useProblem();
    const text = words.account.app;
    const [secret, setSecret] = useState<AppSecret>();
    const [code, setCode] = useState('');
    const [name, setName] = useState(text.nameFirst);
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');
    useEffect(() => {
        let gone = false;
        void beginApp().then((answer) => {
            if (gone) {
                return;
            }
            if (answer.is === 'done') {
                setSecret(answer.body);
            } else {
                setProblem(say(answer));
            }
        });
        return () => {
            gone = true;
        };
        // Once: beginning again would make what was scanned worth nothing.
        // eslint-disable-next-line react-hooks/exhaustive-deps
    }, []);
    const submit = async (event: FormEvent) => {
        event.preventDefault();
        setBusy(true);
        setProblem('');
        const answer = await confirmApp(code.replaceAll(' ', ''), name);
        setBusy(false);
        if (answer.is === 'done') {
            onAdded(answer.body.recoveryCodes);
        } else {
            setProblem(say(answer));
        }
    };
    return (
        <form className="stack" onSubmit={(event) => void submit(event)}>
            {secret && (
                <>
                    <p>{text.scan}</p>
                    <QrPicture text={secret.uri} label={text.picture} />
                    <p>
                        {text.byHand}
                        <br />
                        <code className="secret" data-secret={secret.secret}>
                            {secret.secret.match(/.{1,4}/g)?.join(' ')}
                        </code>
                    </p>
                </>
            )}
            <Field
                label={text.confirm}
                name="code"
                inputMode="numeric"
                autoComplete="one-time-code"
                required
                value={code}
                onChange={(event) => setCode(event.target.value)}
            />
            <Field
                label={text.name}
                help={text.nameHelp}
                name="factor-name"
                maxLength={40}
                value={name}
                onChange={(event) => setName(event.target.value)}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row">
                <Button type="submit" look="primary" disabled={busy || !secret}>
                    {text.add}
                </Button>
            </div>
        </form>
    );
}

/** Asks the browser at once; says what came of it. */
export function useAddPasskey(
    login: string,
    onAdded: (codes: string[] | undefined) => void,
    onProblem: (words: string, word: string) => void,
): (() => Promise<void>) | undefined {
    const words = useWords();
    const say = useProblem();
    if (!passkeysWork()) {
        return undefined;
    }
    return async () => {
        const answer = await addPasskey(words.productName, login, words.account.passkeyName);
        if (answer.is === 'done') {
            onAdded(answer.body.recoveryCodes);
        } else {
            onProblem(say(answer), answer.word);
        }
    };
}
