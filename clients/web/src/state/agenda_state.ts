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

/** One that comes back later waits again, after all the others. */
function itemClosed(board: BoardModel, message: Closed): BoardModel {
    const { item, usedMs, outcome, reason } = message;
    const later = outcome === 'later';
    const closed = withItem(
        {
            ...board,
            openItem: board.openItem === item ? 0 : board.openItem,
            steppedFrom: item,
        },
        item,
        (one) => ({ ...one, state: later ? 'waiting' : 'discussed', usedMs, outcome, reason }),
    );
    return later ? { ...closed, items: moved(closed.items, item, closed.items.length) } : closed;
}

function itemOpened(board: BoardModel, item: number, at: number): BoardModel {
    const first = board.openItem === 0 && board.meeting !== 'running';
    const opened: BoardModel = {
        ...board,
        openItem: item,
        meeting: 'running',
        steppedAt: at,
        steppedFrom: first ? 0 : board.steppedFrom,
    };
    return item === 0
        ? opened
        : withItem(opened, item, (one) => ({
              ...one,
              state: 'open',
              openedAt: at,
              outcome: 'none',
              reason: 0,
          }));
}

/** The item that was opened waits again, the one that was closed is open again. */
function stepUndone(board: BoardModel, item: number, at: number): BoardModel {
    const items = board.items.map((one): AgendaItem => {
        if (one.item === item) {
            return { ...one, state: 'open', openedAt: at, outcome: 'none', reason: 0 };
        }
        return one.item === board.openItem ? { ...one, state: 'waiting' } : one;
    });
    return { ...board, items, openItem: item, steppedAt: 0, steppedFrom: 0 };
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
                    confirmed.has(one.item) ? { ...one, state: 'discussed', outcome: 'standard' } : one,
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
            return withItem(board, message.item, (one) => ({
                ...one,
                state: 'waiting',
                toBoard: ZERO_UUID,
            }));
        case 'ItemReported': {
            const { item, missing, decision } = message;
            return withItem(board, item, (one) => ({ ...one, missing, decision }));
        }
        case 'UnreadyOpened':
            return withItem(board, message.item, (one) => ({ ...one, unready: true }));
        default:
            return undefined;
    }
}
