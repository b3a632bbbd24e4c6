// What the events of a board do to the meeting itself: who is there, its clock, how it closes.
import type { BoardDown, Hanging, Member } from '../wire';
import type { BoardModel } from './board_state';

/** In the place of the one it replaces, else at the end. */
const put = <T>(list: readonly T[], value: T, same: (one: T) => boolean): T[] =>
    list.some(same) ? list.map((one) => (same(one) ? value : one)) : [...list, value];

export function reduceMeeting(board: BoardModel, message: BoardDown): BoardModel | undefined {
    return reduceCourse(board, message) ?? reduceRoster(board, message);
}

function reduceCourse(board: BoardModel, message: BoardDown): BoardModel | undefined {
    switch (message.type) {
        case 'BoardCreated': {
            const { title, startsAt, members, series, template, cutOffAt, hangings } = message;
            return { ...board, title, startsAt, members, series, template, cutOffAt, hangings };
        }
        case 'HangingRemembered': {
            const { hanging } = message;
            const same = (one: Hanging) => one.modality === hanging.modality;
            return { ...board, hangings: put(board.hangings, hanging, same) };
        }
        case 'MeetingStarted':
            return { ...board, meeting: 'running' };
        case 'MeetingClosing':
            return {
                ...board,
                meeting: 'closing',
                closing: message.waiting,
                unsignedItems: board.meeting === 'closing' ? board.unsignedItems : [],
                steppedAt: 0,
            };
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
            return { ...board, meeting: 'ended', closing: [], steppedAt: 0 };
        case 'CutOffSet':
            return { ...board, cutOffAt: message.at };
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
            const { member } = message;
            const same = (one: Member) => one.user === member.user;
            return { ...board, members: put(board.members, member, same) };
        }
        case 'MemberRemoved':
            return {
                ...board,
                members: board.members.filter((one) => one.user !== message.user),
            };
        case 'Attended':
            return { ...board, attended: new Set([...board.attended, message.user]) };
        case 'TickedIn': {
            const { person } = message;
            const same = (one: typeof person) => one.person === person.person;
            return { ...board, inTheRoom: put(board.inTheRoom, person, same) };
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
