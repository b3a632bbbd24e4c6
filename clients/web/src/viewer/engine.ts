// The only place that starts Cornerstone3D: its metadata provider, our image loader and the bounded
// store of decoded images. Everything asked of it goes through the functions at the end.
import * as cornerstone from '@cornerstonejs/core';
import { createImage, init as startLoader } from '@cornerstonejs/dicom-image-loader';
import { fetchAgain } from '../connection/http';
import { wordsFromHeader } from './provider';
import type { LoadedSet, Slice } from './case_images';

/** Bytes of decoded images kept: a phone has little, a workstation enough for two large series. */
const STORE_BYTES_PHONE = 256 * 1024 * 1024;
const STORE_BYTES_DESK = 1536 * 1024 * 1024;
const ENGINE = 'consilium';

const slices = new Map<string, Slice>();
let started: Promise<cornerstone.RenderingEngine> | undefined;
let running = new AbortController();

export interface Renderer {
    backend: 'cpu' | 'gpu';
    name: string;
}

export function remember(added: Slice[]): void {
    for (const slice of added) {
        slices.set(slice.imageId, slice);
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

export const isDrawnByCpu = (): boolean => cornerstone.getShouldUseCPURendering();

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
        cornerstone.imageLoader.registerImageLoader('consilium', loadImage);
        window.addEventListener('unhandledrejection', hushLostImage);
        cornerstone.cache.setMaxCacheSize(isPhone() ? STORE_BYTES_PHONE : STORE_BYTES_DESK);
        document.documentElement.dataset.renderer = renderer.backend;
        return new cornerstone.RenderingEngine(ENGINE);
    });
    return started;
}

const wordsFor = (type: string, ...query: unknown[]): unknown => {
    const [imageId] = query;
    const slice = typeof imageId === 'string' ? slices.get(imageId) : undefined;
    return slice ? wordsFromHeader(type, slice) : undefined;
};

/** What ends the loading of an image: its case was left, or the whole store was emptied. */
const forgotten = new Map<string, AbortSignal>();

function loadImage(imageId: string) {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, running.signal]);
    forgotten.set(imageId, signal);
    return { promise: loadUnlessForgotten(imageId, signal), cancelFn: () => stop.abort() };
}

/**
 * An image that was forgotten while it loaded is never answered: Cornerstone's cache hands each refusal on
 * to nobody, and the browser would call it an uncaught error. Who waits in `bring` is told by the signal.
 */
async function loadUnlessForgotten(
    imageId: string,
    signal: AbortSignal,
): Promise<cornerstone.Types.IImage> {
    try {
        return await fetchAndDecode(imageId, signal);
    } catch (error) {
        if (signal.aborted) {
            return new Promise(() => undefined);
        }
        throw new LostImage('the image cannot be had', { cause: error });
    }
}

/** An image that cannot be had: access has just ended, or the server is away. `cause` says it. */
class LostImage extends Error {}

/** Whoever waits in `bring` is told; Cornerstone's cache refuses a second time, to nobody. */
function hushLostImage(event: PromiseRejectionEvent): void {
    if (event.reason instanceof LostImage) {
        event.preventDefault();
    }
}

/** Words in the pixels may say who the patient is, and this reader is not told. */
export class MaskedError extends Error {}

async function fetchAndDecode(imageId: string, signal: AbortSignal): Promise<cornerstone.Types.IImage> {
    const [patientCase, sop, frame] = imageId.slice('consilium:'.length).split('/');
    const response = await fetchAgain(`/api/cases/${patientCase}/instances/${sop}/frames/${frame}`, {
        signal,
        cache: 'no-store',
    });
    if (response.status === 403) {
        throw new MaskedError();
    }
    if (!response.ok) {
        throw new Error(`image answered ${response.status}`);
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    const syntax = /transfer-syntax=([0-9.]+)/.exec(response.headers.get('content-type') ?? '');
    const image = await createImage(imageId, bytes, syntax?.[1] ?? '1.2.840.10008.1.2.1', {
        useRGBA: false,
    });
    signal.throwIfAborted(); // the case was closed while its image was decoded
    return image as cornerstone.Types.IImage;
}

export const inStore = (imageId: string): boolean =>
    cornerstone.cache.getImageLoadObject(imageId) !== undefined &&
    cornerstone.cache.getImage(imageId) !== undefined;

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

/** Decodes into the store; resolves when the image can be painted at once. */
export async function bring(imageId: string): Promise<void> {
    await startEngine();
    running.signal.throwIfAborted();
    const loading = cornerstone.imageLoader.loadAndCacheImage(imageId, {
        priority: 0,
        requestType: cornerstone.Enums.RequestType.Prefetch,
    });
    const signal = forgotten.get(imageId) ?? running.signal;
    let stopped: () => void = () => undefined;
    const gone = new Promise<never>((_, reject) => {
        stopped = () => reject(new Error('the image was forgotten'));
        signal.addEventListener('abort', stopped);
    });
    try {
        await Promise.race([loading, gone]);
    } finally {
        signal.removeEventListener('abort', stopped);
    }
    // What the store holds, for whoever measures it against its budget.
    document.documentElement.dataset.storeBytes = String(cornerstone.cache.getCacheSize());
}

/** Images fetched and decoded at once: enough to fill the line, few enough to leave it usable. */
const AT_ONCE = 6;

/** A lost image is asked for again so often, each time after twice the wait: one answer that goes astray
 *  must not keep a case from being ready. */
const ATTEMPTS = 5;
const ATTEMPT_MS = 200;

const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => window.setTimeout(resolve, milliseconds));

async function bringAtLast(imageId: string, stop?: AbortSignal): Promise<void> {
    const { signal } = running;
    for (let attempt = 1; ; attempt += 1) {
        try {
            await bring(imageId);
            return;
        } catch (error) {
            if (error instanceof MaskedError) {
                return; // never comes, and nothing else waits for it
            }
            const left = !slices.has(imageId); // its case is not on the stage any more
            if (attempt === ATTEMPTS || left || stop?.aborted || signal.aborted) {
                throw error;
            }
            await pause(ATTEMPT_MS * 2 ** attempt);
        }
    }
}

/** Brings many images in their order; reports percent of them present. Rejects with the first that
 *  cannot be had. */
export async function bringMany(
    imageIds: string[],
    onProgress: (percent: number) => void,
    stop?: AbortSignal,
): Promise<void> {
    await startEngine();
    const missing = imageIds.filter((imageId) => !inStore(imageId));
    let done = imageIds.length - missing.length;
    let next = 0;
    const report = () => onProgress(Math.floor((100 * done) / Math.max(1, imageIds.length)));
    report();
    const worker = async () => {
        while (next < missing.length && !stop?.aborted) {
            const imageId = missing[next];
            next += 1;
            if (imageId !== undefined) {
                await bringAtLast(imageId, stop);
                done += 1;
                report();
            }
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

export const bringAll = (loaded: LoadedSet, onProgress: (percent: number) => void): Promise<void> =>
    bringMany(
        loaded.slices.map((slice) => slice.imageId),
        onProgress,
    );

/**
 * Forgets every pixel: at the end of a case, at sign-out and when access was taken away. `keep`
 * names the case whose images stay (the next one, already fetched).
 */
export function emptyStore(keep?: string): void {
    if (!started) {
        return;
    }
    const stays = (imageId: string) => keep !== undefined && imageId.startsWith(`consilium:${keep}/`);
    if (keep === undefined) {
        running.abort();
        running = new AbortController();
        cornerstone.cache.purgeCache();
        slices.clear();
        forgotten.clear();
        return;
    }
    cornerstone.cache.purgeVolumeCache();
    for (const imageId of [...slices.keys()]) {
        if (!stays(imageId)) {
            if (cornerstone.cache.getImageLoadObject(imageId)) {
                cornerstone.cache.removeImageLoadObject(imageId, { force: true });
            }
            slices.delete(imageId);
            forgotten.delete(imageId);
        }
    }
}
