// Where somebody's pointer falls on a pane of glass, if anywhere. Pure: the rules that keep a pointer
// from ever lying about what it points at.
import type { Pointer, PointerTarget, SeriesLink } from '../wire';
import { pixelToWorld, worldToGlass, worldToPixel, type ImageGeometry, type Projection } from './geometry';
import { across, linkBetween } from './registration';
import { dot, subtract, type Vector } from './vector';

/** What a pane shows, as far as pointing is concerned. */
export interface Shown {
    patientCase: string;
    studyUid: string;
    projection: Projection;
    /** Half a slice, or half the slab: mm. */
    halfThickness: number;
    /** For images in image space, and to point into them. */
    instance?: { sopInstanceUid: string; frame: number; geometry: ImageGeometry } | undefined;
    /** For documents. */
    page?: { uid: string; page: number } | undefined;
    /** For slides: world units a pixel of the largest resolution. */
    slide?: { uid: string; unit: number } | undefined;
}

export interface Placed {
    x: number;
    y: number;
    /** 0 on the plane; else how far off it is, whole mm. */
    away: number;
    /** It points into another series, which somebody linked with this one. */
    across?: boolean;
}

/** Beyond this a point is another place in the patient, and is not drawn. */
export const FARTHEST_MM = 10;

export function placePointer(
    target: PointerTarget,
    pointer: Pick<Pointer, 'x' | 'y' | 'z'>,
    shown: Shown,
    links: readonly SeriesLink[] = [],
): Placed | undefined {
    if (target.patientCase !== shown.patientCase) {
        return undefined;
    }
    switch (target.space) {
        case 'frame_of_reference':
            return onPlane(target, [pointer.x, pointer.y, pointer.z], shown, links);
        case 'instance': {
            const { instance } = shown;
            if (instance?.sopInstanceUid !== target.uid || instance.frame !== pointer.x) {
                return undefined;
            }
            return at(shown.projection, pixelToWorld(instance.geometry, [pointer.y, pointer.z]));
        }
        case 'page':
            return shown.page?.uid === target.uid && shown.page.page === pointer.x
                ? at(shown.projection, [pointer.y, pointer.z, 0])
                : undefined;
        case 'slide': {
            const { slide } = shown;
            return slide?.uid === target.uid
                ? at(shown.projection, [pointer.x * slide.unit, pointer.y * slide.unit, 0])
                : undefined;
        }
        case 'none':
            return undefined;
    }
}

const at = (projection: Projection, world: Vector, away = 0): Placed => {
    const [x, y] = worldToGlass(projection, world);
    return { x, y, away };
};

function onPlane(
    target: PointerTarget,
    world: Vector,
    shown: Shown,
    links: readonly SeriesLink[],
): Placed | undefined {
    const { projection } = shown;
    const same =
        projection.space === 'patient' &&
        projection.frameOfReferenceUid === target.uid &&
        shown.studyUid === target.studyUid;
    if (!same) {
        return overLink(target, world, shown, links);
    }
    return near(world, shown);
}

/** Where the two series were laid onto each other by places; a level says nothing of what lies across it. */
function overLink(
    target: PointerTarget,
    world: Vector,
    shown: Shown,
    links: readonly SeriesLink[],
): Placed | undefined {
    const { projection } = shown;
    const own = projection.space === 'patient' ? projection.frameOfReferenceUid : '';
    const known = (linkBetween(links, target.uid, own)?.pairs ?? 0) > 0;
    const map = known ? across(links, target.uid, own) : undefined;
    const placed = map && near(map(world), shown);
    return placed && { ...placed, across: true };
}

function near(world: Vector, shown: Shown): Placed | undefined {
    const { projection } = shown;
    const off = Math.abs(dot(subtract(world, projection.center), projection.normal));
    if (off <= shown.halfThickness) {
        return at(projection, world);
    }
    return off <= FARTHEST_MM ? at(projection, world, Math.max(1, Math.round(off))) : undefined;
}

/** The space a pointer on this pane is told in, and its coordinates for a world point. */
export function pointerAt(
    shown: Shown,
    world: Vector,
): { target: PointerTarget; x: number; y: number; z: number } | undefined {
    const { patientCase, studyUid, projection, instance, page, slide } = shown;
    if (page) {
        const target: PointerTarget = { space: 'page', patientCase, studyUid, uid: page.uid };
        return { target, x: page.page, y: world[0], z: world[1] };
    }
    if (slide) {
        const target: PointerTarget = { space: 'slide', patientCase, studyUid, uid: slide.uid };
        return { target, x: world[0] / slide.unit, y: world[1] / slide.unit, z: 0 };
    }
    if (projection.space === 'patient') {
        const uid = projection.frameOfReferenceUid;
        const target: PointerTarget = { space: 'frame_of_reference', patientCase, studyUid, uid };
        return { target, x: world[0], y: world[1], z: world[2] };
    }
    if (!instance) {
        return undefined;
    }
    const [column, row] = worldToPixel(instance.geometry, world);
    const uid = instance.sopInstanceUid;
    const target: PointerTarget = { space: 'instance', patientCase, studyUid, uid };
    return { target, x: instance.frame, y: column, z: row };
}
