// Values of objects that others made (DICOM JSON of PS3.18 F): bounded, and of the shape that is asked for or not
// there. Nothing throws.
import type { DicomElement, DicomObject } from './dicom';
import type { Vector } from './vector';

/** Characters of a text; numbers and codes of one element. */
export const foreignBounds = { text: 1024, numbers: 6144, flags: 16 };

/** Points of a closed curve. */
const CURVE_STEPS = 48;

function elementOf(object: DicomObject, tag: string): DicomElement | undefined {
    const element = object[tag];
    return typeof element === 'object' && element !== null ? element : undefined;
}

function valuesOf(object: DicomObject, tag: string): unknown[] {
    const values = elementOf(object, tag)?.Value;
    return Array.isArray(values) ? values : [];
}

export function textOf(object: DicomObject, tag: string): string {
    const [value] = valuesOf(object, tag);
    return typeof value === 'string' ? value.trim().slice(0, foreignBounds.text) : '';
}

/** Codes of one element, in capitals. */
export const flagsOf = (object: DicomObject, tag: string): string[] =>
    valuesOf(object, tag)
        .slice(0, foreignBounds.flags)
        .map((value) => (typeof value === 'string' ? value.trim().toUpperCase() : ''));

export function nameOf(object: DicomObject, tag: string): string {
    const [value] = valuesOf(object, tag);
    const name =
        typeof value === 'object' && value !== null && 'Alphabetic' in value ? value.Alphabetic : value;
    if (typeof name !== 'string') {
        return '';
    }
    const [family = '', given = ''] = name.slice(0, foreignBounds.text).split('^');
    return [given, family].map((part) => part.trim()).filter(Boolean).join(' ');
}

export function itemsOf(object: DicomObject, tag: string): DicomObject[] {
    return valuesOf(object, tag).filter(
        (value): value is DicomObject => typeof value === 'object' && value !== null,
    );
}

export function numbersOf(object: DicomObject, tag: string): number[] {
    const values = valuesOf(object, tag).slice(0, foreignBounds.numbers);
    return values.map((value) => (typeof value === 'string' ? Number(value) : value)).filter(
        (value): value is number => typeof value === 'number' && Number.isFinite(value),
    );
}

/** All of them, or none where one is no number: what stands for places must not move up. */
export function wholeNumbersOf(object: DicomObject, tag: string): number[] {
    const count = valuesOf(object, tag).length;
    const numbers = numbersOf(object, tag);
    return count === numbers.length ? numbers : [];
}

export const isThere = (object: DicomObject, tag: string): boolean => elementOf(object, tag) !== undefined;

/** Two axes, end to end each, or a middle and a place on the circle, as a closed line. */
export function curve(kind: string, points: Vector[]): Vector[] | undefined {
    const [a, b, c, d] = points;
    if (kind === 'CIRCLE' && a && b) {
        const radius = Math.hypot(b[0] - a[0], b[1] - a[1]);
        return around(a, [radius, 0, 0], [0, radius, 0]);
    }
    if (kind === 'ELLIPSE' && a && b && c && d) {
        const middle: Vector = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2];
        const half = (from: Vector, to: Vector): Vector => [
            (to[0] - from[0]) / 2,
            (to[1] - from[1]) / 2,
            (to[2] - from[2]) / 2,
        ];
        return around(middle, half(a, b), half(c, d));
    }
    return undefined;
}

function around(middle: Vector, one: Vector, other: Vector): Vector[] {
    return Array.from({ length: CURVE_STEPS + 1 }, (_, step) => {
        const angle = (2 * Math.PI * step) / CURVE_STEPS;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        return [
            middle[0] + c * one[0] + s * other[0],
            middle[1] + c * one[1] + s * other[1],
            middle[2] + c * one[2] + s * other[2],
        ];
    });
}
