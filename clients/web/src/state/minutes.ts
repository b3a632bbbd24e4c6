// The minutes of a meeting, made of its board and its cases and of nothing else.
import type {
    AgendaItem,
    Decision,
    Discussion,
    KeyImage,
    Member,
    Subject,
    Task,
    Template,
} from '../wire';
import { ZERO_UUID } from '../wire';
import type { BoardAtRest } from './board_state';
import type { CaseModel } from './case_state';
import { tally, tasksOf, type Tally } from './decision';
import { decisionOf } from './record_state';
import { reasonText } from './step';

export interface Attendee {
    id: string;
    name: string;
    discipline: string;
    /** Undefined for who came without belonging to the board. */
    role: number | undefined;
    present: boolean;
    /** Ticked in by the coordinator. */
    ticked: boolean;
    vote: boolean;
}

export interface DisciplineAttendance {
    discipline: string;
    core: boolean;
    people: Attendee[];
}

export interface CaseMinutes {
    number: number;
    item: AgendaItem;
    /** Undefined for a case that the reader may not see. */
    subject: Subject | undefined;
    /** The reader may see it and is not told who the patient is. */
    masked: boolean;
    age: string;
    title: string;
    plannedMs: number;
    usedMs: number;
    reason: string;
    unready: string;
    keyImages: KeyImage[];
    decision: Decision | undefined;
    votes: Tally | undefined;
    tasks: Task[];
    template: Template | undefined;
}

export interface Minutes {
    disciplines: DisciplineAttendance[];
    /** Core disciplines that nobody present belongs to. */
    coreMissing: string[];
    cases: CaseMinutes[];
}

const CHAIR = 0;
const LAST_VOTING_ROLE = 2; // member, after the coordinator
const GUEST = 8;
const DISPLAY = 9;

function attendees(board: BoardAtRest): Attendee[] {
    const votes = board.template?.votes === true;
    // As the board itself counts them: its chair always, others for a discipline.
    const vote = ({ role, discipline, noVote }: Member) =>
        votes && !noVote && (role === CHAIR || (role <= LAST_VOTING_ROLE && discipline !== ''));
    const ticked = new Set(board.inTheRoom.map((one) => one.person));
    const members = board.members
        .filter((one) => one.role !== DISPLAY)
        .filter((one) => one.role !== GUEST || board.attended.has(one.user))
        .map((one): Attendee => ({
            id: one.user,
            name: one.name,
            discipline: one.discipline,
            role: one.role,
            present: board.attended.has(one.user) || ticked.has(one.user),
            ticked: ticked.has(one.user),
            vote: vote(one),
        }));
    const others = board.inTheRoom
        .filter((one) => !board.members.some((member) => member.user === one.person))
        .map((one): Attendee => ({
            id: one.person,
            name: one.name,
            discipline: one.discipline,
            role: undefined,
            present: true,
            ticked: true,
            vote: votes && !one.noVote,
        }));
    return [...members, ...others];
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** By discipline, the core ones first and in the template's order; who has none comes last. */
function byDiscipline(people: readonly Attendee[], core: readonly string[]): DisciplineAttendance[] {
    const named = [...core];
    for (const { discipline } of people) {
        if (discipline !== '' && !named.some((one) => same(one, discipline))) {
            named.push(discipline);
        }
    }
    const rows = named.map((discipline, index) => ({
        discipline,
        core: index < core.length,
        people: people.filter((one) => same(one.discipline, discipline)),
    }));
    const without = people.filter((one) => one.discipline === '');
    return without.length === 0 ? rows : [...rows, { discipline: '', core: false, people: without }];
}

const discussionOf = (
    patientCase: CaseModel,
    board: string,
    item: number,
): Discussion | undefined =>
    patientCase.discussions.find((one) => one.board === board && one.item === item);

/** Key images marked while this meeting lasted, or before it: never those of a later one. */
function keyImagesUntil(patientCase: CaseModel, until: number): KeyImage[] {
    return patientCase.keyImages.filter((one) => until === 0 || one.at <= until);
}

function caseMinutes(
    boardId: string,
    board: BoardAtRest,
    item: AgendaItem,
    number: number,
    patientCase: CaseModel | undefined,
): CaseMinutes {
    const seen = patientCase?.clinical ? patientCase : undefined;
    const decision = seen && decisionOf(seen, boardId, item.item);
    const discussion = seen && discussionOf(seen, boardId, item.item);
    return {
        number,
        item,
        subject: seen?.subject,
        masked: seen?.masked ?? false,
        age: seen?.age ?? '',
        title: seen?.title ?? '',
        plannedMs: item.plannedSeconds * 1000,
        usedMs: Number(item.usedMs),
        reason: discussion?.reason || reasonText(board.template, item.reason),
        unready: discussion?.unready ?? '',
        keyImages: seen ? keyImagesUntil(seen, decision?.signedAt ?? 0) : [],
        decision,
        votes: decision && board.template?.votes ? tally(decision) : undefined,
        tasks: seen && decision ? tasksOf(seen, decision.decision) : [],
        template: board.template,
    };
}

export function minutesOf(
    boardId: string,
    board: BoardAtRest,
    caseOf: (patientCase: string) => CaseModel | undefined,
): Minutes {
    const people = attendees(board);
    const core = board.template?.coreDisciplines.map((one) => one.text) ?? [];
    const disciplines = byDiscipline(people, core);
    return {
        disciplines,
        coreMissing: disciplines
            .filter((one) => one.core && !one.people.some((person) => person.present))
            .map((one) => one.discipline),
        cases: board.items
            .filter((one) => one.state !== 'removed')
            .map((item, index) =>
                caseMinutes(boardId, board, item, index + 1, caseOf(item.patientCase)),
            ),
    };
}

export interface Totals {
    decided: number;
    standard: number;
    deferred: number;
    notDiscussed: number;
    plannedMs: number;
    usedMs: number;
}

export function totalsOf({ cases }: Minutes): Totals {
    const count = (outcome: AgendaItem['outcome']) =>
        cases.filter((one) => one.item.outcome === outcome).length;
    return {
        decided: count('decided'),
        standard: count('standard'),
        deferred: count('deferred'),
        notDiscussed: count('not_discussed'),
        plannedMs: cases.reduce((sum, one) => sum + one.plannedMs, 0),
        usedMs: cases.reduce((sum, one) => sum + one.usedMs, 0),
    };
}

export const isSigned = (decision: Decision): boolean =>
    decision.signedBy !== ZERO_UUID && decision.signedAt > 0;
