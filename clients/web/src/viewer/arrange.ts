// Layouts made from what a case has: the first view of a case, the prior beside it, three planes, and
// scrolling with everything that is linked to it. Pure.
import type { Layout, Point, SeriesLink, Viewport } from '../wire';
import type { DisplaySet, LoadedSet } from './case_images';
import { emptyViewport } from './follow';
import { depth, imageCenter, type ImageGeometry } from './geometry';
import { across } from './registration';
import { add, dot, fromPoint, scale, subtract, toPoint, unit, type Vector } from './vector';

/** The newest volume or stack with more than one image, else whatever there is. */
export function principal(sets: readonly DisplaySet[]): DisplaySet | undefined {
    const images = sets.filter((set) => set.kind !== 'document' && set.kind !== 'label');
    const newestFirst = [...images].sort(
        (a, b) =>
            Number(b.instances.length > 1) - Number(a.instances.length > 1) ||
            b.studyDate.localeCompare(a.studyDate) ||
            b.instances.length - a.instances.length ||
            a.displaySet.localeCompare(b.displaySet),
    );
    return newestFirst[0] ?? sets[0];
}

/** An earlier study of the same kind. */
export function priorOf(sets: readonly DisplaySet[], current: DisplaySet): DisplaySet | undefined {
    return sets
        .filter(
            (set) =>
                set.studyUid !== current.studyUid &&
                set.modality === current.modality &&
                set.kind === current.kind &&
                set.studyDate < current.studyDate,
        )
        .sort((a, b) => b.studyDate.localeCompare(a.studyDate))[0];
}

export const isPrior = (sets: readonly DisplaySet[], set: DisplaySet): boolean =>
    sets.some((one) => one.modality === set.modality && one.studyDate > set.studyDate);

/** A display set as it is first shown: its middle image, or the first page of a document. */
export function firstView(set: DisplaySet): Viewport {
    if (set.kind === 'document') {
        const [document] = set.instances;
        return {
            ...emptyViewport,
            displaySet: set.displaySet,
            image: document && { sopInstanceUid: document.sopInstanceUid, frame: 1 },
            page: 1,
        };
    }
    const middle = set.instances[Math.floor(set.instances.length / 2)];
    return {
        ...emptyViewport,
        displaySet: set.displaySet,
        image: middle && { sopInstanceUid: middle.sopInstanceUid, frame: 1 },
    };
}

export function layoutOf(item: number, rows: number, columns: number, shown: Viewport[]): Layout {
    const viewports = Array.from({ length: rows * columns }, (_, at) => shown[at] ?? emptyViewport);
    return { item, rows, columns, active: 0, viewports, savedView: undefined };
}

export function compareLayout(
    item: number,
    sets: readonly DisplaySet[],
    current: Viewport,
): Layout | undefined {
    const set = sets.find((one) => one.displaySet === current.displaySet);
    const prior = set && priorOf(sets, set);
    if (!prior) {
        return undefined;
    }
    return layoutOf(item, 1, 2, [
        { ...current, linked: true },
        { ...firstView(prior), window: current.window, linked: true },
    ]);
}

export interface PlaneNames {
    axial: { normal: Point; up: Point };
    sagittal: { normal: Point; up: Point };
    coronal: { normal: Point; up: Point };
}

/** Normals point away from the viewer: axial is seen from the feet, coronal from the front. */
export const planes: PlaneNames = {
    axial: { normal: { x: 0, y: 0, z: 1 }, up: { x: 0, y: -1, z: 0 } },
    sagittal: { normal: { x: -1, y: 0, z: 0 }, up: { x: 0, y: 0, z: 1 } },
    coronal: { normal: { x: 0, y: 1, z: 0 }, up: { x: 0, y: 0, z: 1 } },
};

/** A plane through the middle of a volume. */
export function planeView(displaySet: string, plane: keyof PlaneNames, loaded: LoadedSet): Viewport {
    const middle = loaded.slices[Math.floor(loaded.slices.length / 2)];
    const point = middle ? toPoint(imageCenter(middle.geometry)) : { x: 0, y: 0, z: 0 };
    const { frameOfReferenceUid } = loaded.set;
    return { ...emptyViewport, displaySet, plane: { frameOfReferenceUid, point, ...planes[plane] } };
}

/** The image as it was, the two other planes through it, and the prior or room for it. */
export function planesLayout(
    item: number,
    sets: readonly DisplaySet[],
    current: Viewport,
    loaded: LoadedSet,
): Layout {
    const reformatted = (plane: keyof PlaneNames): Viewport => ({
        ...planeView(current.displaySet, plane, loaded),
        window: current.window,
    });
    const prior = priorOf(sets, loaded.set);
    return layoutOf(item, 2, 2, [
        { ...current, plane: undefined, linked: false },
        reformatted('sagittal'),
        reformatted('coronal'),
        prior ? { ...firstView(prior), window: current.window } : emptyViewport,
    ]);
}

/** The name of a direction, if it is one of the three within a degree. */
export function planeName(normal: Vector): keyof PlaneNames | 'oblique' {
    const straight = Math.cos(Math.PI / 180);
    const [x, y, z] = unit(normal);
    if (Math.abs(z) > straight) {
        return 'axial';
    }
    if (Math.abs(x) > straight) {
        return 'sagittal';
    }
    return Math.abs(y) > straight ? 'coronal' : 'oblique';
}

function onSlice(viewport: Viewport, loaded: LoadedSet, index: number): Viewport {
    const last = loaded.slices.length - 1;
    const slice = loaded.slices[Math.max(0, Math.min(last, index))];
    return slice
        ? { ...viewport, image: { sopInstanceUid: slice.sopInstanceUid, frame: slice.frame } }
        : viewport;
}

/** One viewport, so many slices on; a plane moves by the distance of the slices. */
export function scrolled(viewport: Viewport, loaded: LoadedSet, by: number, index: number): Viewport {
    const { plane } = viewport;
    if (!plane) {
        return onSlice(viewport, loaded, index + by);
    }
    const step = planeStep(loaded, fromPoint(plane.normal));
    const point = add(fromPoint(plane.point), scale(unit(fromPoint(plane.normal)), by * step));
    return { ...viewport, plane: { ...plane, point: toPoint(clampToVolume(point, loaded)) } };
}

/** Distance of neighbouring planes: the voxel's extent along the normal. */
export function planeStep(loaded: LoadedSet, normal: Vector): number {
    const geometry = loaded.slices[0]?.geometry;
    if (!geometry) {
        return 1;
    }
    const away = unit(normal);
    return (
        Math.abs(dot(away, geometry.right)) * geometry.columnSpacing +
        Math.abs(dot(away, geometry.down)) * geometry.rowSpacing +
        Math.abs(dot(away, geometry.normal)) * loaded.spacing
    );
}

function clampToVolume(point: Vector, loaded: LoadedSet): Vector {
    const first = loaded.slices[0]?.geometry;
    const last = loaded.slices[loaded.slices.length - 1]?.geometry;
    if (!first || !last) {
        return point;
    }
    const within = (value: number, end: number) =>
        Math.max(Math.min(0, end), Math.min(Math.max(0, end), value));
    const offset = subtract(point, first.origin);
    const along = (axis: Vector, end: number): Vector =>
        scale(axis, within(dot(offset, axis), end));
    const through = dot(subtract(last.origin, first.origin), first.normal);
    return [
        along(first.right, (first.columns - 1) * first.columnSpacing),
        along(first.down, (first.rows - 1) * first.rowSpacing),
        along(first.normal, through),
    ].reduce<Vector>((sum, part) => add(sum, part), first.origin);
}

/**
 * Where a linked viewport goes when another one shows slice `index` of `from`: the nearest slice in one frame
 * of reference or across a link that somebody made, else the same fraction of the series.
 */
export function linkedIndex(
    from: LoadedSet,
    index: number,
    to: LoadedSet,
    links: readonly SeriesLink[] = [],
): number {
    const slice = from.slices[index];
    const target = to.slices[0];
    const map = slice && target && intoSpace(slice.geometry, target.geometry, links);
    if (map) {
        const center = map(imageCenter(slice.geometry));
        let best = 0;
        let nearest = Number.POSITIVE_INFINITY;
        to.slices.forEach((candidate, at) => {
            const away = Math.abs(depth(candidate.geometry, center));
            if (away < nearest) {
                best = at;
                nearest = away;
            }
        });
        return best;
    }
    const fraction = from.slices.length > 1 ? index / (from.slices.length - 1) : 0;
    return Math.round(fraction * Math.max(0, to.slices.length - 1));
}

export const sharesSpace = (a: ImageGeometry, b: ImageGeometry): boolean =>
    a.space === 'patient' && b.space === 'patient' && a.frameOfReferenceUid === b.frameOfReferenceUid;

/** Takes points of one image into the space of another; undefined where nobody knows how they lie. */
export function intoSpace(
    from: ImageGeometry,
    to: ImageGeometry,
    links: readonly SeriesLink[],
): ((point: Vector) => Vector) | undefined {
    return sharesSpace(from, to)
        ? (point) => point
        : across(links, from.frameOfReferenceUid, to.frameOfReferenceUid);
}

export const showSlice = onSlice;

/** The layout that one of its viewports stands alone instead of, and which. */
export interface Around {
    layout: Layout;
    index: number;
}

/** `seen`, with the others around it again: as they were, and the one that stood alone as it is now. */
export function putBack({ layout, index }: Around, seen: Layout): Layout {
    const [alone] = seen.viewports;
    const viewports = layout.viewports.map((one, at) => (at === index && alone ? alone : one));
    return { ...layout, active: index, viewports };
}
