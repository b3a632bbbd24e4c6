// The worker that joins slices to slabs. It holds a copy of the slices that were asked of it, until it is told to let
// them go; one job after the other, as each pane has one at most.
import type { Slab, Window } from '../wire';
import type { Projection } from './geometry';
import { fillSlab, toGrey, type Box } from './slab';
import type { Values } from './statistics';

export interface SlabPlan {
    box: Box;
    /** By their place in the box; empty where none is needed. */
    imageIds: string[];
    projection: Projection;
    slab: Slab;
    voxel: number;
    window: Window;
    invert: boolean;
}

export type SlabAsk =
    | { what: 'hold'; imageId: string; values: Values }
    | { what: 'let go'; imageIds: string[] }
    | { what: 'join'; job: number; plan: SlabPlan };

export type SlabDone = { job: number; pixels: Uint8ClampedArray<ArrayBuffer> } | { job: number; failed: string };

const held = new Map<string, Values>();

function join({ box, imageIds, projection, slab, voxel, window, invert }: SlabPlan): Uint8ClampedArray<ArrayBuffer> {
    const size = Math.floor(projection.width) * Math.floor(projection.height);
    const values = new Float32Array(size);
    fillSlab(box, imageIds.map((imageId) => held.get(imageId)), projection, slab, voxel, values);
    const pixels = new Uint8ClampedArray(4 * size);
    toGrey(values, window, invert, pixels);
    return pixels;
}

function answer(job: number, plan: SlabPlan): void {
    try {
        const pixels = join(plan);
        self.postMessage({ job, pixels } satisfies SlabDone, { transfer: [pixels.buffer] });
    } catch (error) {
        self.postMessage({ job, failed: error instanceof Error ? error.message : String(error) } satisfies SlabDone);
    }
}

self.addEventListener('message', ({ data }: MessageEvent<SlabAsk>) => {
    switch (data.what) {
        case 'hold':
            held.set(data.imageId, data.values);
            break;
        case 'let go':
            data.imageIds.forEach((imageId) => held.delete(imageId));
            break;
        case 'join':
            answer(data.job, data.plan);
            break;
    }
});
