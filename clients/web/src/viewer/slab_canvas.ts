// The canvas over a picture on which a slab is drawn. A few rows at a time, so that hands and other panes go
// on meanwhile, and shown all at once; a newer state stops it.
import type { Slab, Viewport, Window } from '../wire';
import { planeStep } from './arrange';
import type { LoadedSet } from './case_images';
import { storedValues } from './engine';
import type { Projection } from './geometry';
import { fillSlab, slicesWithin, toGrey, type Box } from './slab';
import { dot, subtract } from './vector';

/** The screen is not kept waiting longer than half of one of its frames. */
const TURN_MS = 8;

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
    overtaken: () => boolean;
}

export class SlabCanvas {
    private readonly canvas = document.createElement('canvas');

    constructor(parent: HTMLElement) {
        this.canvas.className = 'slab-picture';
        this.canvas.hidden = true;
        parent.append(this.canvas);
    }

    hide(): void {
        if (!this.canvas.hidden) {
            this.canvas.hidden = true;
            this.canvas.width = 0; // nothing of a patient stays
        }
    }

    /** False when a newer state overtook it. */
    async paint({ slab, loaded, projection, window, invert, overtaken }: SlabJob): Promise<boolean> {
        const box = boxOf(loaded);
        const width = Math.floor(projection.width);
        const height = Math.floor(projection.height);
        if (!box) {
            return false;
        }
        const values = loaded.slices.map(storedValues);
        const into = new Float32Array(width * height);
        const voxel = planeStep(loaded, projection.normal);
        let since = performance.now();
        for (const _row of fillSlab(box, values, projection, slab, voxel, into)) {
            if (performance.now() - since > TURN_MS) {
                await new Promise((resume) => globalThis.setTimeout(resume));
                if (overtaken()) {
                    return false;
                }
                since = performance.now();
            }
        }
        const pixels = new ImageData(width, height);
        toGrey(into, window, invert, pixels.data);
        this.canvas.width = width;
        this.canvas.height = height;
        this.canvas.getContext('2d')?.putImageData(pixels, 0, 0);
        this.canvas.hidden = false;
        return true;
    }
}
