// Hooks over the client: what is open, who I am, what the line says.
import { createContext, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { ServerFacts } from '../connection/http';
import { roleBits, type RoleName } from '../wire';
import type { Actor, BoardActor, CaseActor, Client, Held, Line, SeriesActor } from './client';
import type { ActorKind } from '../wire';
import { sameButStage, type StageModel } from './stage_state';
import { useStore, type Store } from './store';
import type { UserModel } from './user_state';

export interface Session {
    client: Client;
    server: ServerFacts;
    name: string;
    signOut: () => void;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
    const session = useContext(SessionContext);
    if (!session) {
        throw new Error('only for pages of a signed-in person');
    }
    return session;
}

export const useLine = (): Line => useStore(useSession().client.line, (line) => line);

export function useUser<R>(select: (user: UserModel | undefined) => R): R {
    return useStore(useSession().client.user.store, (held) => select(held.model));
}

interface ShelfOf<A> {
    look(id: string): A;
    take(id: string): A;
    give(id: string): void;
}

/** The actor while the component is there, from its first drawing on: a page is not drawn without it first. */
function useTaken<A>(shelf: ShelfOf<A>, id: string | undefined): A | undefined {
    const looked = useMemo(() => (id === undefined ? undefined : shelf.look(id)), [shelf, id]);
    const [late, setLate] = useState<{ id: string; actor: A }>();
    useEffect(() => {
        if (id === undefined) {
            return undefined;
        }
        const actor = shelf.take(id);
        if (actor !== looked) {
            setLate({ id, actor }); // it took so long to draw that the one looked at was closed
        }
        return () => shelf.give(id);
    }, [shelf, id, looked]);
    return late?.id === id ? late?.actor : looked;
}

export const useBoard = (id: string): BoardActor | undefined =>
    useTaken(useSession().client.boards, id);

export const useSeries = (id: string | undefined): SeriesActor | undefined =>
    useTaken(useSession().client.series, id);

export const useCase = (id: string | undefined): CaseActor | undefined =>
    useTaken(useSession().client.cases, id);

export function useModel<K extends ActorKind, M, R>(
    actor: Actor<K, M>,
    select: (model: M | undefined, held: Held<M>) => R,
): R {
    return useStore(actor.store, (held) => select(held.model, held));
}

/** A board or case without its stage: who shows that is not drawn anew at the rate of pointers. */
export function useAtRest<K extends ActorKind, M extends { stage: unknown }>(
    actor: Actor<K, M>,
): Omit<M, 'stage'> | undefined {
    const last = useRef<M | undefined>(undefined);
    return useModel(actor, (model) => {
        if (!model || !last.current || !sameButStage(last.current, model)) {
            last.current = model;
        }
        return last.current;
    });
}

const AGAIN_FIRST_MS = 5_000;
const AGAIN_LAST_MS = 15_000;

/** For who stays where a case was: asks ever more rarely for one that was taken back, as consent may be given anew. */
export function useComesBack(actor: CaseActor | undefined): void {
    useEffect(() => {
        if (!actor) {
            return undefined;
        }
        let timer = 0;
        let wait = AGAIN_FIRST_MS;
        const ask = () => {
            timer = 0;
            wait = Math.min(wait * 2, AGAIN_LAST_MS);
            actor.again();
        };
        const look = () => {
            const { ended } = actor.store.get();
            const taken = ended === 'revoked' || ended === 'restricted';
            const lost = taken || (ended === 'not_found' && wait > AGAIN_FIRST_MS);
            if (lost && timer === 0) {
                timer = window.setTimeout(ask, wait);
            }
        };
        const unwatch = actor.store.watch(look);
        look();
        return () => {
            unwatch();
            window.clearTimeout(timer);
        };
    }, [actor]);
}

/** Whatever holds a stage. */
export interface Staged {
    store: Store<Held<{ stage: StageModel | undefined }>>;
}

/** Part of a stage; lists are equal when their members are. */
export const useStage = <R>(staged: Staged, select: (stage: StageModel | undefined) => R): R =>
    useStore(staged.store, (held) => select(held.model?.stage));

export const hasRole = (roles: number, ...names: (keyof typeof roleBits)[]): boolean =>
    names.some((name) => (roles & roleBits[name]) !== 0);

export const strongestRole = (roles: number): RoleName | undefined =>
    (['chair', 'coordinator', 'member', 'observer', 'guest', 'referrer', 'administrator'] as const).find(
        (name) => hasRole(roles, name),
    );

/** A clock that draws again every `periodMs`. */
export function useNow(periodMs: number): number {
    const { client } = useSession();
    const [now, setNow] = useState(() => client.serverTime());
    useEffect(() => {
        const timer = window.setInterval(() => setNow(client.serverTime()), periodMs);
        return () => window.clearInterval(timer);
    }, [client, periodMs]);
    return useMemo(() => now, [now]);
}
