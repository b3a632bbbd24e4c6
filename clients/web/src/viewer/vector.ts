// Vectors of three numbers, as DICOM writes them: patient space is LPS, millimetres.

export type Vector = readonly [number, number, number];
export type Pixel = readonly [number, number];

export const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const negate = (a: Vector): Vector => scale(a, -1);
export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a: Vector): number => Math.hypot(a[0], a[1], a[2]);
export const distance = (a: Vector, b: Vector): number => length(subtract(a, b));
export const cross = (a: Vector, b: Vector): Vector => [
    a[1] * b[2] - a[2] * b[1],
    a[2] * b[0] - a[0] * b[2],
    a[0] * b[1] - a[1] * b[0],
];

/** The unit vector along `a`; a zero vector stays as it is. */
export function unit(a: Vector): Vector {
    const size = length(a);
    return size > 0 ? scale(a, 1 / size) : a;
}

/** `a` turned by `degrees` around the unit vector `axis`, counter-clockwise for who `axis` points at. */
export function turn(a: Vector, axis: Vector, degrees: number): Vector {
    const angle = (degrees * Math.PI) / 180;
    const along = scale(axis, dot(axis, a) * (1 - Math.cos(angle)));
    return add(add(scale(a, Math.cos(angle)), scale(cross(axis, a), Math.sin(angle))), along);
}

export const fromPoint = (point: { x: number; y: number; z: number }): Vector => [
    point.x,
    point.y,
    point.z,
];
export const toPoint = (a: Vector) => ({ x: a[0], y: a[1], z: a[2] });
