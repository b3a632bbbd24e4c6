// The roles one can have on a board, in the order they are offered.
import { roleNumbers } from '../wire';

export const boardRoles = ['chair', 'coordinator', 'member', 'observer'] as const;
export type BoardRole = (typeof boardRoles)[number];

export const roleOfNumber = (role: number): BoardRole =>
    boardRoles.find((one) => roleNumbers[one] === role) ?? 'member';

/** Who belongs to a meeting that has an agenda may also be a guest for some of its cases. */
export const meetingRoles = [...boardRoles, 'guest'] as const;
export type MeetingRole = (typeof meetingRoles)[number];
