// The stage from this person's side. Everything that shows or changes images asks here: what to see,
// whether a change drives everybody or only oneself, and what to tell the others. It knows no renderer.
import type { Ask } from '../connection/line';
import type { Outcome } from '../connection/channel';
import type { StageModel } from '../state/stage_state';
import { Store } from '../state/store';
import type {
    AnnotationTool,
    BoardDown,
    Hanging,
    Layout,
    PatientCaseDown,
    SeriesLink,
    Viewport,
    Window,
} from '../wire';
import { putBack, type Around } from './arrange';
import type { CaseImages, DisplaySet, LoadedSet } from './case_images';
import {
    afterOwnChange,
    afterSharedChange,
    followsPlainly,
    seenLayout,
    type Change,
    type Following,
} from './follow';
import type { Glass, Projection } from './geometry';
import { currentOf, forgotten, hangingFor, hangingOf, hangsAlike, hungLayout, needsHeaders } from './hanging';
import { PaintedReport, type Painted } from './painted_report';
import type { Shown } from './place';
import { PresentationShelf } from './presentations';
import { ReportShelf } from './reports';
import type { Vector } from './vector';

export type StageAsk = Extract<
    Ask<'board'>,
    { type: Ask<'patient_case'>['type'] }
>;

/** A board or a case: both hold a stage and take the same words for it. */
export interface StageActor {
    command(ask: StageAsk): Promise<Outcome>;
    request(ask: StageAsk): Promise<BoardDown | PatientCaseDown | undefined>;
    signal(ask: StageAsk): void;
}

export type Tool = 'window' | 'zoom' | 'pan' | 'point' | 'crosshair' | 'mark' | AnnotationTool;

/** What a pane shows just now; undefined while it shows nothing. */
export interface PaneState {
    viewport: Viewport;
    glass: Glass;
    projection: Projection;
    shown: Shown;
    loaded: LoadedSet;
    index: number;
    /** For images. */
    image?: { window: Window } | undefined;
}

/** A place marked to lay one series onto another. */
export interface Mark {
    displaySet: string;
    /** Its frame of reference. */
    space: string;
    point: Vector;
}

export interface ViewerState {
    seen: Layout;
    following: Following;
    presenting: boolean;
    tool: Tool;
    pointersHidden: boolean;
    pointing: boolean;
    sets: readonly DisplaySet[];
    /** Of this person, until a link is made of them. */
    marks: readonly Mark[];
    /** Series of the case that somebody laid onto each other. */
    links: readonly SeriesLink[];
    /** How this board hangs images; empty on a consult. */
    hangings: readonly Hanging[];
}

/** After the last movement the stage at rest is made durable. */
const SETTLE_MS = 250;
/** After that was answered, what is still on its way speaks of older movements. */
const REST_MS = 500;

const nothing: Layout = {
    item: 0,
    rows: 1,
    columns: 1,
    active: 0,
    viewports: [],
    savedView: undefined,
};

const isEmpty = (layout: Layout): boolean =>
    layout.viewports.every((viewport) => viewport.displaySet === '');

/** By value: what settles after it moved says the same again, and is not painted again. */
const sameLayout = (a: Layout, b: Layout): boolean =>
    a === b || JSON.stringify(a) === JSON.stringify(b);

export class StageController {
    readonly state: Store<ViewerState>;
    readonly panes = new Map<number, PaneState>();
    readonly images: CaseImages;
    readonly reports: ReportShelf;
    readonly presentations: PresentationShelf;
    readonly me: string;
    readonly item: number;
    readonly painted: PaintedReport;
    readonly clock: () => number;
    /** Drawings that this person made on a preview; on the lossless image they are as good as any. */
    readonly drawnOnPreview = new Set<string>();
    stage: StageModel | undefined;
    participant = 0;
    mayAct = false;
    private readonly actor: StageActor;
    private readonly remember: ((hanging: Hanging) => void) | undefined;
    /** Headers that say where the planes lie that the case is hung with. */
    private cut: { displaySet: string; loaded?: LoadedSet | undefined } | undefined;
    /** What one viewport alone stands in the place of. */
    private around: Around | undefined;
    private single = false;
    private shared: Layout = nothing;
    private readonly dirty = new Set<number>();
    private layoutDirty = false;
    private frame = 0;
    private settleTimer = 0;
    /** Until this person's own movements have come to rest, the stage as the server tells it is not shown. */
    private moving = false;
    private readonly stageWatchers = new Set<() => void>();

    /** `clock` is the server's, in microseconds since 1970; `remember` keeps how images are hung, where it is kept. */
    constructor(
        actor: StageActor,
        images: CaseImages,
        me: string,
        item: number,
        clock: () => number,
        remember?: (hanging: Hanging) => void,
    ) {
        this.remember = remember;
        this.actor = actor;
        this.clock = clock;
        this.images = images;
        this.reports = new ReportShelf(images.patientCase);
        this.presentations = new PresentationShelf(images.patientCase);
        this.me = me;
        this.item = item;
        this.state = new Store<ViewerState>({
            seen: nothing,
            following: followsPlainly,
            presenting: false,
            tool: 'window',
            pointersHidden: false,
            pointing: false,
            sets: [],
            marks: [],
            links: [],
            hangings: [],
        });
        this.painted = new PaintedReport((report) =>
            this.actor.signal({ type: 'ReportPainted', ...report }),
        );
    }

    close(): void {
        window.cancelAnimationFrame(this.frame);
        window.clearTimeout(this.settleTimer);
        this.settleTimer = 0;
        this.painted.close();
        this.panes.clear();
    }

    signal(ask: StageAsk): void {
        this.actor.signal(ask);
    }

    ask(ask: StageAsk) {
        return this.actor.request(ask);
    }

    command(ask: StageAsk): Promise<Outcome> {
        return this.actor.command(ask);
    }

    get links(): readonly SeriesLink[] {
        return this.state.get().links;
    }

    setLinks(links: readonly SeriesLink[]): void {
        if (JSON.stringify(links) !== JSON.stringify(this.links)) {
            this.patch({ links });
            this.tellWatchers();
        }
    }

    private tellWatchers(): void {
        for (const watcher of this.stageWatchers) {
            watcher();
        }
    }

    /** Runs after every word about the stage, at the rate of the line. */
    watchStage(watcher: () => void): () => void {
        this.stageWatchers.add(watcher);
        return () => this.stageWatchers.delete(watcher);
    }

    patch(change: Partial<ViewerState>): void {
        this.state.set({ ...this.state.get(), ...change });
    }

    setSets(sets: readonly DisplaySet[]): void {
        if (JSON.stringify(sets) === JSON.stringify(this.state.get().sets)) {
            return;
        }
        this.patch({ sets });
        this.refresh();
        this.openStage();
    }

    /** A case comes with an empty stage: whoever has the floor puts its first view there, for all. */
    private openStage(): void {
        const { presenting, sets } = this.state.get();
        const chosen = this.shared.item === this.item && !isEmpty(this.shared);
        if (presenting && sets.length > 0 && !chosen && this.planesKnown()) {
            this.layoutDirty = true;
            this.drive(this.opening(), []);
        }
    }

    private opening(): Layout {
        const { sets, hangings } = this.state.get();
        return hungLayout(this.item, sets, hangings, this.cut?.loaded);
    }

    /** Whether the case can be hung: planes lie where headers say, and those are asked for. */
    private planesKnown(): boolean {
        const { sets, hangings } = this.state.get();
        const set = needsHeaders(sets, hangings);
        if (!set) {
            return true;
        }
        if (this.cut?.displaySet !== set.displaySet) {
            const cut: NonNullable<typeof this.cut> = { displaySet: set.displaySet };
            this.cut = cut;
            const known = (loaded?: LoadedSet) => {
                if (this.cut === cut) {
                    this.cut = { ...cut, loaded };
                    this.refresh();
                    this.openStage();
                }
            };
            // What cannot be read is shown without planes, and its own viewport says why.
            this.images.load(set.displaySet).then(known, () => known());
            return false;
        }
        return 'loaded' in this.cut;
    }

    /** The board's memory as it now is. */
    setHangings(hangings: readonly Hanging[]): void {
        if (hangings !== this.state.get().hangings) {
            this.patch({ hangings });
            this.refresh();
        }
    }

    /** Who presents arranged the images: the next case with this modality opens so. */
    rememberHanging(): void {
        const { presenting, sets, hangings } = this.state.get();
        const seen = this.arranged();
        const current = currentOf(seen, sets);
        const before = current && hangingFor(hangings, current.modality);
        const hanging = hangingOf(seen, sets, before);
        if (presenting && hanging && !(before && hangsAlike(before, hanging))) {
            this.remember?.(hanging);
        }
    }

    /** This modality opens as it comes again, and so does the case on the stage. */
    forgetHanging(modality: string): void {
        this.remember?.(forgotten(modality));
        if (this.state.get().presenting) {
            const { sets } = this.state.get();
            this.replace(hungLayout(this.item, sets, []));
        }
    }

    /** One viewport of several alone, or the others around it again: nothing that is remembered. */
    turnAlone(index: number): void {
        const { seen } = this.state.get();
        const chosen = seen.viewports[index];
        if (chosen && seen.viewports.length > 1) {
            this.replace({ ...seen, rows: 1, columns: 1, active: 0, viewports: [chosen], savedView: undefined });
            this.around = { layout: seen, index };
        } else if (chosen && this.around) {
            const whole = this.arranged();
            this.around = undefined;
            this.replace({ ...whole, savedView: undefined });
        }
    }

    /** What is seen, with the others around a viewport that stands alone. */
    private arranged(): Layout {
        const { seen } = this.state.get();
        return this.around && seen.viewports.length === 1 ? putBack(this.around, seen) : seen;
    }

    /** Another arrangement of the panes, to be remembered if it drives everybody. */
    arrange(layout: Layout): void {
        this.around = undefined;
        this.replace(layout);
        this.rememberHanging();
    }

    /** The stage as the server tells it. */
    onStage(stage: StageModel | undefined, participant: number, mayAct: boolean): void {
        this.stage = stage;
        this.participant = participant;
        this.mayAct = mayAct;
        const before = this.state.get();
        const presenting =
            mayAct &&
            stage?.open === true &&
            stage.floor.state === 'held' &&
            stage.floor.holder === this.me;
        if (presenting !== before.presenting) {
            // Who gets the floor shows what everybody sees, not what they were looking at alone.
            this.patch({ presenting, following: followsPlainly });
        }
        const moving = presenting && this.moving;
        if (stage && !moving && !sameLayout(stage.layout, this.shared)) {
            const following = afterSharedChange(
                this.shared,
                stage.layout,
                this.state.get().following,
            );
            this.shared = stage.layout;
            this.patch({ following });
            this.refresh();
        }
        this.expectPainted(this.state.get().seen);
        this.openStage();
        this.tellWatchers();
    }

    /** The layout everybody is meant to see; before anybody chose one, the same for all. */
    private common(): Layout {
        const mine = this.shared.item === this.item;
        if (mine && !isEmpty(this.shared)) {
            return this.shared;
        }
        this.planesKnown();
        return this.opening();
    }

    private refresh(): void {
        const { following } = this.state.get();
        const seen = seenLayout(this.common(), following);
        this.patch({ seen });
        this.expectPainted(seen);
    }

    private expectPainted(seen: Layout): void {
        const { following } = this.state.get();
        const version = following.mode === 'follow' ? (this.stage?.stageVersion ?? 0) : 0;
        this.painted.expect(seen, version, this.single ? seen.active : undefined);
    }

    paneState(index: number, pane: PaneState | undefined, painted?: Painted): void {
        if (pane) {
            this.panes.set(index, pane);
        } else {
            this.panes.delete(index);
        }
        if (painted) {
            this.painted.painted(index, painted);
        }
        this.tellWatchers();
    }

    /** A phone has room for one viewport: the active one. */
    showSingle(single: boolean): void {
        if (this.single !== single) {
            this.single = single;
            this.refresh();
        }
    }

    followAgain(): void {
        this.patch({ following: followsPlainly });
        this.refresh();
    }

    setActive(index: number): void {
        const { seen } = this.state.get();
        if (seen.active !== index && index < seen.viewports.length) {
            this.replace({ ...seen, active: index }, true);
        }
    }

    /** One viewport changed by this person's hand. */
    change(index: number, viewport: Viewport, change: Change): void {
        this.changeMany(new Map([[index, viewport]]), change, index);
    }

    changeMany(changed: ReadonlyMap<number, Viewport>, change: Change, active: number): void {
        const { seen, following, presenting } = this.state.get();
        const next: Layout = {
            ...seen,
            active,
            savedView: undefined,
            viewports: seen.viewports.map((one, index) => changed.get(index) ?? one),
        };
        if (presenting) {
            this.drive(next, changed.keys());
            return;
        }
        this.patch({ following: afterOwnChange(this.common(), following, active, next, change) });
        this.refresh();
    }

    /** Another layout, series or saved view. `quiet` changes do not leave the presenter. */
    replace(layout: Layout, quiet = false): void {
        const next = { ...layout, item: this.item };
        if (layout.viewports.length > 1 || layout.savedView !== undefined) {
            this.around = undefined;
        }
        if (this.state.get().presenting) {
            this.layoutDirty = true;
            this.drive(next, []);
            return;
        }
        const { following } = this.state.get();
        if (quiet && following.mode === 'follow') {
            this.patch({ seen: next });
            this.expectPainted(next);
            return;
        }
        this.patch({ following: { mode: 'own', layout: next } });
        this.refresh();
    }

    private drive(next: Layout, changed: Iterable<number>): void {
        this.moving = true;
        if (isEmpty(this.shared) || this.shared.item !== this.item) {
            this.layoutDirty = true;
        }
        this.shared = { ...next, item: this.item };
        for (const index of changed) {
            this.dirty.add(index);
        }
        this.refresh();
        if (this.frame === 0) {
            this.frame = window.requestAnimationFrame(() => this.tellOthers());
        }
        window.clearTimeout(this.settleTimer);
        this.settleTimer = window.setTimeout(() => void this.settle(), SETTLE_MS);
    }

    /** At most once a frame: the newest state of what moved. */
    private tellOthers(): void {
        this.frame = 0;
        if (this.layoutDirty) {
            this.actor.signal({ type: 'SetLayout', layout: this.shared });
        } else {
            for (const index of this.dirty) {
                const viewport = this.shared.viewports[index];
                if (viewport) {
                    this.actor.signal({ type: 'SetViewport', item: this.item, index, viewport });
                }
            }
        }
        this.layoutDirty = false;
        this.dirty.clear();
    }

    private async settle(): Promise<void> {
        const timer = this.settleTimer;
        if (this.state.get().presenting) {
            await this.actor.command({ type: 'SettleStage', layout: this.shared });
        }
        if (timer === this.settleTimer) {
            this.settleTimer = window.setTimeout(() => this.rest(), REST_MS);
        }
    }

    /** What another screen of this person's said meanwhile was not shown, and nobody says it again. */
    private rest(): void {
        this.moving = false;
        this.onStage(this.stage, this.participant, this.mayAct);
    }
}
