// The canvas over a picture on which a slab is drawn. A worker joins it, so that hands and other panes go on
// meanwhile; it is shown all at once.
import type { Slab, Viewport, Window } from '../wire';
import { planeStep } from './arrange';
import type { LoadedSet } from './case_images';
import { storedValues } from './engine';
import type { Projection } from './geometry';
import { slicesWithin, type Box } from './slab';
import { joinSlab } from './slab_work';
import { dot, subtract } from './vector';

/** What a viewport joins, where that can be: a volume of grey values. */
export function slabOf({ slab }: Viewport, loaded: LoadedSet): Slab | undefined {
    const grey = loaded.slices[0]?.header.samples === 1;
    const joins = slab && slab.mode !== 'none' && slab.thickness > 0;
    return joins && grey && loaded.set.kind === 'volume' && loaded.slices.length > 1 ? slab : undefined;
}

export function boxOf(loaded: LoadedSet): Box | undefined {
    const [first, second] = loaded.slices;
    if (!first || !second) {
        return undefined;
    }
    const { geometry } = first;
    const step = dot(subtract(second.geometry.origin, geometry.origin), geometry.normal);
    return { geometry, step, count: loaded.slices.length };
}

/** The images a slab needs, in their order. */
export function imagesOf(loaded: LoadedSet, projection: Projection, slab: Slab): string[] {
    const box = boxOf(loaded);
    const [first, last] = box ? slicesWithin(box, projection, slab) : [0, -1];
    return loaded.slices.slice(first, last + 1).map(({ imageId }) => imageId);
}

export interface SlabJob {
    slab: Slab;
    loaded: LoadedSet;
    projection: Projection;
    window: Window;
    invert: boolean;
}

export class SlabCanvas {
    private readonly canvas = document.createElement('canvas');
    /** Counts what was hidden: what was asked before then is not shown any more. */
    private hidden = 0;

    constructor(parent: HTMLElement) {
        this.canvas.className = 'slab-picture';
        this.canvas.hidden = true;
        parent.append(this.canvas);
    }

    hide(): void {
        this.hidden += 1;
        if (!this.canvas.hidden) {
            this.canvas.hidden = true;
            this.canvas.width = 0; // nothing of a patient stays
        }
    }

    /**
     * False when it was hidden meanwhile. A newer state waits until this one is shown, or a hand that goes on
     * scrolling would see nothing until it rests.
     */
    async paint({ slab, loaded, projection, window, invert }: SlabJob): Promise<boolean> {
        const box = boxOf(loaded);
        if (!box || projection.width < 1 || projection.height < 1) {
            return false;
        }
        const [first, last] = slicesWithin(box, projection, slab);
        const slices = new Map(loaded.slices.slice(first, last + 1).map((slice) => [slice.imageId, slice]));
        const plan = {
            box,
            imageIds: loaded.slices.map(({ imageId }) => (slices.has(imageId) ? imageId : '')),
            projection,
            slab,
            voxel: planeStep(loaded, projection.normal),
            window,
            invert,
        };
        const { hidden } = this;
        const pixels = await joinSlab(plan, (imageId) => {
            const slice = slices.get(imageId);
            return slice && storedValues(slice);
        });
        if (!pixels || hidden !== this.hidden) {
            return false;
        }
        this.canvas.width = pixels.width;
        this.canvas.height = pixels.height;
        this.canvas.getContext('2d')?.putImageData(pixels, 0, 0);
        this.canvas.hidden = false;
        return true;
    }
}
