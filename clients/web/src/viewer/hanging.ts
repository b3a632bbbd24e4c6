// How the images of a case are hung when it opens, as this board remembers it for their modality. A hanging
// names no image: which of a case's series go where, how they are cut, which window preset they have. Pure.
import type { Hanging, HangingPane, Layout, Viewport, Window } from '../wire';
import { compareLayout, firstView, layoutOf, planeName, planeView, principal, priorOf } from './arrange';
import type { DisplaySet, LoadedSet } from './case_images';
import { emptyViewport } from './follow';
import { fromPoint } from './vector';

/** In the order of their keys. In Hounsfield units, so for CT alone. */
export const presets: readonly Window[] = [
    { center: 40, width: 400, function: 'linear', unit: 'hounsfield' },
    { center: -600, width: 1500, function: 'linear', unit: 'hounsfield' },
    { center: 90, width: 150, function: 'linear', unit: 'hounsfield' },
    { center: 480, width: 2500, function: 'linear', unit: 'hounsfield' },
    { center: 40, width: 80, function: 'linear', unit: 'hounsfield' },
];

const presetOf = (window: Window | undefined): number =>
    window === undefined
        ? 0
        : 1 + presets.findIndex(({ center, width }) => center === window.center && width === window.width);

export const hangingFor = (hangings: readonly Hanging[], modality: string): Hanging | undefined =>
    hangings.find((one) => one.modality === modality && one.rows > 0);

/** The series that an arrangement is about: the first one on a glass that has no newer study. */
export function currentOf(layout: Layout, sets: readonly DisplaySet[]): DisplaySet | undefined {
    const shown = layout.viewports.flatMap(({ displaySet }) => sets.find((one) => one.displaySet === displaySet) ?? []);
    const priors = shown.map((set) => priorOf(sets, set)?.displaySet);
    return shown.find((set) => !priors.includes(set.displaySet)) ?? shown[0];
}

/**
 * What there is to remember of an arrangement; undefined where nothing of it could be found again in another
 * case. `before` is what is remembered so far: a window that was set by hand leaves its preset.
 */
export function hangingOf(
    layout: Layout,
    sets: readonly DisplaySet[],
    before?: Hanging,
): Hanging | undefined {
    const current = currentOf(layout, sets);
    const hangs = current && (current.kind === 'volume' || current.kind === 'stack') && current.modality !== '';
    if (!hangs) {
        return undefined;
    }
    const prior = priorOf(sets, current);
    const pane = (viewport: Viewport, index: number): HangingPane => {
        const set = sets.find((one) => one.displaySet === viewport.displaySet);
        const preset = presetOf(viewport.window);
        const plane = viewport.plane ? planeName(fromPoint(viewport.plane.normal)) : 'image';
        return {
            series: seriesOf(set, current, prior),
            plane: plane === 'oblique' ? 'image' : plane,
            preset: viewport.window && preset === 0 ? (before?.panes[index]?.preset ?? 0) : preset,
            linked: viewport.linked,
        };
    };
    const { rows, columns, viewports } = layout;
    const panes = Array.from({ length: rows * columns }, (_, index) => pane(viewports[index] ?? emptyViewport, index));
    return { modality: current.modality, rows, columns, panes, at: 0 };
}

function seriesOf(
    set: DisplaySet | undefined,
    current: DisplaySet,
    prior: DisplaySet | undefined,
): HangingPane['series'] {
    if (!set) {
        return 'nothing';
    }
    if (set.displaySet === current.displaySet) {
        return 'current';
    }
    if (set.displaySet === prior?.displaySet) {
        return 'prior';
    }
    return set.studyUid === current.studyUid && set.kind === current.kind ? 'another' : 'nothing';
}

/** As a case comes, with nothing remembered for it. */
export const forgotten = (modality: string): Hanging => ({ modality, rows: 0, columns: 0, panes: [], at: 0 });

/** Whether it says the same as another one, whenever it was said. */
export const hangsAlike = (a: Hanging, b: Hanging): boolean =>
    JSON.stringify({ ...a, at: 0 }) === JSON.stringify({ ...b, at: 0 });

/** How a case opens: its principal series, the prior beside it when there is one. The same for all. */
function openingLayout(item: number, sets: readonly DisplaySet[]): Layout {
    const set = principal(sets);
    const alone = layoutOf(item, 1, 1, set ? [firstView(set)] : []);
    return (set && compareLayout(item, sets, firstView(set))) ?? alone;
}

/** The series whose headers say where its planes lie, if this case is hung with planes. */
export function needsHeaders(sets: readonly DisplaySet[], hangings: readonly Hanging[]): DisplaySet | undefined {
    const set = principal(sets);
    const hanging = set && hangingFor(hangings, set.modality);
    return hanging?.panes.some(({ plane }) => plane !== 'image') ? set : undefined;
}

/**
 * How a case opens on this board: as its modality was hung last, else as it comes. Planes need `loaded`; until
 * it is there their viewports are empty.
 */
export function hungLayout(
    item: number,
    sets: readonly DisplaySet[],
    hangings: readonly Hanging[],
    loaded?: LoadedSet,
): Layout {
    const current = principal(sets);
    const hanging = current && hangingFor(hangings, current.modality);
    const cut = hanging?.panes.some(({ plane }) => plane !== 'image') ?? false;
    if (!current || !hanging || (cut && current.kind !== 'volume')) {
        return openingLayout(item, sets);
    }
    const prior = priorOf(sets, current);
    const others = sets.filter(
        (set) =>
            set.studyUid === current.studyUid && set.kind === current.kind && set.displaySet !== current.displaySet,
    );
    const shown = hanging.panes.map((pane): Viewport | undefined => {
        const another = pane.series === 'another' ? others.shift() : undefined;
        const set = { current, prior, another, nothing: undefined }[pane.series];
        return set && hungView(set, pane, loaded?.set.displaySet === set.displaySet ? loaded : undefined);
    });
    return withoutMissing(item, hanging, shown);
}

function hungView(set: DisplaySet, pane: HangingPane, loaded: LoadedSet | undefined): Viewport | undefined {
    const look = { window: presets[pane.preset - 1], linked: pane.linked };
    if (pane.plane === 'image') {
        return { ...firstView(set), ...look };
    }
    return loaded && { ...planeView(set.displaySet, pane.plane, loaded), ...look };
}

/** In one row, a viewport for a prior that this case has not is left out; elsewhere it stays empty. */
function withoutMissing(item: number, hanging: Hanging, shown: (Viewport | undefined)[]): Layout {
    const { rows, columns, panes } = hanging;
    if (rows > 1 && columns > 1) {
        return layoutOf(item, rows, columns, shown.map((one) => one ?? emptyViewport));
    }
    const there = shown.filter((one, index) => one !== undefined || panes[index]?.series !== 'prior');
    const kept = there.length > 0 ? there.map((one) => one ?? emptyViewport) : [emptyViewport];
    const linked = kept.length > 1 ? kept : kept.map((one) => ({ ...one, linked: false }));
    return rows > 1 ? layoutOf(item, kept.length, 1, linked) : layoutOf(item, 1, kept.length, linked);
}
