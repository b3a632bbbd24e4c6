// The line in which one viewport's plane cuts another's, on the glass of the first. Pure.
import type { SeriesLink } from '../wire';
import { pixelToWorld, worldToGlass, type Projection } from './geometry';
import { across } from './registration';
import type { PaneState } from './stage_controller';
import { add, dot, scale, subtract, type Pixel, type Vector } from './vector';

export interface Cut {
    pane: number;
    from: Pixel;
    to: Pixel;
}

/** Planes nearer to parallel than this (the cosine between their normals) cut nowhere worth a line. */
const PARALLEL = 0.985;

/** The corners of what a pane shows: its image's, or what is on its glass of a plane. */
function cornersOf({ projection, loaded, index, viewport }: PaneState): Vector[] {
    const geometry = loaded.slices[index]?.geometry;
    if (geometry && !viewport.plane) {
        const [right, bottom] = [geometry.columns - 0.5, geometry.rows - 0.5];
        const pixels: Pixel[] = [
            [-0.5, -0.5],
            [right, -0.5],
            [right, bottom],
            [-0.5, bottom],
        ];
        return pixels.map((pixel) => pixelToWorld(geometry, pixel));
    }
    const { center, right, down, width, height, unitsPerPixel } = projection;
    const corner = (x: number, y: number): Vector =>
        add(
            center,
            add(
                scale(right, (x * width * unitsPerPixel) / 2),
                scale(down, (y * height * unitsPerPixel) / 2),
            ),
        );
    return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
}

export function cutLine(
    onto: Projection,
    other: PaneState,
    links: readonly SeriesLink[],
): Omit<Cut, 'pane'> | undefined {
    const { projection } = other;
    if (onto.space !== 'patient' || projection.space !== 'patient') {
        return undefined;
    }
    const [here, there] = [onto.frameOfReferenceUid, projection.frameOfReferenceUid];
    const map = here === there ? (point: Vector) => point : across(links, there, here);
    if (!map) {
        return undefined;
    }
    const normal = subtract(map(add(projection.center, projection.normal)), map(projection.center));
    if (Math.abs(dot(normal, onto.normal)) > PARALLEL) {
        return undefined;
    }
    const corners = cornersOf(other).map(map);
    const depths = corners.map((corner) => dot(subtract(corner, onto.center), onto.normal));
    const ends: Pixel[] = [];
    corners.forEach((corner, at) => {
        const next = (at + 1) % corners.length;
        const [a = 0, b = 0] = [depths[at], depths[next]];
        const end = corners[next];
        if (end && a > 0 !== b > 0) {
            ends.push(worldToGlass(onto, add(corner, scale(subtract(end, corner), a / (a - b)))));
        }
    });
    const [from, to] = ends;
    return from && to ? { from, to } : undefined;
}
