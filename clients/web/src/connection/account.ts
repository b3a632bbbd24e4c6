// One's own account over HTTP: the second step, factors, codes, the password, where one is signed in.
import { post, type Half } from './http';
import { askPasskey, makePasskey, type PasskeyAnswer, type PasskeyQuestion } from './passkey';

export interface Factor {
    id: string;
    kind: 'code' | 'passkey';
    name: string;
    madeAt: number;
}

export interface Account {
    login: string;
    factors: Factor[];
    recoveryCodes: number;
    required: boolean;
    /** May be changed without another proof, for some minutes. */
    proved: boolean;
}

export interface SignedIn {
    id: string;
    madeAt: number;
    usedAt: number;
    address: string;
    browser: string;
    system: string;
    display: boolean;
    current: boolean;
    board?: string;
    signsUntil?: number;
}

/** `word` is the server's, or `unreachable`, or `cancelled` at the browser's own window for passkeys. */
export interface Problem {
    is: 'problem';
    word: string;
    seconds: number;
}
export type Answer<T> = { is: 'done'; body: T } | Problem;

const problem = (word: string, seconds = 0): Problem => ({ is: 'problem', word, seconds });

export async function read<T>(asked: Promise<Response>): Promise<Answer<T>> {
    const response = await asked.catch(() => undefined);
    if (!response) {
        return problem('unreachable');
    }
    const text = await response.text().catch(() => '');
    const body = (text === '' ? {} : JSON.parse(text)) as T & { error?: string };
    if (response.ok) {
        return { is: 'done', body };
    }
    return problem(body.error ?? 'unreachable', Number(response.headers.get('Retry-After') ?? '0'));
}

export const call = <T = unknown>(path: string, body?: unknown): Promise<Answer<T>> =>
    read<T>(post(path, body));

/** A passkey signs what the server asks for at `path`. */
async function withPasskey(
    path: string,
    body: unknown,
    alone: boolean,
): Promise<Answer<PasskeyAnswer>> {
    const question = await call<PasskeyQuestion>(path, body);
    if (question.is === 'problem') {
        return question;
    }
    const given = await askPasskey(question.body, alone);
    return given ? { is: 'done', body: given } : problem('cancelled');
}

export const secondByCode = (half: Half, code: string) =>
    call('/api/sign-in/second', { half: half.half, code });

export async function secondByPasskey(half: Half): Promise<Answer<unknown>> {
    const given = await withPasskey('/api/sign-in/challenge', { half: half.half }, false);
    return given.is === 'problem'
        ? given
        : call('/api/sign-in/second', { half: half.half, ...given.body });
}

export async function signInByPasskey(): Promise<Answer<unknown>> {
    const given = await withPasskey('/api/sign-in/challenge', {}, true);
    return given.is === 'problem' ? given : call('/api/sign-in/passkey', given.body);
}

export const readAccount = (): Promise<Answer<Account>> => read<Account>(fetch('/api/account'));

export const proveByCode = (password: string, code: string) =>
    call('/api/account/prove', code === '' ? { password } : { password, code });

export async function proveByPasskey(password: string): Promise<Answer<unknown>> {
    const given = await withPasskey('/api/account/challenge', undefined, false);
    return given.is === 'problem'
        ? given
        : call('/api/account/prove', { password, ...given.body });
}

/** A window for signing: of one meeting, for four hours, and this sign-in alone. */
export interface SigningWindow {
    board: string;
    signsUntil: number;
}

const forSigning = (board: string) => ({ board, sign: true });

/** Everything that the account has opens the window, and is the proof of its first signature. */
export const openByCode = (board: string, password: string, code: string) =>
    call<SigningWindow>(
        '/api/step_up',
        code === '' ? { ...forSigning(board), password } : { ...forSigning(board), password, code },
    );

export async function openByPasskey(
    board: string,
    password: string,
): Promise<Answer<SigningWindow>> {
    const given = await withPasskey('/api/account/challenge', undefined, false);
    return given.is === 'problem'
        ? given
        : call<SigningWindow>('/api/step_up', { ...forSigning(board), password, ...given.body });
}

/** In the window one thing is enough: the next signature of this sign-in carries it, within a minute. */
export const signBy = (proof: { password: string } | { code: string }) =>
    call<{ board: string }>('/api/prove', proof);

export async function signByPasskey(): Promise<Answer<{ board: string }>> {
    const given = await withPasskey('/api/account/challenge', undefined, false);
    return given.is === 'problem' ? given : call<{ board: string }>('/api/prove', given.body);
}

/** What is to be scanned, or typed. */
export interface AppSecret {
    secret: string;
    uri: string;
}
export interface CodesShown {
    recoveryCodes?: string[];
}

export const beginApp = () => call<AppSecret>('/api/account/codes');
export const confirmApp = (code: string, name: string) =>
    call<CodesShown>('/api/account/codes/confirm', { code, name });

export async function addPasskey(
    site: string,
    login: string,
    name: string,
): Promise<Answer<CodesShown>> {
    const question = await call<PasskeyQuestion>('/api/account/passkeys');
    if (question.is === 'problem') {
        return question;
    }
    const made = await makePasskey(question.body, site, login);
    return made
        ? call<CodesShown>('/api/account/passkeys/confirm', { ...made, name })
        : problem('cancelled');
}

export const removeFactor = (id: string) => call('/api/account/factors/remove', { id });
export const makeCodes = () => call<CodesShown>('/api/account/recovery-codes');
export const changePassword = (fresh: string) => call('/api/account/password', { fresh });

export const signIns = (): Promise<Answer<{ signIns: SignedIn[] }>> =>
    read<{ signIns: SignedIn[] }>(fetch('/api/account/sign-ins'));
export const endSignIn = (id: string) => call('/api/account/sign-ins/end', { id });
export const endOtherSignIns = () => call('/api/account/sign-ins/end', { others: true });
