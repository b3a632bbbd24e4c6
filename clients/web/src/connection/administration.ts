// Running organisations over HTTP: the tree, people and their roles, invitations, the state of cases, backup and keys.
import { call, read, type Answer, type SignedIn } from './account';
import type { CaseLinkRole } from './links';
import { ZERO_UUID } from '../wire';

export const ROOT = '00000000-0000-0000-0000-000000000000';

export const grantable = [
    'administrator',
    'coordinator',
    'nurse_navigator',
    'privacy_officer',
    'specialist',
    'referrer',
] as const;
export type OrganisationRole = (typeof grantable)[number];

export interface Organisation {
    id: string;
    /** Absent of the root; one that is not in the list is not the reader's to run. */
    parent?: string;
    /** Empty of a root that nobody named. */
    name: string;
    may: ('administer' | 'accesses' | 'keys')[];
}

export interface OrganisationMember {
    id: string;
    name: string;
    /** Absent of who is something elsewhere. */
    login?: string;
    roles: OrganisationRole[];
    until?: number;
    /** They are something where the reader administers nothing: here they can be taken off the list, no more. */
    elsewhere: boolean;
}

export interface Invitation {
    id: string;
    name: string;
    roles: OrganisationRole[];
    /** Of a link to a case. */
    role?: CaseLinkRole;
    /** Of a link to a meeting. */
    items?: number[];
    until: number;
    state: 'open' | 'used' | 'withdrawn' | 'expired';
}

export interface ListedCase {
    id: string;
    status: 'opened' | 'scheduled' | 'in_discussion' | 'discussed' | 'deferred';
    statusAt: number;
    consent: 'not_asked' | 'asked' | 'in_force' | 'ended' | 'withdrawn';
    /** Its use is. */
    restricted?: boolean;
    until?: number;
    withdrawnAt?: number;
}

export interface BackupState {
    configured: boolean;
    well: boolean;
    behindMs: number;
    heldBytes: number;
    incomplete: number;
    firstBase?: number;
    lastBase?: number;
    lastLog?: number;
    lastImage?: number;
}

/** Of the whole tenant; `madeAt` in milliseconds. */
export interface KeyState {
    /** Newest first: that one locks what is new. */
    generations: { generation: number; madeAt: number; streams: number }[];
    /** `resting`, or what the rotation is at. */
    rotation: string;
    erasuresWaiting: number;
}

/** What an invitation says to whoever holds its link. */
export interface InvitationShown {
    organisation: string;
    name: string;
    roles: OrganisationRole[];
    /** Leads to a case, whatever else. */
    case: boolean;
    /** Of a link to a meeting: in how many of its cases one takes part. */
    boardItems?: number;
    until: number;
    accessUntil?: number;
}

export interface Accepted {
    id: string;
    /** The meeting that it leads to. */
    board?: string;
}

const get = <T>(path: string): Promise<Answer<T>> => read<T>(fetch(path));
const of = (organisation: string): string => `/api/organisations/${organisation}`;
const from = (after: string | undefined): string => (after === undefined ? '' : `?after=${after}`);

export const organisations = () => get<{ organisations: Organisation[] }>('/api/organisations');
export const makeOrganisation = (parent: string, name: string) =>
    call<{ id: string }>('/api/organisations', { parent, name });
export const renameOrganisation = (id: string, name: string) => call(`${of(id)}/rename`, { name });

export const members = (organisation: string, after?: string) =>
    get<{ people: OrganisationMember[]; more: boolean }>(`${of(organisation)}/people${from(after)}`);
export const setRoles = (organisation: string, person: string, roles: readonly OrganisationRole[]) =>
    call(`${of(organisation)}/people/${person}/roles`, { roles: roles.join(' ') });

export const signInsOf = (organisation: string, person: string) =>
    get<{ signIns: SignedIn[] }>(`${of(organisation)}/people/${person}/sign-ins`);
export const endSignInOf = (organisation: string, person: string, id: string) =>
    call(`${of(organisation)}/people/${person}/sign-ins/end`, { id });

/** Of no organisation: who runs the root closes it. */
export const closeAccount = (person: string) => call(`${of(ROOT)}/people/${person}/close`);

export const invitations = (organisation: string) =>
    get<{ invitations: Invitation[] }>(`${of(organisation)}/invitations`);
export const invite = (
    organisation: string,
    name: string,
    roles: readonly OrganisationRole[],
    accessMs: number,
) =>
    call<{ id: string; token: string; until: number }>(`${of(organisation)}/invitations`, {
        name,
        roles: roles.join(' '),
        accessMs,
    });
export const withdrawInvitation = (organisation: string, id: string) =>
    call(`${of(organisation)}/invitations/${id}/withdraw`);

export const lookAtInvitation = (token: string) =>
    call<InvitationShown>('/api/invitations/look', { token });
export const acceptInvitation = (token: string, login: string, name: string, password: string) =>
    call<Accepted>('/api/invitations/accept', { token, login, name, password });
export const acceptForOneself = (token: string) =>
    call<Accepted>('/api/invitations/accept', { token });

export const casesOf = (organisation: string, after?: string) =>
    get<{ cases: ListedCase[]; more: boolean }>(`${of(organisation)}/cases${from(after)}`);

export const backupState = () => get<BackupState>('/api/backup');
export const keyState = () => get<KeyState>(`${of(ZERO_UUID)}/keys`);
export const rotateKeys = () => call(`${of(ZERO_UUID)}/keys/rotate`);
