// A JPEG or PNG that is kept as a document: how large it says it is, and its pixels as the browser decodes them, turned
// as its camera noted.
import { fetchAgain } from '../connection/http';

/** More pixels than this are not decoded: 256 MB are what one picture may take. */
const PIXELS_MAX = 64 * 1024 * 1024;

/** It says that it is larger than is drawn here. */
export class TooLargeError extends Error {}

export interface PictureSize {
    width: number;
    height: number;
}

const PNG_START = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The first frame header of a JPEG (ISO/IEC 10918-1 B.2.2). */
function jpegSize(bytes: Uint8Array): PictureSize | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 2;
    while (at + 9 <= bytes.length && view.getUint8(at) === 0xff) {
        const marker = view.getUint8(at + 1);
        if (marker === 0xff) {
            at += 1; // fill bytes
            continue;
        }
        if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
            return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
        }
        if (marker === 0xda || marker === 0xd9) {
            return undefined;
        }
        at += 2 + Math.max(2, view.getUint16(at + 2));
    }
    return undefined;
}

/** What its header says before anything is decoded; undefined when it is no JPEG or PNG, or says nothing. */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
    let size: PictureSize | undefined;
    if (PNG_START.every((byte, at) => bytes[at] === byte) && bytes.length >= 24) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        size = { width: view.getUint32(16), height: view.getUint32(20) };
    } else if (bytes[0] === 0xff && bytes[1] === 0xd8) {
        size = jpegSize(bytes);
    }
    return size && size.width > 0 && size.height > 0 ? size : undefined;
}

export const isPicture = (mediaType: string | undefined): boolean =>
    mediaType === 'image/jpeg' || mediaType === 'image/png';

/** Fetches and decodes it. */
async function decode(address: string): Promise<ImageBitmap> {
    const answer = await fetchAgain(address, { cache: 'no-store' });
    const type = answer.headers.get('content-type') ?? '';
    if (!answer.ok || !isPicture(type)) {
        await answer.body?.cancel();
        throw new Error(`a picture answered ${answer.status} ${type}`);
    }
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const size = pictureSize(bytes);
    if (!size) {
        throw new Error('a picture that does not say how large it is');
    }
    if (size.width * size.height > PIXELS_MAX) {
        throw new TooLargeError();
    }
    return createImageBitmap(new Blob([bytes], { type }), { imageOrientation: 'from-image' });
}

/** The newest stay decoded while they are not more together than one may be. */
const kept = new Map<string, Promise<ImageBitmap>>();

async function giveUpOldest(): Promise<void> {
    const all = await Promise.allSettled([...kept].map(async ([address, opening]) => ({ address, is: await opening })));
    let pixels = 0;
    for (const one of all.reverse()) {
        const size = one.status === 'fulfilled' ? one.value.is.width * one.value.is.height : 0;
        pixels += size;
        if (one.status === 'fulfilled' && pixels > PIXELS_MAX && pixels > size) {
            kept.delete(one.value.address);
        }
    }
}

export function openPicture(address: string): Promise<ImageBitmap> {
    let opening = kept.get(address);
    if (!opening) {
        opening = decode(address);
        kept.set(address, opening);
        opening.then(giveUpOldest, () => kept.delete(address));
    }
    return opening;
}

export function emptyPictures(): void {
    for (const opening of kept.values()) {
        opening.then((bitmap) => bitmap.close()).catch(() => undefined);
    }
    kept.clear();
}
