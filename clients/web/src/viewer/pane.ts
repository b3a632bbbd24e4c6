// One pane of glass: the adapter between a shared viewport state and one PLANAR_NEXT viewport of
// Cornerstone. Cornerstone gets exactly the projection that geometry.ts computed; nothing else in the
// client ever asks Cornerstone where something is.
import * as cornerstone from '@cornerstonejs/core';
import type { Viewport, Window } from '../wire';
import type { LoadedSet, Slice } from './case_images';
import { bring, bringAll, isPhone, remember, startEngine, valueRange } from './engine';
import { projectImage, projectPlane, type Glass, type Projection } from './geometry';
import { cross, dot, fromPoint, negate, subtract, unit, type Vector } from './vector';

export interface Painted {
    projection: Projection;
    slice: Slice;
    index: number;
    window: Window;
    plane: boolean;
}

let paneNumber = 0;

export class Pane {
    private readonly id: string;
    private readonly element: HTMLDivElement;
    private viewport: cornerstone.PlanarViewport | undefined;
    private mounted = '';
    private generation = 0;
    private renderings: Promise<void> = Promise.resolve();
    private readonly onProgress: (percent: number) => void;

    constructor(element: HTMLDivElement, onProgress: (percent: number) => void) {
        this.onProgress = onProgress;
        paneNumber += 1;
        this.id = `pane-${paneNumber}`;
        this.element = element;
    }

    async open(): Promise<void> {
        const engine = await startEngine();
        engine.enableElement({
            viewportId: this.id,
            type: cornerstone.Enums.ViewportType.PLANAR_NEXT,
            element: this.element,
            defaultOptions: { background: [0, 0, 0] },
        });
        const viewport: unknown = engine.getViewport(this.id);
        this.viewport = viewport as cornerstone.PlanarViewport;
    }

    async close(): Promise<void> {
        this.generation += 1;
        const engine = await startEngine();
        if (this.viewport) {
            engine.disableElement(this.id);
            this.viewport = undefined;
        }
    }

    resize(): void {
        this.viewport?.resize();
    }

    /**
     * Paints the state; resolves with what is on the glass, or undefined when a newer state
     * overtook this one. States are applied one after another, the ones in between are skipped.
     */
    paint(state: Viewport, loaded: LoadedSet, glass: Glass): Promise<Painted | undefined> {
        this.generation += 1;
        const generation = this.generation;
        const job = this.renderings.then(() =>
            generation === this.generation
                ? this.apply(state, loaded, glass, generation)
                : undefined,
        );
        this.renderings = job.then(
            () => undefined,
            () => undefined,
        );
        return job;
    }

    private async apply(
        state: Viewport,
        loaded: LoadedSet,
        glass: Glass,
        generation: number,
    ): Promise<Painted | undefined> {
        const { viewport } = this;
        if (!viewport || loaded.slices.length === 0) {
            return undefined;
        }
        // A phone keeps its memory for slices: a reformatted plane is shown by its nearest slice.
        const plane = state.plane !== undefined && loaded.set.kind === 'volume' && !isPhone();
        const index = sliceIndex(state, loaded);
        const slice = loaded.slices[index];
        if (!slice) {
            return undefined;
        }
        const projection = plane
            ? projectPlane(state, volumeExtent(state, loaded), volumeCenter(loaded), glass)
            : projectImage(state, slice.geometry, glass);
        if (!projection) {
            return undefined;
        }
        remember(loaded.slices);
        await (plane ? bringAll(loaded, this.onProgress) : bring(slice.imageId));
        if (generation !== this.generation) {
            return undefined;
        }
        await this.mount(state, loaded, index, plane);
        if (!plane) {
            await viewport.setImageIdIndex(index);
        }
        this.aim(viewport, state, projection, plane);
        const window = windowOf(state, slice.header, valueRange(slice.imageId));
        viewport.setDisplaySetPresentation(this.mounted, {
            voiRange: {
                lower: window.center - window.width / 2,
                upper: window.center + window.width / 2,
            },
            invert: state.invert !== (slice.header.photometric === 'MONOCHROME1'),
            ...(state.colormap && { colormap: { name: state.colormap } }),
        });
        viewport.render();
        return { projection, slice, index, window, plane };
    }

    private async mount(
        state: Viewport,
        loaded: LoadedSet,
        index: number,
        plane: boolean,
    ): Promise<void> {
        const name = `${loaded.set.displaySet}#${plane ? 'volume' : 'stack'}`;
        if (this.mounted === name || !this.viewport) {
            return;
        }
        const imageIds = loaded.slices.map((slice) => slice.imageId);
        cornerstone.utilities.genericViewportDisplaySetMetadataProvider.add(name, {
            kind: 'planar',
            imageIds,
            initialImageIdIndex: index,
            ...(plane && { volumeId: `consiliumVolume:${loaded.set.displaySet}` }),
        });
        await this.viewport.setDisplaySets({
            displaySetId: name,
            options: plane ? { orientation: orientationOf(state) } : {},
        });
        this.mounted = name;
    }

    /**
     * Points Cornerstone's camera. Its scale counts from the fit of the present image and
     * orientation, so these are set before the fit is read.
     */
    private aim(
        viewport: cornerstone.PlanarViewport,
        state: Viewport,
        projection: Projection,
        plane: boolean,
    ): void {
        if (plane) {
            viewport.setViewState({
                orientation: orientationOf(state),
                slice: { kind: 'volumePoint', sliceWorldPoint: [...projection.center] },
            });
        }
        const camera = viewport.getResolvedView()?.toICamera();
        const scale = Array.isArray(camera?.scale) ? Number(camera.scale[1]) : 1;
        const fit = (camera?.parallelScale ?? 1) * scale;
        viewport.setViewState({
            anchorWorld: [...projection.center],
            anchorCanvas: [0.5, 0.5],
            scale: fit / ((projection.unitsPerPixel * projection.height) / 2),
            scaleMode: 'fit',
            rotation: this.turnFor(viewport, state),
            flipHorizontal: state.flipH,
            flipVertical: state.flipV,
        });
    }

    /**
     * We mirror what is seen after the rotation. Cornerstone's CPU image path mirrors before it (while
     * its own coordinates say after), so with one mirror the angle is turned round for it.
     */
    private turnFor(viewport: cornerstone.PlanarViewport, state: Viewport): number {
        const mirrorsFirst = viewport._debug.renderModes[this.mounted] === 'cpuImage';
        return mirrorsFirst && state.flipH !== state.flipV ? -state.rotation : state.rotation;
    }
}

/** Cornerstone's normal points at the viewer, the wire's away from them. */
function orientationOf(state: Viewport) {
    const { plane } = state;
    if (!plane) {
        throw new Error('a plane was asked for without saying which');
    }
    return {
        viewPlaneNormal: [...negate(unit(fromPoint(plane.normal)))] as [number, number, number],
        viewUp: [...unit(fromPoint(plane.up))] as [number, number, number],
    };
}

export function sliceIndex(state: Viewport, loaded: LoadedSet): number {
    if (state.image) {
        const index = loaded.indexOf(state.image.sopInstanceUid, state.image.frame);
        if (index >= 0) {
            return index;
        }
    }
    const middle = Math.floor(loaded.slices.length / 2);
    if (!state.plane) {
        return middle;
    }
    const point = fromPoint(state.plane.point);
    let best = middle;
    let bestDistance = Number.POSITIVE_INFINITY;
    loaded.slices.forEach((slice, index) => {
        const distance = Math.abs(dot(subtract(point, slice.geometry.origin), slice.geometry.normal));
        if (distance < bestDistance) {
            best = index;
            bestDistance = distance;
        }
    });
    return best;
}

function corners(loaded: LoadedSet): Vector[] {
    const ends = [loaded.slices[0], loaded.slices[loaded.slices.length - 1]];
    return ends.flatMap((slice) => {
        if (!slice) {
            return [];
        }
        const { origin, right, down, columns, rows, columnSpacing, rowSpacing } = slice.geometry;
        const at = (column: number, row: number): Vector => [
            origin[0] + right[0] * column + down[0] * row,
            origin[1] + right[1] * column + down[1] * row,
            origin[2] + right[2] * column + down[2] * row,
        ];
        const across = (columns - 1) * columnSpacing;
        const downwards = (rows - 1) * rowSpacing;
        return [at(0, 0), at(across, 0), at(0, downwards), at(across, downwards)];
    });
}

export function volumeCenter(loaded: LoadedSet): Vector {
    const points = corners(loaded);
    const sum = points.reduce<Vector>((a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]], [0, 0, 0]);
    const count = Math.max(1, points.length);
    return [sum[0] / count, sum[1] / count, sum[2] / count];
}

function volumeExtent(state: Viewport, loaded: LoadedSet): { width: number; height: number } {
    if (!state.plane) {
        return { width: 1, height: 1 };
    }
    const down = negate(unit(fromPoint(state.plane.up)));
    const right = cross(down, unit(fromPoint(state.plane.normal)));
    const span = (axis: Vector) => {
        const values = corners(loaded).map((corner) => dot(corner, axis));
        return Math.max(...values) - Math.min(...values);
    };
    return { width: Math.max(1, span(right)), height: Math.max(1, span(down)) };
}

/** The state's window, else the image's own, else from its lowest to its highest value. */
export function windowOf(
    state: Viewport,
    header: Slice['header'],
    values: { low: number; high: number } | undefined,
): Window {
    if (state.window) {
        return state.window;
    }
    const [center] = header.windowCenters;
    const [width] = header.windowWidths;
    const unitOf = header.modality === 'CT' ? 'hounsfield' : 'stored';
    if (header.samples > 1) {
        return { center: 128, width: 256, function: 'linear', unit: 'stored' };
    }
    if (center !== undefined && width !== undefined && width > 0) {
        return { center, width, function: 'linear', unit: unitOf };
    }
    if (values && values.high > values.low) {
        const { low, high } = values;
        return { center: (low + high) / 2, width: high - low, function: 'linear', unit: unitOf };
    }
    const range = 2 ** header.bitsStored * header.slope;
    const low = header.intercept - (header.signed ? range / 2 : 0);
    return { center: low + range / 2, width: range, function: 'linear', unit: unitOf };
}
