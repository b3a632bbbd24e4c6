// The colours of a palette image (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6 and C.7.9): tables as they are in the header or
// have been fetched, segmented ones expanded. Pure. Entries come out as 8 bits, in which they are shown.
import { bytesOf } from './bulk';
import type { DicomObject } from './dicom';

export interface Palette {
    descriptors: [number[], number[], number[]];
    tables: [Uint16Array, Uint16Array, Uint16Array];
}

/** Of red, green and blue. */
const DESCRIPTORS = ['00281101', '00281102', '00281103'];
const TABLES = ['00281201', '00281202', '00281203'];
const SEGMENTED = ['00281221', '00281222', '00281223'];

export const PALETTE_TAGS: readonly string[] = [...TABLES, ...SEGMENTED];
/** Entries of one table; a count of 0 means as many. */
const ENTRIES_MAX = 65_536;
/** Bytes of one table as it is stored: two an entry; a segmented one is not larger. */
export const TABLE_BYTES_MAX = 2 * ENTRIES_MAX;

const wordsOf = (bytes: Uint8Array): Uint16Array =>
    Uint16Array.from({ length: bytes.length >> 1 }, (_, at) => (bytes[2 * at] ?? 0) | ((bytes[2 * at + 1] ?? 0) << 8));

/**
 * A segmented table of `count` entries, in 8 or 16 bits as its descriptor says (C.7.9.2): runs of values, lines from
 * the last value to another, and copies of segments that came before. Undefined when it is damaged.
 */
export function expandSegments(segments: ArrayLike<number>, wide: boolean, count: number): Uint16Array | undefined {
    const entries = new Uint16Array(count);
    let filled = 0;
    const put = (value: number) => {
        if (filled < count) {
            entries[filled] = value;
        }
        filled += 1;
    };
    /** Returns where the next segment begins; `most` is where the segment must end. */
    const expand = (at: number, most: number, copying: boolean): number | undefined => {
        const [opcode, length] = [segments[at], segments[at + 1] ?? 0];
        const begin = at + 2;
        if (opcode === 0 && length > 0 && begin + length <= most) {
            for (let place = begin; place < begin + length; place += 1) {
                put(segments[place] ?? 0);
            }
            return begin + length;
        }
        if (opcode === 1 && filled > 0 && filled <= count && length > 0 && begin < most) {
            const from = entries[filled - 1] ?? 0;
            const to = segments[begin] ?? 0;
            for (let step = 1; step <= length; step += 1) {
                put(Math.round(from + ((to - from) * step) / length));
            }
            return begin + 1;
        }
        const end = begin + (wide ? 2 : 4);
        if (opcode !== 2 || copying || length === 0 || end > most) {
            return undefined;
        }
        // Its offset counts bytes from the first segment, the less significant part first.
        const part = (place: number) => segments[begin + place] ?? 0;
        const offset = wide
            ? (part(0) + part(1) * 65_536) / 2
            : part(0) + part(1) * 256 + part(2) * 65_536 + part(3) * 16_777_216;
        let next: number | undefined = Number.isInteger(offset) ? offset : undefined;
        for (let copy = 0; copy < length && next !== undefined; copy += 1) {
            next = next < at && filled <= count ? expand(next, at, true) : undefined;
        }
        return next === undefined ? undefined : end;
    };
    let at: number | undefined = 0;
    while (at !== undefined && filled < count) {
        at = at + 1 < segments.length ? expand(at, segments.length, false) : undefined;
    }
    return filled === count ? entries : undefined;
}

/** Entries that stand one by one: two bytes each, or, as some write 8 bits, one. */
function entriesOf(bytes: Uint8Array, count: number): Uint16Array | undefined {
    if (bytes.length >= 2 * count) {
        return wordsOf(bytes.subarray(0, 2 * count));
    }
    return bytes.length >= count ? Uint16Array.from(bytes.subarray(0, count)) : undefined;
}

function tableOf(object: DicomObject, color: number): { descriptor: number[]; table: Uint16Array } | undefined {
    const said = object[DESCRIPTORS[color] ?? '']?.Value ?? [];
    const descriptor = said.map(Number);
    const [entries, , bits] = descriptor;
    if (descriptor.length !== 3 || !descriptor.every(Number.isInteger) || entries === undefined) {
        return undefined;
    }
    const count = entries === 0 ? ENTRIES_MAX : entries;
    if (count < 1 || count > ENTRIES_MAX) {
        return undefined;
    }
    const plain = bytesOf(object[TABLES[color] ?? '']);
    const segmented = bytesOf(object[SEGMENTED[color] ?? '']);
    const table = plain
        ? entriesOf(plain, count)
        : segmented && expandSegments(bits === 8 ? segmented : wordsOf(segmented), bits !== 8, count);
    return table && { descriptor, table };
}

/** Undefined when a table is not there, or damaged. */
export function paletteOf(object: DicomObject): Palette | undefined {
    const [red, green, blue] = [0, 1, 2].map((color) => tableOf(object, color));
    if (!red || !green || !blue) {
        return undefined;
    }
    // Some say 16 bits and mean 8: then no entry of any colour is larger.
    const all = [red, green, blue];
    const wide = all.some(({ descriptor, table }) => (descriptor[2] ?? 0) > 8 && table.some((entry) => entry > 255));
    const shown = ({ table }: typeof red) => (wide ? table.map((entry) => entry >> 8) : table);
    const narrow = ({ descriptor }: typeof red) => [descriptor[0] ?? 0, descriptor[1] ?? 0, 8];
    return {
        descriptors: [narrow(red), narrow(green), narrow(blue)],
        tables: [shown(red), shown(green), shown(blue)],
    };
}
