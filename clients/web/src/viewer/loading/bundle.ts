// The preview bundle of a display set: for every frame, in the order of display, the first bytes of its lossless HTJ2K
// copy, just enough for one reduced resolution. Layout, little endian: "CPRV", u16 version, u16 level, u32 frames; a
// frame: u8 length and text of its UID, u32 frame number from 1, u32 bytes (0: it has no copy yet); then all bytes.

export interface BundleFrame {
    sopInstanceUid: string;
    frame: number;
    /** Of the bundle's own memory; empty where there is no copy yet. */
    bytes: Uint8Array;
}

export interface Bundle {
    /** Halvings of each side: 3 is an eighth. */
    level: number;
    frames: BundleFrame[];
}

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

export function readBundle(buffer: ArrayBuffer): Bundle {
    const view = new DataView(buffer);
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
    const { entries, end } = readEntries(view, count);
    return { level, frames: cutOut(buffer, end, entries) };
}

interface Entry {
    sopInstanceUid: string;
    frame: number;
    length: number;
}

function readEntries(view: DataView, count: number): { entries: Entry[]; end: number } {
    const entries: Entry[] = [];
    let at = HEADER_BYTES;
    for (let index = 0; index < count; index += 1) {
        const uidLength = at < view.byteLength ? view.getUint8(at) : UID_MAX + 1;
        if (uidLength > UID_MAX || at + ENTRY_BYTES_MIN + uidLength > view.byteLength) {
            throw new BundleError('the list of frames ends early');
        }
        const uid = new Uint8Array(view.buffer, at + 1, uidLength);
        at += 1 + uidLength;
        entries.push({
            sopInstanceUid: String.fromCharCode(...uid),
            frame: view.getUint32(at, true),
            length: view.getUint32(at + 4, true),
        });
        at += 8;
    }
    return { entries, end: at };
}

function cutOut(buffer: ArrayBuffer, start: number, entries: Entry[]): BundleFrame[] {
    let at = start;
    const frames = entries.map(({ sopInstanceUid, frame, length }) => {
        if (length > buffer.byteLength - at) {
            throw new BundleError('the bytes of the frames end early');
        }
        const bytes = new Uint8Array(buffer, at, length);
        at += length;
        return { sopInstanceUid, frame, bytes };
    });
    if (at !== buffer.byteLength) {
        throw new BundleError('bytes that belong to no frame');
    }
    return frames;
}
