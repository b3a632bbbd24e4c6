import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { completeJpeg, isJpeg } from './jpeg';
import { pngOf } from './png';

const profile = Uint8Array.from({ length: 140_000 }, (_, at) => at % 251);
const frame = Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 4, 1, 2, 0xff, 0xd9);
const bytesOf = async (blob: Blob) => Buffer.from(await blob.arrayBuffer());

describe('a JPEG tile', () => {
    it('is told how its components are meant when it does not say', async () => {
        const bytes = await bytesOf(completeJpeg(frame, 'RGB', undefined));
        const at = bytes.indexOf('Adobe');
        expect(bytes[at + 11]).toBe(0);
        const other = await bytesOf(completeJpeg(frame, 'YBR_FULL_422', undefined));
        expect(other[other.indexOf('Adobe') + 11]).toBe(1);
    });

    it('that says so itself is left as it is', async () => {
        const said = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, ...frame.subarray(2));
        expect(await bytesOf(completeJpeg(said, 'RGB', undefined))).toEqual(Buffer.from(said));
    });

    it('carries a large profile in parts that are numbered', async () => {
        const bytes = await bytesOf(completeJpeg(frame, 'RGB', profile));
        const parts: number[][] = [];
        for (let at = bytes.indexOf('ICC_PROFILE\0'); at >= 0; at = bytes.indexOf('ICC_PROFILE\0', at + 1)) {
            parts.push([bytes.readUInt16BE(at - 2), bytes[at + 12] ?? 0, bytes[at + 13] ?? 0]);
        }
        expect(parts).toEqual([
            [65_535, 1, 3],
            [65_535, 2, 3],
            [140_000 - 2 * 65_519 + 16, 3, 3],
        ]);
    });

    it('is told from JPEG-LS and JPEG 2000', () => {
        expect(isJpeg(frame)).toBe(true);
        expect(isJpeg(Uint8Array.of(0xff, 0xd8, 0xff, 0xf7))).toBe(false);
        expect(isJpeg(Uint8Array.of(0xff, 0x4f, 0xff, 0x51))).toBe(false);
    });
});

describe('pixels as a picture with a profile', () => {
    it('are there unchanged, and so is the profile', () => {
        const pixels = Uint8Array.from({ length: 300 * 120 * 3 }, (_, at) => (at * 7) % 256);
        const png = Buffer.from(pngOf(pixels, 300, 120, profile));
        const content = (kind: string) => {
            const at = png.indexOf(kind) + 4;
            return png.subarray(at, at + png.readUInt32BE(at - 8));
        };
        const rows = inflateSync(content('IDAT'));
        const unfiltered = Array.from({ length: 120 }, (_, row) => rows.subarray(row * 901 + 1, (row + 1) * 901));
        expect(Buffer.concat(unfiltered).equals(Buffer.from(pixels))).toBe(true);
        expect(inflateSync(content('iCCP').subarray(5)).equals(Buffer.from(profile))).toBe(true);
    });
});
