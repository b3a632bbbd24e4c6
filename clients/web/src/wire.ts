// The words of the protocol under the names the client uses for them.
import type {
    BoardDown,
    BoardUp,
    DownFrame as GeneratedFrame,
    PatientCaseDown,
    PatientCaseUp,
    SeriesDown,
    SeriesUp,
    SessionDown,
    SessionUp,
    UserDown,
    UserUp,
} from './protocol';

export type * from './protocol';
export type { DisplaySet as DisplaySetRecord } from './protocol';
export {
    CARD_TOPIC_MEMBERS,
    defaultAgendaItem,
    defaultCaseMember,
    defaultMember,
    defaultTask,
    defaultTemplate,
    ZERO_UUID,
} from './protocol';

interface Ups {
    session: SessionUp;
    board: BoardUp;
    patient_case: PatientCaseUp;
    series: SeriesUp;
    user: UserUp;
}
interface Downs {
    session: SessionDown;
    board: BoardDown;
    patient_case: PatientCaseDown;
    series: SeriesDown;
    user: UserDown;
}

export type ActorKind = keyof Ups;
export type UpMessage<K extends ActorKind> = Ups[K];
export type DownMessage<K extends ActorKind> = Downs[K];
export type AnyUp = Ups[ActorKind];
export type Frame = GeneratedFrame;

/** Roles are bits of a mask, in the order of the schema. */
export const roleBits = {
    chair: 1 << 0,
    coordinator: 1 << 1,
    member: 1 << 2,
    observer: 1 << 3,
    referrer: 1 << 4,
    administrator: 1 << 5,
    self: 1 << 6,
    guest: 1 << 8,
    display: 1 << 9,
    patient: 1 << 10,
    proxy: 1 << 11,
    specialist: 1 << 12,
    nurse_navigator: 1 << 13,
    privacy_officer: 1 << 14,
    emergency: 1 << 15,
} as const;

export const roleNumbers = {
    chair: 0,
    coordinator: 1,
    member: 2,
    observer: 3,
    referrer: 4,
    administrator: 5,
    guest: 8,
    display: 9,
    patient: 10,
    proxy: 11,
    specialist: 12,
    nurse_navigator: 13,
    privacy_officer: 14,
    emergency: 15,
} as const;
export type RoleName = keyof typeof roleNumbers;
const named = Object.keys(roleNumbers) as RoleName[];

/** Of the roles a person has towards a board or a case. */
export const roleName = (role: number): RoleName | undefined =>
    named.find((one) => roleNumbers[one] === role);

export const audienceBits = { clinical: 1, workflow: 2, status: 4, patient: 8, own: 16, identity: 32 } as const;
