// Proving who signs (21 CFR 11.200): everything the account has with the first signature in a meeting, one thing with
// each after that. Passwords and codes are read from their fields when they are sent, and are nowhere else.
import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import {
    openByCode,
    openByPasskey,
    signBy,
    signByPasskey,
    type Answer,
} from '../connection/account';
import { useSigner, type Signer } from '../state/signing';
import { Button, Field } from '../ui/controls';
import { useProblem } from '../ui/problem';
import { useWords, type Words } from '../words';

interface SigningProps {
    /** The meeting in which it is signed. */
    board: string;
    /** On the button. */
    label: string;
    disabled?: boolean;
    /** Sends what is signed; gives what went wrong, in words. */
    sign: () => Promise<string | undefined>;
    onSigned: () => void;
    /** What is proved is no signature: said in other words. */
    said?: Partial<Words['decision']['signing']>;
    children?: ReactNode;
}

export function Signing(props: SigningProps) {
    const words = useWords();
    const say = useProblem();
    const [state, again] = useSigner(props.board);
    switch (state.is) {
        case 'asking':
            return <p className="mute">{words.decision.signing.asking}</p>;
        case 'problem':
            return (
                <div className="stack">
                    <p className="problem" role="alert">
                        {say(state)}
                    </p>
                    <div className="row">
                        <Button onClick={again}>{words.decision.signing.again}</Button>
                    </div>
                </div>
            );
        case 'known':
            return (
                <SigningForm
                    key={state.signer.open ? 'open' : 'closed'}
                    {...props}
                    signer={state.signer}
                />
            );
    }
}

interface SigningFormProps extends SigningProps {
    signer: Signer;
}

const SIX_DIGITS = /^\d{6}$/;

/** What was typed, taken out of its field. */
function take(form: HTMLFormElement | null, name: string): string {
    const field = form?.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement)) {
        return '';
    }
    const { value } = field;
    field.value = '';
    return value;
}

function SigningForm(props: SigningFormProps) {
    const { board, label, disabled, sign, onSigned, signer, said, children } = props;
    const words = useWords();
    const say = useProblem();
    const text = { ...words.decision.signing, ...said };
    const form = useRef<HTMLFormElement>(null);
    const [busy, setBusy] = useState(false);
    const [open, setOpen] = useState(signer.open);
    const [problem, setProblem] = useState('');

    /** The field that was emptied is where the next try begins. */
    const fail = (said: string) => {
        setBusy(false);
        setProblem(said);
        form.current?.querySelector('input')?.focus();
    };
    const prove = async (asked: Promise<Answer<{ board: string }>>) => {
        setBusy(true);
        setProblem('');
        const answer = await asked;
        if (answer.is === 'problem') {
            const over = answer.word === 'step_up_needed';
            setOpen(open && !over);
            fail(over ? text.over : say(answer));
            return;
        }
        if (answer.body.board !== board) {
            setOpen(false);
            fail(text.over);
            return;
        }
        setOpen(true);
        const refused = await sign();
        if (refused === undefined) {
            setBusy(false);
            onSigned();
        } else {
            fail(refused);
        }
    };
    const byFields = () => {
        const password = take(form.current, 'signing-password');
        if (!open) {
            const code = take(form.current, 'signing-code').replaceAll(' ', '');
            return openByCode(board, password, code);
        }
        const digits = password.replaceAll(' ', '');
        return signBy(signer.hasApp && SIX_DIGITS.test(digits) ? { code: digits } : { password });
    };
    const byPasskey = () =>
        open ? signByPasskey() : openByPasskey(board, take(form.current, 'signing-password'));
    const submit = (event: FormEvent) => {
        event.preventDefault();
        void prove(byFields());
    };
    const passkeyFirst = open && signer.hasPasskey;
    return (
        <form ref={form} className="signing stack" data-signing={open ? 'open' : 'first'} onSubmit={submit}>
            <p className="mute small">{open ? text.next : text.first}</p>
            {passkeyFirst && (
                <div className="row">
                    <Button
                        look="primary"
                        autoFocus
                        data-sign-passkey
                        disabled={busy || disabled}
                        onClick={() => void prove(byPasskey())}
                    >
                        {text.byPasskey}
                    </Button>
                </div>
            )}
            <div className="signing-fields">
                <Field
                    label={open && signer.hasApp ? text.passwordOrCode : text.password}
                    {...(open && signer.hasApp ? { help: text.passwordOrCodeHelp } : {})}
                    name="signing-password"
                    type="password"
                    autoComplete="current-password"
                    required
                    autoFocus={!passkeyFirst}
                    disabled={disabled}
                />
                {!open && signer.hasFactor && (
                    <Field
                        label={text.code}
                        help={text.codeHelp}
                        name="signing-code"
                        autoComplete="one-time-code"
                        autoCapitalize="none"
                        spellCheck={false}
                        required={!signer.hasPasskey}
                        disabled={disabled}
                    />
                )}
            </div>
            <p className="problem" role="alert">
                {problem}
            </p>
            <div className="row wrap">
                <Button
                    type="submit"
                    look={passkeyFirst ? 'plain' : 'primary'}
                    data-sign-now
                    disabled={busy || disabled}
                >
                    {busy ? text.waiting : label}
                </Button>
                {!open && signer.hasPasskey && (
                    <Button disabled={busy || disabled} onClick={() => void prove(byPasskey())}>
                        {text.firstByPasskey}
                    </Button>
                )}
                {children}
            </div>
        </form>
    );
}
