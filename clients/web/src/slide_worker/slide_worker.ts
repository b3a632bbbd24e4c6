// Opens tiles for dicom-microscopy-viewer, at the address where it looks for its worker and in its words. Its own
// worker makes functions from text, which our content security policy refuses, and answers nothing at all when a
// tile is damaged. This one has the browser decode and match the colours, and refuses tile by tile.
import openjpeg from '@cornerstonejs/codec-openjpeg/decodewasmjs';
import { completeJpeg, isJpeg } from './jpeg';
import { pngOf } from './png';

interface Image {
    SOPInstanceUID: string;
    PhotometricInterpretation?: string;
    PlanarConfiguration?: number;
}

/** One frame, as the library describes it. */
interface Tile {
    bitsAllocated: number;
    columns: number;
    rows: number;
    samplesPerPixel: number;
    frame: ArrayBuffer;
    sopInstanceUID: string;
    metadata: Image[];
    /** Of each image in `metadata`; absent when colours are not to be matched. */
    iccProfiles?: (Uint8Array | { InlineBinary?: Uint8Array } | undefined)[] | null;
    iccOutputType?: 'srgb' | 'display-p3';
}

interface Said {
    taskType: string;
    workerIndex: number;
    data?: Tile;
}

/** A tile of more pixels than this is none. */
const PIXELS_MAX = 1 << 26;

let decoder: Promise<openjpeg.Decoder> | undefined;

function startDecoder(): Promise<openjpeg.Decoder> {
    decoder ??= openjpeg({ locateFile: (name) => new URL(name, self.location.href).href }).then(
        (codec) => new codec.J2KDecoder(),
    );
    return decoder;
}

const isJpeg2000 = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0x4f;

async function openJpeg2000(bytes: Uint8Array, tile: Tile): Promise<Uint8Array> {
    const codec = await startDecoder();
    codec.getEncodedBuffer(bytes.length).set(bytes);
    codec.decode();
    const { width, height, componentCount, bitsPerSample } = codec.getFrameInfo();
    const fits =
        width === tile.columns &&
        height === tile.rows &&
        componentCount === tile.samplesPerPixel &&
        bitsPerSample <= tile.bitsAllocated;
    if (!fits) {
        throw new Error('the tile is not what its header says');
    }
    return codec.getDecodedBuffer().slice();
}

/** Red, green and blue of each pixel together, whatever their order was. */
function interleaved(pixels: Uint8Array, planar: boolean): Uint8Array {
    const count = pixels.length / 3;
    return planar ? pixels.map((_, at) => pixels[(at % 3) * count + Math.floor(at / 3)] ?? 0) : pixels;
}

/** What the browser makes of a picture, its profile applied: rows of RGB. */
async function seen(picture: Blob, tile: Tile): Promise<ArrayBuffer> {
    const bitmap = await createImageBitmap(picture, { premultiplyAlpha: 'none' });
    if (bitmap.width !== tile.columns || bitmap.height !== tile.rows) {
        throw new Error('the tile is not as large as its header says');
    }
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const colorSpace = tile.iccOutputType ?? 'srgb';
    const context = canvas.getContext('2d', { colorSpace, willReadFrequently: true });
    if (!context) {
        throw new Error('no canvas for a tile');
    }
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = context.getImageData(0, 0, tile.columns, tile.rows, { colorSpace });
    const pixels = new Uint8Array(tile.columns * tile.rows * 3);
    for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
        pixels[to] = data[from] ?? 0;
        pixels[to + 1] = data[from + 1] ?? 0;
        pixels[to + 2] = data[from + 2] ?? 0;
    }
    return pixels.buffer;
}

function profileOf(tile: Tile, place: number): Uint8Array | undefined {
    const given = tile.iccProfiles?.[place];
    return given instanceof Uint8Array ? given : given?.InlineBinary;
}

async function open(tile: Tile): Promise<ArrayBuffer> {
    if (tile.columns * tile.rows > PIXELS_MAX) {
        throw new Error('the tile is too large');
    }
    const bytes = new Uint8Array(tile.frame);
    const place = tile.metadata.findIndex((one) => one.SOPInstanceUID === tile.sopInstanceUID);
    const { PhotometricInterpretation = '', PlanarConfiguration = 0 } = tile.metadata[place] ?? {};
    const profile = profileOf(tile, place);
    const isColor = tile.samplesPerPixel === 3 && tile.bitsAllocated === 8;
    if (isJpeg(bytes) && isColor) {
        return seen(completeJpeg(bytes, PhotometricInterpretation, profile), tile);
    }
    const encoded = isJpeg2000(bytes);
    const pixels = encoded ? await openJpeg2000(bytes, tile) : bytes;
    const wanted = tile.columns * tile.rows * tile.samplesPerPixel * (tile.bitsAllocated / 8);
    if (pixels.length < wanted) {
        throw new Error('the tile is shorter than its header says');
    }
    const whole = pixels.slice(0, wanted);
    if (!isColor || !profile) {
        return isColor ? interleaved(whole, !encoded && PlanarConfiguration === 1).slice().buffer : whole.buffer;
    }
    const rgb = interleaved(whole, !encoded && PlanarConfiguration === 1);
    return seen(new Blob([pngOf(rgb, tile.columns, tile.rows, profile)], { type: 'image/png' }), tile);
}

const port = self as unknown as {
    onmessage: (event: MessageEvent<Said>) => void;
    postMessage(answer: unknown, transfer?: Transferable[]): void;
};

port.onmessage = ({ data: { taskType, workerIndex, data } }) => {
    const answer = (status: string, result: unknown, transfer: Transferable[] = []) =>
        port.postMessage({ taskType, workerIndex, status, result }, transfer);
    if (taskType === 'initialize') {
        answer('success', {});
    } else if (taskType === 'decodeAndTransformTask' && data) {
        open(data).then(
            (frameData) => answer('success', { frameData }, [frameData]),
            (error: unknown) => answer('failed', error instanceof Error ? error.message : 'a tile was not opened'),
        );
    }
};
