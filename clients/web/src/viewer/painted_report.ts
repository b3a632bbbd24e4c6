// Says which stage version this glass shows, so that the presenter can read "12 of 14 see this". A version
// counts as painted when every viewport of its layout has been, not when it was received.
import type { Layout, Viewport } from '../wire';

export interface Report {
    stageVersion: number;
    lossless: boolean;
    prefetchedItem: number;
    prefetched: number;
}

export interface Painted {
    viewport: Viewport;
    lossless: boolean;
}

/** Reports are few: the newest after this long, so that moving images do not drown the line. */
const REPORT_MS = 150;

export class PaintedReport {
    private readonly send: (report: Report) => void;
    private layout: Layout | undefined;
    private only: number | undefined;
    private version = 0;
    private readonly done = new Map<number, Painted>();
    private report: Report = { stageVersion: 0, lossless: false, prefetchedItem: 0, prefetched: 0 };
    private sent = '';
    private timer = 0;
    private readonly watchers = new Set<() => void>();

    constructor(send: (report: Report) => void) {
        this.send = send;
    }

    close(): void {
        window.clearTimeout(this.timer);
    }

    /** Runs once the expected layout is on the glass. */
    whenPainted(watcher: () => void): () => void {
        this.watchers.add(watcher);
        return () => this.watchers.delete(watcher);
    }

    /**
     * A version of 0 is nobody's: who looks at a view of their own does not see the stage. A phone shows `only` one
     * viewport of the layout, and has painted the version when it has painted that one.
     */
    expect(layout: Layout, version: number, only: number | undefined): void {
        this.layout = layout;
        this.only = only;
        if (version === 0 && this.version > 0) {
            this.queue({ ...this.report, stageVersion: 0 });
        }
        this.version = version;
        this.check();
    }

    painted(index: number, painted: Painted): void {
        this.done.set(index, painted);
        this.check();
    }

    prefetched(item: number, percent: number): void {
        this.queue({ ...this.report, prefetchedItem: item, prefetched: percent });
    }

    /** After a reconnect the server knows nothing of what this glass shows. */
    again(): void {
        this.sent = '';
        this.queue(this.report);
    }

    private check(): void {
        const { layout } = this;
        if (!layout || layout.viewports.length === 0) {
            return;
        }
        const filled = layout.viewports
            .map((viewport, index) => ({ viewport, index, painted: this.done.get(index) }))
            .filter(({ index }) => this.only === undefined || index === this.only)
            .filter(({ viewport }) => viewport.displaySet !== '');
        if (filled.some(({ viewport, painted }) => painted?.viewport !== viewport)) {
            return;
        }
        for (const watcher of this.watchers) {
            watcher();
        }
        if (this.version > 0) {
            const lossless = filled.every(({ painted }) => painted?.lossless === true);
            this.queue({ ...this.report, stageVersion: this.version, lossless });
        }
    }

    private queue(report: Report): void {
        this.report = report;
        if (this.timer === 0) {
            this.timer = window.setTimeout(() => this.flush(), REPORT_MS);
        }
    }

    private flush(): void {
        this.timer = 0;
        const text = JSON.stringify(this.report);
        if (text !== this.sent) {
            this.sent = text;
            this.send(this.report);
        }
    }
}
