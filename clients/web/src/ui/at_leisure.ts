// What may wait until the page is drawn and nothing else is to be done.

type Idle = (what: () => void, options: { timeout: number }) => number;

/** So late that what the person came for is there, so early that they have not gone on yet. */
const LATEST_MS = 1500;

/** Not on a line whose owner asked to save it. Returns how to call it off. */
export function atLeisure(what: () => void): () => void {
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (connection?.saveData) {
        return () => undefined;
    }
    const idle = (window as { requestIdleCallback?: Idle }).requestIdleCallback;
    const handle = idle ? idle(what, { timeout: LATEST_MS }) : window.setTimeout(what, LATEST_MS);
    return () => (idle ? window.cancelIdleCallback(handle) : window.clearTimeout(handle));
}
