// The only place that starts Cornerstone3D: its metadata provider, our image loaders and the bounded
// store of decoded images. Everything asked of it goes through the functions at the end.
import * as cornerstone from '@cornerstonejs/core';
import { init as startLoader } from '@cornerstonejs/dicom-image-loader';
import type { Slice } from './case_images';
import {
    canUse,
    decodedBytes,
    decodeFrame,
    fetchFrame,
    MaskedError,
    meter,
    pixelBytes,
    pixelHeader,
    SCHEME,
    type Frame,
    type Known,
} from './loading/fetch_image';
import { atOnce, nearlyHere, worthCutting } from './loading/link';
import { Loader, type Images } from './loading/loader';
import { hasFractions } from './loading/stored_pixels';
import { isPreviewId, PREVIEW_SCHEME } from './loading/previews';
import { wordsFromHeader } from './provider';
import { forgetSlabs } from './slab_work';
import type { Values } from './statistics';

/** Bytes of decoded images kept: a phone has little, a workstation enough for two large series. */
const STORE_BYTES_PHONE = 256 * 1024 * 1024;
const STORE_BYTES_DESK = 1536 * 1024 * 1024;
const ENGINE = 'consilium';

const slices = new Map<string, Slice>();
let started: Promise<cornerstone.RenderingEngine> | undefined;

export interface Renderer {
    backend: 'cpu' | 'gpu';
    name: string;
}

export function remember(added: readonly (Slice | undefined)[]): void {
    for (const slice of added) {
        if (slice) {
            slices.set(slice.imageId, slice);
        }
    }
}

/** A renderer in software is slower through WebGL than Cornerstone's own CPU backend. */
function chooseRenderer(): Renderer {
    const canvas = document.createElement('canvas');
    const gl = canvas.getContext('webgl2');
    if (!gl) {
        return { backend: 'cpu', name: 'none' };
    }
    const info = gl.getExtension('WEBGL_debug_renderer_info');
    const parameter: unknown = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
    const name = typeof parameter === 'string' ? parameter : '';
    gl.getExtension('WEBGL_lose_context')?.loseContext();
    return { backend: /swiftshader|llvmpipe|software|basic render/i.test(name) ? 'cpu' : 'gpu', name };
}

export const isPhone = (): boolean => Math.min(window.screen.width, window.innerWidth) < 600;

export const storeBound = (): number => (isPhone() ? STORE_BYTES_PHONE : STORE_BYTES_DESK);

export const isDrawnByCpu = (): boolean => cornerstone.getShouldUseCPURendering();

export const isStarted = (): boolean => started !== undefined;

export function startEngine(): Promise<cornerstone.RenderingEngine> {
    started ??= Promise.resolve().then(() => {
        const renderer = chooseRenderer();
        cornerstone.init({
            ...cornerstone.getConfiguration(),
            isMobile: isPhone(),
            rendering: {
                useCPURendering: renderer.backend === 'cpu',
                webGlContextCount: 1, // the planar viewports use the first one only
                planar: { renderBackend: renderer.backend },
            },
        });
        startLoader({ maxWebWorkers: Math.max(1, Math.min(4, navigator.hardwareConcurrency - 1)) });
        cornerstone.metaData.addProvider(wordsFor, 10_000);
        cornerstone.imageLoader.registerImageLoader(SCHEME, loadForCornerstone);
        cornerstone.imageLoader.registerImageLoader(PREVIEW_SCHEME, loadForCornerstone);
        window.addEventListener('unhandledrejection', hushLostImage);
        // Its own bound throws in the middle of a drawing when it is reached; ours keeps it from ever being.
        cornerstone.cache.setMaxCacheSize(4 * storeBound());
        document.documentElement.dataset.renderer = renderer.backend;
        return new cornerstone.RenderingEngine(ENGINE);
    });
    return started;
}

const wordsFor = (type: string, ...query: unknown[]): unknown => {
    const [imageId] = query;
    const slice = typeof imageId === 'string' ? slices.get(imageId) : undefined;
    if (!slice) {
        return undefined;
    }
    const header = pixelHeader(slice.imageId, slice.header);
    // The only one that its drawing by CPU takes numbers between whole ones of: others it looks up in a table.
    const modality = isDrawnByCpu() && hasFractions(header) ? 'PT' : header.modality;
    return wordsFromHeader(type, { ...slice, header: { ...header, modality } });
};

/** Images that Cornerstone asked for by itself: it puts them into its cache when it is answered. */
const asked = new Map<string, (image: cornerstone.Types.IImage) => void>();

/**
 * Cornerstone asks for what it does not find. An image that was forgotten meanwhile is never answered: its cache
 * hands each refusal on to nobody, and the browser would call it an uncaught error.
 */
function loadForCornerstone(imageId: string) {
    const promise = new Promise<cornerstone.Types.IImage>((resolve, reject) => {
        asked.set(imageId, resolve);
        loader.wait(imageId).catch((error: unknown) => {
            asked.delete(imageId);
            if (loader.isLost(imageId)) {
                reject(new LostImage('the image cannot be had', { cause: error }));
            }
        });
    });
    return { promise };
}

/** An image that cannot be had: access has just ended, or the server is away. `cause` says it. */
class LostImage extends Error {}

/** Whoever waits is told by the loader; Cornerstone's cache refuses a second time, to nobody. */
function hushLostImage(event: PromiseRejectionEvent): void {
    if (event.reason instanceof LostImage) {
        event.preventDefault();
    }
}

function put(imageId: string, image: cornerstone.Types.IImage): void {
    putUnsaid(imageId, image);
    sayStored();
}

function putUnsaid(imageId: string, image: cornerstone.Types.IImage): void {
    const answer = asked.get(imageId);
    asked.delete(imageId);
    if (answer) {
        answer(image);
    } else if (!cornerstone.cache.getImageLoadObject(imageId)) {
        cornerstone.cache.putImageSync(imageId, image);
    }
}

/** What the store holds, for whoever measures it against its bound. */
function sayStored(): void {
    document.documentElement.dataset.storeBytes = String(cornerstone.cache.getCacheSize());
}

export const inStore = (imageId: string): boolean =>
    cornerstone.cache.getImageLoadObject(imageId) !== undefined &&
    cornerstone.cache.getImage(imageId) !== undefined;

/** Volumes that were mounted, with their images: a volume keeps the pixels of its images alive. */
const volumes = new Map<string, ReadonlySet<string>>();

export function noteVolume(volumeId: string, imageIds: readonly string[]): void {
    volumes.set(volumeId, new Set(imageIds));
}

function drop(imageId: string): void {
    for (const [volumeId, imageIds] of volumes) {
        if (imageIds.has(imageId)) {
            volumes.delete(volumeId);
            if (cornerstone.cache.getVolumeLoadObject(volumeId)) {
                cornerstone.cache.removeVolumeLoadObject(volumeId);
            }
        }
    }
    if (cornerstone.cache.getImageLoadObject(imageId)) {
        cornerstone.cache.removeImageLoadObject(imageId, { force: true });
    }
    sayStored();
}

/** Bytes that were asked for before anything was known of their image. */
const early = new Map<string, { frame: Promise<Frame>; stop: AbortController }>();

interface HeadStart {
    /** What is asked for now comes just after its last bytes. */
    nearly: Promise<void>;
    /** They are here, or do not come. */
    over: Promise<void>;
}

/** Before the header of an image is here: its bytes come meanwhile. */
export function headStart(imageId: string, known: Known): HeadStart {
    if (loader.here.has(imageId) || early.has(imageId)) {
        return { nearly: Promise.resolve(), over: Promise.resolve() };
    }
    const stop = new AbortController();
    let near: () => void = () => undefined;
    const coming = new Promise<void>((resolve) => (near = resolve));
    const frame = fetchFrame(imageId, known, stop.signal, (here, all) => {
        if (nearlyHere(meter.link, all - here)) {
            near();
        }
    });
    early.set(imageId, { frame, stop });
    const over = frame.then(
        () => undefined,
        () => undefined, // whoever wants the image asks again
    );
    return { nearly: Promise.race([coming, over]), over };
}

/** Its case is not on the stage any more. */
class ForgottenError extends Error {}

const knownOf = ({ transferSyntax, header }: Slice): Known => ({
    transferSyntax,
    pixelBytes: pixelBytes(header),
    header,
});

/** An image that is made here, not fetched. */
export async function keepMade(slice: Slice, make: () => Promise<cornerstone.Types.IImage>): Promise<void> {
    remember([slice]);
    put(slice.imageId, await make());
    loader.here.add(slice.imageId);
}

async function bringOne(imageId: string, signal: AbortSignal): Promise<void> {
    await startEngine();
    const begun = early.get(imageId);
    early.delete(imageId);
    const slice = slices.get(imageId);
    if (!slice) {
        throw new ForgottenError();
    }
    const ahead = await begun?.frame.catch(() => undefined);
    const frame =
        ahead && canUse(ahead, slice.header, slice.transferSyntax)
            ? ahead
            : await fetchFrame(imageId, knownOf(slice), signal);
    signal.throwIfAborted();
    const image = await decodeFrame(imageId, frame, slice.header);
    signal.throwIfAborted(); // the case was closed while its image was decoded
    put(imageId, image);
}

const sliceBytes = (imageId: string): number => {
    const slice = slices.get(imageId);
    return slice ? decodedBytes(slice.header) : 0;
};

const images: Images = {
    bring: bringOne,
    drop,
    held: () => cornerstone.cache.getCacheSize(),
    bound: storeBound,
    size: sliceBytes,
    atOnce: (imageId) => atOnce(meter.link, slices.get(imageId)?.bytes ?? 1),
    worthCutting: (imageId) => worthCutting(meter.link, slices.get(imageId)?.bytes ?? 0),
    isFinal: (error) => error instanceof MaskedError || error instanceof ForgottenError,
};

export const loader = new Loader(images, {
    now: () => performance.now(),
    after: (milliseconds, what) => void window.setTimeout(what, milliseconds),
});

/** The lowest and highest value of an image in the store, after its rescale. */
export function valueRange(imageId: string): { low: number; high: number } | undefined {
    const image = cornerstone.cache.getImage(imageId);
    if (!image) {
        return undefined;
    }
    const { minPixelValue, maxPixelValue, preScale, slope, intercept } = image;
    const rescaled = (value: number) => (preScale?.scaled ? value : value * slope + intercept);
    return { low: rescaled(minPixelValue), high: rescaled(maxPixelValue) };
}

/** An image's values in the store, all of whose bytes are here; undefined for colour. */
export function storedValues({ imageId, header }: Slice): Values | undefined {
    const image = inStore(imageId) ? cornerstone.cache.getImage(imageId) : undefined;
    if (!image || header.samples !== 1) {
        return undefined;
    }
    const scaled = image.preScale?.scaled === true;
    return {
        data: image.getPixelData(),
        slope: scaled ? 1 : image.slope,
        intercept: scaled ? 0 : image.intercept,
        columns: image.columns,
        rows: image.rows,
    };
}

/** The values that may be told: those of an image that was stored without loss. */
export const valuesOf = (slice: Slice): Values | undefined =>
    slice.header.lossy ? undefined : storedValues(slice);

/** Small images beside the lossless ones: they are in the store until their case ends. */
export function putPreviews(previews: ReadonlyMap<string, cornerstone.Types.IImage>): void {
    for (const [imageId, image] of previews) {
        putUnsaid(imageId, image);
    }
    sayStored();
}

export const dropPreviews = (imageIds: Iterable<string>): void => [...imageIds].forEach(drop);

/** Resolves when all of them are in the store; says how many are on the way there. Rejects with the first lost one. */
export function whenAllHere(
    imageIds: readonly string[],
    onProgress: (percent: number) => void,
    signal?: AbortSignal,
): Promise<void> {
    return new Promise((resolve, reject) => {
        let unwatch: () => void = () => undefined;
        let last = -1;
        const look = () => {
            const lost = imageIds.find((imageId) => loader.isLost(imageId) && !isMasked(imageId));
            const here = imageIds.filter((imageId) => loader.here.has(imageId) || loader.isLost(imageId)).length;
            const percent = Math.floor((100 * here) / Math.max(1, imageIds.length));
            if (percent !== last) {
                last = percent;
                onProgress(percent);
            }
            if (lost !== undefined || here === imageIds.length || signal?.aborted) {
                unwatch();
                (lost === undefined && !signal?.aborted ? resolve : reject)(loader.reasonOf(lost ?? '') as undefined);
            }
        };
        unwatch = loader.onChange(look);
        signal?.addEventListener('abort', look);
        look();
    });
}

/** Resolves when all of them are in the store, whatever was lost on the way; false when nobody asks any more. */
export function whenHere(imageIds: readonly string[], signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
        let unwatch: () => void = () => undefined;
        const look = () => {
            const here = imageIds.every((imageId) => loader.here.has(imageId));
            if (here || signal.aborted) {
                unwatch();
                resolve(here && !signal.aborted);
            }
        };
        unwatch = loader.onChange(look);
        signal.addEventListener('abort', look);
        look();
    });
}

/** Never comes, and nothing waits for it. */
const isMasked = (imageId: string): boolean => loader.reasonOf(imageId) instanceof MaskedError;

const watchers = new Set<(keep: string | undefined) => void>();
/** Runs when the pixels of a case are forgotten; `keep` names the case that stays. */
export const onEmptied = (watcher: (keep: string | undefined) => void): void => void watchers.add(watcher);

/**
 * Forgets every pixel: at the end of a case, at sign-out and when access was taken away. `keep`
 * names the case whose images stay (the next one, already fetched).
 */
export function emptyStore(keep?: string): void {
    if (!started) {
        return;
    }
    const caseOf = (imageId: string) => imageId.slice(imageId.indexOf(':') + 1).split('/')[0];
    const gone = (imageId: string) => keep === undefined || caseOf(imageId) !== keep;
    for (const [imageId, { stop }] of [...early]) {
        if (gone(imageId)) {
            stop.abort();
            early.delete(imageId);
        }
    }
    loader.forget(gone);
    cornerstone.cache.purgeVolumeCache();
    volumes.clear();
    for (const imageId of [...slices.keys()].filter(gone)) {
        if (isPreviewId(imageId) || inStore(imageId)) {
            drop(imageId);
        }
        slices.delete(imageId);
    }
    for (const imageId of [...asked.keys()].filter(gone)) {
        asked.delete(imageId);
    }
    if (keep === undefined) {
        cornerstone.cache.purgeCache();
    }
    forgetSlabs();
    watchers.forEach((watcher) => watcher(keep));
    sayStored();
}
