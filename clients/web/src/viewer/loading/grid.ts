// Where the samples of a reduced resolution lie. The low-pass filter of the wavelet keeps the even samples (ITU-T T.800
// annex F), so sample k of level n is at the full-resolution index k * 2^n: the first one stays where it was, and
// only the distance grows. A preview placed as if its samples were means of blocks lies 3.5 pixels off at an eighth.
import type { ImageGeometry } from '../geometry';

export const reducedSize = (size: number, level: number): number => Math.ceil(size / 2 ** level);

export function reducedGeometry(geometry: ImageGeometry, level: number): ImageGeometry {
    return {
        ...geometry,
        columnSpacing: geometry.columnSpacing * 2 ** level,
        rowSpacing: geometry.rowSpacing * 2 ** level,
        columns: reducedSize(geometry.columns, level),
        rows: reducedSize(geometry.rows, level),
    };
}
