// What a drawing is worth, and why: values, their unit and how they came to be are frozen with it.
import type { Calibration } from '../wire';
import type { Header, UltrasoundRegion } from './dicom';
import { worldToPixel, type ImageGeometry } from './geometry';
import { distance, dot, length, subtract, type Vector } from './vector';

export interface Measured {
    value: number;
    unit: 'mm' | 'px';
    calibration: Calibration;
}

/** Where points of a drawing lie so that distances between them are in `unit`. */
export interface Ruler {
    unit: 'mm' | 'px';
    calibration: Calibration;
    place: (world: Vector) => Vector;
}

const MILLIMETRES_PER_CENTIMETRE = 10;

const inside = (region: UltrasoundRegion, [x, y]: readonly [number, number]): boolean =>
    x >= region.x0 && x <= region.x1 && y >= region.y0 && y <= region.y1;

/** Projection radiographs: a spacing at the detector is not a length in the patient (PS3.3 10.7). */
const PROJECTIONS = new Set(['CR', 'DX', 'MG', 'RF', 'XA', 'RG', 'IO', 'PX']);

/** The one that all these points may be measured with. */
export function rulerOf(header: Header, geometry: ImageGeometry, points: readonly Vector[]): Ruler {
    if (geometry.space === 'patient') {
        return { unit: 'mm', calibration: 'patient', place: (world) => world };
    }
    const pixels = (column: number, row: number) => (world: Vector): Vector => {
        const [x, y] = worldToPixel(geometry, world);
        return [x * column, y * row, 0];
    };
    const region = header.regions.find((one) =>
        points.every((point) => inside(one, worldToPixel(geometry, point))),
    );
    if (region) {
        const [x, y] = [region.deltaX, region.deltaY];
        const place = pixels(x * MILLIMETRES_PER_CENTIMETRE, y * MILLIMETRES_PER_CENTIMETRE);
        return { unit: 'mm', calibration: 'ultrasound', place };
    }
    const projection = PROJECTIONS.has(header.modality);
    const spacing = header.pixelSpacing ?? (projection ? header.imagerSpacing : undefined);
    if (spacing) {
        const calibration = projection ? 'detector' : 'patient';
        return { unit: 'mm', calibration, place: pixels(spacing.column, spacing.row) };
    }
    return { unit: 'px', calibration: 'pixels', place: pixels(1, 1) };
}

export function measureLength(
    header: Header,
    geometry: ImageGeometry,
    from: Vector,
    to: Vector,
): Measured {
    const { unit, calibration, place } = rulerOf(header, geometry, [from, to]);
    return { value: distance(place(from), place(to)), unit, calibration };
}

/** Degrees at the vertex. Without a spacing the shape of a pixel still counts. */
export function measureAngle(
    header: Header,
    geometry: ImageGeometry,
    [from, vertex, to]: readonly [Vector, Vector, Vector],
): { value: number; calibration: Calibration } {
    const { calibration, place } = rulerOf(header, geometry, [from, vertex, to]);
    const placed = calibration === 'pixels' ? (world: Vector) => world : place;
    const one = subtract(placed(from), placed(vertex));
    const other = subtract(placed(to), placed(vertex));
    const sizes = length(one) * length(other);
    const cosine = sizes > 0 ? Math.max(-1, Math.min(1, dot(one, other) / sizes)) : 1;
    return { value: (Math.acos(cosine) * 180) / Math.PI, calibration };
}

/** Area of the ellipse with these axes, in square `unit`. */
export function measureEllipse(
    header: Header,
    geometry: ImageGeometry,
    ends: readonly [Vector, Vector, Vector, Vector],
): Measured {
    const { unit, calibration, place } = rulerOf(header, geometry, ends);
    const [a, b, c, d] = [place(ends[0]), place(ends[1]), place(ends[2]), place(ends[3])];
    return { value: (Math.PI / 4) * distance(a, b) * distance(c, d), unit, calibration };
}

/** mm a world unit of an image, where that is known: for the scale bar. */
export function millimetresPerUnit(header: Header, geometry: ImageGeometry): number | undefined {
    if (geometry.space === 'patient') {
        return 1;
    }
    const [region] = header.regions;
    if (region && Math.abs(region.deltaX - region.deltaY * header.aspect) < 1e-9) {
        return region.deltaX * MILLIMETRES_PER_CENTIMETRE;
    }
    return (header.pixelSpacing ?? header.imagerSpacing)?.column;
}

/** A round length that fits into `longest` mm: 1, 2 or 5 times a power of ten. */
export function roundLength(longest: number): number {
    if (!(longest > 0)) {
        return 0;
    }
    const power = 10 ** Math.floor(Math.log10(longest));
    const step = [5, 2, 1].find((one) => one * power <= longest) ?? 1;
    return step * power;
}
