// Which image is fetched next, and which one is given up for it. Images come in this order: what somebody waits for in
// front of a glass, the surroundings of what is on each glass, the rest of those display sets, the next case. The
// store is bounded: an image is only fetched if what it would push out is further from being seen.
// It knows no renderer and no network: `Images` does the work, the clock is given.
import { away, lookOn, nearestFirst, type Look } from './order';

export interface Images {
    /** Fetches and decodes into the store. */
    bring(imageId: string, signal: AbortSignal): Promise<void>;
    /** Gives an image of the store up. */
    drop(imageId: string): void;
    /** Bytes in the store, whatever they are for. */
    held(): number;
    bound(): number;
    /** Bytes an image takes in the store. */
    size(imageId: string): number;
    atOnce(imageId: string): number;
    /** Whether a running one that nobody looks at any more is worth cutting off. */
    worthCutting(imageId: string): boolean;
    /** An answer that no further question changes: the reader is not told. */
    isFinal(error: unknown): boolean;
}

export interface Clock {
    now(): number;
    after(milliseconds: number, what: () => void): void;
}

/** Asked again so often, each time after twice the wait: one answer that goes astray keeps nothing from being ready. */
const ATTEMPTS = 5;
const ATTEMPT_MS = 400;

/** Ranks: somebody waits for it; it is near a glass; it is for later; nobody asked. */
const AWAITED = -1;
const LATER = 1e6;
const NOBODY = Number.POSITIVE_INFINITY;

interface Watched {
    imageIds: readonly string[];
    places: Map<string, number>;
    look: Look;
    order: number[];
    next: number;
}

interface Later {
    imageIds: readonly string[];
    places: Map<string, number>;
    next: number;
}

interface Waiting {
    resolve: () => void;
    reject: (error: unknown) => void;
}

interface Trouble {
    attempts: number;
    again: number;
    /** Given up, with the last reason. */
    lost?: unknown;
}

const placesOf = (imageIds: readonly string[]): Map<string, number> =>
    new Map(imageIds.map((imageId, index) => [imageId, index]));

export class Loader {
    readonly here = new Set<string>();
    private readonly awaited = new Map<string, Set<Waiting>>();
    private readonly watched = new Map<string, Watched>();
    private readonly later = new Map<string, Later>();
    private readonly running = new Map<string, AbortController>();
    private readonly troubles = new Map<string, Trouble>();
    private readonly changed = new Set<() => void>();
    private holds = 0;
    /** More would be fetched if there were room. */
    full = false;

    constructor(
        private readonly images: Images,
        private readonly clock: Clock,
    ) {}

    /** Runs after whatever changes what is here, running or lost. */
    onChange(watcher: () => void): () => void {
        this.changed.add(watcher);
        return () => this.changed.delete(watcher);
    }

    /** What a glass shows now; its surroundings are fetched. */
    look(glass: string, imageIds: readonly string[], index: number, round: boolean): void {
        const before = this.watched.get(glass);
        const same = before?.imageIds === imageIds;
        const look = lookOn(same ? before.look : undefined, index, imageIds.length, round);
        this.watched.set(glass, {
            imageIds,
            places: same ? before.places : placesOf(imageIds),
            look,
            order: nearestFirst(look),
            next: 0,
        });
        this.cutOff();
        this.go();
    }

    lookAway(glass: string): void {
        if (this.watched.delete(glass)) {
            this.cutOff();
        }
    }

    /** After everything that is looked at. */
    setLater(name: string, imageIds: readonly string[]): void {
        this.later.set(name, { imageIds, places: placesOf(imageIds), next: 0 });
        this.go();
    }

    dropLater(name: string): void {
        if (this.later.delete(name)) {
            this.cutOff();
        }
    }

    /** Something of more worth comes first: nothing is fetched ahead until then. */
    hold(until: Promise<unknown>): void {
        this.holds += 1;
        const over = () => {
            this.holds -= 1;
            this.go();
        };
        until.then(over, over);
    }

    /** Before everything else; resolves when it can be painted. The signal takes the wish back. */
    wait(imageId: string, signal?: AbortSignal): Promise<void> {
        if (this.here.has(imageId)) {
            return Promise.resolve();
        }
        return new Promise((resolve, reject) => {
            const waiting: Waiting = { resolve, reject };
            const all = this.awaited.get(imageId) ?? new Set();
            all.add(waiting);
            this.awaited.set(imageId, all);
            signal?.addEventListener('abort', () => {
                if (all.delete(waiting)) {
                    this.dropAwaited(imageId);
                    reject(new Error('nobody waits for it any more'));
                }
            });
            const trouble = this.troubles.get(imageId);
            if (trouble?.lost !== undefined) {
                this.troubles.delete(imageId); // whoever asks again may have better luck
            }
            this.go();
        });
    }

    private dropAwaited(imageId: string): void {
        if (this.awaited.get(imageId)?.size === 0) {
            this.awaited.delete(imageId);
            this.cutOff();
        }
    }

    /** Everything that was lost, or does not move, is asked for anew. */
    again(): void {
        this.troubles.clear();
        for (const stop of this.running.values()) {
            stop.abort();
        }
        this.running.clear();
        this.rewind();
        this.go();
    }

    /** Forgets images: their case is not on the stage any more. */
    forget(gone: (imageId: string) => boolean): void {
        for (const [imageId, stop] of [...this.running]) {
            if (gone(imageId)) {
                this.running.delete(imageId);
                stop.abort();
            }
        }
        for (const imageId of [...this.here].filter(gone)) {
            this.here.delete(imageId);
            this.images.drop(imageId);
        }
        for (const [imageId, all] of [...this.awaited]) {
            if (gone(imageId)) {
                this.awaited.delete(imageId);
                all.forEach(({ reject }) => reject(new Error('the image was forgotten')));
            }
        }
        const without = (all: Map<string, { imageIds: readonly string[] }>) => {
            for (const [name, { imageIds }] of [...all]) {
                if (imageIds.some(gone)) {
                    all.delete(name);
                }
            }
        };
        without(this.watched);
        without(this.later);
        for (const imageId of [...this.troubles.keys()].filter(gone)) {
            this.troubles.delete(imageId);
        }
        this.tell();
    }

    isLost(imageId: string): boolean {
        return this.troubles.get(imageId)?.lost !== undefined;
    }

    reasonOf(imageId: string): unknown {
        return this.troubles.get(imageId)?.lost;
    }

    /** Whether anything is asked for and not here. */
    get busy(): boolean {
        return this.holds > 0 || this.running.size > 0 || this.awaited.size > 0 || this.pending();
    }

    /** Resolves when everything that is looked at is here, or as much of it as there is room for. */
    quiet(): Promise<void> {
        return new Promise((resolve) => {
            let unwatch: () => void = () => undefined;
            const look = () => {
                if (!this.busy) {
                    unwatch();
                    resolve();
                }
            };
            unwatch = this.onChange(look);
            look();
        });
    }

    private pending(): boolean {
        return [...this.troubles.values()].some(({ lost }) => lost === undefined);
    }

    private rankOf(imageId: string): number {
        if (this.awaited.has(imageId)) {
            return AWAITED;
        }
        let rank = NOBODY;
        for (const { places, look } of this.watched.values()) {
            const place = places.get(imageId);
            if (place !== undefined) {
                rank = Math.min(rank, away(look, place));
            }
        }
        for (const { places } of this.later.values()) {
            rank = Math.min(rank, LATER + (places.get(imageId) ?? NOBODY));
        }
        return rank;
    }

    private isWanted(imageId: string): boolean {
        if (this.here.has(imageId) || this.running.has(imageId)) {
            return false;
        }
        const trouble = this.troubles.get(imageId);
        return !trouble || (trouble.lost === undefined && trouble.again <= this.clock.now());
    }

    /** The most wanted image that is neither here nor coming. */
    private pick(): { imageId: string; rank: number } | undefined {
        for (const imageId of [...this.awaited.keys()].reverse()) {
            if (this.isWanted(imageId)) {
                return { imageId, rank: AWAITED };
            }
        }
        let best: { imageId: string; rank: number } | undefined;
        for (const one of this.watched.values()) {
            const imageId = this.nextOf(one);
            const rank = imageId === undefined ? NOBODY : away(one.look, one.order[one.next] ?? 0);
            if (imageId !== undefined && rank < (best?.rank ?? NOBODY)) {
                best = { imageId, rank };
            }
        }
        if (this.holds > 0) {
            return best?.rank === 0 ? best : undefined;
        }
        for (const one of best ? [] : this.later.values()) {
            while (one.next < one.imageIds.length) {
                const imageId = one.imageIds[one.next] ?? '';
                if (this.isWanted(imageId)) {
                    return { imageId, rank: LATER + one.next };
                }
                one.next += 1;
            }
        }
        return best;
    }

    private nextOf(one: Watched): string | undefined {
        while (one.next < one.order.length) {
            const imageId = one.imageIds[one.order[one.next] ?? 0] ?? '';
            if (this.isWanted(imageId)) {
                return imageId;
            }
            one.next += 1;
        }
        return undefined;
    }

    /** What is gone or may be tried again is found again. */
    private rewind(): void {
        for (const one of [...this.watched.values(), ...this.later.values()]) {
            one.next = 0;
        }
    }

    private go(): void {
        this.full = false;
        for (;;) {
            const chosen = this.pick();
            if (!chosen) {
                break;
            }
            const { imageId, rank } = chosen;
            const limit = this.images.atOnce(imageId) + (rank === AWAITED ? 1 : 0);
            if (this.running.size >= limit) {
                break;
            }
            this.full = !this.makeRoom(imageId, rank);
            if (this.full) {
                break;
            }
            this.run(imageId);
        }
        this.tell();
    }

    /** Gives up what is further from being seen, furthest first, until this image has a place. */
    private makeRoom(imageId: string, rank: number): boolean {
        const coming = [...this.running.keys()].reduce((sum, one) => sum + this.images.size(one), 0);
        let over = this.images.held() + coming + this.images.size(imageId) - this.images.bound();
        if (over <= 0) {
            return true;
        }
        const ranked = [...this.here].map((one) => ({ one, rank: this.rankOf(one) }));
        ranked.sort((a, b) => b.rank - a.rank);
        for (const { one, rank: theirs } of ranked) {
            if (over <= 0 || theirs <= rank || theirs === 0) {
                break;
            }
            over -= this.images.size(one);
            this.here.delete(one);
            this.images.drop(one);
        }
        if (over <= 0) {
            this.rewind();
        }
        // What somebody waits for is shown, even if three glasses together are more than the bound.
        return over <= 0 || (rank === AWAITED && this.running.size === 0);
    }

    private run(imageId: string): void {
        const stop = new AbortController();
        this.running.set(imageId, stop);
        this.images.bring(imageId, stop.signal).then(
            () => this.arrived(imageId, stop),
            (error: unknown) => this.failed(imageId, stop, error),
        );
    }

    private arrived(imageId: string, stop: AbortController): void {
        if (this.running.get(imageId) !== stop) {
            return; // cut off or forgotten when it was nearly here: it is not in the store
        }
        this.running.delete(imageId);
        this.troubles.delete(imageId);
        this.here.add(imageId);
        const all = this.awaited.get(imageId);
        this.awaited.delete(imageId);
        all?.forEach(({ resolve }) => resolve());
        this.go();
    }

    private failed(imageId: string, stop: AbortController, error: unknown): void {
        if (this.running.get(imageId) !== stop) {
            return;
        }
        this.running.delete(imageId);
        const attempts = (this.troubles.get(imageId)?.attempts ?? 0) + 1;
        if (attempts >= ATTEMPTS || this.images.isFinal(error)) {
            this.troubles.set(imageId, { attempts, again: 0, lost: error ?? new Error('lost') });
            const all = this.awaited.get(imageId);
            this.awaited.delete(imageId);
            all?.forEach(({ reject }) => reject(error));
        } else {
            const wait = ATTEMPT_MS * 2 ** (attempts - 1);
            this.troubles.set(imageId, { attempts, again: this.clock.now() + wait });
            this.clock.after(wait, () => {
                this.rewind();
                this.go();
            });
        }
        this.go();
    }

    /** What nobody looks at any more is not fetched to its end, where that takes long. */
    private cutOff(): void {
        for (const [imageId, stop] of [...this.running]) {
            const passed = this.rankOf(imageId) > PASSED && this.images.worthCutting(imageId);
            if (passed) {
                this.running.delete(imageId);
                stop.abort();
            }
        }
        this.go();
    }

    private tell(): void {
        for (const watcher of [...this.changed]) {
            watcher();
        }
    }
}

/** Further from a glass than this, an image was scrolled past. */
const PASSED = 12;
