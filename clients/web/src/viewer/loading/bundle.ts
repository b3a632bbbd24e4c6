// The preview bundle of a display set: for every frame, in the order of display, the first bytes of its lossless HTJ2K
// copy, just enough for one reduced resolution. Layout, little endian: "CPRV", u16 version, u16 level, u32 frames; a
// frame: u8 length and text of its UID, u32 frame number from 1, u32 bytes (0: it has no copy yet); then all bytes.

export class BundleError extends Error {}

const MAGIC = 0x56525043; // "CPRV"
const VERSION = 1;
const HEADER_BYTES = 12;
const LEVEL_MAX = 5;
/** DICOM PS3.5 9.1. */
const UID_MAX = 64;
/** Of an empty UID: nothing says more frames than would fit into the bytes that are there. */
const ENTRY_BYTES_MIN = 9;
export const FRAMES_MAX = 20_000;

/** A frame and where its bytes lie in the bundle. */
export interface Entry {
    sopInstanceUid: string;
    frame: number;
    start: number;
    /** 0 = there is no copy of it yet. */
    length: number;
}

interface Head {
    /** Halvings of each side: 3 is an eighth. */
    level: number;
    entries: Entry[];
}

/** What a bundle holds, of which the first `have` bytes are here; undefined while its list is not whole. */
export function readHead(buffer: ArrayBuffer, have: number): Head | undefined {
    const view = new DataView(buffer);
    if (have < HEADER_BYTES && have < buffer.byteLength) {
        return undefined;
    }
    if (buffer.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
        throw new BundleError('no preview bundle');
    }
    const level = view.getUint16(6, true);
    if (view.getUint16(4, true) !== VERSION || level < 1 || level > LEVEL_MAX) {
        throw new BundleError('a preview bundle of another kind');
    }
    const count = view.getUint32(8, true);
    if (count > FRAMES_MAX || count * ENTRY_BYTES_MIN > buffer.byteLength - HEADER_BYTES) {
        throw new BundleError('more frames than there can be');
    }
    const list = readEntries(new DataView(buffer, 0, have), count, have === buffer.byteLength);
    return list && { level, entries: placed(list.entries, list.end, buffer.byteLength) };
}

/** Undefined when it ends early and more is to come. */
function readEntries(view: DataView, count: number, whole: boolean): { entries: Entry[]; end: number } | undefined {
    const entries: Entry[] = [];
    let at = HEADER_BYTES;
    for (let index = 0; index < count; index += 1) {
        const uidLength = at < view.byteLength ? view.getUint8(at) : 0;
        const endsEarly = at + ENTRY_BYTES_MIN + uidLength > view.byteLength;
        if (uidLength > UID_MAX || (endsEarly && whole)) {
            throw new BundleError('the list of frames ends early');
        }
        if (endsEarly) {
            return undefined;
        }
        const uid = new Uint8Array(view.buffer, at + 1, uidLength);
        at += 1 + uidLength;
        entries.push({
            sopInstanceUid: String.fromCharCode(...uid),
            frame: view.getUint32(at, true),
            start: 0,
            length: view.getUint32(at + 4, true),
        });
        at += 8;
    }
    return { entries, end: at };
}

/** One after the other, from the end of the list to the end of the bundle. */
function placed(entries: Entry[], start: number, end: number): Entry[] {
    let at = start;
    const all = entries.map((entry) => {
        if (entry.length > end - at) {
            throw new BundleError('the bytes of the frames end early');
        }
        at += entry.length;
        return { ...entry, start: at - entry.length };
    });
    if (at !== end) {
        throw new BundleError('bytes that belong to no frame');
    }
    return all;
}
