// What this person sees: the shared stage, their own window or zoom laid over it, or a view of their
// own. Pure. Own window and zoom keep following slices; anything that chooses another image leaves.
import type { Layout, Point, Viewport, Window } from '../wire';

export interface Adjustment {
    window?: Window | undefined;
    invert?: boolean | undefined;
    zoom?: { center: Point; shown: number; aspect: number } | undefined;
}

export type Following =
    | { mode: 'follow'; adjusted: ReadonlyMap<number, Adjustment> }
    | { mode: 'own'; layout: Layout };

export const followsPlainly: Following = { mode: 'follow', adjusted: new Map() };

export const emptyViewport: Viewport = {
    displaySet: '',
    image: undefined,
    plane: undefined,
    page: 0,
    center: { x: 0, y: 0, z: 0 },
    shown: 0,
    rotation: 0,
    flipH: false,
    flipV: false,
    window: undefined,
    invert: false,
    colormap: '',
    slab: undefined,
    overlays: true,
    linked: false,
    cine: undefined,
    aspect: 1,
    presentationState: '',
};

function adjust(viewport: Viewport, adjustment: Adjustment | undefined): Viewport {
    if (!adjustment) {
        return viewport;
    }
    return {
        ...viewport,
        window: adjustment.window ?? viewport.window,
        invert: adjustment.invert ?? viewport.invert,
        ...adjustment.zoom,
    };
}

export function seenLayout(shared: Layout, following: Following): Layout {
    if (following.mode === 'own') {
        return following.layout;
    }
    if (following.adjusted.size === 0) {
        return shared;
    }
    return {
        ...shared,
        viewports: shared.viewports.map((one, index) => adjust(one, following.adjusted.get(index))),
    };
}

/** What a change touches; the name decides whether following goes on. */
export type Change =
    | { what: 'window'; window: Window | undefined; invert: boolean }
    | { what: 'zoom'; center: Point; shown: number; aspect: number }
    | { what: 'other' };

export function afterOwnChange(
    shared: Layout,
    following: Following,
    index: number,
    next: Layout,
    change: Change,
): Following {
    if (following.mode === 'own' || change.what === 'other' || index >= shared.viewports.length) {
        return { mode: 'own', layout: next };
    }
    const adjusted = new Map(following.adjusted);
    const before = adjusted.get(index) ?? {};
    adjusted.set(
        index,
        change.what === 'window'
            ? { ...before, window: change.window, invert: change.invert }
            : {
                  ...before,
                  zoom: { center: change.center, shown: change.shown, aspect: change.aspect },
              },
    );
    return { mode: 'follow', adjusted };
}

/** The shared stage changed: adjustments survive slices, not another series or layout. */
export function afterSharedChange(before: Layout, after: Layout, following: Following): Following {
    if (before.item !== after.item) {
        return followsPlainly;
    }
    if (following.mode === 'own' || following.adjusted.size === 0) {
        return following;
    }
    const adjusted = new Map(
        [...following.adjusted].filter(
            ([index]) =>
                before.viewports[index]?.displaySet === after.viewports[index]?.displaySet,
        ),
    );
    return adjusted.size === following.adjusted.size ? following : { mode: 'follow', adjusted };
}
