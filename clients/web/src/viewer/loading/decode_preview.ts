// A whole preview bundle into one buffer of samples, ready to be shown: decoded at its own level (never at a guess of
// how much of a codestream is there) and rescaled as the lossless images are. Runs in the worker; pure.
import type { HTJ2KDecoder, OpenJph } from '@cornerstonejs/codec-openjph';
import { readHead, type Entry } from './bundle';
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

const keyOf = (one: { sopInstanceUid: string; frame: number }) => `${one.sopInstanceUid}/${one.frame}`;

/** Whether every value of this frame is held by `kind`. */
function holds(kind: SampleKind, found: Found): boolean {
    const own = kindFor([found]);
    return kind === 'float32' || own === kind || own === 'uint8';
}

/** An entry of the bundle, with what was expected of it and where its samples go. */
interface Place {
    entry: Entry;
    index: number;
    expected: Expected;
    offset: number;
    length: number;
}

/**
 * A bundle that is decoded while it arrives: each frame as soon as its bytes are there, so that little is left to do
 * when the last ones come. What is expected may be told later than the first bytes.
 */
export class PreviewStream {
    private readonly bytes: Uint8Array<ArrayBuffer>;
    private have = 0;
    private expected: readonly Expected[] | undefined;
    private level = 0;
    private places: Place[] | undefined;
    private next = 0;
    private kind: SampleKind | undefined;
    private samples: Samples = new Uint8Array(0);
    private frames: (DecodedFrame | undefined)[] = [];
    /** A frame that its kind of sample does not hold: all of them are decoded once more, in one that does. */
    private misfit = false;
    private decodeMs = 0;
    private decoder: HTJ2KDecoder | undefined;

    constructor(
        private readonly codec: OpenJph,
        length: number,
        private readonly now: () => number,
    ) {
        if (length > PREVIEW_BYTES_MAX) {
            throw new Error('the preview is larger than is kept');
        }
        this.bytes = new Uint8Array(length);
    }

    expect(expected: readonly Expected[]): void {
        this.expected = expected;
        this.go();
    }

    take(piece: Uint8Array): void {
        if (piece.length > this.bytes.length - this.have) {
            throw new Error('the answer is longer than it said');
        }
        this.bytes.set(piece, this.have);
        this.have += piece.length;
        this.go();
    }

    /** Rejects what is not whole. */
    finish(): DecodedPreview {
        this.go();
        if (!this.places || this.have < this.bytes.length || this.next < this.places.length) {
            throw new Error('the answer ended early');
        }
        if (this.misfit) {
            this.begin(kindFor(this.places.flatMap((place) => this.found(place) ?? [])));
            this.go();
        }
        const { level, frames, decodeMs } = this;
        return { level, kind: this.kind ?? 'uint8', samples: this.samples.buffer as ArrayBuffer, frames, decodeMs };
    }

    close(): void {
        this.decoder?.delete();
        this.decoder = undefined;
    }

    private go(): void {
        const began = this.now();
        this.places ??= this.placesOf();
        const { places } = this;
        for (let place = places?.[this.next]; place; place = places?.[this.next]) {
            if (place.entry.start + place.entry.length > this.have) {
                break;
            }
            this.next += 1;
            this.decode(place);
        }
        this.decodeMs += this.now() - began;
    }

    private placesOf(): Place[] | undefined {
        const head = this.expected && readHead(this.bytes.buffer, this.have);
        if (!head || !this.expected) {
            return undefined;
        }
        this.level = head.level;
        const byKey = new Map(head.entries.map((entry) => [keyOf(entry), entry]));
        let offset = 0;
        const places = this.expected.flatMap((expected, index): Place[] => {
            const entry = byKey.get(keyOf(expected));
            const length =
                reducedSize(expected.rows, head.level) * reducedSize(expected.columns, head.level) * expected.samples;
            offset += entry ? length : 0;
            return entry ? [{ entry, index, expected, offset: offset - length, length }] : [];
        });
        if (offset * sampleArrays.float32.BYTES_PER_ELEMENT > 2 * PREVIEW_BYTES_MAX) {
            throw new Error('the preview is larger than is kept');
        }
        this.frames = this.expected.map(() => undefined);
        return places.sort((a, b) => a.entry.start - b.entry.start);
    }

    private begin(kind: SampleKind): void {
        const total = (this.places ?? []).reduce((sum, { length }) => sum + length, 0);
        const Kind = sampleArrays[kind];
        if (total * Kind.BYTES_PER_ELEMENT > PREVIEW_BYTES_MAX) {
            throw new Error('the preview is larger than is kept');
        }
        this.kind = kind;
        this.samples = new Kind(total);
        this.frames = this.frames.map(() => undefined);
        this.next = 0;
        this.misfit = false;
    }

    private found({ entry, expected }: Place): Found | undefined {
        const bytes = this.bytes.subarray(entry.start, entry.start + entry.length);
        const codestream = codestreamOf(bytes, expected);
        return codestream && { bytes, expected, codestream };
    }

    private decode(place: Place): void {
        const found = this.found(place);
        if (!found) {
            return; // there is no copy, or not one of this image
        }
        if (this.kind === undefined) {
            // As the first one's are all of them stored, most likely.
            const { codestream } = found;
            const next = this.next;
            this.begin(kindFor((this.places ?? []).map(({ expected }) => ({ codestream, expected }))));
            this.next = next;
        }
        if (!holds(this.kind ?? 'float32', found)) {
            this.misfit = true;
            return;
        }
        const { expected, offset, length, index } = place;
        this.decoder ??= new this.codec.HTJ2KDecoder();
        const range = decodeFrame(this.decoder, this.level, found, this.samples.subarray(offset, offset + length));
        this.frames[index] = range && {
            rows: reducedSize(expected.rows, this.level),
            columns: reducedSize(expected.columns, this.level),
            offset,
            length,
            ...range,
        };
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
