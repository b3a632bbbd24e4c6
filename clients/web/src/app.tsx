// From "who is there" to the page asked for. The light pages are here; board and case, with the viewer,
// are chunks of their own.
import {
    Component,
    useCallback,
    useEffect,
    useMemo,
    useState,
    type ReactNode,
} from 'react';
import { Connection } from './connection/connection';
import { signOut as endSession, whoAmI, type Presence as SignedInAs } from './connection/http';
import { watchPresence } from './connection/presence';
import { browserSurroundings } from './connection/surroundings';
import { AccessesPage } from './pages/accesses';
import { HomePage } from './pages/home';
import { MakeCasePage } from './pages/make_case';
import { Nowhere } from './pages/nowhere';
import { NewSeriesPage, SeriesPage } from './pages/series';
import { SignInPage } from './pages/sign_in';
import { UploadPage } from './pages/upload';
import { Client } from './state/client';
import { SessionContext } from './state/use_client';
import { useStore } from './state/store';
import { Button, Notice } from './ui/controls';
import { Toasts } from './ui/frame';
import { late } from './ui/late';
import { isSecondWindow, readRoute, usePath } from './ui/route';
import { preferredLanguage, SpeechContext, useWords, wordsOf, type Language } from './words';

const AccountPage = late(() => import('./pages/account').then((page) => page.AccountPage));
const AdministrationPage = late(() => import('./pages/administration').then((page) => page.AdministrationPage));
const InvitationPage = late(() => import('./pages/invitation').then((page) => page.InvitationPage));
const OwnInvitation = late(() => import('./pages/invitation').then((page) => page.OwnInvitation));
const EnrolPage = late(() => import('./pages/account').then((page) => page.EnrolPage));
const HeldPage = late(() => import('./pages/held').then((page) => page.HeldPage));
const ConsentPage = late(() => import('./pages/consent').then((page) => page.ConsentPage));
const PairDisplay = late(() => import('./pages/display').then((page) => page.PairDisplay));
const DisplayPage = late(() => import('./pages/display').then((page) => page.DisplayPage));
const BoardPage = late(() => import('./pages/board').then((page) => page.BoardPage));
const MinutesPage = late(() => import('./pages/minutes').then((page) => page.MinutesPage));
const CasePage = late(() => import('./pages/case').then((page) => page.CasePage));

export function App() {
    const [language, choose] = useState<Language>(preferredLanguage);
    const speech = useMemo(
        () => ({ language, words: wordsOf(language), choose }),
        [language, choose],
    );
    useEffect(() => {
        document.documentElement.lang = language;
    }, [language]);
    return (
        <SpeechContext value={speech}>
            <Breakage>
                <a className="skip button primary" href="#content">
                    {speech.words.skipToContent}
                </a>
                <Door />
                <Toasts />
            </Breakage>
        </SpeechContext>
    );
}

type Presence =
    | { is: 'asking' }
    | { is: 'unreachable' }
    | { is: 'out'; wasIn: boolean }
    | ({ is: 'in' } & SignedInAs);

function Door() {
    const words = useWords();
    const path = readRoute(usePath()).page;
    const [presence, setPresence] = useState<Presence>({ is: 'asking' });
    const ask = useCallback(() => {
        whoAmI()
            .then((answer) =>
                setPresence(answer ? { is: 'in', ...answer } : { is: 'out', wasIn: false }),
            )
            .catch(() => setPresence({ is: 'unreachable' }));
    }, []);
    useEffect(ask, [ask]);
    switch (presence.is) {
        case 'asking':
            return <Notice title={words.loading} />;
        case 'unreachable':
            return (
                <main className="place front-desk" id="content">
                    <Notice title={words.signInFailed}>
                        <Button look="primary" onClick={ask}>
                            {words.tryAgain}
                        </Button>
                    </Notice>
                </main>
            );
        case 'out':
            if (path === 'display') {
                return <PairDisplay onIn={ask} />;
            }
            if (path === 'invitation') {
                return <InvitationPage onIn={ask} />;
            }
            return <SignInPage wasIn={presence.wasIn} onIn={ask} />;
        case 'in':
            if (presence.enrol) {
                return (
                    <EnrolPage onDone={ask} onOut={() => setPresence({ is: 'out', wasIn: false })} />
                );
            }
            return (
                <SignedIn
                    key={presence.me.id}
                    as={presence}
                    onOut={(wasIn) => setPresence({ is: 'out', wasIn })}
                />
            );
    }
}

const emptyPixels = () => import('./viewer/engine').then((engine) => engine.emptyStore());

interface SignedInProps {
    as: SignedInAs;
    onOut: (wasIn: boolean) => void;
}

function SignedIn({ as: { me, server, idleMs }, onOut }: SignedInProps) {
    const [client] = useState(() => {
        const second = isSecondWindow();
        return new Client(new Connection(browserSurroundings(second ? 1 : 0)), me.id);
    });
    useEffect(() => watchPresence(idleMs), [idleMs]);
    const signedOut = useStore(client.line, (line) => line.state.at === 'signed_out');
    useEffect(() => {
        const { connection } = client;
        const doubt = () => connection.doubt();
        const back = () => {
            connection.hurry();
            connection.doubt();
        };
        window.addEventListener('offline', doubt);
        window.addEventListener('online', back);
        return () => {
            window.removeEventListener('offline', doubt);
            window.removeEventListener('online', back);
        };
    }, [client]);
    const leave = useCallback(
        (wasIn: boolean) => {
            client.stop();
            if (viewerLoaded()) {
                void emptyPixels();
            }
            onOut(wasIn);
        },
        [client, onOut],
    );
    useEffect(() => {
        if (signedOut) {
            leave(true);
        }
    }, [signedOut, leave]);
    const session = useMemo(
        () => ({
            client,
            server,
            name: me.name,
            signOut: () => void endSession().then(() => leave(false)),
        }),
        [client, server, me, leave],
    );
    return (
        <SessionContext value={session}>
            <Page />
        </SessionContext>
    );
}

/** The viewer marks the page when it starts; before that there are no pixels to empty. */
const viewerLoaded = () => document.documentElement.dataset.renderer !== undefined;

function Page() {
    const words = useWords();
    const route = readRoute(usePath());
    switch (route.page) {
        case 'home':
            return <HomePage />;
        case 'board':
            return <BoardPage key={route.id} id={route.id} />;
        case 'case':
            return <CasePage key={route.id} id={route.id} />;
        case 'minutes':
            return <MinutesPage key={route.id} id={route.id} />;
        case 'images':
            return <UploadPage key={route.id} id={route.id} />;
        case 'new_case':
            return <MakeCasePage />;
        case 'series':
            return <SeriesPage key={route.id} id={route.id} />;
        case 'new_series':
            return <NewSeriesPage />;
        case 'account':
            return <AccountPage />;
        case 'administration':
            return <AdministrationPage section={route.section} />;
        case 'invitation':
            return <OwnInvitation />;
        case 'accesses':
            return <AccessesPage />;
        case 'consent':
            return <ConsentPage key={route.id} id={route.id} />;
        case 'held':
            return <HeldPage key={route.id} id={route.id} />;
        case 'case_accesses':
            return <AccessesPage key={route.id} patientCase={route.id} />;
        case 'display':
            return <DisplayPage />;
        case 'nowhere':
            return <Nowhere title={words.pageNotFound} help={words.pageNotFoundHelp} />;
    }
}

/** A broken page says so and offers the way back, instead of going blank. */
class Breakage extends Component<{ children: ReactNode }, { broken: boolean }> {
    override state = { broken: false };

    static getDerivedStateFromError() {
        return { broken: true };
    }

    override render() {
        return this.state.broken ? <Broken /> : this.props.children;
    }
}

function Broken() {
    const words = useWords();
    return (
        <main className="place" id="content">
            <Notice title={words.somethingBroke} help={words.somethingBrokeHelp}>
                <Button look="primary" onClick={() => window.location.reload()}>
                    {words.reload}
                </Button>
            </Notice>
        </main>
    );
}
