// The worker for slabs as the page sees it: which slices it holds, within a bound, and its answers. A slice goes there
// once, as a copy that is handed over; the page's own stays with Cornerstone.
import type { SlabAsk, SlabDone, SlabPlan } from './slab_worker';
import type { Values } from './statistics';

/** What the worker may hold besides the slices of the slab that is asked for: of few, or of many. */
const HELD_BYTES_PHONE = 24 * 1024 * 1024;
const HELD_BYTES_DESK = 128 * 1024 * 1024;
const PHONE_WIDTH = 600;
/** Copied in one turn: a few milliseconds. */
const TURN_BYTES = 4 * 1024 * 1024;

/** Which slices the worker has, the longest unused first. */
export class HeldSlices {
    private readonly bytes = new Map<string, number>();
    private total = 0;

    constructor(private readonly bound: number) {}

    has(imageId: string): boolean {
        return this.bytes.has(imageId);
    }

    hold(imageId: string, bytes: number): void {
        this.bytes.set(imageId, bytes);
        this.total += bytes;
    }

    /** Notes that these are used now; tells which others are over the bound, and holds those no more. */
    use(imageIds: readonly string[]): string[] {
        for (const imageId of imageIds) {
            const bytes = this.bytes.get(imageId);
            if (bytes !== undefined) {
                this.bytes.delete(imageId);
                this.bytes.set(imageId, bytes);
            }
        }
        const used = new Set(imageIds);
        const letGo: string[] = [];
        for (const [imageId, bytes] of this.bytes) {
            if (this.total <= this.bound || used.has(imageId)) {
                break; // those in use are the last
            }
            this.bytes.delete(imageId);
            this.total -= bytes;
            letGo.push(imageId);
        }
        return letGo;
    }
}

const heldBound = (): number =>
    Math.min(window.screen.width, window.innerWidth) < PHONE_WIDTH ? HELD_BYTES_PHONE : HELD_BYTES_DESK;

/** A copy of its own that can be handed over; a view of more is cut down to what it shows. */
function copyOf(values: Values): { values: Values; buffer: ArrayBuffer } {
    const { data } = values;
    if (!ArrayBuffer.isView(data)) {
        const own = Float32Array.from(data);
        return { values: { ...values, data: own }, buffer: own.buffer };
    }
    const own = new Uint8Array(data.byteLength);
    own.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const Kind = data.constructor as new (buffer: ArrayBuffer) => ArrayLike<number>;
    return { values: { ...values, data: new Kind(own.buffer) }, buffer: own.buffer };
}

const nextTurn = (): Promise<void> =>
    new Promise((resolve) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => {
            channel.port1.close();
            resolve();
        };
        channel.port2.postMessage(undefined);
    });

class SlabWork {
    private worker: Worker | undefined;
    /** Of the present worker. */
    private held = new HeldSlices(0);
    private next = 1;
    private readonly jobs = new Map<number, (done: SlabDone) => void>();
    /** Of slices and jobs, so that no job comes before its slices. */
    private queue: Promise<unknown> = Promise.resolve();

    /** The pixels of the slab; undefined when the images were forgotten meanwhile. Rejects when it cannot be joined. */
    join(plan: SlabPlan, valuesOf: (imageId: string) => Values | undefined): Promise<ImageData | undefined> {
        const asked = this.queue.then(() => this.ask(plan, valuesOf));
        this.queue = asked.then(
            () => undefined,
            () => undefined,
        );
        return asked.then((answered) => answered.done).then((done) => this.pixelsOf(plan, done));
    }

    /** Nothing of a patient stays there: the worker ends with what it holds. */
    forget(): void {
        this.worker?.terminate();
        this.worker = undefined;
        this.endJobs('forgotten');
    }

    private async ask(plan: SlabPlan, valuesOf: (imageId: string) => Values | undefined) {
        const wanted = plan.imageIds.filter(Boolean);
        const worker = (this.worker ??= this.start());
        const { held } = this;
        // All of them at once, before the store may let one of them go.
        const missing = wanted.filter((imageId) => !held.has(imageId)).map((id) => [id, valuesOf(id)] as const);
        let turn = 0;
        for (const [imageId, values] of missing) {
            if (!values) {
                throw new Error('an image of the slab is not here');
            }
            if (turn > TURN_BYTES) {
                await nextTurn();
                turn = 0;
            }
            if (worker !== this.worker) {
                return { done: Promise.resolve(undefined) };
            }
            const copy = copyOf(values);
            turn += copy.buffer.byteLength;
            held.hold(imageId, copy.buffer.byteLength);
            this.tell(worker, { what: 'hold', imageId, values: copy.values }, [copy.buffer]);
        }
        this.tell(worker, { what: 'let go', imageIds: held.use(wanted) });
        const job = this.next;
        this.next += 1;
        const done = new Promise<SlabDone>((resolve) => this.jobs.set(job, resolve));
        this.tell(worker, { what: 'join', job, plan });
        return { done };
    }

    private pixelsOf({ projection }: SlabPlan, done: SlabDone | undefined): ImageData | undefined {
        if (!done || ('failed' in done && done.failed === 'forgotten')) {
            return undefined;
        }
        if ('failed' in done) {
            throw new Error(done.failed);
        }
        return new ImageData(done.pixels, Math.floor(projection.width), Math.floor(projection.height));
    }

    private tell(worker: Worker, ask: SlabAsk, transfer: Transferable[] = []): void {
        worker.postMessage(ask, transfer);
    }

    private endJobs(failed: string): void {
        for (const [job, done] of this.jobs) {
            done({ job, failed });
        }
        this.jobs.clear();
    }

    private start(): Worker {
        this.held = new HeldSlices(heldBound());
        const worker = new Worker(new URL('./slab_worker.ts', import.meta.url), { type: 'module' });
        worker.addEventListener('message', ({ data }: MessageEvent<SlabDone>) => {
            const done = this.jobs.get(data.job);
            this.jobs.delete(data.job);
            done?.(data);
        });
        worker.addEventListener('error', () => {
            if (this.worker === worker) {
                worker.terminate();
                this.worker = undefined;
                this.endJobs('the worker ended');
            }
        });
        return worker;
    }
}

const work = new SlabWork();

export const joinSlab = (
    plan: SlabPlan,
    valuesOf: (imageId: string) => Values | undefined,
): Promise<ImageData | undefined> => work.join(plan, valuesOf);
export const forgetSlabs = (): void => work.forget();
