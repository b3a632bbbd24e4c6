// What a person can do to the images, by hand or by key: each turns the present state of a pane into the
// next and gives it to the controller, which decides whom it concerns.
import type { Slab, SlabMode, Viewport, Window } from '../wire';
import { firstView, intoSpace, linkedIndex, scrolled, showSlice } from './arrange';
import { nearestSlice } from './case_images';
import { filmOf, playing, standingStill } from './cine';
import { emptyViewport } from './follow';
import {
    centerToWorld,
    glassToWorld,
    shownOf,
    unitsPerPixelFor,
    worldToCenter,
    type ImageGeometry,
    type Projection,
} from './geometry';
import type { PaneState, StageController } from './stage_controller';
import { add, fromPoint, scale, subtract, toPoint, type Pixel, type Vector } from './vector';

const activePane = (controller: StageController): [number, PaneState] | undefined => {
    const { active } = controller.state.get().seen;
    const pane = controller.panes.get(active);
    return pane && [active, pane];
};

/** The newest state asked for, not the one painted: quick wheels must add up. */
const asked = (controller: StageController, index: number): Viewport =>
    controller.state.get().seen.viewports[index] ?? emptyViewport;

const geometryOf = (pane: PaneState): ImageGeometry | undefined =>
    pane.loaded.slices[pane.index]?.geometry;

/** The wire's centre of a world point on this pane. */
function centerOf(pane: PaneState, world: Vector) {
    const geometry = geometryOf(pane);
    return pane.projection.space === 'image' && geometry
        ? worldToCenter(geometry, world)
        : toPoint(world);
}

/** As the newest state asked for will lie on the glass: a quick hand moves on before the last move is painted. */
function askedProjection(controller: StageController, index: number, pane: PaneState): Projection {
    const { center, shown, aspect } = asked(controller, index);
    const { projection, glass } = pane;
    if (shown <= 0) {
        return projection;
    }
    const geometry = geometryOf(pane);
    return {
        ...projection,
        center: projection.space === 'image' && geometry ? centerToWorld(geometry, center) : fromPoint(center),
        unitsPerPixel: unitsPerPixelFor(shown, aspect, glass),
    };
}

function zoomed(controller: StageController, index: number, pane: PaneState, next: Projection) {
    const { width, height } = pane.glass;
    const zoom = {
        center: centerOf(pane, next.center),
        shown: shownOf(next),
        aspect: width / Math.max(1, height),
    };
    const viewport = { ...asked(controller, index), ...zoom };
    controller.change(index, viewport, { what: 'zoom', ...zoom });
}

/** Factor above 1 comes nearer; the point under `at` stays where it is. */
export function zoomBy(controller: StageController, index: number, factor: number, at?: Pixel): void {
    const pane = controller.panes.get(index);
    if (!pane) {
        return;
    }
    const projection = askedProjection(controller, index, pane);
    const fixed = at ? glassToWorld(projection, at) : projection.center;
    const unitsPerPixel = Math.max(1e-4, Math.min(1e4, projection.unitsPerPixel / factor));
    const share = unitsPerPixel / projection.unitsPerPixel;
    const center = add(fixed, scale(subtract(projection.center, fixed), share));
    zoomed(controller, index, pane, { ...projection, unitsPerPixel, center });
}

/** Turns what is seen around the middle of the glass, clockwise for who looks at it. */
export function rotateBy(controller: StageController, index: number, degrees: number): void {
    const viewport = asked(controller, index);
    // Mirrored once, the image turns the other way round under the fingers.
    const clockwise = viewport.flipH === viewport.flipV ? degrees : -degrees;
    const rotation = (((viewport.rotation + clockwise) % 360) + 360) % 360;
    controller.change(index, { ...viewport, rotation }, { what: 'other' });
}

export function panBy(controller: StageController, index: number, [dx, dy]: Pixel): void {
    const pane = controller.panes.get(index);
    if (!pane) {
        return;
    }
    const projection = askedProjection(controller, index, pane);
    const center = subtract(
        projection.center,
        add(
            scale(projection.right, dx * projection.unitsPerPixel),
            scale(projection.down, dy * projection.unitsPerPixel),
        ),
    );
    zoomed(controller, index, pane, { ...projection, center });
}

export function setWindow(
    controller: StageController,
    index: number,
    window: Window | undefined,
    invert = asked(controller, index).invert,
): void {
    const viewport = { ...asked(controller, index), window, invert };
    controller.change(index, viewport, { what: 'window', window, invert });
}

/** A preset is in Hounsfield units; false where the active image has none. */
export function showPreset(controller: StageController, preset: Window): boolean {
    const found = activePane(controller);
    const [index, pane] = found ?? [];
    const header = pane?.loaded.slices[pane.index]?.header;
    if (index === undefined || header?.values !== 'hounsfield') {
        return false;
    }
    setWindow(controller, index, preset);
    controller.rememberHanging();
    return true;
}

/** Drag to the right widens, drag down darkens, as in OHIF; speed follows the width. */
export function dragWindow(
    controller: StageController,
    index: number,
    from: Window,
    [dx, dy]: Pixel,
): void {
    const speed = Math.max(from.width, 1) / 400;
    setWindow(controller, index, {
        ...from,
        width: Math.max(from.width + dx * speed, from.width < 10 ? 0.01 : 1),
        center: from.center + dy * speed,
    });
}

/** So many images on, with every viewport linked to this one. A slide has none: it comes nearer at `at`. */
export function scrollBy(controller: StageController, index: number, by: number, at?: Pixel): void {
    const pane = controller.panes.get(index);
    if (!pane || by === 0) {
        return;
    }
    if (pane.loaded.set.kind === 'slide') {
        zoomBy(controller, index, KEY_ZOOM ** -by, at);
        return;
    }
    const viewport = standingStill(asked(controller, index), pane.loaded.slices[pane.index]);
    if (pane.loaded.set.kind === 'document') {
        const page = Math.max(1, viewport.page + Math.sign(by));
        controller.change(index, { ...viewport, page }, { what: 'other' });
        return;
    }
    const present = imageIndex(viewport, pane);
    scrollFrom(controller, index, pane, scrolled(viewport, pane.loaded, by, present));
}

export function scrollTo(controller: StageController, index: number, place: 'first' | 'last'): void {
    const pane = controller.panes.get(index);
    if (pane && pane.loaded.slices.length > 0) {
        const target = place === 'first' ? 0 : pane.loaded.slices.length - 1;
        const still = standingStill(asked(controller, index), pane.loaded.slices[pane.index]);
        const viewport = { ...still, plane: undefined };
        scrollFrom(controller, index, pane, showSlice(viewport, pane.loaded, target));
    }
}

function imageIndex(viewport: Viewport, pane: PaneState): number {
    const { image } = viewport;
    const index = image ? pane.loaded.indexOf(image.sopInstanceUid, image.frame) : -1;
    return index >= 0 ? index : pane.index;
}

function scrollFrom(
    controller: StageController,
    index: number,
    pane: PaneState,
    viewport: Viewport,
): void {
    const before = asked(controller, index);
    const unchanged =
        before.image?.sopInstanceUid === viewport.image?.sopInstanceUid &&
        before.image?.frame === viewport.image?.frame &&
        before.plane === viewport.plane &&
        before.cine === viewport.cine;
    if (unchanged) {
        return;
    }
    const changed = new Map([[index, viewport]]);
    if (viewport.linked && !viewport.plane) {
        const slice = imageIndex(viewport, pane);
        for (const [other, state] of controller.panes) {
            const linked = asked(controller, other);
            if (other !== index && linked.linked && !linked.plane) {
                const target = linkedIndex(pane.loaded, slice, state.loaded, controller.links);
                changed.set(other, showSlice(linked, state.loaded, target));
            }
        }
    }
    controller.changeMany(changed, { what: 'other' }, index);
}

/** Every other viewport of the same space, or of one linked with it, goes to the place under the hand. */
export function aimAt(controller: StageController, index: number, at: Pixel): void {
    const pane = controller.panes.get(index);
    const own = pane && geometryOf(pane);
    if (!pane || !own || pane.projection.space !== 'patient') {
        return;
    }
    const world = glassToWorld(pane.projection, at);
    const changed = new Map<number, Viewport>();
    for (const [other, state] of controller.panes) {
        const geometry = geometryOf(state);
        const map = geometry && intoSpace(own, geometry, controller.links);
        if (other !== index && map) {
            changed.set(other, goneTo(asked(controller, other), state, map(world)));
        }
    }
    if (changed.size > 0) {
        controller.changeMany(changed, { what: 'other' }, index);
    }
}

function goneTo(viewport: Viewport, { loaded, index }: PaneState, world: Vector): Viewport {
    const { plane } = viewport;
    if (plane) {
        return { ...viewport, plane: { ...plane, point: toPoint(world) } };
    }
    const still = standingStill(viewport, loaded.slices[index]);
    return showSlice(still, loaded, nearestSlice(loaded, world).index);
}

const slabModes: readonly SlabMode[] = ['none', 'maximum', 'average', 'minimum'];
/** mm; what a slab has at first. */
const USUAL_SLAB = 10;

/** False where there is no volume to join slices of. */
export function setSlab(controller: StageController, slab: Partial<Slab>): boolean {
    const found = activePane(controller);
    if (found?.[1].loaded.set.kind !== 'volume') {
        return false;
    }
    const [index] = found;
    const viewport = asked(controller, index);
    const before = viewport.slab ?? { thickness: USUAL_SLAB, mode: 'maximum' };
    const next = { ...before, ...slab };
    const kept = next.mode === 'none' ? undefined : next;
    controller.change(index, { ...viewport, slab: kept }, { what: 'other' });
    return true;
}

/** The next kind of slab, round and round. */
export function turnSlab(controller: StageController): boolean {
    const { seen } = controller.state.get();
    const present = seen.viewports[seen.active]?.slab?.mode ?? 'none';
    const mode = slabModes[(slabModes.indexOf(present) + 1) % slabModes.length] ?? 'none';
    return setSlab(controller, { mode });
}

/** The next series of the case in the active viewport, round and round. */
export function turnSeries(controller: StageController, by: 1 | -1): void {
    const { seen, sets } = controller.state.get();
    const present = seen.viewports[seen.active];
    const place = sets.findIndex((set) => set.displaySet === present?.displaySet);
    const next = sets[(place + by + sets.length) % sets.length];
    if (present && next && next.displaySet !== present.displaySet) {
        const linked = present.linked && next.kind !== 'document';
        const viewport = { ...firstView(next), linked };
        controller.replace({
            ...seen,
            savedView: undefined,
            viewports: seen.viewports.map((one, at) => (at === seen.active ? viewport : one)),
        });
    }
}

/** Whether linked viewports follow by place in the patient, or only by fraction of the series. */
export function linkedByFraction(controller: StageController, index: number): boolean {
    const own = controller.panes.get(index)?.loaded.slices[0]?.geometry;
    if (!own || !asked(controller, index).linked) {
        return false;
    }
    return [...controller.panes].some(([other, pane]) => {
        const geometry = pane.loaded.slices[0]?.geometry;
        const linked = other !== index && asked(controller, other).linked;
        return linked && geometry !== undefined && !intoSpace(own, geometry, controller.links);
    });
}

/** Whether the active viewport shows a film, and whether it runs. */
export function filmState(controller: StageController): 'none' | 'still' | 'running' {
    const found = activePane(controller);
    if (!found || filmHere(found[1]).length === 0) {
        return 'none';
    }
    return asked(controller, found[0]).cine?.playing ? 'running' : 'still';
}

const filmHere = (pane: PaneState) =>
    filmOf(pane.loaded, pane.loaded.slices[pane.index]?.sopInstanceUid ?? '');

function turnFilm(controller: StageController, index: number, pane: PaneState): void {
    const viewport = asked(controller, index);
    const film = filmHere(pane);
    if (film.length > 0) {
        const next = viewport.cine?.playing
            ? standingStill(viewport, pane.loaded.slices[pane.index])
            : playing(viewport, film, controller.clock());
        controller.change(index, next, { what: 'other' });
    }
}

export type ImageAction =
    | 'rotateRight'
    | 'rotateLeft'
    | 'flipH'
    | 'flipV'
    | 'invert'
    | 'zoomIn'
    | 'zoomOut'
    | 'zoomFit'
    | 'reset'
    | 'nextImage'
    | 'previousImage'
    | 'firstImage'
    | 'lastImage'
    | 'nextViewport'
    | 'previousViewport'
    | 'film';

const KEY_ZOOM = 1.2;

export function act(controller: StageController, action: ImageAction): void {
    const found = activePane(controller);
    if (!found) {
        return;
    }
    const [index, pane] = found;
    const viewport = asked(controller, index);
    const change = (next: Partial<Viewport>) =>
        controller.change(index, { ...viewport, ...next }, { what: 'other' });
    const { seen } = controller.state.get();
    const neighbour = (by: number) =>
        controller.setActive((seen.active + by + seen.viewports.length) % seen.viewports.length);
    const todo: Record<ImageAction, () => void> = {
        rotateRight: () => rotateBy(controller, index, 90),
        rotateLeft: () => rotateBy(controller, index, -90),
        flipH: () => change({ flipH: !viewport.flipH }),
        flipV: () => change({ flipV: !viewport.flipV }),
        invert: () => setWindow(controller, index, viewport.window, !viewport.invert),
        zoomIn: () => zoomBy(controller, index, KEY_ZOOM),
        zoomOut: () => zoomBy(controller, index, 1 / KEY_ZOOM),
        zoomFit: () => fit(controller, index),
        reset: () =>
            change({
                shown: 0,
                rotation: 0,
                flipH: false,
                flipV: false,
                invert: false,
                window: undefined,
                colormap: '',
            }),
        nextImage: () => scrollBy(controller, index, 1),
        previousImage: () => scrollBy(controller, index, -1),
        firstImage: () => scrollTo(controller, index, 'first'),
        lastImage: () => scrollTo(controller, index, 'last'),
        nextViewport: () => neighbour(1),
        previousViewport: () => neighbour(-1),
        film: () => turnFilm(controller, index, pane),
    };
    todo[action]();
}

function fit(controller: StageController, index: number): void {
    const viewport = asked(controller, index);
    const zoom = { center: viewport.center, shown: 0, aspect: viewport.aspect };
    controller.change(index, { ...viewport, ...zoom }, { what: 'zoom', ...zoom });
}

export const isImageAction = (action: string): action is ImageAction =>
    [
        'rotateRight',
        'rotateLeft',
        'flipH',
        'flipV',
        'invert',
        'zoomIn',
        'zoomOut',
        'zoomFit',
        'reset',
        'nextImage',
        'previousImage',
        'firstImage',
        'lastImage',
        'nextViewport',
        'previousViewport',
        'film',
    ].includes(action);
