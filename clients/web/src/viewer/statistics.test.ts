import { describe, expect, it } from 'vitest';
import { readHeader } from './dicom';
import { imageGeometry, pixelToWorld } from './geometry';
import { ellipseStatistics, valueAt, type Values } from './statistics';
import type { Pixel, Vector } from './vector';

const header = readHeader({
    '00080060': { Value: ['CT'] },
    '00200052': { Value: ['1.2.3'] },
    '00200037': { Value: [1, 0, 0, 0, 1, 0] },
    '00200032': { Value: [-50, -40, 30] },
    '00280030': { Value: [0.8, 0.4] },
    '00280010': { Value: [60] },
    '00280011': { Value: [100] },
});
const geometry = imageGeometry(header);
/** Stored value = 10 x column + row; modality value twice that less 1000. */
const values: Values = {
    data: Array.from({ length: 6000 }, (_, at) => 10 * (at % 100) + Math.floor(at / 100)),
    slope: 2,
    intercept: -1000,
    columns: 100,
    rows: 60,
};
const world = (at: Pixel): Vector => pixelToWorld(geometry, at);

describe('values of pixels', () => {
    it('a_point_has_the_value_of_the_pixel_it_is_in', () => {
        expect(valueAt(values, [12.4, 6.6])).toBe(2 * 127 - 1000);
        expect(valueAt(values, [-1, 0])).toBeUndefined();
        expect(valueAt(values, [99.6, 0])).toBeUndefined();
    });

    it('an_ellipse_has_exactly_the_pixels_whose_centres_lie_in_it', () => {
        const [x, y, a, b] = [40, 25, 12.3, 7.4]; // no centre lies on the line
        const found = ellipseStatistics(values, header, geometry, [
            world([x - a, y]),
            world([x + a, y]),
            world([x, y - b]),
            world([x, y + b]),
        ]);
        const inside: number[] = [];
        for (let row = 0; row < 60; row += 1) {
            for (let column = 0; column < 100; column += 1) {
                if (((column - x) / a) ** 2 + ((row - y) / b) ** 2 <= 1) {
                    inside.push(2 * (10 * column + row) - 1000);
                }
            }
        }
        const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
        const spread = inside.reduce((sum, value) => sum + (value - mean) ** 2, 0) / inside.length;
        expect(found?.count).toBe(inside.length);
        expect(found?.mean).toBeCloseTo(mean, 6);
        expect(found?.deviation).toBeCloseTo(Math.sqrt(spread), 6);
        expect(found?.minimum).toBe(Math.min(...inside));
        expect(found?.maximum).toBe(Math.max(...inside));
        expect(found?.unit).toBe('HU');
    });

    it('a_turned_ellipse_has_as_many_pixels_as_its_area', () => {
        const turned = (x: number, y: number): Vector => world([50 + x, 30 + y]);
        const found = ellipseStatistics(values, header, geometry, [
            turned(-14, -14),
            turned(14, 14),
            turned(7, -7),
            turned(-7, 7),
        ]);
        const area = Math.PI * 14 * Math.SQRT2 * 7 * Math.SQRT2;
        expect(Math.abs((found?.count ?? 0) - area) / area).toBeLessThan(0.02);
    });

    it('an_ellipse_beside_the_image_or_without_an_extent_has_no_statistics', () => {
        const far = [-50, -30, -40, -40].map((x, at) => world([x, at < 2 ? -40 : -50 + 20 * at]));
        const [a, b, c, d] = far;
        expect(a && b && c && d && ellipseStatistics(values, header, geometry, [a, b, c, d])).toBeUndefined();
        const point = world([5, 5]);
        expect(ellipseStatistics(values, header, geometry, [point, point, point, point])).toBeUndefined();
    });

    it('equal_values_have_their_own_mean_and_no_deviation', () => {
        const flat = { ...values, data: new Float32Array(6000).fill(0.1), slope: 1, intercept: 0 };
        const found = ellipseStatistics(flat, header, geometry, [
            world([10, 20]),
            world([50, 20]),
            world([30, 5]),
            world([30, 35]),
        ]);
        expect(found?.minimum).toBe(found?.maximum);
        expect(found?.mean).toBe(found?.minimum);
        expect(found?.deviation).toBe(0);
    });
});
