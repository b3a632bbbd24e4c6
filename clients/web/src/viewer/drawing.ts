// Which drawings belong on a pane, and the growing one of this person. Drawings are points in the world
// of their image, so they turn, zoom and reformat with it.
import type { Annotation, AnnotationTool } from '../wire';
import type { Slice } from './case_images';
import { depth, pixelToWorld, worldToGlass, worldToPixel, type Projection } from './geometry';
import { measureAngle, measureEllipse, measureLength } from './measure';
import { ellipseStatistics, unitOfValues, valueAt, type Values } from './statistics';
import type { OnGlass } from './use_pane';
import {
    add,
    distance,
    dot,
    fromPoint,
    scale,
    subtract,
    toPoint,
    unit,
    type Pixel,
    type Vector,
} from './vector';

/** Where a drawing lies. */
export type Placed = Pick<Annotation, 'displaySet' | 'image' | 'frameOfReferenceUid' | 'points'>;

/** The glass positions of a drawing's points, or undefined where it does not belong. */
export function pointsOnGlass(annotation: Placed, onGlass: OnGlass): Pixel[] | undefined {
    const { projection, image, loaded, shown } = onGlass;
    if (!image) {
        return undefined;
    }
    if (annotation.frameOfReferenceUid === '') {
        const same =
            shown.instance?.sopInstanceUid === annotation.image.sopInstanceUid &&
            shown.instance.frame === annotation.image.frame;
        return same
            ? annotation.points.map((point) =>
                  worldToGlass(
                      projection,
                      pixelToWorld(image.slice.geometry, [point.x, point.y]),
                  ),
              )
            : undefined;
    }
    const inSpace =
        projection.space === 'patient' &&
        projection.frameOfReferenceUid === annotation.frameOfReferenceUid &&
        annotationStudy(annotation, onGlass) === loaded.set.studyUid;
    const world = annotation.points.map(fromPoint);
    const onPlane = world.every(
        (point) =>
            Math.abs(dot(subtract(point, projection.center), projection.normal)) <=
            shown.halfThickness,
    );
    return inSpace && onPlane ? world.map((point) => worldToGlass(projection, point)) : undefined;
}

/** A frame of reference is scoped to its study: a drawing of another series of it may be shown. */
function annotationStudy(annotation: Placed, onGlass: OnGlass): string {
    const known = onGlass.loaded.set.displaySet === annotation.displaySet;
    return known || onGlass.loaded.set.frameOfReferenceUid === annotation.frameOfReferenceUid
        ? onGlass.loaded.set.studyUid
        : '';
}

/** What a hand does for a drawing: points it presses, or draws between. */
export const strokesOf: Record<AnnotationTool, readonly ('press' | 'stroke')[]> = {
    length: ['stroke'],
    arrow: ['stroke'],
    angle: ['stroke', 'press'],
    bidirectional: ['stroke', 'stroke'],
    ellipse: ['stroke'],
    probe: ['press'],
};

export const isDrawing = (tool: string): tool is AnnotationTool => tool in strokesOf;

/** Whether a drawing has all the places it needs from the hand. */
const placesOf = (tool: AnnotationTool): number =>
    strokesOf[tool].reduce((count, stroke) => count + (stroke === 'press' ? 1 : 2), 0);

type Ends = [Vector, Vector, Vector, Vector];

/** An ellipse is drawn from corner to corner of its box, upright on the glass: the ends of its axes. */
function ellipseEnds({ right, down }: Projection, from: Vector, to: Vector): Ends {
    const middle = scale(add(from, to), 0.5);
    const way = subtract(to, from);
    const across = scale(right, dot(way, right) / 2);
    const upright = scale(down, dot(way, down) / 2);
    return [
        subtract(middle, across),
        add(middle, across),
        subtract(middle, upright),
        add(middle, upright),
    ];
}

/** The second axis stands at right angles on the first, where it was begun; the longer one comes first. */
function axesEnds([a, b, from, to]: Ends): Ends {
    const along = unit(subtract(b, a));
    const foot = add(a, scale(along, dot(subtract(from, a), along)));
    const across = (point: Vector) => {
        const way = subtract(point, foot);
        return add(foot, subtract(way, scale(along, dot(way, along))));
    };
    const [c, d] = [across(from), across(to)];
    return distance(c, d) > distance(a, b) ? [c, d, a, b] : [a, b, c, d];
}

const isFour = (points: readonly Vector[]): points is Ends => points.length === 4;

/** The points that are kept, from the places where the hand was. */
function pointsOf(tool: AnnotationTool, projection: Projection, places: readonly Vector[]): Vector[] {
    const [from, to] = places;
    if (tool === 'ellipse' && from && to) {
        return ellipseEnds(projection, from, to);
    }
    return tool === 'bidirectional' && isFour(places) ? axesEnds(places) : [...places];
}

type Worth = Pick<Annotation, 'value' | 'unit' | 'calibration' | 'second' | 'statistics'>;

function worthOf(
    tool: AnnotationTool,
    { header, geometry }: Slice,
    points: readonly Vector[],
    values: Values | undefined,
): Worth {
    const [a, b, c] = points;
    const none = { value: 0, unit: 'mm', calibration: 'pixels', second: 0, statistics: undefined } as const;
    const nothing: Worth = { ...none, calibration: geometry.space === 'patient' ? 'patient' : 'pixels' };
    switch (tool) {
        case 'length':
            return a && b ? { ...nothing, ...measureLength(header, geometry, a, b) } : nothing;
        case 'angle':
            return a && b && c
                ? { ...nothing, unit: 'deg', ...measureAngle(header, geometry, [a, b, c]) }
                : { ...nothing, unit: 'deg' };
        case 'bidirectional': {
            const longer = a && b && measureLength(header, geometry, a, b);
            const shorter = isFour(points) && measureLength(header, geometry, points[2], points[3]);
            return { ...nothing, ...longer, second: shorter ? shorter.value : 0 };
        }
        case 'ellipse': {
            if (!isFour(points)) {
                return nothing;
            }
            const area = measureEllipse(header, geometry, points);
            const statistics = values && ellipseStatistics(values, header, geometry, points);
            return { ...nothing, ...area, unit: `${area.unit}2`, statistics };
        }
        case 'probe': {
            const value = values && a && valueAt(values, worldToPixel(geometry, a));
            return { ...nothing, value: value ?? 0, unit: unitOfValues(header) };
        }
        case 'arrow':
            return nothing;
    }
}

/**
 * The drawing of these places, all there are so far; its values are frozen when it is finished. `values`
 * are the image's own, where they may be read.
 */
export function drawn(
    id: string,
    tool: AnnotationTool,
    onGlass: OnGlass,
    places: readonly Vector[],
    values: Values | undefined,
): Annotation | undefined {
    const { image, loaded, projection } = onGlass;
    const [first] = places;
    // A point without a value would read as a value of nothing.
    if (!image || !first || places.length > placesOf(tool) || (tool === 'probe' && !values)) {
        return undefined;
    }
    const { slice } = image;
    const { geometry } = slice;
    const points = pointsOf(tool, projection, places);
    const inImage = (world: Vector) =>
        geometry.space === 'patient'
            ? toPoint(world)
            : { x: world[0], y: world[1] / geometry.rowSpacing, z: 0 };
    const near = nearestSlice(onGlass, first);
    return {
        annotation: id,
        tool,
        displaySet: loaded.set.displaySet,
        image: { sopInstanceUid: near.sopInstanceUid, frame: near.frame },
        frameOfReferenceUid: geometry.frameOfReferenceUid,
        points: points.map(inImage),
        ...worthOf(tool, slice, points, values),
        label: '',
    };
}

function nearestSlice(onGlass: OnGlass, world: Vector) {
    const fallback = onGlass.image?.slice ?? onGlass.loaded.slices[0];
    if (!fallback || !onGlass.image?.plane) {
        return fallback ?? { sopInstanceUid: '', frame: 1 };
    }
    return onGlass.loaded.slices.reduce((best, slice) =>
        Math.abs(depth(slice.geometry, world)) < Math.abs(depth(best.geometry, world))
            ? slice
            : best,
    );
}

