// Series of different frames of reference, laid onto each other by a person: from places that were marked in
// both, or from one level alone. Pure.
import type { SeriesLink } from '../wire';
import { add, cross, dot, fromPoint, length, scale, subtract, toPoint, unit, type Vector } from './vector';

export interface Pair {
    first: Vector;
    second: Vector;
}

/** From the first space to the second: turn, then move. */
export interface Move {
    xAxis: Vector;
    yAxis: Vector;
    offset: Vector;
}

/** Three places on one line say nothing about the turn around it: they must span so much, in mm². */
const SPAN_MM2 = 400;

const onlyMoved = (offset: Vector): Move => ({ xAxis: [1, 0, 0], yAxis: [0, 1, 0], offset });

const mean = (points: readonly Vector[]): Vector =>
    scale(points.reduce<Vector>((sum, point) => add(sum, point), [0, 0, 0]), 1 / points.length);

const spans = (points: readonly Vector[]): boolean =>
    points.some((a) =>
        points.some((b) =>
            points.some((c) => length(cross(subtract(b, a), subtract(c, a))) > SPAN_MM2),
        ),
    );

/**
 * What brings the marked places of the first series nearest to those of the second (B. K. P. Horn, 1987: unit
 * quaternions). One or two places, or places on one line, only move.
 */
export function moveOf(pairs: readonly Pair[]): Move | undefined {
    if (pairs.length === 0) {
        return undefined;
    }
    const [from, to] = [mean(pairs.map(({ first }) => first)), mean(pairs.map(({ second }) => second))];
    if (pairs.length < 3 || !spans(pairs.map(({ first }) => first))) {
        return onlyMoved(subtract(to, from));
    }
    const sums = [0, 1, 2].map((row) =>
        [0, 1, 2].map((column) =>
            pairs.reduce(
                (sum, { first, second }) =>
                    sum + (part(first, row) - part(from, row)) * (part(second, column) - part(to, column)),
                0,
            ),
        ),
    );
    const [xAxis, yAxis] = axesOf(largestEigenvector(hornMatrix(sums)));
    const turned = mapped({ xAxis, yAxis, offset: [0, 0, 0] }, from);
    return { xAxis, yAxis, offset: subtract(to, turned) };
}

const part = (vector: Vector, at: number): number => vector[at as 0 | 1 | 2];

function hornMatrix(sums: number[][]): number[][] {
    const s = (row: number, column: number): number => sums[row]?.[column] ?? 0;
    const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = [
        s(0, 0), s(0, 1), s(0, 2), s(1, 0), s(1, 1), s(1, 2), s(2, 0), s(2, 1), s(2, 2),
    ];
    return [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, -xx + yy - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, -xx - yy + zz],
    ];
}

/** By powers of the matrix, made positive: the gap between its values is wide for places that span. */
function largestEigenvector(matrix: number[][]): number[] {
    const shift = Math.max(...matrix.map((row) => row.reduce((sum, value) => sum + Math.abs(value), 0)));
    let vector = [1, 0.01, 0.02, 0.03];
    for (let turn = 0; turn < 2000; turn += 1) {
        const next = matrix.map((row, at) =>
            row.reduce((sum, value, column) => sum + value * (vector[column] ?? 0), shift * (vector[at] ?? 0)),
        );
        const size = Math.hypot(...next);
        vector = next.map((value) => value / size);
    }
    return vector;
}

function axesOf([w = 1, x = 0, y = 0, z = 0]: number[]): [Vector, Vector] {
    const right = unit([1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)]);
    const up: Vector = [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)];
    return [right, unit(subtract(up, scale(right, dot(up, right))))];
}

/** Of two images that show the same level: along the second's normal, and nothing else is known. */
export function levelMove(first: Vector, second: Vector, secondNormal: Vector): Move {
    return onlyMoved(scale(secondNormal, dot(subtract(second, first), secondNormal)));
}

function mapped({ xAxis, yAxis, offset }: Move, point: Vector): Vector {
    const turned = add(scale(xAxis, point[0]), scale(yAxis, point[1]));
    return add(offset, add(turned, scale(cross(xAxis, yAxis), point[2])));
}

function mappedBack({ xAxis, yAxis, offset }: Move, point: Vector): Vector {
    const away = subtract(point, offset);
    return [dot(away, xAxis), dot(away, yAxis), dot(away, cross(xAxis, yAxis))];
}

const moveIn = (link: SeriesLink): Move => ({
    xAxis: fromPoint(link.xAxis),
    yAxis: fromPoint(link.yAxis),
    offset: fromPoint(link.offset),
});

export const linkBetween = (
    links: readonly SeriesLink[],
    one: string,
    other: string,
): SeriesLink | undefined =>
    links.find(
        ({ first, second }) =>
            (first === one && second === other) || (first === other && second === one),
    );

/** Takes a point of one frame of reference into another; undefined where nobody linked them. */
export function across(
    links: readonly SeriesLink[],
    from: string,
    to: string,
): ((point: Vector) => Vector) | undefined {
    const link = linkBetween(links, from, to);
    if (from === '' || to === '' || from === to || !link) {
        return undefined;
    }
    const move = moveIn(link);
    return link.first === from
        ? (point) => mapped(move, point)
        : (point) => mappedBack(move, point);
}

export const wireMove = ({ xAxis, yAxis, offset }: Move) => ({
    xAxis: toPoint(xAxis),
    yAxis: toPoint(yAxis),
    offset: toPoint(offset),
});
