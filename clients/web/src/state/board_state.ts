// A board as this client holds it.
import { defaultAgendaItem, type AgendaItem, type BoardDown, type MeetingState, type Member } from '../wire';
import {
    applyEphemera,
    settleStage,
    stageFromSnapshot,
    type StageModel,
} from './stage_state';

export interface BoardModel {
    title: string;
    startsAt: number;
    meeting: MeetingState;
    members: Member[];
    items: AgendaItem[];
    openItem: number;
    attended: ReadonlySet<string>;
    stage: StageModel | undefined;
}

/** What there is of it besides pointers, views and who is here: changes by events, not sixty times a second. */
export type BoardAtRest = Omit<BoardModel, 'stage'>;

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

function itemOpened(board: BoardModel, item: number, at: number): BoardModel {
    const opened = { ...board, openItem: item, meeting: 'running' as const };
    return item === 0
        ? opened
        : withItem(opened, item, (one) => ({ ...one, state: 'open', openedAt: at }));
}

/** A board after one message; undefined until its snapshot has come. `at` is the event's time. */
export function reduceBoard(
    board: BoardModel | undefined,
    message: BoardDown,
    at: number,
): BoardModel | undefined {
    if (message.type === 'BoardSnapshot') {
        return {
            title: message.title,
            startsAt: message.startsAt,
            meeting: message.state,
            members: message.members,
            items: message.items,
            openItem: message.openItem,
            attended: new Set(message.attended),
            stage: message.stage ? stageFromSnapshot(message.stage) : undefined,
        };
    }
    if (!board) {
        return undefined;
    }
    return reduceStage(board, message) ?? reduceAgenda(board, message, at) ?? board;
}

function reduceStage(board: BoardModel, message: BoardDown): BoardModel | undefined {
    const { stage } = board;
    if (!stage) {
        return undefined;
    }
    switch (message.type) {
        case 'Ephemera':
            return { ...board, stage: applyEphemera(stage, message) };
        case 'StageSettled':
            return { ...board, stage: settleStage(stage, message.layout, message.stageVersion) };
        case 'FloorChanged':
            return { ...board, stage: { ...stage, floor: message.floor } };
        case 'PointersQuieted':
            return { ...board, stage: { ...stage, quiet: message.quiet } };
        default:
            return undefined;
    }
}

function reduceAgenda(board: BoardModel, message: BoardDown, at: number): BoardModel | undefined {
    switch (message.type) {
        case 'BoardCreated': {
            const { title, startsAt, members } = message;
            return { ...board, title, startsAt, members };
        }
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
            return withItem(
                { ...board, openItem: board.openItem === message.item ? 0 : board.openItem },
                message.item,
                (one) => ({ ...one, state: 'discussed', usedMs: message.usedMs }),
            );
        case 'MeetingStarted':
            return { ...board, meeting: 'running' };
        case 'MeetingEnded':
            return { ...board, meeting: 'ended' };
        case 'MemberAdded': {
            const others = board.members.filter((one) => one.user !== message.member.user);
            return { ...board, members: [...others, message.member] };
        }
        case 'MemberRemoved':
            return {
                ...board,
                members: board.members.filter((one) => one.user !== message.user),
            };
        case 'Attended':
            return { ...board, attended: new Set([...board.attended, message.user]) };
        default:
            return undefined;
    }
}

/** Milliseconds an item has been open in all, the running stretch included. `now` in microseconds. */
export function usedTime(item: AgendaItem, now: number): number {
    const running = item.state === 'open' && item.openedAt > 0 ? (now - item.openedAt) / 1000 : 0;
    return Number(item.usedMs) + Math.max(0, running);
}

/** The item that `N` opens: the first waiting one after the open one, else the first waiting one. */
export function nextItem(board: BoardAtRest): AgendaItem | undefined {
    const place = board.items.findIndex((one) => one.item === board.openItem);
    const waiting = (one: AgendaItem) => one.state === 'waiting';
    return board.items.slice(place + 1).find(waiting) ?? board.items.find(waiting);
}
