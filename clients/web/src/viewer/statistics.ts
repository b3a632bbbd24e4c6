// What the pixels inside a drawing say. Only ever asked of an image's own pixels, all of whose bytes are
// here: a preview, a reformatted plane or an image stored with loss has no statistics. Pure.
import type { Statistics } from '../wire';
import type { Header } from './dicom';
import { worldToPixel, type ImageGeometry } from './geometry';
import type { Pixel, Vector } from './vector';

/** An image's values in the order of its rows, and what makes modality values of them. */
export interface Values {
    data: ArrayLike<number>;
    slope: number;
    intercept: number;
    columns: number;
    rows: number;
}

export const unitOfValues = (header: Header): 'HU' | '' => (header.values === 'hounsfield' ? 'HU' : '');

export function valueAt(values: Values, [column, row]: Pixel): number | undefined {
    const [x, y] = [Math.round(column), Math.round(row)];
    const within = x >= 0 && y >= 0 && x < values.columns && y < values.rows;
    const stored = within ? values.data[y * values.columns + x] : undefined;
    return stored === undefined ? undefined : stored * values.slope + values.intercept;
}

/** Of the pixels whose centres lie in the ellipse with these ends of its axes; none = no statistics. */
export function ellipseStatistics(
    values: Values,
    header: Header,
    geometry: ImageGeometry,
    ends: readonly [Vector, Vector, Vector, Vector],
): Statistics | undefined {
    const [a, b, c, d] = [
        worldToPixel(geometry, ends[0]),
        worldToPixel(geometry, ends[1]),
        worldToPixel(geometry, ends[2]),
        worldToPixel(geometry, ends[3]),
    ];
    const middle: Pixel = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const one: Pixel = [(b[0] - a[0]) / 2, (b[1] - a[1]) / 2];
    const other: Pixel = [(d[0] - c[0]) / 2, (d[1] - c[1]) / 2];
    const area = one[0] * other[1] - one[1] * other[0];
    if (area === 0) {
        return undefined;
    }
    const reach: Pixel = [Math.hypot(one[0], other[0]), Math.hypot(one[1], other[1])];
    const first = (at: 0 | 1) => Math.max(0, Math.ceil(middle[at] - reach[at]));
    const last = (at: 0 | 1, count: number) => Math.min(count - 1, Math.floor(middle[at] + reach[at]));
    const sums = new Sums();
    for (let row = first(1); row <= last(1, values.rows); row += 1) {
        for (let column = first(0); column <= last(0, values.columns); column += 1) {
            const [x, y] = [column - middle[0], row - middle[1]];
            const along = (x * other[1] - y * other[0]) / area;
            const across = (y * one[0] - x * one[1]) / area;
            const value = valueAt(values, [column, row]);
            if (along * along + across * across <= 1 && value !== undefined) {
                sums.add(value);
            }
        }
    }
    return sums.count > 0 ? sums.statistics(unitOfValues(header)) : undefined;
}

/** Welford: the deviation of a million values around 40,000 keeps its digits. */
class Sums {
    count = 0;
    private mean = 0;
    private squares = 0;
    private minimum = Number.POSITIVE_INFINITY;
    private maximum = Number.NEGATIVE_INFINITY;

    add(value: number): void {
        this.count += 1;
        const off = value - this.mean;
        this.mean += off / this.count;
        this.squares += off * (value - this.mean);
        this.minimum = Math.min(this.minimum, value);
        this.maximum = Math.max(this.maximum, value);
    }

    statistics(unit: string): Statistics {
        const { count, minimum, maximum } = this;
        // Rounding must not carry the mean of equal values past them.
        const mean = Math.min(maximum, Math.max(minimum, this.mean));
        return { count, mean, deviation: Math.sqrt(this.squares / count), minimum, maximum, unit };
    }
}
