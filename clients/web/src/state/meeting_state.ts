// What the events of a board do to the meeting itself: who is there, its clock, how it closes.
import type { BoardDown } from '../wire';
import type { BoardModel } from './board_state';

export function reduceMeeting(board: BoardModel, message: BoardDown): BoardModel | undefined {
    return reduceCourse(board, message) ?? reduceRoster(board, message);
}

function reduceCourse(board: BoardModel, message: BoardDown): BoardModel | undefined {
    switch (message.type) {
        case 'BoardCreated': {
            const { title, startsAt, members, series, template, cutOffAt } = message;
            return { ...board, title, startsAt, members, series, template, cutOffAt };
        }
        case 'MeetingStarted':
            return { ...board, meeting: 'running' };
        case 'MeetingClosing':
            return { ...board, meeting: 'closing', closing: message.waiting, unsignedItems: [] };
        case 'ClosingAnswered': {
            const { item, decision } = message;
            return {
                ...board,
                closing: board.closing.filter((one) => one !== item),
                items: board.items.map((one) => (one.item === item ? { ...one, decision } : one)),
            };
        }
        case 'ClosingCalledOff':
            return { ...board, meeting: 'running', closing: [], unsignedItems: message.items };
        case 'MeetingEnded':
            return { ...board, meeting: 'ended', closing: [], unsignedItems: [] };
        case 'CutOffSet':
            return { ...board, cutOffAt: message.at, published: false };
        case 'CutOffPassed':
            return { ...board, published: true };
        case 'GuestsTold': {
            const { state, open, order } = message;
            return board.guest ? { ...board, meeting: state, guest: { open, order } } : board;
        }
        default:
            return undefined;
    }
}

function reduceRoster(board: BoardModel, message: BoardDown): BoardModel | undefined {
    switch (message.type) {
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
        case 'TickedIn': {
            const others = board.inTheRoom.filter((one) => one.person !== message.person.person);
            return { ...board, inTheRoom: [...others, message.person] };
        }
        case 'TickedOut':
            return {
                ...board,
                inTheRoom: board.inTheRoom.filter((one) => one.person !== message.person),
            };
        default:
            return undefined;
    }
}
