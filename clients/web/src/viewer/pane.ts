// One pane of glass: the adapter between a shared viewport state and one PLANAR_NEXT viewport of
// Cornerstone. Cornerstone gets exactly the projection that geometry.ts computed; nothing else in the
// client ever asks Cornerstone where something is.
import * as cornerstone from '@cornerstonejs/core';
import type { Slab, Viewport, Window } from '../wire';
import type { LoadedSet, Slice } from './case_images';
import {
    isDrawnByCpu,
    isPhone,
    loader,
    noteVolume,
    remember,
    startEngine,
    valueRange,
    whenAllHere,
    whenHere,
} from './engine';
import { emptyViewport } from './follow';
import { projectImage, projectPlane, type Glass, type Projection } from './geometry';
import { meter } from './loading/fetch_image';
import { atOneGlance } from './loading/link';
import { previewIdOf, type Preview } from './loading/previews';
import { presented, type Presented } from './presentation';
import type { PresentationState } from './presentation_reader';
import { fitsWhole, imageIdsOf, previewNow, previewSoon } from './loading/stage_loading';
import { imagesOf, SlabCanvas, slabOf, type SlabJob } from './slab_canvas';
import { cross, dot, fromPoint, negate, subtract, unit, type Vector } from './vector';

export interface Painted {
    projection: Projection;
    slice: Slice;
    index: number;
    window: Window;
    plane: boolean;
    /** What it joins; absent for a single plane. */
    slab?: Slab | undefined;
    /** By what another's state says; absent where none is chosen, or it says nothing of this image. */
    presented?: Presented | undefined;
    /** Painted from the preview, with so many halvings of each side; 0 is lossless. */
    preview: number;
}

/** A lossless image that is here sooner than this is waited for: nobody sees a preview that short. */
const GLANCE_MS = 60;

let paneNumber = 0;

/** Panes nobody shows, empty and ready: what making one costs is not paid while a case opens. */
const shelf: Pane[] = [];
/** As many as a prior beside its two neighbours or three planes beside the image need. */
const SHELF_MAX = 4;

export class Pane {
    private readonly id: string;
    private readonly element = document.createElement('div');
    private readonly slab = new SlabCanvas(this.element);
    private engine: cornerstone.RenderingEngine | undefined;
    private viewport: cornerstone.PlanarViewport | undefined;
    private mounted = '';
    private size = '';
    private generation = 0;
    private busy = 0;
    private renderings: Promise<void> = Promise.resolve();
    private onProgress: (percent: number) => void = () => undefined;
    /** Of the state that was asked for last: what is waited for is what it needs. */
    private wish = new AbortController();

    private constructor() {
        paneNumber += 1;
        this.id = `pane-${paneNumber}`;
        this.element.className = 'picture';
    }

    /** A pane in `host`: one from the shelf, else a new one. */
    static async open(host: HTMLElement, onProgress: (percent: number) => void): Promise<Pane> {
        const pane = shelf.pop() ?? new Pane();
        pane.onProgress = onProgress;
        host.append(pane.element);
        if (!pane.viewport) {
            await pane.enable();
        }
        return pane;
    }

    /**
     * Fills the shelf, each pane having painted this image once out of sight: Cornerstone's pipeline, its
     * canvases and the code that draws are there before the case opens. Nothing of the image stays.
     */
    static async prepare(loaded: LoadedSet, count: number): Promise<void> {
        const middle = loaded.slices[Math.floor(loaded.slices.length / 2)];
        const host = document.createElement('div');
        host.className = 'pane-workshop';
        document.body.append(host);
        try {
            while (middle && shelf.length < Math.min(count, SHELF_MAX)) {
                const pane = new Pane();
                host.append(pane.element);
                await pane.enable();
                const { sopInstanceUid, frame } = middle;
                const image = { sopInstanceUid, frame };
                const glass = { width: host.clientWidth, height: host.clientHeight };
                try {
                    await pane.paint({ ...emptyViewport, image }, loaded, glass);
                } finally {
                    pane.close();
                }
            }
        } finally {
            host.remove();
        }
    }

    private async enable(): Promise<void> {
        const engine = await startEngine();
        this.engine = engine;
        engine.enableElement({
            viewportId: this.id,
            type: cornerstone.Enums.ViewportType.PLANAR_NEXT,
            element: this.element,
            defaultOptions: { background: [0, 0, 0] },
        });
        const viewport: unknown = engine.getViewport(this.id);
        this.viewport = viewport as cornerstone.PlanarViewport;
    }

    /** Empties the glass at once. Who is still waiting for an image is not used again. */
    close(): void {
        this.generation += 1;
        this.wish.abort();
        this.element.remove();
        this.slab.hide();
        const { viewport } = this;
        if (!viewport) {
            return;
        }
        if (this.busy > 0 || shelf.length >= SHELF_MAX) {
            this.viewport = undefined;
            this.engine?.disableElement(this.id);
            return;
        }
        void viewport.setDisplaySets();
        for (const canvas of this.element.querySelectorAll('canvas')) {
            // Not every one of Cornerstone's ways to draw wipes what it drew.
            const context = canvas.getContext('2d');
            context?.setTransform(1, 0, 0, 1, 0, 0);
            context?.clearRect(0, 0, canvas.width, canvas.height);
        }
        this.mounted = '';
        this.size = '';
        shelf.push(this);
    }

    /** Reading an element's size makes the browser lay the page out: done when the glass has another one. */
    private fit(viewport: cornerstone.PlanarViewport, glass: Glass): void {
        const size = `${glass.width}x${glass.height}@${window.devicePixelRatio}`;
        if (size !== this.size) {
            this.size = size;
            viewport.resize();
            if (this.engine && !isDrawnByCpu()) {
                this.engine.resize(false); // its own canvas, and the one it shares with the others
            }
        }
    }

    /**
     * Paints the state; resolves with what is on the glass, or undefined when a newer state
     * overtook this one. States are applied one after another, the ones in between are skipped.
     */
    paint(
        state: Viewport,
        loaded: LoadedSet,
        glass: Glass,
        presentation?: PresentationState,
    ): Promise<Painted | undefined> {
        this.generation += 1;
        const generation = this.generation;
        this.wish.abort();
        this.wish = new AbortController();
        this.busy += 1;
        const job = this.renderings
            .then(() =>
                generation === this.generation
                    ? this.apply(state, loaded, glass, generation, presentation)
                    : undefined,
            )
            .finally(() => {
                this.busy -= 1;
            });
        this.renderings = job.then(
            () => undefined,
            () => undefined,
        );
        return job;
    }

    private async apply(
        asked: Viewport,
        loaded: LoadedSet,
        glass: Glass,
        generation: number,
        presentation: PresentationState | undefined,
    ): Promise<Painted | undefined> {
        const { viewport } = this;
        if (!viewport || loaded.slices.length === 0) {
            return undefined;
        }
        // A phone keeps its memory for slices: a reformatted plane is shown by its nearest slice.
        const plane = asked.plane !== undefined && loaded.set.kind === 'volume' && !isPhone();
        const index = sliceIndex(asked, loaded);
        const slice = loaded.slices[index];
        if (!slice) {
            return undefined;
        }
        const laid = presentation && presented(presentation, asked, slice);
        const state = laid?.viewport ?? asked;
        const projection = plane
            ? projectPlane(state, volumeExtent(state, loaded), volumeCenter(loaded), glass)
            : projectImage(state, slice.geometry, glass);
        if (!projection) {
            return undefined;
        }
        remember(loaded.slices);
        const preview = await this.source(loaded, index, plane, this.wish.signal);
        if (generation !== this.generation) {
            return undefined;
        }
        const painted = preview ? previewIdOf(slice.imageId) : slice.imageId;
        const window = windowOf(state, slice.header, valueRange(painted));
        const invert = state.invert !== (slice.header.photometric === 'MONOCHROME1');
        this.fit(viewport, glass);
        const release = holdDrawing(viewport);
        try {
            await this.mount(state, loaded, index, plane, preview);
            if (!plane) {
                await viewport.setImageIdIndex(index);
            }
            if (generation !== this.generation) {
                return undefined;
            }
            this.aim(viewport, state, projection, plane);
            viewport.setDisplaySetPresentation(this.mounted, {
                voiRange: {
                    lower: window.center - window.width / 2,
                    // Cornerstone counts the last value in: without this a colour would come out one darker.
                    upper: window.center + window.width / 2 - (slice.header.samples > 1 ? 1 : 0),
                },
                invert,
                ...(state.colormap && { colormap: { name: state.colormap } }),
            });
        } finally {
            release();
        }
        viewport.render();
        const slab = preview ? undefined : slabOf(state, loaded);
        if (!slab) {
            this.slab.hide();
        } else if (!(await this.joined(slab, { loaded, projection, window, invert }, generation))) {
            return undefined;
        }
        return { projection, slice, index, window, plane, slab, presented: laid, preview: preview?.level ?? 0 };
    }

    /** Draws a slab over the plane, once all its images are here. */
    private async joined(
        slab: Slab,
        job: Pick<SlabJob, 'loaded' | 'projection' | 'window' | 'invert'>,
        generation: number,
    ): Promise<boolean> {
        const imageIds = imagesOf(job.loaded, job.projection, slab);
        const overtaken = () => generation !== this.generation;
        return (
            (await whenHere(imageIds, this.wish.signal)) &&
            !overtaken() &&
            this.slab.paint({ ...job, slab })
        );
    }

    /**
     * Waits until there is something true to paint: what is lossless, else the preview. Undefined for lossless. Rejects
     * when neither can be had, and when the wish is taken back.
     */
    private async source(
        loaded: LoadedSet,
        index: number,
        plane: boolean,
        wish: AbortSignal,
    ): Promise<Preview | undefined> {
        const slice = loaded.slices[index];
        const imageIds = plane ? imageIdsOf(loaded) : [slice?.imageId ?? ''];
        if (imageIds.every((imageId) => loader.here.has(imageId))) {
            return undefined;
        }
        const usable = (preview: Preview | undefined) =>
            (plane ? preview?.whole : preview?.slices[index]) ? preview : undefined;
        const lossless = plane
            ? fitsWhole(loaded)
                ? whenAllHere(imageIds, this.onProgress, wish)
                : new Promise<void>(() => undefined)
            : loader.wait(imageIds[0] ?? '', wish);
        lossless.catch(() => undefined); // the preview may be there, which then says that it is one
        const ready = usable(previewNow(loaded));
        if (ready && (plane || !atOneGlance(meter.link, slice?.bytes ?? 0, GLANCE_MS))) {
            return ready;
        }
        const soon = ready
            ? new Promise<Preview>((resolve) => window.setTimeout(() => resolve(ready), GLANCE_MS))
            : previewSoon(loaded).then((preview) => usable(preview) ?? lossless.then(() => undefined));
        return Promise.race([lossless.then(() => undefined), soon]);
    }

    private async mount(
        state: Viewport,
        loaded: LoadedSet,
        index: number,
        plane: boolean,
        preview: Preview | undefined,
    ): Promise<void> {
        const of = `${preview ? 'preview' : 'lossless'}-${plane ? 'volume' : 'stack'}`;
        const name = `${loaded.set.displaySet}#${of}`;
        if (this.mounted === name || !this.viewport) {
            return;
        }
        const lossless = imageIdsOf(loaded);
        const imageIds = preview ? lossless.map(previewIdOf) : lossless;
        const volumeId = `consiliumVolume:${of}:${loaded.set.displaySet}`;
        if (plane) {
            noteVolume(volumeId, imageIds);
        }
        cornerstone.utilities.genericViewportDisplaySetMetadataProvider.add(name, {
            kind: 'planar',
            imageIds,
            initialImageIdIndex: index,
            ...(plane && { volumeId }),
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

/** Cornerstone draws after every word it is told, and an image takes six: until the answer is called, it waits. */
function holdDrawing(viewport: cornerstone.PlanarViewport): () => void {
    viewport.render = () => undefined;
    return () => {
        delete (viewport as Partial<cornerstone.PlanarViewport>).render; // the class's own again
    };
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
    const unitOf = header.values;
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
    const middle = header.intercept + (header.signed ? 0 : range / 2);
    return { center: middle, width: Math.abs(range), function: 'linear', unit: unitOf };
}
