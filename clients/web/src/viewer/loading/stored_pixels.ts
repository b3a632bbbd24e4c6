// Pixels as files may hold them (PS3.5 8.1, PS3.3 C.7.6.3.1) to the few forms that Cornerstone draws as they are meant:
// little endian, pixel by pixel, the sample in the low bits of its word, whole chroma. And after its decoders, values
// by a rescale that falls. Pure.
import type { Header } from '../dicom';

/** What says how samples lie; the rest of the header stays. */
export type Form = Pick<
    Header,
    'samples' | 'photometric' | 'planar' | 'bitsAllocated' | 'bitsStored' | 'highBit' | 'signed'
>;

export const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';
const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
const JPEG_BASELINE = '1.2.840.10008.1.2.4.50';

const NATIVE = [
    '1.2.840.10008.1.2',
    EXPLICIT_LITTLE_ENDIAN,
    EXPLICIT_BIG_ENDIAN,
    '1.2.840.10008.1.2.1.98',
    '1.2.840.10008.1.2.1.99',
];

export const isNative = (transferSyntax: string): boolean => NATIVE.includes(transferSyntax);

/** Signed samples of a byte, and colours of a word: no decoder of the page gives these as they are. */
const isOdd = ({ samples, bitsAllocated, bitsStored, highBit, signed }: Form): boolean =>
    (signed && bitsAllocated <= 8) || (samples > 1 && bitsAllocated > 8) || highBit !== bitsStored - 1;

/**
 * How an image has to be fetched: `any` way, as it is `stored` (a copy would be decoded wrongly), or `decoded` by the
 * server, because the page's decoders would paint other pixels than the file means.
 */
export function wayOf(header: Header, transferSyntax: string): 'any' | 'stored' | 'decoded' {
    const { samples, photometric, bitsAllocated } = header;
    if (transferSyntax === EXPLICIT_BIG_ENDIAN && bitsAllocated <= 8) {
        return 'decoded'; // whether its bytes lie swapped depends on the value representation of the whole
    }
    if (isNative(transferSyntax)) {
        return isOdd(header) || photometric === 'YBR_FULL_422' ? 'stored' : 'any';
    }
    // Without a marker of its own the page's decoder takes three components for luma and chroma.
    const maybeLuma = transferSyntax === JPEG_BASELINE && samples === 3 && photometric === 'RGB';
    return isOdd(header) || maybeLuma ? 'decoded' : 'any';
}

/** Such frames come as red, green and blue (server/dicomweb/CONFORMANCE.md). */
export const formOfDecoded = (header: Header): Form => ({
    ...header,
    photometric: /^YBR_(FULL_422|ICT|RCT)$/.test(header.photometric) ? 'RGB' : header.photometric,
});

/** The same form that `tidy` gives. */
export function tidyForm(form: Form): Form {
    const { samples, photometric, bitsAllocated, bitsStored, signed } = form;
    const whole = { ...form, planar: 0, highBit: bitsStored - 1 };
    if (samples > 1) {
        const chroma = photometric === 'YBR_FULL_422' ? 'YBR_FULL' : photometric;
        const bits = bitsAllocated > 8 ? 8 : bitsStored;
        return { ...whole, photometric: chroma, bitsAllocated: 8, bitsStored: bits, highBit: bits - 1 };
    }
    return signed && bitsAllocated === 8 ? { ...whole, bitsAllocated: 16, bitsStored: 16, highBit: 15 } : whole;
}

const bytesOf = ({ samples, photometric, bitsAllocated }: Form, pixels: number): number =>
    photometric === 'YBR_FULL_422' ? 4 * Math.ceil(pixels / 2) : (samples * pixels * bitsAllocated) / 8;

/** Borrows the bytes; gives them back where they are tidy already. Throws where there are fewer than pixels. */
export function tidy(bytes: Uint8Array, form: Form, pixels: number, bigEndian: boolean): Uint8Array {
    if (bytes.length < bytesOf(form, pixels)) {
        throw new Error('the frame has fewer bytes than pixels');
    }
    if (form.samples > 1) {
        return tidyColours(bytes, form, pixels, bigEndian);
    }
    if (form.bitsAllocated === 8) {
        return form.signed ? widened(bytes, form, pixels) : bytes;
    }
    return form.bitsAllocated === 16 ? tidyWords(bytes, form, pixels, bigEndian) : bytes;
}

const lowBits = (bits: number): number => 2 ** bits - 1;

/** A word of each signed byte. */
function widened(bytes: Uint8Array, { bitsStored, highBit }: Form, pixels: number): Uint8Array {
    const values = new Int16Array(pixels);
    const [left, right] = [31 - highBit, 32 - bitsStored];
    for (let at = 0; at < pixels; at += 1) {
        values[at] = ((bytes[at] ?? 0) << left) >> right;
    }
    return new Uint8Array(values.buffer);
}

function wordsOf(bytes: Uint8Array, count: number, bigEndian: boolean): Uint16Array {
    const whole = bytes.slice(0, 2 * count);
    const words = new Uint16Array(whole.buffer, 0, whole.length >> 1);
    if (bigEndian) {
        for (let at = 0; at < words.length; at += 1) {
            const word = words[at] ?? 0;
            words[at] = (word << 8) | (word >> 8);
        }
    }
    return words;
}

/** Bits beside the sample may hold what is drawn over images elsewhere (PS3.5 8.1.2): they are no part of it. */
function tidyWords(
    bytes: Uint8Array,
    { bitsStored, highBit, signed }: Form,
    pixels: number,
    bigEndian: boolean,
): Uint8Array {
    if (bitsStored === 16 && !bigEndian) {
        return bytes;
    }
    const words = wordsOf(bytes, pixels, bigEndian);
    const down = Math.max(0, highBit + 1 - bitsStored);
    const mask = lowBits(bitsStored);
    const sign = signed ? 32 - bitsStored : 0;
    for (let at = 0; at < words.length; at += 1) {
        const value = ((words[at] ?? 0) >> down) & mask;
        words[at] = sign > 0 ? (value << sign) >> sign : value;
    }
    return new Uint8Array(words.buffer);
}

/** A byte a sample, as the glass has no more; samples of one pixel beside each other. */
function tidyColours(bytes: Uint8Array, form: Form, pixels: number, bigEndian: boolean): Uint8Array {
    const { samples, photometric, planar, bitsAllocated, bitsStored, highBit } = form;
    if (photometric === 'YBR_FULL_422') {
        return wholeChroma(bytes, pixels);
    }
    if (bitsAllocated === 8 && planar === 0) {
        return bytes;
    }
    const wide = bitsAllocated > 8;
    const from = wide ? wordsOf(bytes, pixels * samples, bigEndian) : bytes;
    const [shift, mask] = wide ? [Math.max(0, highBit - 7), lowBits(8)] : [0, lowBits(bitsStored)];
    const [next, step] = planar === 1 ? [pixels, 1] : [1, samples];
    const out = new Uint8Array(pixels * samples);
    for (let pixel = 0; pixel < pixels; pixel += 1) {
        for (let sample = 0; sample < samples; sample += 1) {
            out[pixel * samples + sample] = ((from[pixel * step + sample * next] ?? 0) >> shift) & mask;
        }
    }
    return out;
}

/** Two pixels are four bytes: luma, luma, and the chroma of both (PS3.3 C.7.6.3.1.2). */
function wholeChroma(bytes: Uint8Array, pixels: number): Uint8Array {
    const out = new Uint8Array(3 * pixels);
    for (let pixel = 0; pixel < pixels; pixel += 1) {
        const pair = 4 * (pixel >> 1);
        out[3 * pixel] = bytes[pair + (pixel & 1)] ?? 0;
        out[3 * pixel + 1] = bytes[pair + 2] ?? 0;
        out[3 * pixel + 2] = bytes[pair + 3] ?? 0;
    }
    return out;
}

export type Values = Int16Array | Uint16Array | Float32Array;

/** Stored values by their rescale, in the smallest kind of number that holds them; the lowest and the highest. */
export function rescaled(
    stored: ArrayLike<number>,
    { slope, intercept }: Pick<Header, 'slope' | 'intercept'>,
): { values: Values; low: number; high: number } {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let at = 0; at < stored.length; at += 1) {
        const value = (stored[at] ?? 0) * slope + intercept;
        low = Math.min(low, value);
        high = Math.max(high, value);
    }
    const whole = Number.isInteger(slope) && Number.isInteger(intercept);
    const values =
        whole && low >= -32768 && high <= 32767
            ? new Int16Array(stored.length)
            : whole && low >= 0 && high <= 65535
              ? new Uint16Array(stored.length)
              : new Float32Array(stored.length);
    for (let at = 0; at < stored.length; at += 1) {
        values[at] = (stored[at] ?? 0) * slope + intercept;
    }
    return { values, low, high };
}

/** Values between whole numbers: what Cornerstone draws by a table of greys has no place for them. */
export const hasFractions = ({ slope, intercept, samples }: Header): boolean =>
    samples === 1 && !(Number.isInteger(slope) && Number.isInteger(intercept));
