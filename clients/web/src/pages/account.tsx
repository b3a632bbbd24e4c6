// One's own account: second factors, recovery codes, the password, where one is signed in. And the page of who has to
// add a second factor before anything else.
import { useCallback, useEffect, useState, type FormEvent } from 'react';
import {
    changePassword,
    makeCodes,
    readAccount,
    removeFactor,
    type Account,
    type Answer,
    type Factor,
} from '../connection/account';
import { signOut } from '../connection/http';
import { Button, Field, Notice, Sheet } from '../ui/controls';
import { tell, TopBar } from '../ui/frame';
import { dateText, useSpeech, useWords } from '../words';
import { Devices } from './account_devices';
import { AddApp, useAddPasskey } from './account_factors';
import { useProblem } from '../ui/problem';
import { CodesShown, ProofSheet } from './account_parts';
import { CopyButton } from './copy';
import { Desk } from './sign_in';

/** The account as the server has it, read again after each change. */
function useAccount() {
    const [account, setAccount] = useState<Account>();
    const [away, setAway] = useState(false);
    const look = useCallback(() => {
        void readAccount().then((answer) => {
            setAway(answer.is === 'problem');
            if (answer.is === 'done') {
                setAccount(answer.body);
            }
        });
    }, []);
    useEffect(look, [look]);
    return { account, away, look };
}

export function AccountPage() {
    const words = useWords();
    const { account, away, look } = useAccount();
    return (
        <div className="place front-desk">
            <TopBar />
            <main className="desk account" id="content">
                <h1>{words.account.title}</h1>
                {account && <Changes account={account} look={look} />}
                {!account && !away && <p className="mute">{words.loading}</p>}
                {!account && away && (
                    <Notice title={words.signInFailed}>
                        <Button look="primary" onClick={look}>
                            {words.tryAgain}
                        </Button>
                    </Notice>
                )}
                <Devices />
                <section aria-labelledby="copy">
                    <h2 id="copy">{words.copy.title}</h2>
                    <p className="mute">{words.copy.lead}</p>
                    <CopyButton address="/api/people/me/export" />
                    <p className="mute">{words.copy.closing}</p>
                </section>
            </main>
        </div>
    );
}

function Changes({ account, look }: { account: Account; look: () => void }) {
    const words = useWords();
    const say = useProblem();
    const [wished, setWished] = useState<() => void>();
    const [adding, setAdding] = useState(false);
    const [codes, setCodes] = useState<string[]>();
    const [problem, setProblem] = useState('');

    /** At once while a proof is fresh, otherwise after one. */
    const proved = (run: () => void) => () => {
        setProblem('');
        if (account.proved) {
            run();
        } else {
            setWished(() => run);
        }
    };
    const done = (answer: Answer<unknown>, said: string) => {
        if (answer.is === 'done') {
            tell(said);
        } else {
            setProblem(say(answer));
        }
        look();
    };
    const added = (fresh: string[] | undefined) => {
        setAdding(false);
        setCodes(fresh);
        tell(words.account.factorAdded);
        look();
    };
    const addPasskey = useAddPasskey(account.login, added, (told) => {
        setProblem(told);
        look();
    });
    const remove = (factor: Factor) =>
        void removeFactor(factor.id).then((answer) => done(answer, words.account.factorRemoved));
    const renewCodes = () =>
        void makeCodes().then((answer) => {
            setCodes(answer.is === 'done' ? answer.body.recoveryCodes : undefined);
            if (answer.is === 'problem') {
                setProblem(say(answer));
            }
            look();
        });

    return (
        <>
            <section aria-labelledby="factors">
                <h2 id="factors">{words.account.factors}</h2>
                <p className="mute">{words.account.factorsLead}</p>
                <Factors account={account} onRemove={(factor) => proved(() => remove(factor))()} />
                <p className="problem" role="alert">
                    {problem}
                </p>
                <div className="row wrap">
                    <Button onClick={proved(() => setAdding(true))}>{words.account.addApp}</Button>
                    {addPasskey && (
                        <Button onClick={proved(() => void addPasskey())}>
                            {words.account.addPasskey}
                        </Button>
                    )}
                </div>
            </section>
            {account.factors.length > 0 && (
                <section aria-labelledby="recovery">
                    <h2 id="recovery">{words.account.recovery.title}</h2>
                    <p className="mute">{words.account.recovery.left(account.recoveryCodes)}</p>
                    <Button onClick={proved(renewCodes)}>{words.account.recovery.make}</Button>
                </section>
            )}
            <Password ask={proved} onDone={look} />
            <ProofSheet
                account={account}
                open={wished !== undefined}
                onClose={() => setWished(undefined)}
                onProved={() => {
                    setWished(undefined);
                    look();
                    wished?.();
                }}
            />
            <Sheet title={words.account.addApp} open={adding} onClose={() => setAdding(false)}>
                <AddApp onAdded={added} />
            </Sheet>
            <Sheet
                title={words.account.recovery.title}
                open={codes !== undefined}
                onClose={() => setCodes(undefined)}
            >
                <CodesShown codes={codes ?? []} onKept={() => setCodes(undefined)} />
            </Sheet>
        </>
    );
}

interface FactorsProps {
    account: Account;
    onRemove: (factor: Factor) => void;
}

function Factors({ account, onRemove }: FactorsProps) {
    const { words, language } = useSpeech();
    if (account.factors.length === 0) {
        return <p>{words.account.noFactors}</p>;
    }
    return (
        <ul className="list devices">
            {account.factors.map((factor) => (
                <li key={factor.id} data-factor={factor.kind}>
                    <div>
                        <strong>{factor.name || words.account.kind[factor.kind]}</strong>
                        <div className="mute small">
                            {words.account.kind[factor.kind]} ·{' '}
                            {words.account.since(dateText(factor.madeAt * 1000, language))}
                        </div>
                    </div>
                    <Button
                        aria-label={words.account.removeFactor(factor.name)}
                        onClick={() => onRemove(factor)}
                    >
                        {words.remove}
                    </Button>
                </li>
            ))}
        </ul>
    );
}

interface PasswordProps {
    ask: (run: () => void) => () => void;
    onDone: () => void;
}

function Password({ ask, onDone }: PasswordProps) {
    const words = useWords();
    const say = useProblem();
    const [fresh, setFresh] = useState('');
    const [problem, setProblem] = useState('');
    const change = async () => {
        const answer = await changePassword(fresh);
        setProblem(answer.is === 'done' ? '' : say(answer));
        if (answer.is === 'done') {
            setFresh('');
            tell(words.account.passwordChanged);
        }
        onDone();
    };
    const submit = (event: FormEvent) => {
        event.preventDefault();
        ask(() => void change())();
    };
    return (
        <section aria-labelledby="password">
            <h2 id="password">{words.account.passwordTitle}</h2>
            <p className="mute">{words.account.passwordLead}</p>
            <form className="stack" onSubmit={submit}>
                <Field
                    label={words.account.newPassword}
                    help={words.account.newPasswordHelp}
                    name="new-password"
                    type="password"
                    autoComplete="new-password"
                    minLength={8}
                    required
                    value={fresh}
                    onChange={(event) => setFresh(event.target.value)}
                />
                <p className="problem" role="alert">
                    {problem}
                </p>
                <div className="row">
                    <Button type="submit">{words.account.change}</Button>
                </div>
            </form>
        </section>
    );
}

/** Signed in, and may do nothing but this. */
export function EnrolPage({ onDone, onOut }: { onDone: () => void; onOut: () => void }) {
    const words = useWords();
    const { account } = useAccount();
    const [adding, setAdding] = useState(false);
    const [codes, setCodes] = useState<string[]>();
    const [problem, setProblem] = useState('');
    const added = (fresh: string[] | undefined) => {
        setAdding(false);
        if (fresh) {
            setCodes(fresh);
        } else {
            onDone();
        }
    };
    const addPasskey = useAddPasskey(account?.login ?? '', added, setProblem);
    return (
        <>
            <Desk>
                <div>
                    <h1>{words.account.enrol.title}</h1>
                    <p className="mute">{words.account.enrol.lead}</p>
                </div>
                <Button look="primary" onClick={() => setAdding(true)}>
                    {words.account.addApp}
                </Button>
                {addPasskey && (
                    <Button onClick={() => void addPasskey()}>{words.account.addPasskey}</Button>
                )}
                <p className="problem" role="alert">
                    {problem}
                </p>
                <Button look="quiet" onClick={() => void signOut().then(onOut)}>
                    {words.signOut}
                </Button>
            </Desk>
            <Sheet title={words.account.addApp} open={adding} onClose={() => setAdding(false)}>
                <AddApp onAdded={added} />
            </Sheet>
            <Sheet
                title={words.account.recovery.title}
                open={codes !== undefined}
                onClose={onDone}
            >
                <CodesShown codes={codes ?? []} onKept={onDone} />
            </Sheet>
        </>
    );
}
