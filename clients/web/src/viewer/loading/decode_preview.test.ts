// @vitest-environment node
import { createRequire } from 'node:module';
import type { OpenJph } from '@cornerstonejs/codec-openjph';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ImageGeometry } from '../geometry';
import { pixelToWorld } from '../geometry';
import { codestreamOf, kindFor, PreviewStream, type DecodedPreview, type Expected } from './decode_preview';
import { reducedGeometry, reducedSize } from './grid';

interface Encoder {
    getDecodedBuffer(info: object): Uint8Array;
    setDecompositions(count: number): void;
    setQuality(reversible: boolean, step: number): void;
    setProgressionOrder(order: number): void;
    encode(): void;
    getEncodedBuffer(): Uint8Array;
    delete(): void;
}

const RPCL = 2;
const quiet = { print: () => undefined, printErr: () => undefined };
let codec: OpenJph & { HTJ2KEncoder: new () => Encoder };

beforeAll(async () => {
    const required: unknown = createRequire(import.meta.url)('@cornerstonejs/codec-openjph');
    codec = await (required as (options: object) => Promise<typeof codec>)(quiet);
});

interface Picture {
    rows: number;
    columns: number;
    signed?: boolean;
    value: (column: number, row: number) => number;
}

function encoded({ rows, columns, signed = false, value }: Picture): Uint8Array {
    const encoder = new codec.HTJ2KEncoder();
    const info = {
        width: columns, height: rows, bitsPerSample: 16, componentCount: 1, isSigned: signed,
        isUsingColorTransform: false,
    };
    const memory = encoder.getDecodedBuffer(info);
    const samples = new Int16Array(memory.buffer as ArrayBuffer, memory.byteOffset, rows * columns);
    for (let row = 0; row < rows; row += 1) {
        for (let column = 0; column < columns; column += 1) {
            samples[row * columns + column] = value(column, row);
        }
    }
    encoder.setDecompositions(5);
    encoder.setQuality(true, 0);
    encoder.setProgressionOrder(RPCL);
    encoder.encode();
    const bytes = encoder.getEncodedBuffer().slice();
    encoder.delete();
    return bytes;
}

/** A bundle that is here whole. */
function decodePreview(
    codec: OpenJph,
    buffer: ArrayBuffer,
    expected: readonly Expected[],
    now: () => number,
): DecodedPreview {
    const stream = new PreviewStream(codec, buffer.byteLength, now);
    try {
        stream.expect(expected);
        stream.take(new Uint8Array(buffer));
        return stream.finish();
    } finally {
        stream.close();
    }
}

const expectedOf = (picture: Picture, uid = '1.2'): Expected => ({
    sopInstanceUid: uid, frame: 1, rows: picture.rows, columns: picture.columns, samples: 1, slope: 1, intercept: 0,
    ybr: false,
});

function bundleOf(level: number, frames: [string, Uint8Array][]): ArrayBuffer {
    const entries = frames.flatMap(([uid, { length }]) => [
        uid.length, ...[...uid].map((letter) => letter.charCodeAt(0)), 1, 0, 0, 0,
        length & 255, (length >> 8) & 255, (length >> 16) & 255, length >>> 24,
    ]);
    const head = [0x43, 0x50, 0x52, 0x56, 1, 0, level, 0, frames.length, 0, 0, 0, ...entries];
    return Uint8Array.from([...head, ...frames.flatMap(([, bytes]) => [...bytes])]).buffer;
}

/** One picture at one level, as the worker gives it. */
function reduced(picture: Picture, level: number, change: Partial<Expected> = {}) {
    const buffer = bundleOf(level, [['1.2', encoded(picture)]]);
    const { frames, samples, kind } = decodePreview(codec, buffer, [{ ...expectedOf(picture), ...change }], () => 0);
    const [frame] = frames;
    const Kind = { uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, float32: Float32Array }[kind];
    return { frame, kind, values: new Kind(samples) };
}

const geometry = (rows: number, columns: number): ImageGeometry => ({
    space: 'patient', frameOfReferenceUid: '1', origin: [-100, 50, 7], right: [0, 1, 0], down: [0, 0, -1],
    normal: [-1, 0, 0], columnSpacing: 0.7, rowSpacing: 1.3, columns, rows,
});

const levels = [1, 2, 3, 4, 5];

describe('the grid of a reduced resolution', () => {
    it.each(levels)('keeps_the_first_sample_where_it_was_at_level_%i', (level) => {
        const full = geometry(512, 512);
        const small = reducedGeometry(full, level);
        expect(small.origin).toEqual(full.origin);
        for (const index of [0, 1, 5]) {
            const there = pixelToWorld(full, [index * 2 ** level, 3 * 2 ** level]);
            pixelToWorld(small, [index, 3]).forEach((value, axis) => expect(value).toBeCloseTo(there[axis] ?? 0, 9));
        }
    });

    it('has_a_sample_for_a_last_part_of_a_side', () => {
        expect(reducedSize(513, 3)).toBe(65);
        expect(reducedGeometry(geometry(333, 509), 3)).toMatchObject({ rows: 42, columns: 64 });
    });

    it.each(levels)('has_the_values_of_a_ramp_at_the_even_places_at_level_%i', (level) => {
        const ramp: Picture = { rows: 300, columns: 512, value: (column, row) => 40 * column + 20 * row };
        const { frame, values } = reduced(ramp, level);
        expect(frame).toMatchObject({ rows: reducedSize(300, level), columns: reducedSize(512, level) });
        const columns = reducedSize(512, level);
        const edge = 2;
        for (let row = edge; row < reducedSize(300, level) - edge; row += 1) {
            for (let column = edge; column < columns - edge; column += 1) {
                const at = ramp.value(column * 2 ** level, row * 2 ** level);
                // Rounding of the reversible filter, once a level; half a pixel off would be 10 and more.
                expect(Math.abs((values[row * columns + column] ?? 0) - at)).toBeLessThanOrEqual(level + 1);
            }
        }
    });

    it.each(levels)('shows_a_planted_point_where_it_is_at_level_%i', (level) => {
        // A soft point, wide enough to survive the reduction; its middle is no multiple of the step.
        const [x, y, width] = [403, 421, 2.5 * 2 ** level];
        const point: Picture = {
            rows: 832, columns: 896,
            value: (column, row) =>
                Math.round(20000 * Math.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * width ** 2))),
        };
        const { values } = reduced(point, level);
        const columns = reducedSize(896, level);
        let [sum, across, downwards] = [0, 0, 0];
        values.forEach((value, index) => {
            sum += value;
            across += value * (index % columns);
            downwards += value * Math.floor(index / columns);
        });
        // In pixels of the full resolution.
        expect(Math.abs((across / sum) * 2 ** level - x)).toBeLessThan(0.5);
        expect(Math.abs((downwards / sum) * 2 ** level - y)).toBeLessThan(0.5);
    });
});

describe('the preview of a display set', () => {
    const flat = (value: number, signed = true): Picture => ({ rows: 64, columns: 64, signed, value: () => value });

    it('is_exact_from_the_first_bytes_alone', () => {
        const picture: Picture = { rows: 256, columns: 256, value: (x, y) => (x * 7919 + y * 104729) % 4096 };
        const bytes = encoded(picture);
        const decode = (some: Uint8Array) =>
            new Uint16Array(decodePreview(codec, bundleOf(3, [['1.2', some]]), [expectedOf(picture)], () => 0).samples);
        const whole = decode(bytes).join();
        let [low, high] = [200, bytes.length];
        while (low < high) {
            const middle = (low + high) >> 1;
            [low, high] = decode(bytes.subarray(0, middle)).join() === whole ? [low, middle] : [middle + 1, high];
        }
        expect(low).toBeLessThan(bytes.length / 10);
        expect(decode(bytes.subarray(0, low)).join()).toBe(whole);
    });

    it('is_in_the_units_of_the_lossless_images', () => {
        const { values, kind, frame } = reduced(flat(1064), 3, { slope: 1, intercept: -1024 });
        expect(kind).toBe('float32'); // 16 bits less 1024 are more than 16 bits can hold
        expect([values[0], frame?.low, frame?.high]).toEqual([40, 40, 40]);
    });

    it.each([
        [12, false, 1, 0, 'int16'],
        [12, false, 1, -1024, 'int16'],
        [8, false, 1, 0, 'uint8'],
        [16, false, 1, 0, 'uint16'],
        [16, true, 1, 0, 'int16'],
        [12, false, 0.5, 0, 'float32'],
    ] as const)('%i bits, signed %s, times %d and %d are kept as they fit', (bits, signed, slope, intercept, kind) => {
        const expected = { ...expectedOf(flat(0)), slope, intercept };
        expect(kindFor([{ codestream: { bits, signed }, expected }])).toBe(kind);
    });

    it('has_no_image_where_the_copy_is_of_another_size_or_missing', () => {
        const picture = flat(7);
        const bytes = encoded(picture);
        const other = { ...expectedOf(picture, '1.3'), rows: 65 };
        const buffer = bundleOf(3, [['1.2', bytes], ['1.3', bytes], ['1.4', new Uint8Array()]]);
        const expected = [expectedOf(picture, '1.4'), other, expectedOf(picture), expectedOf(picture, '1.5')];
        const { frames } = decodePreview(codec, buffer, expected, () => 0);
        expect(frames.map((frame) => frame !== undefined)).toEqual([false, false, true, false]);
    });

    it('never_shows_a_broken_copy_as_the_image_before_it', () => {
        const picture = flat(7);
        const good = encoded(picture);
        const broken = good.slice(0, 60);
        const buffer = bundleOf(3, [['1.2', good], ['1.3', broken]]);
        const { frames } = decodePreview(codec, buffer, [expectedOf(picture), expectedOf(picture, '1.3')], () => 0);
        expect(frames[0]).toBeDefined();
        expect(frames[1]).toBeUndefined();
    });

    it('reserves_nothing_for_a_codestream_that_lies_about_its_size', () => {
        const picture = flat(7);
        const lying = encoded(picture);
        new DataView(lying.buffer).setUint32(8, 0xffffffff);
        expect(codestreamOf(lying, expectedOf(picture))).toBeUndefined();
        const { frames, samples } = decodePreview(codec, bundleOf(3, [['1.2', lying]]), [expectedOf(picture)], () => 0);
        expect([frames[0], samples.byteLength]).toEqual([undefined, 0]);
    });

    it('is_refused_as_a_whole_when_it_would_be_larger_than_is_kept', () => {
        const huge = { ...expectedOf(flat(0)), rows: 60_000, columns: 60_000 };
        const bytes = encoded(flat(0));
        const view = new DataView(bytes.buffer);
        view.setUint32(8, 60_000);
        view.setUint32(12, 60_000);
        expect(() => decodePreview(codec, bundleOf(1, [['1.2', bytes]]), [huge], () => 0)).toThrow(/larger/);
    });
});

describe('a bundle that is decoded while it arrives', () => {
    const picture = (offset: number): Picture => ({
        rows: 32,
        columns: 32,
        value: (column, row) => offset + column * 8 + row,
    });
    const uids = ['1.2', '1.3', '1.4', '1.5'];
    const bundle = () => bundleOf(2, uids.map((uid, index) => [uid, encoded(picture(index * 100))]));
    const all = uids.map((uid) => expectedOf(picture(0), uid));

    it('comes_to_the_same_in_pieces_of_any_size_whenever_it_is_told_what_to_expect', () => {
        const buffer = bundle();
        const whole = decodePreview(codec, buffer, all, () => 0);
        for (const [piece, told] of [[1, 0], [7, 40], [100, 300], [5000, 5000]] as const) {
            const stream = new PreviewStream(codec, buffer.byteLength, () => 0);
            let expecting = false;
            for (let at = 0; at < buffer.byteLength; at += piece) {
                if (!expecting && at >= told) {
                    expecting = true;
                    stream.expect(all);
                }
                stream.take(new Uint8Array(buffer, at, Math.min(piece, buffer.byteLength - at)));
            }
            if (!expecting) {
                stream.expect(all);
            }
            const { samples, frames, kind } = stream.finish();
            stream.close();
            expect(kind).toBe(whole.kind);
            expect(frames).toEqual(whole.frames);
            expect(new Uint8Array(samples)).toEqual(new Uint8Array(whole.samples));
        }
    });

    it('takes_a_wider_kind_of_sample_for_all_when_a_later_frame_needs_it', () => {
        const wide = all.map((one, index) => (index === 3 ? { ...one, slope: 0.5 } : one));
        const later = all.map((one, index) => (index === 3 ? { ...one, intercept: -1024 } : one));
        expect(decodePreview(codec, bundle(), wide, () => 0).kind).toBe('float32');
        const signed = { ...picture(0), signed: true, value: (column: number) => -column };
        const mixed = bundleOf(2, [['1.2', encoded(picture(0))], ['1.3', encoded(signed)]]);
        const decoded = decodePreview(codec, mixed, all.slice(0, 2), () => 0);
        expect(decoded.kind).toBe('float32');
        expect(decoded.frames[1]?.low).toBeLessThan(0);
        expect(decoded.frames.every((frame) => frame !== undefined)).toBe(true);
        expect(decodePreview(codec, bundle(), later, () => 0).frames[3]?.low).toBe(300 - 1024);
    });

    it('is_nothing_until_its_last_byte_and_never_more_than_it_said', () => {
        const buffer = bundle();
        const stream = new PreviewStream(codec, buffer.byteLength, () => 0);
        stream.expect(all);
        stream.take(new Uint8Array(buffer, 0, buffer.byteLength - 1));
        expect(() => stream.finish()).toThrow('the answer ended early');
        expect(() => stream.take(new Uint8Array(2))).toThrow('the answer is longer than it said');
        stream.close();
    });
});
