// Which drawings belong on a pane, and the growing one of this person. Drawings are points in the world
// of their image, so they turn, zoom and reformat with it.
import type { Annotation, AnnotationTool } from '../wire';
import { depth, pixelToWorld, worldToGlass } from './geometry';
import { measureLength } from './measure';
import type { OnGlass } from './use_pane';
import { dot, fromPoint, subtract, toPoint, type Pixel, type Vector } from './vector';

/** The glass positions of a drawing's points, or undefined where it does not belong. */
export function pointsOnGlass(annotation: Annotation, onGlass: OnGlass): Pixel[] | undefined {
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
function annotationStudy(annotation: Annotation, onGlass: OnGlass): string {
    const known = onGlass.loaded.set.displaySet === annotation.displaySet;
    return known || onGlass.loaded.set.frameOfReferenceUid === annotation.frameOfReferenceUid
        ? onGlass.loaded.set.studyUid
        : '';
}

/** The drawing between two world points; its value is frozen when it is finished. */
export function drawn(
    id: string,
    tool: AnnotationTool,
    onGlass: OnGlass,
    from: Vector,
    to: Vector,
    label: string,
): Annotation | undefined {
    const { image, loaded } = onGlass;
    if (!image) {
        return undefined;
    }
    const { slice } = image;
    const { geometry, header } = slice;
    const patient = geometry.space === 'patient';
    const measured =
        tool === 'length'
            ? measureLength(header, geometry, from, to)
            : ({ value: 0, unit: 'mm', calibration: patient ? 'patient' : 'pixels' } as const);
    const inImage = (world: Vector) =>
        patient ? toPoint(world) : { x: world[0], y: world[1] / geometry.rowSpacing, z: 0 };
    const near = nearestSlice(onGlass, from);
    return {
        annotation: id,
        tool,
        displaySet: loaded.set.displaySet,
        image: { sopInstanceUid: near.sopInstanceUid, frame: near.frame },
        frameOfReferenceUid: geometry.frameOfReferenceUid,
        points: [inImage(from), inImage(to)],
        value: measured.value,
        unit: measured.unit,
        calibration: measured.calibration,
        label,
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

