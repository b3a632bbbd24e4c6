// What frames every page of a signed-in person: the mark, the state of the line in words at its one
// place, and messages about what just happened.
import { useEffect, useState, type ReactNode } from 'react';
import { leaving } from '../connection/presence';
import { useLine, useSession, useUser } from '../state/use_client';
import { languages, rememberLanguage, useSpeech, wordsOf, type Language } from '../words';
import { Button } from './controls';
import { follow } from './route';
import { Store, useStore } from '../state/store';

/** Live and saved; reconnecting; not saved yet (n); read only. */
export function StateOfLine({ readOnly = false }: { readOnly?: boolean }) {
    const { words } = useSpeech();
    const { state, unsaved, storeAway } = useLine();
    const minutes = useStore(leaving, (left) => left);
    const seconds = useCountdown(state.at === 'waiting' ? state.until : 0);
    const { text, look } = say();
    return (
        <span className={`chip ${look}`} role="status" aria-live="polite" data-line={state.at}>
            {text}
            {unsaved > 0 && <span className="unseen">{words.stateUnsavedHelp}</span>}
        </span>
    );

    function say(): { text: string; look: string } {
        switch (state.at) {
            case 'live':
                if (minutes > 0) {
                    return { text: words.account.leaving(minutes), look: 'attention' };
                }
                if (unsaved > 0 || storeAway) {
                    const text = unsaved > 0 ? words.stateUnsaved(unsaved) : words.stateStoreAway;
                    return { text, look: 'attention' };
                }
                return readOnly
                    ? { text: words.stateReadOnly, look: 'safe' }
                    : { text: words.stateLive, look: 'safe' };
            case 'waiting':
            case 'connecting':
            case 'idle': {
                const kept = unsaved > 0 ? ` · ${words.stateUnsaved(unsaved)}` : '';
                if (state.at !== 'waiting') {
                    const first = state.at === 'connecting' && state.attempt === 0;
                    const opening = first ? words.stateConnecting : words.stateReconnecting;
                    return { text: opening + kept, look: first ? '' : 'attention' };
                }
                if (state.draining) {
                    return { text: words.stateDraining + kept, look: 'attention' };
                }
                const waiting =
                    seconds > 1 ? words.stateReconnectingIn(seconds) : words.stateReconnecting;
                return { text: waiting + kept, look: 'attention' };
            }
            case 'signed_out':
                return { text: words.stateSignedOut, look: 'stop' };
            case 'outdated':
                return { text: words.reloadForNewVersion, look: 'attention' };
        }
    }
}

function useCountdown(until: number): number {
    const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
    const [, draw] = useState(0);
    useEffect(() => {
        if (until === 0) {
            return undefined;
        }
        const timer = window.setInterval(() => draw((count) => count + 1), 500);
        return () => window.clearInterval(timer);
    }, [until]);
    return until === 0 ? 0 : left();
}

export function LanguageChoice() {
    const { language, words, choose } = useSpeech();
    return (
        <select
            className="button quiet tight"
            aria-label={words.language}
            value={language}
            onChange={(event) => {
                const chosen = event.target.value as Language;
                rememberLanguage(chosen);
                choose(chosen);
            }}
        >
            {languages.map((one) => (
                <option key={one} value={one}>
                    {wordsOf(one).languageName}
                </option>
            ))}
        </select>
    );
}

export function TopBar({ children }: { children?: ReactNode }) {
    const { words } = useSpeech();
    const { name, signOut } = useSession();
    const shown = useUser((user) => user?.name) ?? name;
    return (
        <header className="top">
            <a className="mark" href="/" onClick={follow}>
                <img src="/mark.svg" alt="" />
                {words.productName}
            </a>
            <StateOfLine />
            <span className="grow" />
            {children}
            <a className="mute own hide-phone" href="/account" onClick={follow} title={words.account.title}>
                {shown}
            </a>
            <LanguageChoice />
            <Button look="quiet" onClick={signOut}>
                {words.signOut}
            </Button>
        </header>
    );
}

interface Toast {
    id: number;
    text: string;
}

const toasts = new Store<Toast[]>([]);
const TOAST_MS = 6000;
let toastNumber = 0;

/** Says something that just happened; it goes by itself and never covers an image's identity. */
export function tell(text: string): void {
    toastNumber += 1;
    const toast = { id: toastNumber, text };
    toasts.set([...toasts.get().slice(-2), toast]);
    window.setTimeout(
        () => toasts.set(toasts.get().filter((one) => one.id !== toast.id)),
        TOAST_MS,
    );
}

export function Toasts() {
    const shown = useStore(toasts, (list) => list);
    return (
        <div className="toasts" role="status" aria-live="polite">
            {shown.map((toast) => (
                <div key={toast.id} className="toast">
                    {toast.text}
                </div>
            ))}
        </div>
    );
}
