// Hooks over the client: what is open, who I am, what the line says.
import { createContext, useContext, useEffect, useMemo, useState } from 'react';
import type { ServerFacts } from '../connection/http';
import { roleBits, type RoleName } from '../wire';
import type { Actor, BoardActor, CaseActor, Client, Held, Line } from './client';
import type { ActorKind } from '../wire';
import { useStore } from './store';
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

/** The actor while the component is there. */
function useTaken<A>(shelf: { take(id: string): A; give(id: string): void }, id: string | undefined) {
    const [actor, setActor] = useState<{ id: string; actor: A }>();
    useEffect(() => {
        if (id === undefined) {
            return undefined;
        }
        setActor({ id, actor: shelf.take(id) });
        return () => shelf.give(id);
    }, [shelf, id]);
    return actor?.id === id ? actor?.actor : undefined;
}

export const useBoard = (id: string): BoardActor | undefined =>
    useTaken(useSession().client.boards, id);

export const useCase = (id: string | undefined): CaseActor | undefined =>
    useTaken(useSession().client.cases, id);

export function useModel<K extends ActorKind, M, R>(
    actor: Actor<K, M>,
    select: (model: M | undefined, held: Held<M>) => R,
): R {
    return useStore(actor.store, (held) => select(held.model, held));
}

export const hasRole = (roles: number, ...names: (keyof typeof roleBits)[]): boolean =>
    names.some((name) => (roles & roleBits[name]) !== 0);

export const strongestRole = (roles: number): RoleName | undefined =>
    (['chair', 'coordinator', 'member', 'observer', 'referrer', 'administrator'] as const).find(
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
