// Is somebody there? Movements, keys and touches anywhere in this browser are told to the server now and then;
// when there were none for long, the page says that it will be signed out.
import { post } from './http';
import { Store } from '../state/store';

const TELL_MS = 2 * 60_000;
const LOOK_MS = 10_000;
const NOTE_MS = 5_000;
const WARN_MS = 5 * 60_000;
/** Of a short patience at most this part is warned about. */
const WARN_PART = 0.2;
const ACTS = ['pointermove', 'pointerdown', 'keydown', 'wheel'] as const;
/** Windows of one browser share a sign-in, and so the time when somebody did something. */
const STORED = 'consilium.acted';

/** Minutes until it is signed out; 0 = somebody is there. */
export const leaving = new Store(0);

const lastActed = (): number => Number(window.localStorage.getItem(STORED) ?? '0');

/** Until the function that it gives is called. */
export function watchPresence(idleMs: number): () => void {
    let told = Date.now();
    let noted = 0;
    const tell = () => {
        told = Date.now();
        void post('/api/sign-in/refresh').catch(() => undefined);
    };
    const acted = () => {
        const now = Date.now();
        if (now - noted >= NOTE_MS) {
            noted = now;
            window.localStorage.setItem(STORED, String(now));
            const wasLeaving = leaving.get() > 0;
            leaving.set(0);
            if (wasLeaving || now - told >= TELL_MS) {
                tell();
            }
        }
    };
    const look = () => {
        const left = idleMs - (Date.now() - lastActed());
        const warns = left <= Math.min(WARN_MS, idleMs * WARN_PART);
        leaving.set(warns ? Math.max(1, Math.ceil(left / 60_000)) : 0);
    };
    acted();
    const timer = window.setInterval(look, LOOK_MS);
    for (const act of ACTS) {
        window.addEventListener(act, acted, { passive: true, capture: true });
    }
    return () => {
        window.clearInterval(timer);
        leaving.set(0);
        for (const act of ACTS) {
            window.removeEventListener(act, acted, { capture: true });
        }
    };
}
