// Coming by an invitation. Its token stands behind the # of the address, which no server is sent.
import { useCallback, useEffect, useState } from 'react';
import {
    acceptForOneself,
    acceptInvitation,
    lookAtInvitation,
    type Accepted,
    type InvitationShown,
} from '../connection/administration';
import { signIn } from '../connection/http';
import { useSession } from '../state/use_client';
import { Button, Field, Notice } from '../ui/controls';
import { tell } from '../ui/frame';
import { go } from '../ui/route';
import { paperTime, useSpeech, useWords, type Words } from '../words';
import './administration.css';
import { useSay } from './administration_parts';
import { Desk } from './sign_in';

const tokenOf = (): string => window.location.hash.slice(1);

type Looked = { is: 'looking' } | { is: 'good'; shown: InvitationShown } | { is: 'bad'; word: string };

function useInvitation(token: string) {
    const [looked, setLooked] = useState<Looked>({ is: 'looking' });
    const look = useCallback(() => {
        setLooked({ is: 'looking' });
        void lookAtInvitation(token).then((answer) =>
            setLooked(
                answer.is === 'done'
                    ? { is: 'good', shown: answer.body }
                    : { is: 'bad', word: answer.word },
            ),
        );
    }, [token]);
    useEffect(look, [look]);
    return { looked, look };
}

/** Where it leads. */
const placeOf = ({ board }: Accepted): string => (board === undefined ? '/' : `/boards/${board}`);

const leadOf = (words: Words, shown: InvitationShown): string =>
    shown.boardItems !== undefined
        ? words.links.leadBoard(shown.boardItems)
        : shown.roles.length > 0
          ? words.invitation.lead(rolesText(words, shown))
          : words.invitation.leadCase;

/** The same for who needs no account. */
const ownLeadOf = (words: Words, shown: InvitationShown): string =>
    shown.boardItems !== undefined
        ? words.links.ownBoard(shown.boardItems)
        : shown.roles.length > 0
          ? rolesText(words, shown)
          : words.links.ownCase;

function Ends({ shown }: { shown: InvitationShown }) {
    const { words, language } = useSpeech();
    if (shown.accessUntil === undefined) {
        return null;
    }
    const when = paperTime(shown.accessUntil * 1000, language);
    return (
        <p className="mute">
            {shown.boardItems !== undefined
                ? words.links.endsWithMeeting(when)
                : words.invitation.accessEnds(when)}
        </p>
    );
}

const rolesText = (words: Words, shown: InvitationShown): string =>
    shown.roles.map((role) => words.administration.role[role]).join(', ');

interface BadProps {
    word: string;
    look: () => void;
}

/** Why a link does not work, and what to do. */
function Bad({ word, look }: BadProps) {
    const words = useWords();
    const say = useSay();
    const title = word === 'on_roster' ? words.links.onRoster : words.invitation.bad[word];
    if (title === undefined) {
        return (
            <Desk>
                <Notice title={say({ is: 'problem', word, seconds: 60 })}>
                    <Button look="primary" onClick={look}>
                        {words.tryAgain}
                    </Button>
                </Notice>
            </Desk>
        );
    }
    return (
        <Desk>
            <div data-invitation={word}>
                <h1>{title}</h1>
                <p className="mute">
                    {word === 'on_roster' ? words.links.onRosterHelp : words.invitation.badHelp[word]}
                </p>
            </div>
            <Button look={word === 'used' ? 'primary' : 'plain'} onClick={() => go('/')}>
                {words.invitation.toSignIn}
            </Button>
        </Desk>
    );
}

/** Before anybody is signed in. */
export function InvitationPage({ onIn }: { onIn: () => void }) {
    const words = useWords();
    const [token] = useState(tokenOf);
    const { looked, look } = useInvitation(token);
    const [over, setOver] = useState('');
    if (looked.is === 'looking') {
        return (
            <Desk>
                <p className="mute" role="status">
                    {words.invitation.looking}
                </p>
            </Desk>
        );
    }
    if (looked.is === 'bad' || over !== '') {
        return <Bad word={looked.is === 'bad' ? looked.word : over} look={look} />;
    }
    return <Joining token={token} shown={looked.shown} onIn={onIn} onOver={setOver} />;
}

interface JoiningProps {
    token: string;
    shown: InvitationShown;
    onIn: () => void;
    onOver: (word: string) => void;
}

function Joining({ token, shown, onIn, onOver }: JoiningProps) {
    const words = useWords();
    const text = words.invitation;
    const say = useSay();
    const [name, setName] = useState(shown.name);
    const [login, setLogin] = useState('');
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState('');

    const problems: Record<string, string> = { login_taken: text.loginTaken, malformed: text.malformed };
    const submit = async () => {
        setBusy(true);
        setProblem('');
        const answer = await acceptInvitation(token, login.trim(), name.trim(), password);
        const used = answer.is === 'problem' && answer.word === 'used';
        // An answer that was lost on the way leaves a link that is used by this very person.
        const entered =
            answer.is === 'done' || used ? await signIn(login.trim(), password) : undefined;
        setBusy(false);
        if (entered?.outcome === 'in') {
            go(answer.is === 'done' ? placeOf(answer.body) : '/');
            onIn();
        } else if (answer.is === 'done') {
            go('/');
        } else if (words.invitation.bad[answer.word] !== undefined) {
            onOver(answer.word);
        } else {
            setProblem(problems[answer.word] ?? say(answer));
        }
    };
    return (
        <Desk onSubmit={() => void submit()}>
            <div>
                <h1>{text.title(shown.organisation)}</h1>
                <p className="mute">{leadOf(words, shown)}</p>
                <Ends shown={shown} />
            </div>
            <Field
                label={text.name}
                help={text.nameHelp}
                name="name"
                autoComplete="name"
                maxLength={100}
                required
                value={name}
                onChange={(event) => setName(event.target.value)}
            />
            <Field
                label={words.login}
                help={text.loginHelp}
                name="username"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                maxLength={64}
                required
                value={login}
                onChange={(event) => setLogin(event.target.value)}
            />
            <Field
                label={text.password}
                help={text.passwordHelp}
                name="password"
                type="password"
                autoComplete="new-password"
                minLength={8}
                required
                value={password}
                onChange={(event) => setPassword(event.target.value)}
            />
            <p className="problem" role="alert">
                {problem}
            </p>
            <Button type="submit" look="primary" disabled={busy}>
                {busy ? text.accepting : text.accept}
            </Button>
            <details>
                <summary>{text.signInInstead}</summary>
                <p className="mute">{text.signInHelp}</p>
                <Button onClick={() => go('/')}>{text.toSignIn}</Button>
            </details>
        </Desk>
    );
}

/** For who is signed in already. */
export function OwnInvitation() {
    const words = useWords();
    const text = words.invitation;
    const { name, signOut } = useSession();
    const [token] = useState(tokenOf);
    const { looked, look } = useInvitation(token);
    const [over, setOver] = useState('');
    if (looked.is === 'looking') {
        return (
            <Desk>
                <p className="mute" role="status">
                    {text.looking}
                </p>
            </Desk>
        );
    }
    if (looked.is === 'bad' || over !== '') {
        return <Bad word={looked.is === 'bad' ? looked.word : over} look={look} />;
    }
    const accept = async () => {
        const answer = await acceptForOneself(token);
        if (answer.is === 'done') {
            tell(text.accepted);
            go(placeOf(answer.body));
        } else {
            setOver(answer.word);
        }
    };
    return (
        <Desk onSubmit={() => void accept()}>
            <div>
                <h1>{text.title(looked.shown.organisation)}</h1>
                <p className="mute">{ownLeadOf(words, looked.shown)}</p>
                <Ends shown={looked.shown} />
            </div>
            <p>{text.acceptAs(name)}</p>
            <Button type="submit" look="primary">
                {text.acceptHere}
            </Button>
            <Button look="quiet" onClick={signOut}>
                {words.signOut}
            </Button>
        </Desk>
    );
}
