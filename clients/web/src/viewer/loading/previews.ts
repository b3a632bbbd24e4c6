// The previews of display sets: one request and one call of the worker bring a whole series, small and exact. They are
// images of their own, with names of their own, so that nothing of them is ever taken for a lossless one.
import * as cornerstone from '@cornerstonejs/core';
import { fetchAgain } from '../../connection/http';
import type { LoadedSet, Slice } from '../case_images';
import {
    PREVIEW_BYTES_MAX,
    sampleArrays,
    type DecodedFrame,
    type DecodedPreview,
    type Expected,
} from './decode_preview';
import { photometricOfCopy, readPieces } from './fetch_image';
import { reducedGeometry } from './grid';
import type { PreviewDone, PreviewJob } from './preview_worker';

export const PREVIEW_SCHEME = 'consiliumpreview';
/** An eighth of each side: 3 % of the bytes. */
const LEVEL = 3;

export interface Preview {
    level: number;
    /** By the index of the slices; undefined where the server has no copy yet. */
    slices: (Slice | undefined)[];
    /** Of every slice: only then it is a volume. */
    whole: boolean;
    images: Map<string, cornerstone.Types.IImage>;
    decodeMs: number;
}

/** The worker, started when images are likely to be asked for; a dead one is replaced. */
class PreviewWorker {
    private worker: Worker | undefined;
    private next = 1;
    private readonly jobs = new Map<number, (done: PreviewDone) => void>();

    warm(): void {
        this.ask({ what: 'warm' });
    }

    /** The preview comes when everything was told: how long the bundle is, its pieces, what is expected of it. */
    begin(length: number): { tell: (does: PreviewJob['does']) => void; preview: Promise<DecodedPreview> } {
        const job = this.ask({ what: 'begin', length });
        const preview = new Promise<PreviewDone>((resolve) => this.jobs.set(job, resolve)).then((done) => {
            if (!done.preview) {
                throw new Error(done.failed ?? 'the preview could not be decoded');
            }
            return done.preview;
        });
        return { tell: (does) => this.ask(does, job), preview };
    }

    private ask(does: PreviewJob['does'], job = this.next): number {
        this.worker ??= this.start();
        this.next = Math.max(this.next, job + 1);
        this.worker.postMessage({ job, does } satisfies PreviewJob, does.what === 'piece' ? [does.piece] : []);
        return job;
    }

    private start(): Worker {
        const worker = new Worker(new URL('./preview_worker.ts', import.meta.url), { type: 'module' });
        worker.addEventListener('message', ({ data }: MessageEvent<PreviewDone>) => {
            const done = this.jobs.get(data.job);
            this.jobs.delete(data.job);
            done?.(data);
        });
        worker.addEventListener('error', () => {
            worker.terminate();
            this.worker = undefined;
            for (const [job, done] of this.jobs) {
                done({ job, failed: 'the worker ended' });
            }
            this.jobs.clear();
        });
        return worker;
    }
}

const worker = new PreviewWorker();
export const warmPreviews = (): void => worker.warm();

export const previewIdOf = (imageId: string): string => imageId.replace(/^[^:]*/, PREVIEW_SCHEME);

export const isPreviewId = (imageId: string): boolean => imageId.startsWith(`${PREVIEW_SCHEME}:`);

/** Palette indices have no means: a preview of them would show colours that are nowhere in the image. */
const canHave = ({ header }: Slice): boolean => header.photometric !== 'PALETTE COLOR';

/** Whose preview: it may be asked for before the headers of its images are here. */
export interface PreviewOf {
    patientCase: string;
    displaySet: string;
    loaded: Promise<LoadedSet>;
}

/** Undefined when the server has none. */
export async function fetchPreview(of: PreviewOf, signal: AbortSignal): Promise<Preview | undefined> {
    const askedAt = performance.now();
    const set = `/api/cases/${of.patientCase}/display-sets/${encodeURIComponent(of.displaySet)}`;
    const response = await fetchAgain(`${set}/preview/${LEVEL}`, { signal, cache: 'no-store' });
    const length = Number(response.headers.get('content-length') ?? '0');
    if (!response.ok || length === 0 || length > PREVIEW_BYTES_MAX) {
        await response.body?.cancel(); // an answer that is not read keeps its connection
        if (response.status >= 500) {
            throw new Error(`preview answered ${response.status}`); // busy: another time it may be had
        }
        return undefined;
    }
    const { tell, preview } = worker.begin(length);
    preview.catch(() => undefined);
    try {
        const expecting = of.loaded.then(({ slices }) => tell({ what: 'expect', expected: slices.map(expectedOf) }));
        expecting.catch(() => undefined);
        await readPieces(response, askedAt, (piece) => tell({ what: 'piece', piece: ownBuffer(piece) }));
        await expecting;
        signal.throwIfAborted();
        tell({ what: 'end' });
    } catch (error) {
        tell({ what: 'stop' });
        throw error;
    }
    const [loaded, decoded] = [await of.loaded, await preview];
    signal.throwIfAborted();
    return loaded.slices.every(canHave) ? previewOf(loaded, decoded) : undefined;
}

const ownBuffer = (piece: Uint8Array<ArrayBuffer>): ArrayBuffer =>
    piece.byteOffset === 0 && piece.byteLength === piece.buffer.byteLength ? piece.buffer : piece.slice().buffer;

const expectedOf = ({ sopInstanceUid, frame, header }: Slice): Expected => ({
    sopInstanceUid,
    frame,
    rows: header.rows,
    columns: header.columns,
    samples: header.samples,
    slope: header.slope,
    intercept: header.intercept,
    ybr: photometricOfCopy(header) === 'YBR_FULL',
});

function previewOf(loaded: LoadedSet, decoded: DecodedPreview): Preview {
    const images = new Map<string, cornerstone.Types.IImage>();
    const slices = loaded.slices.map((slice, index) => {
        const frame = decoded.frames[index];
        if (!frame) {
            return undefined;
        }
        const small = smallSlice(slice, decoded.level, frame);
        images.set(small.imageId, imageOf(small, decoded, frame));
        return small;
    });
    return {
        level: decoded.level,
        slices,
        whole: slices.every((slice) => slice !== undefined),
        images,
        decodeMs: decoded.decodeMs,
    };
}

/** What Cornerstone is told of it: its header is the image's own, but for what became smaller. */
function smallSlice(slice: Slice, level: number, frame: DecodedFrame): Slice {
    return {
        ...slice,
        imageId: previewIdOf(slice.imageId),
        header: { ...slice.header, rows: frame.rows, columns: frame.columns },
        geometry: reducedGeometry(slice.geometry, level),
    };
}

function imageOf(slice: Slice, decoded: DecodedPreview, frame: DecodedFrame): cornerstone.Types.IImage {
    const { header, geometry, imageId } = slice;
    const bytes = sampleArrays[decoded.kind].BYTES_PER_ELEMENT;
    const scalarData = new sampleArrays[decoded.kind](decoded.samples, frame.offset * bytes, frame.length);
    const { rows, columns } = frame;
    const rescaled = header.slope !== 1 || header.intercept !== 0;
    const { slope, intercept } = header;
    const scalingParameters = { rescaleSlope: slope, rescaleIntercept: intercept, modality: header.modality };
    const image = {
        imageId,
        dataType: scalarData.constructor.name,
        color: header.samples > 1,
        rgba: false,
        numberOfComponents: header.samples,
        rows,
        columns,
        width: columns,
        height: rows,
        rowPixelSpacing: geometry.rowSpacing,
        columnPixelSpacing: geometry.columnSpacing,
        slope,
        intercept,
        ...(rescaled && { preScale: { enabled: true, scaled: true, scalingParameters } }),
        invert: header.photometric === 'MONOCHROME1',
        minPixelValue: frame.low,
        maxPixelValue: frame.high,
        windowCenter: header.samples > 1 ? 128 : (frame.low + frame.high) / 2,
        windowWidth: header.samples > 1 ? 256 : Math.max(1, frame.high - frame.low),
        sizeInBytes: scalarData.byteLength,
        voxelManager: cornerstone.utilities.VoxelManager.createImageVoxelManager({
            scalarData,
            width: columns,
            height: rows,
            numberOfComponents: header.samples,
        }),
        getPixelData: () => scalarData,
    };
    return image as unknown as cornerstone.Types.IImage;
}

/** Fetched before the slice on the glass where that is sooner: few images, or one that is very large. */
export function previewFirst(loaded: LoadedSet): boolean {
    const all = loaded.slices.reduce((sum, slice) => sum + slice.bytes, 0);
    const largest = Math.max(0, ...loaded.slices.map((slice) => slice.bytes));
    return all * PREVIEW_SHARE < largest;
}

/** Imaging, measured: an eighth of each side is 3.1 to 3.4 % of the lossless bytes. */
const PREVIEW_SHARE = 0.034;
