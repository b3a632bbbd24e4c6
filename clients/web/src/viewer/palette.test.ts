import { describe, expect, it } from 'vitest';
import type { DicomElement, DicomObject } from './dicom';
import { expandSegments, paletteOf } from './palette';

const bytesOf = (...words: number[]) => Uint8Array.from(words.flatMap((word) => [word & 255, word >> 8]));

/** Three tables, and what their descriptors say. */
const image = (descriptor: number[], kind: 'plain' | 'segmented', tables: Uint8Array<ArrayBuffer>[]): DicomObject =>
    Object.fromEntries<DicomElement>(
        [1, 2, 3].flatMap((color): [string, DicomElement][] => [
            [`0028110${color}`, { vr: 'US', Value: descriptor }],
            [`002812${kind === 'plain' ? 0 : 2}${color}`, { vr: 'OW', fetched: tables[color - 1] ?? new Uint8Array() }],
        ]),
    );

const listed = (object: DicomObject) => paletteOf(object)?.tables.map((table) => [...table]);

describe('a palette', () => {
    it('is shown by the higher eight bits of its sixteen, in every colour', () => {
        const tables = [bytesOf(0, 255), bytesOf(0x1200, 0xffff), bytesOf(0, 0x8000)];
        expect(listed(image([2, 0, 16], 'plain', tables))).toEqual([[0, 0], [0x12, 255], [0, 0x80]]);
    });

    it('of eight bits may have a byte or two for each entry', () => {
        const tables = [Uint8Array.of(1, 2), bytesOf(3, 4), Uint8Array.of(5, 6)];
        expect(listed(image([2, 0, 8], 'plain', tables))).toEqual([[1, 2], [3, 4], [5, 6]]);
    });

    it('says 0 for 65,536 entries', () => {
        const all = bytesOf(...Array.from({ length: 65_536 }, (_, entry) => entry));
        expect(paletteOf(image([0, 0, 16], 'plain', [all, all, all]))?.tables[2][65_535]).toBe(255);
    });

    it('that is shorter than it says, or lacks a colour, is none', () => {
        const short = bytesOf(1, 2, 3);
        expect(paletteOf(image([9, 0, 16], 'plain', [short, short, short]))).toBeUndefined();
        const whole = image([3, 0, 16], 'plain', [short, short, short]);
        expect(paletteOf({ ...whole, '00281203': undefined })).toBeUndefined();
        expect(paletteOf({})).toBeUndefined();
    });

    it('in segments is runs, lines and copies of what came before', () => {
        // The copy repeats run and line, in which the line begins where the last value left off.
        const segments = [0, 2, 100, 200, 1, 4, 400, 2, 2, 0, 0];
        expect([...(expandSegments(segments, true, 12) ?? [])]).toEqual([
            100, 200, 250, 300, 350, 400, 100, 200, 250, 300, 350, 400,
        ]);
        const tables = Array.from({ length: 3 }, () => bytesOf(0, 1, 0, 1, 2, 0xff00));
        expect(listed(image([3, 0, 16], 'segmented', tables))?.[0]).toEqual([0, 0x7f, 0xff]);
    });

    it('in segments of eight bits counts bytes, and a last one may fill up the word', () => {
        expect([...(expandSegments([0, 1, 7, 1, 2, 9, 2, 1, 0, 0, 0, 0, 0], false, 4) ?? [])]).toEqual([7, 8, 9, 7]);
    });

    it('in damaged segments is none, and takes no longer than its entries', () => {
        const damaged = [
            [1, 2, 5],
            [0, 9, 1, 2],
            [0, 1, 1, 2, 1, 3, 0],
            [0, 1, 1, 2, 1, 1, 0],
            [0, 1, 1, 2, 1, 100, 0],
            [0, 1, 1, 2, 1, 0, 0, 2, 1, 6, 0],
            [0, 0],
            [7, 1, 1],
            [0, 4, 1, 2, 3, 4],
            [],
        ];
        for (const segments of damaged) {
            expect(expandSegments(segments, true, 3)).toBeUndefined();
        }
        const copies = Array.from({ length: 30_000 }, () => [2, 65_535, 0, 0]).flat();
        const began = performance.now();
        expect(expandSegments([0, 1, 1, ...copies], true, 65_536)).toBeUndefined();
        expect(performance.now() - began).toBeLessThan(1000);
    });
});
