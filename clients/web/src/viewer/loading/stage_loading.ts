// What the glasses of this window ask of the loader, and what is said of it: previews first, where they are sooner,
// and how far each display set is. One place, because all glasses share one line and one store.
import { Store } from '../../state/store';
import type { LoadedSet } from '../case_images';
import { dropPreviews, loader, onEmptied, putPreviews, remember, startEngine, storeBound } from '../engine';
import { decodedBytes, MaskedError, meter } from './fetch_image';
import { fetchPreview, previewFirst, type Preview, type PreviewOf } from './previews';

export interface Progress {
    total: number;
    /** Lossless images in the store. */
    here: number;
    /** Could not be had after several attempts. */
    lost: number;
    preview: 'none' | 'coming' | 'here';
    /** Everything that is to come for now, all of it or what memory allows. */
    settled: boolean;
    /** Asked for, and nothing came for a while. */
    stalled: boolean;
}

/** Of each display set on a glass, by its id. */
export const progress = new Store<ReadonlyMap<string, Progress>>(new Map());

/** No byte for so long, while something is asked for: said in words. */
const STALLED_MS = 4000;
const TELL_MS = 100;
const ALONE_MS = 400;
/** After so long, and then after twice that. */
const AGAIN_MS = 400;
const AGAIN_MS_MAX = 3200;
const pause = (milliseconds: number) => new Promise((resolve) => window.setTimeout(resolve, milliseconds));
/** Previews together, as a part of the store. */
const PREVIEW_PART = 0.25;

interface Asked {
    patientCase: string;
    stop: AbortController;
    answer: Promise<Preview | undefined>;
    /** Undefined while it is on the way. */
    done?: { preview: Preview | undefined };
}

const previews = new Map<string, Asked>();
const glasses = new Map<string, LoadedSet>();
let timer = 0;
let stallTimer = 0;
let askedSince = 0;

const caseOf = (loaded: LoadedSet): string =>
    loaded.slices[0]?.imageId.slice('consilium:'.length).split('/')[0] ?? '';

const keyOf = (loaded: LoadedSet): string => `${caseOf(loaded)}/${loaded.set.displaySet}`;

const lists = new WeakMap<LoadedSet, string[]>();
/** The same list each time, so that the loader knows it again. */
export function imageIdsOf(loaded: LoadedSet): string[] {
    let list = lists.get(loaded);
    if (!list) {
        list = loaded.slices.map((slice) => slice.imageId);
        lists.set(loaded, list);
    }
    return list;
}

/** What a glass shows, or is about to show. */
export function look(glass: string, loaded: LoadedSet, index: number, film: boolean): void {
    remember(loaded.slices);
    glasses.set(glass, loaded);
    const first = loaded.slices[index];
    if (first && !previews.has(keyOf(loaded))) {
        // The slice on the glass has the line for itself, but not for long: on a slow one the preview is what helps.
        const slice = loader.wait(first.imageId).catch(() => undefined);
        const before = previewFirst(loaded) ? Promise.resolve() : Promise.race([slice, pause(ALONE_MS)]);
        loader.hold(wantPreview(loaded, before));
    }
    loader.look(glass, imageIdsOf(loaded), index, film);
    tellSoon();
}

export function lookAway(glass: string): void {
    glasses.delete(glass);
    loader.lookAway(glass);
    tellSoon();
}

/** The preview of a display set: asked for once, after `before`. */
export const wantPreview = (loaded: LoadedSet, before: Promise<unknown>): Promise<Preview | undefined> =>
    wantPreviewOf(
        { patientCase: caseOf(loaded), displaySet: loaded.set.displaySet, loaded: Promise.resolve(loaded) },
        before,
    );

/** The same before its headers are here. */
export function wantPreviewOf(of: PreviewOf, before: Promise<unknown>): Promise<Preview | undefined> {
    const { patientCase, displaySet } = of;
    const key = `${patientCase}/${displaySet}`;
    const known = previews.get(key);
    if (known) {
        return known.answer;
    }
    const stop = new AbortController();
    const answer = before.then(async () => {
        const preview = await asked(of, stop.signal);
        stop.signal.throwIfAborted();
        await startEngine();
        return preview && keepPreview(await of.loaded, preview);
    });
    const entry: Asked = { patientCase, stop, answer: answer.catch(() => undefined) };
    previews.set(key, entry);
    void entry.answer.then((preview) => {
        entry.done = { preview };
        tellSoon();
    });
    tellSoon();
    return entry.answer;
}

/** An answer that goes astray, or a server that has too much to do, does not leave a glass without its preview. */
async function asked(of: PreviewOf, signal: AbortSignal): Promise<Preview | undefined> {
    for (let wait = AGAIN_MS; ; wait *= 2) {
        try {
            return await fetchPreview(of, signal);
        } catch (error) {
            signal.throwIfAborted();
            if (wait > AGAIN_MS_MAX) {
                throw error;
            }
            await pause(wait);
            signal.throwIfAborted();
        }
    }
}

function keepPreview(loaded: LoadedSet, preview: Preview): Preview | undefined {
    const bytesOf = (one: Preview) => [...one.images.values()].reduce((sum, image) => sum + image.sizeInBytes, 0);
    const bound = storeBound() * PREVIEW_PART;
    const looked = new Set([...glasses.values(), loaded].map(keyOf));
    let held = bytesOf(preview);
    for (const { done } of previews.values()) {
        held += done?.preview ? bytesOf(done.preview) : 0;
    }
    for (const [key, { done }] of [...previews]) {
        if (held > bound && done?.preview && !looked.has(key)) {
            held -= bytesOf(done.preview);
            dropPreviews(done.preview.images.keys());
            previews.delete(key);
        }
    }
    if (held > bound) {
        return undefined;
    }
    remember(preview.slices);
    putPreviews(preview.images);
    return preview;
}

/** The preview that is here. */
export const previewNow = (loaded: LoadedSet): Preview | undefined =>
    previews.get(keyOf(loaded))?.done?.preview;

/** The preview that is here or on its way. */
export const previewSoon = (loaded: LoadedSet): Promise<Preview | undefined> =>
    previews.get(keyOf(loaded))?.answer ?? Promise.resolve(undefined);

/** Whether all of it together has a place in the store: else a reformatted plane stays a preview. */
export function fitsWhole(loaded: LoadedSet): boolean {
    const bytes = loaded.slices.reduce((sum, { header }) => sum + decodedBytes(header), 0);
    return bytes <= storeBound() * (1 - PREVIEW_PART);
}

/** Whoever sees that nothing moves, or that something was lost, asks for it anew. */
export function tryAgain(): void {
    askedSince = performance.now();
    for (const [key, { done }] of [...previews]) {
        if (done && !done.preview?.whole) {
            previews.delete(key); // the server had not made all of it yet
        }
    }
    loader.again();
}

onEmptied((keep) => {
    for (const [key, { patientCase, stop }] of [...previews]) {
        if (patientCase !== keep) {
            stop.abort();
            previews.delete(key);
        }
    }
    for (const [glass, loaded] of [...glasses]) {
        if (caseOf(loaded) !== keep) {
            glasses.delete(glass);
        }
    }
    tellSoon();
});

loader.onChange(tellSoon);

function tellSoon(): void {
    if (timer === 0) {
        timer = window.setTimeout(tell, TELL_MS);
    }
}

function tell(): void {
    timer = 0;
    const now = performance.now();
    const busy = loader.busy;
    askedSince = busy ? askedSince || now : 0;
    const quiet = now - Math.max(meter.lastByteAt, askedSince);
    const stalled = busy && quiet > STALLED_MS;
    const next = new Map<string, Progress>();
    for (const loaded of glasses.values()) {
        next.set(loaded.set.displaySet, progressOf(loaded, stalled));
    }
    if (JSON.stringify([...next]) !== JSON.stringify([...progress.get()])) {
        progress.set(next);
    }
    window.clearTimeout(stallTimer);
    if (busy && !stalled) {
        stallTimer = window.setTimeout(tellSoon, STALLED_MS / 4);
    }
}

function progressOf(loaded: LoadedSet, stalled: boolean): Progress {
    const imageIds = imageIdsOf(loaded);
    const masked = imageIds.filter((imageId) => loader.reasonOf(imageId) instanceof MaskedError).length;
    const here = imageIds.filter((imageId) => loader.here.has(imageId)).length;
    const lost = imageIds.filter((imageId) => loader.isLost(imageId)).length - masked;
    const asked = previews.get(keyOf(loaded));
    const preview = asked?.done?.preview ? 'here' : asked && !asked.done ? 'coming' : 'none';
    const total = imageIds.length - masked;
    const settled = here + lost >= total || (loader.full && !loader.busy);
    return { total, here, lost, preview, settled, stalled: stalled && !settled };
}
