// The next case's images, fetched and decoded before they are needed, so that everybody's first image of
// it is there at once. It stops when the board goes on, and begins again where it was.
import { CaseImages, type Slice } from './case_images';
import { isPhone, loader, remember, storeBound, whenAllHere } from './engine';
import { decodedBytes } from './loading/fetch_image';
import { wantPreview } from './loading/stage_loading';
import { principal, priorOf } from './arrange';
import { Pane } from './pane';

/** A phone keeps its memory for the case on the stage. */
const PHONE_IMAGES = 40;
/** The case on the stage comes first; however large it is, the previews of the next one are not kept waiting longer. */
const LONGEST_MS = 10_000;
const pause = (milliseconds: number) => new Promise((resolve) => window.setTimeout(resolve, milliseconds));

/** Panes made ready for it. */
const PANES = 3;

export class Prefetch {
    readonly images: CaseImages;
    readonly item: number;
    private readonly stop = new AbortController();
    private timer = 0;

    constructor(patientCase: string, item: number) {
        this.images = new CaseImages(patientCase);
        this.item = item;
    }

    start(afterMs: number, onProgress: (percent: number) => void): void {
        this.timer = window.setTimeout(() => {
            this.run(onProgress).catch(() => undefined);
        }, afterMs);
    }

    /** Its images stay good: the case that opens shows them. */
    close(): void {
        window.clearTimeout(this.timer);
        this.stop.abort();
        loader.dropLater(this.name);
    }

    private get name(): string {
        return `case ${this.images.patientCase}`;
    }

    /** Percent of what the case opens with: its principal series, then the prior; their previews come before. */
    private async run(onProgress: (percent: number) => void): Promise<void> {
        const sets = await this.images.displaySets();
        const first = principal(sets);
        const prior = first && priorOf(sets, first);
        const wanted = [first, prior].filter((set) => set !== undefined);
        const loaded = await Promise.all(
            wanted
                .filter((set) => set.kind === 'volume' || set.kind === 'stack')
                .map((set) => this.images.load(set.displaySet)),
        );
        const slices = loaded.flatMap((one) => fromTheMiddle(one.slices));
        // However few they are, on a phone forty radiographs would be more than it has.
        const chosen = withinBytes(isPhone() ? slices.slice(0, PHONE_IMAGES) : slices, storeBound() / 2);
        if (chosen.length === 0) {
            onProgress(100);
            return;
        }
        remember(chosen);
        const [opening] = loaded;
        if (opening) {
            // What could not be made ready is made when it is needed.
            await Pane.prepare(opening, isPhone() ? 1 : PANES).catch(() => undefined);
        }
        await Promise.race([loader.quiet(), pause(LONGEST_MS)]);
        for (const one of loaded) {
            await wantPreview(one, Promise.resolve());
        }
        if (this.stop.signal.aborted) {
            return;
        }
        const imageIds = chosen.map((slice) => slice.imageId);
        loader.setLater(this.name, imageIds);
        await whenAllHere(imageIds, onProgress, this.stop.signal);
    }
}

function withinBytes(slices: readonly Slice[], most: number): Slice[] {
    let sum = 0;
    return slices.filter(({ header }) => (sum += decodedBytes(header)) <= most);
}

/** The image that is shown first comes first, then its neighbours. */
function fromTheMiddle<T>(list: readonly T[]): T[] {
    const middle = Math.floor(list.length / 2);
    return list
        .map((one, index) => ({ one, away: Math.abs(index - middle) }))
        .sort((a, b) => a.away - b.away)
        .map(({ one }) => one);
}
