// What the events of a board do to its agenda.
import { defaultAgendaItem, ZERO_UUID, type AgendaItem, type BoardDown } from '../wire';
import type { BoardModel } from './board_state';

const withItem = (
    board: BoardModel,
    item: number,
    change: (one: AgendaItem) => AgendaItem,
): BoardModel => ({
    ...board,
    items: board.items.map((one) => (one.item === item ? change(one) : one)),
});

function moved(items: AgendaItem[], item: number, position: number): AgendaItem[] {
    const moving = items.find((one) => one.item === item);
    if (!moving) {
        return items;
    }
    const rest = items.filter((one) => one !== moving);
    rest.splice(Math.min(position, rest.length), 0, moving);
    return rest;
}

type Closed = Extract<BoardDown, { type: 'ItemClosed' }>;

/** Where it goes in the order, when it comes back later, the board says by itself. */
const itemClosed = (board: BoardModel, { item, usedMs, outcome, reason }: Closed): BoardModel =>
    withItem(board, item, (one) => ({
        ...one,
        state: outcome === 'later' ? 'waiting' : 'discussed',
        usedMs,
        outcome,
        reason,
        toBoard: ZERO_UUID,
    }));

function itemOpened(board: BoardModel, item: number, at: number): BoardModel {
    const opened: BoardModel = {
        ...board,
        openItem: item,
        meeting: item === 0 ? board.meeting : 'running',
        steppedAt: at,
        steppedFrom: board.openItem,
    };
    return withItem(opened, item, (one) => ({ ...one, state: 'open', openedAt: at }));
}

/** How an item that still waits ends when the meeting does: one that was to come back had been open. */
export const outcomePutOff = ({ outcome }: AgendaItem): 'deferred' | 'not_discussed' =>
    outcome === 'later' ? 'deferred' : 'not_discussed';

/** An item that is on its way, or was opened by a step that is taken back, is what it was before. */
function stateBefore({ outcome, usedMs }: AgendaItem): AgendaItem['state'] {
    const discussed = outcome === 'none' ? usedMs > 0n : outcome !== 'later';
    return discussed ? 'discussed' : 'waiting';
}

/** The item that was opened is what it was before, the one that was closed is open again. */
function stepUndone(board: BoardModel, item: number, at: number): BoardModel {
    const items = board.items.map((one): AgendaItem => {
        if (one.item === item) {
            return { ...one, state: 'open', openedAt: at, outcome: 'none', reason: 0 };
        }
        if (one.item !== board.openItem) {
            return one;
        }
        const before = { ...one, state: stateBefore(one) };
        return one.usedMs === 0n ? { ...before, openedAt: 0, unready: false } : before;
    });
    return { ...board, items, openItem: item, steppedAt: 0, steppedFrom: 0 };
}

/** What was decided since the last step is not walked away from. */
/** Its case was erased: the slot stays, and nobody goes back to it. */
function itemGone(board: BoardModel, item: number): BoardModel {
    const gone = withItem({ ...board, steppedAt: 0 }, item, (one) => ({
        ...one,
        outcome:
            one.state === 'discussed'
                ? one.outcome
                : one.outcome === 'later'
                  ? 'deferred'
                  : 'not_discussed',
        gone: true,
        state: 'discussed',
        decision: 'none',
        missing: [],
        toBoard: ZERO_UUID,
    }));
    return {
        ...gone,
        closing: gone.closing.filter((one) => one !== item),
        unsignedItems: gone.unsignedItems.filter((one) => one !== item),
    };
}

function itemReported(
    board: BoardModel,
    { item, missing, decision }: Extract<BoardDown, { type: 'ItemReported' }>,
): BoardModel {
    const open = board.items.find((one) => one.item === item && item === board.openItem);
    const decided = open !== undefined && open.decision !== decision;
    return withItem(
        {
            ...board,
            steppedAt: decided ? 0 : board.steppedAt,
            unsignedItems:
                decision === 'signed'
                    ? board.unsignedItems.filter((one) => one !== item)
                    : board.unsignedItems,
        },
        item,
        (one) => ({ ...one, missing, decision }),
    );
}

export function reduceAgenda(
    board: BoardModel,
    message: BoardDown,
    at: number,
): BoardModel | undefined {
    switch (message.type) {
        case 'ItemAdded': {
            const { item, patientCase, plannedSeconds, presenter } = message;
            const added: AgendaItem = {
                ...defaultAgendaItem(),
                item,
                patientCase,
                plannedSeconds,
                presenter,
            };
            return { ...board, items: [...board.items, added] };
        }
        case 'ItemMoved':
            return { ...board, items: moved(board.items, message.item, message.position) };
        case 'ItemRemoved':
            return { ...board, items: board.items.filter((one) => one.item !== message.item) };
        case 'ItemOpened':
            return itemOpened(board, message.item, at);
        case 'ItemClosed':
            return itemClosed(board, message);
        case 'StepUndone':
            return stepUndone(board, message.item, at);
        case 'ItemSet': {
            const { item, plannedSeconds, presenter, standard } = message;
            return withItem(board, item, (one) => ({ ...one, plannedSeconds, presenter, standard }));
        }
        case 'StandardConfirmed': {
            const confirmed = new Set(message.items);
            return {
                ...board,
                items: board.items.map((one) =>
                    confirmed.has(one.item)
                        ? { ...one, state: 'discussed', outcome: 'standard', reason: 0 }
                        : one,
                ),
            };
        }
        case 'RestPutOff': {
            const rest = new Set(message.items);
            const { reason } = message;
            return {
                ...board,
                items: board.items.map((one) =>
                    rest.has(one.item)
                        ? { ...one, state: 'discussed', outcome: outcomePutOff(one), reason }
                        : one,
                ),
            };
        }
        case 'ItemLeaving':
            return withItem(board, message.item, (one) => ({
                ...one,
                state: 'moving',
                toBoard: message.board,
            }));
        case 'ItemStayed':
            return withItem(board, message.item, (one) => ({ ...one, state: stateBefore(one) }));
        case 'ItemGone':
            return itemGone(board, message.item);
        case 'ItemReported':
            return itemReported(board, message);
        case 'UnreadyOpened':
            return withItem(board, message.item, (one) => ({ ...one, unready: true }));
        default:
            return undefined;
    }
}
