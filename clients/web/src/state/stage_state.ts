// The stage as this client holds it: the settled state plus every ephemeral slot, newest wins.
// Pure: a snapshot or a notice in, the next state out.
import type {
    Annotation,
    Arrival,
    Ephemera,
    Floor,
    Layout,
    Participant,
    Pointer,
    PointerTarget,
    StageState as StageSnapshot,
    Viewport,
} from '../wire';

export interface StageModel {
    open: boolean;
    layout: Layout;
    stageVersion: number;
    floor: Floor;
    quiet: boolean;
    participants: ReadonlyMap<number, Participant>;
    bindings: ReadonlyMap<number, PointerTarget>;
    pointers: ReadonlyMap<number, Pointer>;
    drafts: ReadonlyMap<number, Annotation>;
    /** Files on their way into the case, of a case alone. */
    arrivals: ReadonlyMap<string, Arrival>;
    tick: number;
}

/** Bound of what one stage keeps, so that a hostile server cannot fill this client. */
const PARTICIPANTS_MAX = 1024;
const BINDINGS_MAX = 65536;
const ARRIVALS_MAX = 64;

export function stageFromSnapshot(snapshot: StageSnapshot): StageModel {
    return {
        open: snapshot.open,
        layout: snapshot.layout,
        stageVersion: snapshot.stageVersion,
        floor: snapshot.floor,
        quiet: snapshot.quiet,
        participants: new Map(snapshot.participants.map((one) => [one.participant, one])),
        bindings: new Map(snapshot.bindings.map((one) => [one.handle, one.target])),
        pointers: new Map(snapshot.pointers.map((one) => [one.participant, one])),
        drafts: new Map(
            snapshot.drafts.flatMap((one) =>
                one.annotation ? [[one.participant, one.annotation] as const] : [],
            ),
        ),
        arrivals: new Map(snapshot.arrivals.map((one) => [one.arrival, one])),
        tick: snapshot.tick,
    };
}

/** What an opened channel brings anew: who of it is gone meanwhile would otherwise stay for ever. */
export function withoutEphemera(stage: StageModel): StageModel {
    return {
        ...stage,
        participants: new Map(),
        bindings: new Map(),
        pointers: new Map(),
        drafts: new Map(),
        arrivals: new Map(),
        tick: 0,
    };
}

/** A copy with the given entries written over; the same map when there are none. */
function merged<K, T>(
    map: ReadonlyMap<K, T>,
    entries: readonly (readonly [K, T | undefined])[],
    bound: number,
): ReadonlyMap<K, T> {
    if (entries.length === 0) {
        return map;
    }
    const next = new Map(map);
    for (const [key, value] of entries) {
        if (value === undefined) {
            next.delete(key);
        } else if (next.size < bound || next.has(key)) {
            next.set(key, value);
        }
    }
    return next;
}

function layoutAfter(layout: Layout, notice: Ephemera): Layout {
    const base = notice.layout ?? layout;
    if (notice.viewports.length === 0) {
        return base;
    }
    const viewports: Viewport[] = [...base.viewports];
    for (const { index, viewport } of notice.viewports) {
        if (index < viewports.length) {
            viewports[index] = viewport;
        }
    }
    return { ...base, viewports };
}

export function applyEphemera(stage: StageModel, notice: Ephemera): StageModel {
    return {
        ...stage,
        tick: notice.tick,
        layout: layoutAfter(stage.layout, notice),
        stageVersion: notice.stageVersion > 0 ? notice.stageVersion : stage.stageVersion,
        participants: merged(
            stage.participants,
            notice.participants.map((one) => [one.participant, one] as const),
            PARTICIPANTS_MAX,
        ),
        bindings: merged(
            stage.bindings,
            notice.bindings.map((one) => [one.handle, one.target] as const),
            BINDINGS_MAX,
        ),
        pointers: merged(
            stage.pointers,
            notice.pointers.map(
                (one) => [one.participant, one.handle === 0 ? undefined : one] as const,
            ),
            PARTICIPANTS_MAX,
        ),
        drafts: merged(
            stage.drafts,
            notice.drafts.map((one) => [one.participant, one.annotation] as const),
            PARTICIPANTS_MAX,
        ),
        arrivals: merged(
            stage.arrivals,
            notice.arrivals.map((one) => [one.arrival, one.state === 'gone' ? undefined : one] as const),
            ARRIVALS_MAX,
        ),
    };
}

/** The stage at rest, unless its holder had moved on while that was being committed. */
export function settleStage(stage: StageModel, layout: Layout, stageVersion: number): StageModel {
    return stageVersion > stage.stageVersion ? { ...stage, layout, stageVersion } : stage;
}

/** Whether two states of a board or case differ in their stage only. */
export const sameButStage = <M extends { stage: unknown }>(a: M, b: M): boolean =>
    (Object.keys(b) as (keyof M)[]).every((key) => key === 'stage' || Object.is(a[key], b[key]));

export const presentParticipants = (stage: StageModel | undefined): Participant[] =>
    stage ? [...stage.participants.values()].filter((one) => one.present) : [];

/** Who has painted this stage version, who has not: first windows of people who are there. */
export function whoSees(stage: StageModel): { seeing: Participant[]; lagging: Participant[] } {
    const watching = presentParticipants(stage).filter((one) => one.window === 0);
    return {
        seeing: watching.filter((one) => one.painted >= stage.stageVersion),
        lagging: watching.filter((one) => one.painted < stage.stageVersion),
    };
}
