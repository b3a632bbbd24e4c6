import { describe, expect, it } from 'vitest';
import type { Slab } from '../wire';
import { readHeader } from './dicom';
import { imageGeometry, projectImage, projectPlane, type Projection } from './geometry';
import { emptyViewport } from './follow';
import { fillSlab, offsetsOf, toGrey, type Box } from './slab';
import { HeldSlices } from './slab_work';
import type { Values } from './statistics';

const SIDE = 24;
const SLICES = 11;
const header = readHeader({
    '00200052': { Value: ['1.2'] },
    '00200032': { Value: [0, 0, 0] },
    '00200037': { Value: [1, 0, 0, 0, 1, 0] },
    '00280030': { Value: [1, 1] },
    '00280010': { Value: [SIDE] },
    '00280011': { Value: [SIDE] },
});
const geometry = imageGeometry(header);
const box: Box = { geometry, step: 2, count: SLICES };
/** Value = 100 x slice + column, with one bright voxel in slice 7. */
const slices: Values[] = Array.from({ length: SLICES }, (_, slice) => {
    const data = Array.from({ length: SIDE * SIDE }, (_one, at) => 100 * slice + (at % SIDE));
    if (slice === 7) data[10 * SIDE + 12] = 5000;
    return { data, slope: 1, intercept: -1000, columns: SIDE, rows: SIDE };
});

function filled(projection: Projection, slab: Slab, voxel: number): Float32Array {
    const into = new Float32Array(projection.width * projection.height);
    fillSlab(box, slices, projection, slab, voxel, into);
    return into;
}

/** One pixel of the glass is one of the image; slice 5 is in the middle. */
const glass = { width: SIDE, height: SIDE };
const axial = projectImage(emptyViewport, { ...geometry, origin: [0, 0, 10] }, glass);
const at = (image: Float32Array, column: number, row: number) => image[row * SIDE + column];

describe('a slab', () => {
    it('of_one_voxel_is_the_slice_itself', () => {
        const one = filled(axial, { thickness: 1, mode: 'maximum' }, 2);
        expect(at(one, 3, 20)).toBeCloseTo(500 + 3 - 1000);
    });

    it('joins_the_slices_within_half_its_thickness_as_they_are', () => {
        expect(offsetsOf({ thickness: 8, mode: 'maximum' }, 2)).toEqual([-4, -2, 0, 2, 4]);
        const largest = filled(axial, { thickness: 8, mode: 'maximum' }, 2);
        const smallest = filled(axial, { thickness: 8, mode: 'minimum' }, 2);
        const average = filled(axial, { thickness: 8, mode: 'average' }, 2);
        expect(at(largest, 3, 20)).toBeCloseTo(700 + 3 - 1000);
        expect(at(smallest, 3, 20)).toBeCloseTo(300 + 3 - 1000);
        expect(at(average, 3, 20)).toBeCloseTo(500 + 3 - 1000);
        expect(at(largest, 12, 10)).toBeCloseTo(4000);
    });

    it('that_does_not_reach_a_slice_does_not_show_it', () => {
        const thin = filled(axial, { thickness: 6, mode: 'maximum' }, 2);
        expect(at(thin, 12, 10)).toBeCloseTo(600 + 12 - 1000);
    });

    it('of_another_plane_is_cut_between_the_slices', () => {
        const viewport = {
            ...emptyViewport,
            shown: SIDE,
            aspect: 1,
            center: { x: 12, y: 10, z: 10 },
            plane: {
                frameOfReferenceUid: '1.2',
                point: { x: 12, y: 10, z: 10 },
                normal: { x: 0, y: 1, z: 0 },
                up: { x: 0, y: 0, z: 1 },
            },
        };
        const coronal = projectPlane(viewport, { width: 1, height: 1 }, [0, 0, 0], glass);
        const image = coronal && filled(coronal, { thickness: 3, mode: 'average' }, 1);
        // Half a pixel right of and above the middle: column 12.5, 10.5 mm up, which is slice 5.25.
        expect(image && at(image, 12, 11)).toBeCloseTo(525 + 12.5 - 1000, 3);
        expect(image && at(image, 0, 0)).toBeNaN();
        // The last slice reaches half a voxel on.
        expect(image && at(image, 0, 1)).toBeCloseTo(1000 + 0.5 - 1000, 3);
    });

    it('is_black_where_there_is_no_volume_and_grey_by_its_window', () => {
        const pixels = new Uint8ClampedArray(12);
        const window = { center: 0, width: 200, function: 'linear', unit: 'stored' } as const;
        toGrey(Float32Array.of(Number.NaN, 0, 500), window, false, pixels);
        expect([...pixels]).toEqual([0, 0, 0, 255, 127, 127, 127, 255, 255, 255, 255, 255]);
        toGrey(Float32Array.of(Number.NaN, 0, 500), window, true, pixels);
        expect([pixels[0], pixels[8]]).toEqual([0, 0]);
    });
});

describe('a slab of which a slice is not here', () => {
    it('shows_nothing_there_rather_than_another_slice', () => {
        const into = new Float32Array(SIDE * SIDE);
        const gap = slices.map((slice, at) => (at === 5 ? undefined : slice));
        fillSlab(box, gap, axial, { thickness: 1, mode: 'maximum' }, 2, into);
        expect(into.every(Number.isNaN)).toBe(true);
    });
});

describe('the slices that the worker holds', () => {
    const holding = (bound: number, count: number) => {
        const held = new HeldSlices(bound);
        for (let at = 0; at < count; at += 1) held.hold(`${at}`, 10);
        return held;
    };

    it('go_when_they_are_too_many_the_longest_unused_first', () => {
        const held = holding(30, 5);
        expect(held.use(['0'])).toEqual(['1', '2']);
        expect(['0', '1', '2', '3', '4'].map((one) => held.has(one))).toEqual([true, false, false, true, true]);
    });

    it('stay_while_a_slab_needs_them_however_many_they_are', () => {
        const held = holding(10, 4);
        expect(held.use(['0', '1', '2', '3'])).toEqual([]);
        expect(held.use(['3'])).toEqual(['0', '1', '2']);
    });
});
