import { describe, expect, it } from 'vitest';
import type { Header } from '../dicom';
import { formOfDecoded, rescaled, tidy, tidyForm, wayOf, type Form } from './stored_pixels';

const grey: Form = {
    samples: 1,
    photometric: 'MONOCHROME2',
    planar: 0,
    bitsAllocated: 16,
    bitsStored: 12,
    highBit: 11,
    signed: false,
};
const colour: Form = { ...grey, samples: 3, photometric: 'RGB', bitsAllocated: 8, bitsStored: 8, highBit: 7 };
const little = (...values: number[]) => new Uint8Array(new Uint16Array(values).buffer);
const big = (...values: number[]) => Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]));
const words = (bytes: Uint8Array) => [...new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)];
const signedWords = (bytes: Uint8Array) => [...new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)];
const header = (form: Partial<Form>) => ({ ...grey, ...form }) as Header;

describe('pixels as files hold them', () => {
    it('loses the bits beside a sample', () => {
        expect(words(tidy(little(0xf123, 0x0fff), grey, 2, false))).toEqual([0x123, 0xfff]);
    });

    it('finds a sample in the high bits of its word', () => {
        expect(words(tidy(little(0x1230, 0xfff5), { ...grey, highBit: 15 }, 2, false))).toEqual([0x123, 0xfff]);
    });

    it('keeps the sign of twelve bits', () => {
        expect(signedWords(tidy(little(0x0fff, 0x07ff, 0xf800), { ...grey, signed: true }, 3, false))).toEqual([
            -1, 2047, -2048,
        ]);
    });

    it('turns words of the other order', () => {
        expect(words(tidy(big(0x123, 0xabc), grey, 2, true))).toEqual([0x123, 0xabc]);
    });

    it('gives signed bytes a word each', () => {
        const form = { ...grey, bitsAllocated: 8, bitsStored: 8, highBit: 7, signed: true };
        expect(signedWords(tidy(Uint8Array.of(0, 127, 128, 255), form, 4, false))).toEqual([0, 127, -128, -1]);
        expect(tidyForm(form)).toMatchObject({ bitsAllocated: 16, bitsStored: 16, highBit: 15 });
    });

    it('takes no frame that is shorter than its image', () => {
        expect(() => tidy(little(1, 2, 3), grey, 4, false)).toThrow('fewer bytes');
        expect(() => tidy(Uint8Array.of(1, 2, 3), { ...colour, photometric: 'YBR_FULL_422' }, 2, false)).toThrow();
    });

    it('puts planes of colour beside each other', () => {
        expect([...tidy(Uint8Array.of(1, 2, 3, 4, 5, 6), { ...colour, planar: 1 }, 2, false)]).toEqual([
            1, 3, 5, 2, 4, 6,
        ]);
        expect(tidyForm({ ...colour, planar: 1 }).planar).toBe(0);
    });

    it('shows the upper eight bits of colours of a word', () => {
        const form = { ...colour, bitsAllocated: 16, bitsStored: 16, highBit: 15 };
        expect([...tidy(little(0xff01, 0x8000, 0x00ff), form, 1, false)]).toEqual([255, 128, 0]);
        expect(tidyForm(form)).toMatchObject({ bitsAllocated: 8, bitsStored: 8, highBit: 7 });
    });

    it('gives both pixels of a pair their chroma', () => {
        const form = { ...colour, photometric: 'YBR_FULL_422' };
        expect([...tidy(Uint8Array.of(10, 20, 100, 200), form, 2, false)]).toEqual([10, 100, 200, 20, 100, 200]);
        expect(tidyForm(form).photometric).toBe('YBR_FULL');
    });
});

describe('how an image is fetched', () => {
    const native = '1.2.840.10008.1.2.1';
    const rle = '1.2.840.10008.1.2.5';

    it('comes any way when its samples lie as most do', () => {
        expect(wayOf(header({}), native)).toBe('any');
        expect(wayOf(header({}), rle)).toBe('any');
    });

    it('comes as it is stored when a copy would be read wrongly here', () => {
        expect(wayOf(header({ highBit: 15 }), native)).toBe('stored');
        expect(wayOf(header({ ...colour, photometric: 'YBR_FULL_422' }), native)).toBe('stored');
    });

    it('is decoded by the server when no decoder of the page can', () => {
        expect(wayOf(header({ signed: true, bitsAllocated: 8, bitsStored: 8, highBit: 7 }), rle)).toBe('decoded');
        expect(wayOf(header(colour), '1.2.840.10008.1.2.4.50')).toBe('decoded');
        expect(wayOf(header(colour), '1.2.840.10008.1.2.2')).toBe('decoded');
        expect(formOfDecoded(header({ ...colour, photometric: 'YBR_RCT' })).photometric).toBe('RGB');
    });
});

describe('a rescale', () => {
    it('that falls has its lowest value at the highest stored one', () => {
        const { values, low, high } = rescaled(Uint16Array.of(0, 4000), { slope: -1, intercept: 100 });
        expect([...values]).toEqual([100, -3900]);
        expect([low, high]).toEqual([-3900, 100]);
        expect(values).toBeInstanceOf(Int16Array);
    });

    it('between whole numbers keeps its fractions', () => {
        expect(rescaled([1, 2], { slope: -0.5, intercept: 0 }).values).toBeInstanceOf(Float32Array);
    });
});
