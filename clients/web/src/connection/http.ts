// What is said over HTTP: sign-in and out, tickets, people. Pictures are the viewer's.

export interface Person {
    id: string;
    name: string;
}

export interface Me extends Person {
    administrator: boolean;
    coordinator: boolean;
}

export interface ServerFacts {
    name: string;
    version: string;
    notForPrimaryDiagnosis: boolean;
}

/** The password was right; a second factor is still to come. */
export interface Half {
    half: string;
    code: boolean;
    passkey: boolean;
}

/** What the server knows of one who is signed in. */
export interface Presence {
    me: Me;
    server: ServerFacts;
    /** Signed out after that long without a sign of the person. */
    idleMs: number;
    /** Can do nothing but add a second factor. */
    enrol: boolean;
}

export type SignIn =
    | { outcome: 'in' }
    | { outcome: 'half'; half: Half }
    | { outcome: 'wrong' }
    | { outcome: 'wait'; seconds: number }
    | { outcome: 'failed' };

export async function post(path: string, body?: unknown): Promise<Response> {
    return fetch(path, {
        method: 'POST',
        headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
        // An empty body still has a length; the server reads none without one.
        body: body === undefined ? '' : JSON.stringify(body),
    });
}

const TOKEN_CHANGES_MS = 250;

/** Until the answer with the new token has come, too. */
export const tokenChanges = (): Promise<void> =>
    new Promise((resume) => setTimeout(resume, TOKEN_CHANGES_MS));

/**
 * A request that is on its way while the sign-in gets another token (a step up, a proof) comes with the one before,
 * which is worth nothing at once: it is asked again with the new one. Only for what may be asked twice.
 */
export async function fetchAgain(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(path, init);
    if (response.status !== 401) {
        return response;
    }
    await tokenChanges();
    init.signal?.throwIfAborted();
    return fetch(path, init);
}

export async function signIn(login: string, password: string): Promise<SignIn> {
    try {
        const response = await post('/api/sign-in', { login, password });
        if (response.status === 202) {
            return { outcome: 'half', half: (await response.json()) as Half };
        }
        if (response.ok) {
            return { outcome: 'in' };
        }
        if (response.status === 401) {
            return { outcome: 'wrong' };
        }
        if (response.status === 429) {
            const seconds = Number(response.headers.get('Retry-After') ?? '60');
            return { outcome: 'wait', seconds: Number.isFinite(seconds) ? seconds : 60 };
        }
    } catch {
        // The network's failure is said in words like any other.
    }
    return { outcome: 'failed' };
}

export async function signOut(): Promise<void> {
    await post('/api/sign-out').catch(() => undefined);
}

/** Who is signed in; undefined for nobody. Throws when the server cannot be reached. */
export async function whoAmI(): Promise<Presence | undefined> {
    const response = await fetch('/api/me');
    if (response.status === 401) {
        return undefined;
    }
    if (!response.ok) {
        throw new Error(`answered ${response.status}`);
    }
    const body = (await response.json()) as {
        user: Me;
        server: ServerFacts;
        idleMs: number;
        enrol?: boolean;
    };
    return {
        me: body.user,
        server: body.server,
        idleMs: body.idleMs,
        enrol: body.enrol === true,
    };
}

/** For one WebSocket; undefined when nobody is signed in any more. */
export async function ticket(): Promise<string | undefined> {
    const response = await fetchAgain('/api/tickets', { method: 'POST', body: '' });
    if (response.status === 401) {
        return undefined;
    }
    if (!response.ok) {
        throw new Error(`answered ${response.status}`);
    }
    return ((await response.json()) as { ticket: string }).ticket;
}

export async function people(): Promise<Person[]> {
    const response = await fetch('/api/people');
    if (!response.ok) {
        throw new Error(`answered ${response.status}`);
    }
    return ((await response.json()) as { people: Person[] }).people;
}

/** One line of the record of who looked; `at` in milliseconds. */
export interface Access {
    at: number;
    user: string;
    action:
        | 'sign_in'
        | 'sign_out'
        | 'case'
        | 'images'
        | 'document'
        | 'upload'
        | 'archive_search'
        | 'archive_fetch'
        | 'access_log'
        | 'factor'
        | 'step_up'
        | 'signature'
        | 'passkey_copy'
        | 'signed_other_out'
        | 'break_glass'
        | 'display'
        | 'other';
    refused: boolean;
    /** Seen by access in an emergency. */
    emergency: boolean;
    times: number; // many refusals are one row
    case: string;
    object: string;
    address: string;
}

export interface AccessesWanted {
    patientCase: string | undefined;
    user: string;
    /** An administrator asks for all of it, whoever coordinates a case for that one alone. */
    administers: boolean;
    /** Whose people; without, everybody's. */
    organisation?: string;
    after?: number | undefined;
    before?: number | undefined;
}

/** The newest hundred before a time. */
export async function accesses({
    patientCase,
    user,
    administers,
    organisation,
    after,
    before,
}: AccessesWanted): Promise<
    { is: 'there'; list: Access[]; more: boolean } | { is: 'not_yours' | 'unreachable' }
> {
    const query = new URLSearchParams();
    if (user !== '') {
        query.set('user', user);
    }
    if (organisation !== undefined) {
        query.set('organisation', organisation);
    }
    if (after !== undefined) {
        query.set('after', String(after));
    }
    if (before !== undefined) {
        query.set('before', String(before));
    }
    if (administers && patientCase !== undefined) {
        query.set('case', patientCase);
    }
    const ofCase = !administers && patientCase !== undefined;
    const path = ofCase ? `/api/cases/${patientCase}/accesses` : '/api/accesses';
    const response = await fetch(`${path}?${query.toString()}`).catch(() => undefined);
    if (response?.status === 404) {
        return { is: 'not_yours' };
    }
    if (!response?.ok) {
        return { is: 'unreachable' };
    }
    const body = (await response.json()) as { accesses: Access[]; more: boolean };
    return { is: 'there', list: body.accesses, more: body.more };
}

/** A screen that shows its code, and the secret with which it collects its sign-in. */
export interface Pairing {
    code: string;
    secret: string;
    expiresInMs: number;
}

/** Undefined when the server has no place for another screen, or cannot be reached. */
export async function beginPairing(): Promise<Pairing | undefined> {
    const response = await post('/api/displays').catch(() => undefined);
    return response?.ok ? ((await response.json()) as Pairing) : undefined;
}

export type Collected = 'waiting' | 'paired' | 'over' | 'unreachable';

export async function collectPairing(secret: string): Promise<Collected> {
    const response = await post('/api/displays/collect', { secret }).catch(() => undefined);
    if (response?.status === 404) {
        return 'over';
    }
    if (!response?.ok) {
        return 'unreachable';
    }
    return ((await response.json()) as { state: 'waiting' | 'paired' }).state;
}

export type Claimed = { outcome: 'paired'; display: Person } | { outcome: 'unknown' | 'failed' };

/** Says the code that a screen shows; the screen is a person of its own from then on. */
export async function claimDisplay(code: string): Promise<Claimed> {
    const response = await post('/api/displays/pair', { code }).catch(() => undefined);
    if (response?.status === 404 || response?.status === 400) {
        return { outcome: 'unknown' };
    }
    if (!response?.ok) {
        return { outcome: 'failed' };
    }
    return { outcome: 'paired', display: (await response.json()) as Person };
}
