// What a drawn length is worth, and why: the value, its unit and how it came to be are frozen with it.
import type { Calibration } from '../wire';
import type { Header, UltrasoundRegion } from './dicom';
import { worldToPixel, type ImageGeometry } from './geometry';
import { distance, type Vector } from './vector';

export interface Measured {
    value: number;
    unit: 'mm' | 'px';
    calibration: Calibration;
}

const inside = (region: UltrasoundRegion, [x, y]: readonly [number, number]): boolean =>
    x >= region.x0 && x <= region.x1 && y >= region.y0 && y <= region.y1;

/** Projection radiographs: a spacing at the detector is not a length in the patient (PS3.3 10.7). */
const PROJECTIONS = new Set(['CR', 'DX', 'MG', 'RF', 'XA', 'RG', 'IO', 'PX']);

export function measureLength(
    header: Header,
    geometry: ImageGeometry,
    from: Vector,
    to: Vector,
): Measured {
    if (geometry.space === 'patient') {
        return { value: distance(from, to), unit: 'mm', calibration: 'patient' };
    }
    const a = worldToPixel(geometry, from);
    const b = worldToPixel(geometry, to);
    const columns = b[0] - a[0];
    const rows = b[1] - a[1];
    const millimetresPerCentimetre = 10;
    const region = header.regions.find((one) => inside(one, a) && inside(one, b));
    if (region) {
        const value =
            Math.hypot(columns * region.deltaX, rows * region.deltaY) * millimetresPerCentimetre;
        return { value, unit: 'mm', calibration: 'ultrasound' };
    }
    const { pixelSpacing, imagerSpacing } = header;
    const projection = PROJECTIONS.has(header.modality);
    if (pixelSpacing && !projection) {
        const value = Math.hypot(columns * pixelSpacing.column, rows * pixelSpacing.row);
        return { value, unit: 'mm', calibration: 'patient' };
    }
    const spacing = pixelSpacing ?? imagerSpacing;
    if (spacing && projection) {
        const value = Math.hypot(columns * spacing.column, rows * spacing.row);
        return { value, unit: 'mm', calibration: 'detector' };
    }
    return { value: Math.hypot(columns, rows), unit: 'px', calibration: 'pixels' };
}

/** mm a world unit of an image, where that is known: for the scale bar. */
export function millimetresPerUnit(header: Header, geometry: ImageGeometry): number | undefined {
    if (geometry.space === 'patient') {
        return 1;
    }
    const [region] = header.regions;
    if (region && Math.abs(region.deltaX - region.deltaY * header.aspect) < 1e-9) {
        return region.deltaX * 10;
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
