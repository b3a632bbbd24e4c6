// A whole preview bundle into one buffer of samples, ready to be shown: decoded at its own level (never at a guess of
// how much of a codestream is there) and rescaled as the lossless images are. Runs in the worker; pure.
import type { HTJ2KDecoder, OpenJph } from '@cornerstonejs/codec-openjph';
import { readBundle, type BundleFrame } from './bundle';
import { reducedSize } from './grid';

/** What the header of an image says of its pixels; a copy that says otherwise is not shown. */
export interface Expected {
    sopInstanceUid: string;
    frame: number;
    rows: number;
    columns: number;
    samples: number;
    slope: number;
    intercept: number;
    /** Luma and chroma (PS3.3 C.7.6.3.1.2), to be made red, green and blue. */
    ybr: boolean;
}

export type SampleKind = 'uint8' | 'int16' | 'uint16' | 'float32';

export interface DecodedFrame {
    rows: number;
    columns: number;
    /** Where it begins among the samples, and how many it has. */
    offset: number;
    length: number;
    low: number;
    high: number;
}

export interface DecodedPreview {
    level: number;
    kind: SampleKind;
    samples: ArrayBuffer;
    /** In the order of what was expected; undefined where there is no copy, or not one of this image. */
    frames: (DecodedFrame | undefined)[];
    decodeMs: number;
}

export const sampleArrays = {
    uint8: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    float32: Float32Array,
};

/** Samples of all frames together: as much as a volume of 1,000 slices of 1,024 x 1,024 at an eighth. */
export const PREVIEW_BYTES_MAX = 64 * 1024 * 1024;

interface Codestream {
    bits: number;
    signed: boolean;
}

const SOC_AND_SIZ = 0xff4fff51;
const SIZ_BYTES = 42;

/** The SIZ segment (ITU-T T.800 A.5.1), if it is that of the image. */
export function codestreamOf(bytes: Uint8Array, expected: Expected): Codestream | undefined {
    const { rows, columns, samples } = expected;
    if (bytes.length < SIZ_BYTES + 3 * samples) {
        return undefined;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const begins = view.getUint32(0) === SOC_AND_SIZ;
    const size = view.getUint32(8) === columns && view.getUint32(12) === rows;
    const atOrigin = view.getUint32(16) === 0 && view.getUint32(20) === 0;
    if (!begins || !size || !atOrigin || view.getUint16(40) !== samples) {
        return undefined;
    }
    const depth = view.getUint8(SIZ_BYTES);
    for (let component = 0; component < samples; component += 1) {
        const at = SIZ_BYTES + 3 * component;
        const whole = view.getUint8(at + 1) === 1 && view.getUint8(at + 2) === 1;
        if (view.getUint8(at) !== depth || !whole) {
            return undefined;
        }
    }
    const bits = (depth & 0x7f) + 1;
    return bits <= 16 ? { bits, signed: (depth & 0x80) !== 0 } : undefined;
}

/** The smallest kind that holds every value these samples can have after their rescale. */
export function kindFor(frames: readonly { codestream: Codestream; expected: Expected }[]): SampleKind {
    let low = 0;
    let high = 0;
    for (const { codestream, expected } of frames) {
        const { slope, intercept } = expected;
        if (!Number.isInteger(slope) || !Number.isInteger(intercept)) {
            return 'float32';
        }
        const { bits, signed } = codestream;
        const ends = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
        for (const end of ends) {
            low = Math.min(low, end * slope + intercept);
            high = Math.max(high, end * slope + intercept);
        }
    }
    const kinds: [SampleKind, number, number][] = [
        ['uint8', 0, 255],
        ['int16', -32768, 32767],
        ['uint16', 0, 65535],
    ];
    return kinds.find(([, least, most]) => low >= least && high <= most)?.[0] ?? 'float32';
}

interface Found {
    bytes: Uint8Array;
    expected: Expected;
    codestream: Codestream;
}

function matched(frames: readonly BundleFrame[], expected: readonly Expected[]): (Found | undefined)[] {
    const key = (one: { sopInstanceUid: string; frame: number }) => `${one.sopInstanceUid}/${one.frame}`;
    const byKey = new Map(frames.map((frame) => [key(frame), frame.bytes]));
    return expected.map((one) => {
        const bytes = byKey.get(key(one));
        const codestream = bytes && codestreamOf(bytes, one);
        return codestream && { bytes, expected: one, codestream };
    });
}

export function decodePreview(
    codec: OpenJph,
    buffer: ArrayBuffer,
    expected: readonly Expected[],
    now: () => number,
): DecodedPreview {
    const began = now();
    const { level, frames } = readBundle(buffer);
    const found = matched(frames, expected);
    const kind = kindFor(found.filter((one) => one !== undefined));
    const lengthOf = ({ rows, columns, samples }: Expected) =>
        reducedSize(rows, level) * reducedSize(columns, level) * samples;
    const total = found.reduce((sum, one) => sum + (one ? lengthOf(one.expected) : 0), 0);
    const Samples = sampleArrays[kind];
    if (total * Samples.BYTES_PER_ELEMENT > PREVIEW_BYTES_MAX) {
        throw new Error('the preview is larger than is kept');
    }
    const samples = new Samples(total);
    const decoder = new codec.HTJ2KDecoder();
    let offset = 0;
    try {
        const decoded = found.map((one) => {
            if (!one) {
                return undefined;
            }
            const target = samples.subarray(offset, offset + lengthOf(one.expected));
            const range = decodeFrame(decoder, level, one, target);
            if (!range) {
                return undefined;
            }
            const frame = {
                rows: reducedSize(one.expected.rows, level),
                columns: reducedSize(one.expected.columns, level),
                offset,
                length: target.length,
                ...range,
            };
            offset += target.length;
            return frame;
        });
        return { level, kind, samples: samples.buffer, frames: decoded, decodeMs: now() - began };
    } finally {
        decoder.delete();
    }
}

type Samples = Uint8Array | Int16Array | Uint16Array | Float32Array;

/** Fills `target`; undefined if the codestream does not hold what its first bytes said. */
function decodeFrame(
    decoder: HTJ2KDecoder,
    level: number,
    { bytes, expected, codestream }: Found,
    target: Samples,
): { low: number; high: number } | undefined {
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decodeSubResolution(level);
    const raw = decoder.getDecodedBuffer();
    const width = codestream.bits > 8 ? 2 : 1;
    const info = decoder.getFrameInfo();
    // After a failure the codec still holds the frame before: nothing of it may be taken for this one.
    const same = info.width === expected.columns && info.height === expected.rows;
    if (decoder.getLastErrorMessage() !== '' || !same || raw.length !== target.length * width) {
        return undefined;
    }
    const stored = storedSamples(raw, codestream);
    const { slope, intercept } = expected;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < target.length; index += 1) {
        const value = (stored[index] ?? 0) * slope + intercept;
        target[index] = value;
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    if (expected.ybr) {
        makeRgb(target);
    }
    return { low, high };
}

/** In place; 8 bits, pixel by pixel. */
function makeRgb(target: Samples): void {
    const byte = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
    for (let index = 0; index + 2 < target.length; index += 3) {
        const [y = 0, cb = 128, cr = 128] = target.subarray(index, index + 3);
        target[index] = byte(y + 1.402 * (cr - 128));
        target[index + 1] = byte(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128));
        target[index + 2] = byte(y + 1.772 * (cb - 128));
    }
}

/** The codec's own memory, which is aligned to more than a sample. */
function storedSamples(raw: Uint8Array, { bits, signed }: Codestream): ArrayLike<number> {
    if (bits > 8) {
        const Kind = signed ? Int16Array : Uint16Array;
        return new Kind(raw.buffer as ArrayBuffer, raw.byteOffset, raw.length / 2);
    }
    return signed ? new Int8Array(raw.buffer, raw.byteOffset, raw.length) : raw;
}
