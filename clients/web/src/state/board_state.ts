// A board as this client holds it.
import { ZERO_UUID } from '../wire';
import type {
    AgendaItem,
    BoardDown,
    BoardSnapshot,
    Hanging,
    InTheRoom,
    MeetingState,
    Member,
    Template,
} from '../wire';
import { reduceAgenda } from './agenda_state';
import { reduceMeeting } from './meeting_state';
import {
    applyEphemera,
    settleStage,
    stageFromSnapshot,
    type StageModel,
} from './stage_state';

/** What a guest sees between their items: numbers only. */
export interface GuestView {
    open: number;
    order: number[];
}

export interface BoardModel {
    title: string;
    startsAt: number;
    meeting: MeetingState;
    members: Member[];
    items: AgendaItem[];
    openItem: number;
    attended: ReadonlySet<string>;
    stage: StageModel | undefined;
    series: string;
    template: Template | undefined;
    cutOffAt: number;
    published: boolean;
    inTheRoom: InTheRoom[];
    /** While closing: items whose cases have not answered. */
    closing: number[];
    /** When the last step was made, and the item that it closed. */
    steppedAt: number;
    steppedFrom: number;
    unsignedItems: number[];
    /** How images are hung when a case opens, one for each modality. */
    hangings: Hanging[];
    /** Only while nothing else may be seen. */
    guest: GuestView | undefined;
}

/** What there is of it besides pointers, views and who is here: changes by events, not sixty times a second. */
export type BoardAtRest = Omit<BoardModel, 'stage'>;

const nothing: Omit<BoardModel, 'title' | 'startsAt' | 'meeting' | 'guest'> = {
    members: [],
    items: [],
    openItem: 0,
    attended: new Set(),
    stage: undefined,
    series: ZERO_UUID,
    template: undefined,
    cutOffAt: 0,
    published: false,
    inTheRoom: [],
    closing: [],
    steppedAt: 0,
    steppedFrom: 0,
    unsignedItems: [],
    hangings: [],
};

function fromSnapshot(snapshot: BoardSnapshot): BoardModel {
    const { type: _type, state, attended, stage, nextItem: _next, ...same } = snapshot;
    return {
        ...same,
        template: snapshot.template,
        meeting: state,
        attended: new Set(attended),
        stage: stage && stageFromSnapshot(stage),
        guest: undefined,
    };
}

/** A board after one message; undefined until its snapshot has come. `at` is the event's time. */
export function reduceBoard(
    board: BoardModel | undefined,
    message: BoardDown,
    at: number,
): BoardModel | undefined {
    if (message.type === 'BoardSnapshot') {
        return fromSnapshot(message);
    }
    if (message.type === 'GuestSnapshot') {
        const { title, startsAt, state, open, order } = message;
        return { ...nothing, title, startsAt, meeting: state, guest: { open, order } };
    }
    if (!board) {
        return undefined;
    }
    return (
        reduceStage(board, message) ??
        reduceAgenda(board, message, at) ??
        reduceMeeting(board, message) ??
        board
    );
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

/** Of items that are not theirs a guest is told the number and no more. */
export const isWithheld = (item: AgendaItem): boolean => item.patientCase === ZERO_UUID;
