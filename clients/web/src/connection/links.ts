// Links for one person to one case or to items of one meeting, over HTTP: made, listed, called back.
import { call, read, type Answer } from './account';

export const caseLinkRoles = ['observer', 'member', 'specialist', 'patient'] as const;
export type CaseLinkRole = (typeof caseLinkRoles)[number];

export interface Link {
    id: string;
    name: string;
    /** Of a link to a case. */
    role?: CaseLinkRole;
    /** Of a link to a meeting. */
    items?: number[];
    /** The link works until then; milliseconds. */
    until: number;
    accessUntil?: number;
    state: 'open' | 'used' | 'withdrawn' | 'expired';
}

export interface MadeLink {
    id: string;
    token: string;
    until: number;
}

type Place = `cases/${string}` | `boards/${string}`;

export const links = (place: Place): Promise<Answer<{ invitations: Link[] }>> =>
    read(fetch(`/api/${place}/invitations`));
export const callBack = (place: Place, id: string) =>
    call(`/api/${place}/invitations/${id}/withdraw`);

/** `accessMs` 0 = it does not end by itself, which a patient's alone may. */
export const linkToCase = (patientCase: string, name: string, role: CaseLinkRole, accessMs: number) =>
    call<MadeLink>(`/api/cases/${patientCase}/invitations`, { name, role, accessMs });
export const linkToBoard = (
    board: string,
    name: string,
    items: readonly number[],
    accessMs: number,
    expiresInMs: number,
) =>
    call<MadeLink>(`/api/boards/${board}/invitations`, {
        name,
        items: items.join(' '),
        accessMs,
        expiresInMs,
    });
