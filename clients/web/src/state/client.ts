// The client of one window: its line, the person, and the boards and cases it has open. Actors are
// shared by whoever shows them and closed when the last one lets go.
import { Connection } from '../connection/connection';
import type { Ask, LineState } from '../connection/line';
import type { Channel, EndReason, Grant, Outcome } from '../connection/channel';
import type { ActorKind, DownMessage } from '../wire';
import { reduceBoard, type BoardModel } from './board_state';
import { reduceCase, type CaseModel, type Header } from './case_state';
import { withoutEphemera, type StageModel } from './stage_state';
import { Store } from './store';
import { reduceSeries, type SeriesModel } from './series_state';
import { Drafts } from './drafts';
import { reduceUser, type UserModel } from './user_state';

export interface Held<M> {
    model: M | undefined;
    grant: Grant;
    ended: EndReason | undefined;
}

type Reduce<K extends ActorKind, M> = (
    model: M | undefined,
    message: DownMessage<K>,
    header: Header,
) => M | undefined;

const noGrant: Grant = { audience: 0, roles: 0, participant: 0 };
const noHeader: Header = { version: 0, at: 0, by: undefined };

/** One actor as the pages see it. */
export class Actor<K extends ActorKind, M> {
    readonly store = new Store<Held<M>>({ model: undefined, grant: noGrant, ended: undefined });
    readonly id: string;
    private readonly connection: Connection;
    private channel: Channel<K>;
    private readonly open: () => Channel<K>;

    constructor(
        connection: Connection,
        kind: K,
        id: string,
        reduce: Reduce<K, M>,
        reopen: (model: M) => M = (model) => model,
    ) {
        this.connection = connection;
        this.id = id;
        const reduceWith = (message: DownMessage<K>, header: Header) => {
            const held = this.store.get();
            this.store.set({ ...held, model: reduce(held.model, message, header) });
        };
        this.open = () => connection.open(kind, id, {
            snapshot: (message) => reduceWith(message, noHeader),
            event: reduceWith,
            notice: (message) => reduceWith(message, noHeader),
            opened: (grant) => {
                const held = this.store.get();
                const renewed = grant.participant < 0; // the grant of a channel that stayed open
                const participant = renewed ? held.grant.participant : grant.participant;
                // Less access than before: what was held goes at once, not when the snapshot comes.
                const less = (held.grant.audience & ~grant.audience) !== 0;
                const kept = less ? undefined : held.model;
                const model = kept && !renewed ? reopen(kept) : kept;
                this.store.set({ model, grant: { ...grant, participant }, ended: undefined });
            },
            ended: (reason) =>
                this.store.set({ model: undefined, grant: noGrant, ended: reason }),
        });
        this.channel = this.open();
    }

    /** Asks again for one that ended: access may have come back. What was said of its end stays until then. */
    again(): void {
        if (this.store.get().ended) {
            this.connection.close(this.channel);
            this.channel = this.open();
        }
    }

    command = (ask: Ask<K>): Promise<Outcome> => this.connection.command(this.channel, ask);
    request = (ask: Ask<K>) => this.connection.request(this.channel, ask);
    signal = (ask: Ask<K>): void => this.connection.signal(this.channel, ask);

    close(): void {
        this.connection.close(this.channel);
    }
}

const reopenStage = <M extends { stage?: StageModel | undefined }>(model: M): M =>
    model.stage ? { ...model, stage: withoutEphemera(model.stage) } : model;

export type BoardActor = Actor<'board', BoardModel>;
export type CaseActor = Actor<'patient_case', CaseModel>;
export type SeriesActor = Actor<'series', SeriesModel>;
export type UserActor = Actor<'user', UserModel>;

export interface Line {
    state: LineState;
    unsaved: number;
    storeAway: boolean;
}

/** How long a closed page's actor stays open, so that going back and forth costs nothing. */
const LINGER_MS = 3000;

interface Kept<A> {
    actor: A;
    users: number;
    leave: number;
}

class Shelf<A extends { close(): void }> {
    private readonly kept = new Map<string, Kept<A>>();
    private readonly make: (id: string) => A;

    constructor(make: (id: string) => A) {
        this.make = make;
    }

    /** The actor, opened if need be: it stays only for who takes it before it has lingered. */
    look(id: string): A {
        const held = this.kept.get(id);
        if (held) {
            return held.actor;
        }
        const made = { actor: this.make(id), users: 0, leave: 0 };
        this.kept.set(id, made);
        this.linger(id, made);
        return made.actor;
    }

    take(id: string): A {
        const actor = this.look(id);
        const held = this.kept.get(id);
        if (held) {
            window.clearTimeout(held.leave);
            held.users += 1;
        }
        return actor;
    }

    give(id: string): void {
        const held = this.kept.get(id);
        if (!held) {
            return;
        }
        held.users -= 1;
        if (held.users === 0) {
            this.linger(id, held);
        }
    }

    private linger(id: string, held: Kept<A>): void {
        held.leave = window.setTimeout(() => {
            held.actor.close();
            this.kept.delete(id);
        }, LINGER_MS);
    }

    clear(): void {
        for (const { leave } of this.kept.values()) {
            window.clearTimeout(leave);
        }
        this.kept.clear();
    }
}

export class Client {
    readonly connection: Connection;
    readonly line: Store<Line>;
    readonly boards: Shelf<BoardActor>;
    readonly cases: Shelf<CaseActor>;
    readonly series: Shelf<SeriesActor>;
    readonly user: UserActor;
    /** What is being written and not sent yet; it stays with what it is about. */
    readonly drafts = new Drafts();
    readonly me: string;

    constructor(connection: Connection, me: string) {
        this.connection = connection;
        this.me = me;
        this.line = new Store<Line>({ state: connection.line, unsaved: 0, storeAway: false });
        connection.watch(() => {
            const { line: state, unsaved, storeAway } = connection;
            this.line.set({ state, unsaved, storeAway });
        });
        this.boards = new Shelf(
            (id) =>
                new Actor(
                    connection,
                    'board',
                    id,
                    (board: BoardModel | undefined, message, header) =>
                        reduceBoard(board, message, header.at),
                    reopenStage,
                ),
        );
        this.cases = new Shelf(
            (id) =>
                new Actor<'patient_case', CaseModel>(
                    connection,
                    'patient_case',
                    id,
                    reduceCase,
                    reopenStage,
                ),
        );
        this.series = new Shelf(
            (id) => new Actor<'series', SeriesModel>(connection, 'series', id, reduceSeries),
        );
        this.user = new Actor<'user', UserModel>(connection, 'user', me, reduceUser);
        connection.start();
    }

    /** Microseconds since 1970 on the server's clock. */
    serverTime(): number {
        return (performance.timeOrigin + performance.now()) * 1000 + this.connection.clockOffset;
    }

    stop(): void {
        this.connection.stop();
        this.boards.clear();
        this.cases.clear();
        this.series.clear();
        this.drafts.clear();
    }
}
