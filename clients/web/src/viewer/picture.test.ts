import { describe, expect, it } from 'vitest';
import { pictureSize } from './picture';

const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52];
const comment = [0xff, 0xfe, 0, 4, 0xff, 0xc0];
const progressive = [0xff, 0xc2, 0, 17, 8, 0, 3, 1, 0, 3];

describe('a picture', () => {
    it('says its size before it is decoded, as PNG and as JPEG', () => {
        expect(pictureSize(Uint8Array.from([...png, 0, 1, 0, 0, 0, 0, 2, 0]))).toEqual({ width: 65_536, height: 512 });
        const jpeg = Uint8Array.from([0xff, 0xd8, ...comment, ...progressive]);
        expect(pictureSize(jpeg)).toEqual({ width: 256, height: 3 });
    });

    it('that is cut, empty or something else says none', () => {
        expect(pictureSize(Uint8Array.from(png))).toBeUndefined();
        expect(pictureSize(Uint8Array.from([...png, 0, 0, 0, 0, 0, 0, 2, 0]))).toBeUndefined();
        expect(pictureSize(Uint8Array.from([0xff, 0xd8, ...comment, ...progressive.slice(0, 8)]))).toBeUndefined();
        expect(pictureSize(Uint8Array.from([0xff, 0xd8, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))).toBeUndefined();
        expect(pictureSize(new TextEncoder().encode('%PDF-1.7 and so on'))).toBeUndefined();
    });
});
