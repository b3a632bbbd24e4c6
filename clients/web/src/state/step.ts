// Going on to another case: what has to be said before everybody moves.
import { ZERO_UUID, type AgendaItem, type BoardUp, type ItemOutcome, type Template } from '../wire';
import type { BoardAtRest } from './board_state';

/** For this long the last step can be taken back. */
export const UNDO_MS = 5000;

export interface Step {
    /** The item open when it was begun: a step for another one is refused. */
    item: number;
    /** The item to open; 0 = close only. */
    next: number;
    outcome: ItemOutcome;
    reason: number;
    unready: string;
}

export const openItemOf = (board: BoardAtRest): AgendaItem | undefined =>
    board.items.find((one) => one.item === board.openItem);

/** The open case has neither a decision nor a reason why not. `decided` is what the case itself says. */
export function needsOutcome(board: BoardAtRest, decided: boolean): boolean {
    const open = openItemOf(board);
    return board.template !== undefined && open !== undefined && open.decision === 'none' && !decided;
}

export function needsReason(board: BoardAtRest, next: number): AgendaItem | undefined {
    const item = board.items.find((one) => one.item === next);
    return board.template && item && item.missing.length > 0 ? item : undefined;
}

export const beginStep = (board: BoardAtRest, next: number, decided: boolean): Step => ({
    item: board.openItem,
    next,
    outcome:
        board.template && board.openItem !== 0 && !needsOutcome(board, decided) ? 'decided' : 'none',
    reason: 0,
    unready: '',
});

/** What is to be asked next; undefined when the step can be made. */
export function asks(
    board: BoardAtRest,
    step: Step,
    decided: boolean,
): 'outcome' | 'unready' | undefined {
    if (step.outcome === 'none' && needsOutcome(board, decided)) {
        return 'outcome';
    }
    return step.unready === '' && needsReason(board, step.next) ? 'unready' : undefined;
}

/** What a meeting that ends leaves. */
export interface Rest {
    /** What can be put off in one go. */
    items: AgendaItem[];
    /** Which those are, to tell whether it is still the same. */
    about: string;
    /** What has a decision or is on its way: how it ends is said of each alone. */
    toOpen: AgendaItem[];
}

export function restOf(board: BoardAtRest): Rest {
    const left = board.template
        ? board.items.filter((one) => one.state === 'waiting' || one.state === 'moving')
        : [];
    const fits = (one: AgendaItem) => one.state === 'waiting' && one.decision === 'none';
    const items = left.filter(fits);
    return {
        items,
        about: items.map((one) => one.item).join(' '),
        toOpen: left.filter((one) => !fits(one)),
    };
}

type End = Extract<BoardUp, { type: 'EndMeeting' }>;

/** `open`: how the open case ends, if that has to be said. */
export function endOf(
    board: BoardAtRest,
    open: { outcome: ItemOutcome; reason: number } | undefined,
    rest: Rest,
    restReason: number,
): Omit<End, 'commandId'> {
    const decided = board.template !== undefined && board.openItem !== 0;
    return {
        type: 'EndMeeting',
        item: board.openItem,
        outcome: open ? open.outcome : decided ? 'decided' : 'none',
        reason: open ? open.reason : 0,
        rest: rest.items.map((one) => one.item),
        restReason,
    };
}

/** Another meeting took it; here it stays for the minutes and is not opened again. */
export const isHandedOver = ({ state, outcome, toBoard }: AgendaItem): boolean =>
    state === 'discussed' &&
    (outcome === 'deferred' || outcome === 'decided') &&
    toBoard !== ZERO_UUID;

export const reasonText = (template: Template | undefined, reason: number): string =>
    template?.deferReasons[reason - 1]?.text ?? '';

/** Milliseconds in which the last step can still be taken back. `now` in microseconds. */
export const undoLeft = (board: BoardAtRest, now: number): number =>
    board.steppedAt === 0 || board.meeting !== 'running'
        ? 0
        : Math.max(0, UNDO_MS - (now - board.steppedAt) / 1000);

export interface Meter {
    plannedMs: number;
    usedMs: number;
    /** Of the planned time of the meeting. */
    leftMs: number;
    waiting: number;
}

/** Minutes planned, used, and left for the cases that still wait. */
export function meter(board: BoardAtRest, used: (item: AgendaItem) => number): Meter {
    const there = board.items.filter((one) => one.state !== 'removed');
    const plannedMs = there.reduce((sum, one) => sum + one.plannedSeconds * 1000, 0);
    const usedMs = there.reduce((sum, one) => sum + used(one), 0);
    return {
        plannedMs,
        usedMs,
        leftMs: Math.max(0, plannedMs - usedMs),
        waiting: there.filter((one) => one.state === 'waiting').length,
    };
}

/** What is recorded of a case that is confirmed as standard of care; empty = such a board confirms none. */
export const standardWords = (template: Template | undefined): string =>
    template?.standardWords ||
    template?.fields.find((one) => one.key === 'recommendation')?.choices[0]?.text ||
    '';

/** Cases that may be confirmed as standard of care in one go: one with a decision would have two. */
export const standardItems = (board: BoardAtRest): AgendaItem[] =>
    board.items.filter(
        (one) => one.standard && one.state === 'waiting' && one.decision === 'none',
    );
