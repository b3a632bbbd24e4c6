// A thick slice: the largest, smallest or mean value along the line of sight through a volume, computed here,
// because Cornerstone's CPU path knows single planes only and one way of drawing must do for all screens.
// The volume is orthogonal, as the server judged it: a tilted stack is none. Pure.
import type { Slab, Window } from '../wire';
import type { ImageGeometry, Projection } from './geometry';
import { dot, scale, subtract, type Vector } from './vector';
import type { Values } from './statistics';

/** The slices' own grid: the first slice, and the way from one to the next. */
export interface Box {
    geometry: ImageGeometry;
    /** mm along the first slice's normal, negative when the slices go the other way. */
    step: number;
    count: number;
}

/** Slices whose plane a slab through this point reaches, in their order. */
export function slicesWithin(box: Box, projection: Projection, slab: Slab): [number, number] {
    const { geometry, step, count } = box;
    const half = slab.thickness / 2;
    const reach = (half + projectedHalf(projection, geometry.normal)) / Math.abs(step || 1);
    const middle = dot(subtract(projection.center, geometry.origin), geometry.normal) / (step || 1);
    return [
        Math.max(0, Math.floor(middle - reach)),
        Math.min(count - 1, Math.ceil(middle + reach)),
    ];
}

/** How far the glass reaches along a direction, from its middle. */
const projectedHalf = ({ right, down, width, height, unitsPerPixel }: Projection, along: Vector): number =>
    ((Math.abs(dot(right, along)) * width + Math.abs(dot(down, along)) * height) * unitsPerPixel) / 2;

/** Places along the line of sight: whole steps of a voxel to either side, so that slices are met as they are. */
export function offsetsOf(slab: Slab, voxel: number): number[] {
    const side = Math.floor(slab.thickness / 2 / voxel + 1e-6);
    return Array.from({ length: 2 * side + 1 }, (_, at) => (at - side) * voxel);
}

/** Column, row and slice of a direction or, with the origin taken off, of a point. */
function inVoxels({ geometry, step }: Box, way: Vector): [number, number, number] {
    return [
        dot(way, geometry.right) / geometry.columnSpacing,
        dot(way, geometry.down) / geometry.rowSpacing,
        dot(way, geometry.normal) / step,
    ];
}

/**
 * Fills `into` (width x height of the glass, row by row) with the slab's values; NaN where there is no volume, and
 * where a slice is not here. `voxel` is the distance of the planes it joins.
 */
export function fillSlab(
    box: Box,
    slices: readonly (Values | undefined)[],
    projection: Projection,
    slab: Slab,
    voxel: number,
    into: Float32Array,
): void {
    const width = Math.floor(projection.width);
    const height = Math.floor(projection.height);
    const [c0, r0, s0] = inVoxels(box, subtract(projection.center, box.geometry.origin));
    const [cx, rx, sx] = inVoxels(box, scale(projection.right, projection.unitsPerPixel));
    const [cy, ry, sy] = inVoxels(box, scale(projection.down, projection.unitsPerPixel));
    const [cn, rn, sn] = inVoxels(box, projection.normal);
    const offsets = offsetsOf(slab, voxel);
    const maximum = slab.mode === 'maximum';
    const minimum = slab.mode === 'minimum';
    const average = !maximum && !minimum;
    for (let y = 0; y < height; y += 1) {
        const fromMiddle = y + 0.5 - projection.height / 2;
        for (let x = 0; x < width; x += 1) {
            const across = x + 0.5 - projection.width / 2;
            const c = c0 + cx * across + cy * fromMiddle;
            const r = r0 + rx * across + ry * fromMiddle;
            const s = s0 + sx * across + sy * fromMiddle;
            let found = Number.NaN;
            let met = 0;
            for (let at = 0; at < offsets.length; at += 1) {
                const away = offsets[at] ?? 0;
                const value = sample(slices, c + cn * away, r + rn * away, s + sn * away);
                if (Number.isNaN(value)) {
                    continue;
                }
                met += 1;
                if (met === 1 || (maximum && value > found) || (minimum && value < found)) {
                    found = value;
                } else if (average) {
                    found += (value - found) / met;
                }
            }
            into[y * width + x] = found;
        }
    }
}

/** Between eight voxels; NaN more than half a voxel outside of them. */
function sample(slices: readonly (Values | undefined)[], c: number, r: number, s: number): number {
    const last = slices.length - 1;
    if (s < -0.5 || s > last + 0.5) {
        return Number.NaN;
    }
    const low = Math.min(last, Math.max(0, Math.floor(s + 1e-6)));
    const share = Math.min(1, Math.max(0, s - low));
    const here = slices[low];
    const value = here ? plane(here, c, r) : Number.NaN;
    if (share <= 1e-4 || low === last) {
        return value;
    }
    const next = slices[low + 1];
    return next ? value * (1 - share) + plane(next, c, r) * share : Number.NaN;
}

function plane({ data, slope, intercept, columns, rows }: Values, c: number, r: number): number {
    if (c < -0.5 || r < -0.5 || c > columns - 0.5 || r > rows - 0.5) {
        return Number.NaN;
    }
    const x = Math.min(columns - 1, Math.max(0, c));
    const y = Math.min(rows - 1, Math.max(0, r));
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const x1 = Math.min(columns - 1, x0 + 1);
    const y1 = Math.min(rows - 1, y0 + 1);
    const fx = x - x0;
    const fy = y - y0;
    const above = y0 * columns;
    const below = y1 * columns;
    const upper = (data[above + x0] ?? 0) * (1 - fx) + (data[above + x1] ?? 0) * fx;
    const lower = (data[below + x0] ?? 0) * (1 - fx) + (data[below + x1] ?? 0) * fx;
    return (upper * (1 - fy) + lower * fy) * slope + intercept;
}

/** Grey values of a window, opaque; black where there is nothing. */
export function toGrey(values: Float32Array, window: Window, invert: boolean, into: Uint8ClampedArray): void {
    const low = window.center - window.width / 2;
    const gain = 255 / Math.max(window.width, 1e-6);
    for (let at = 0; at < values.length; at += 1) {
        const value = values[at] ?? Number.NaN;
        const grey = Number.isNaN(value) ? 0 : Math.min(255, Math.max(0, (value - low) * gain));
        const shown = invert && !Number.isNaN(value) ? 255 - grey : grey;
        into[4 * at] = shown;
        into[4 * at + 1] = shown;
        into[4 * at + 2] = shown;
        into[4 * at + 3] = 255;
    }
}
