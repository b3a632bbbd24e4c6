// One channel: the line's view of one actor. It survives connections: what it holds (version, audience,
// commands without an answer) is what the next connection resumes from.
import type { ActorKind as Kind, DownMessage, UpMessage } from '../wire';

export interface EventHeader {
    version: number;
    at: number;
    by: string | undefined;
}

/** What a channel tells its owner. `events` and snapshots come in their order, never twice. */
export interface ChannelListener<K extends Kind> {
    snapshot(message: DownMessage<K>): void;
    event(message: DownMessage<K>, header: EventHeader): void;
    notice(message: DownMessage<K>): void;
    opened(grant: Grant): void;
    ended(reason: EndReason): void;
}

export interface Grant {
    audience: number;
    roles: number;
    participant: number;
}

export type EndReason =
    | 'closed_by_client'
    | 'not_found'
    | 'revoked'
    | 'moved'
    | 'unavailable'
    | 'newer_version'
    | 'quarantined'
    | 'too_many'
    | 'erased'
    | 'restricted';

/** Ends that pass: the channel opens again by itself. */
export const passing: readonly EndReason[] = ['moved', 'unavailable'];

const refusedEnds: Partial<Record<string, EndReason>> = {
    unavailable: 'unavailable',
    busy: 'unavailable',
    too_fast: 'unavailable',
    too_many: 'too_many',
    newer_version: 'newer_version',
    quarantined: 'quarantined',
    erased: 'erased',
    restricted: 'restricted',
};

/** What a refused opening means for the channel. */
export const endOfRefusal = (reason: string): EndReason => refusedEnds[reason] ?? 'not_found';

export type Refusal = {
    outcome: 'refused';
    reason: string;
    item: number;
    subject: string | undefined;
};
export type Outcome = { outcome: 'accepted'; version: number } | Refusal | { outcome: 'gone' };

/** Refusals after which the same command is sent again with the same id. */
const RETRIED = new Set(['busy', 'unavailable']);

function outcomeOf(message: DownMessage<Kind>): Outcome {
    switch (message.type) {
        case 'Accepted':
            return { outcome: 'accepted', version: message.version };
        case 'Refused': {
            const { reason, item, subject } = message;
            return { outcome: 'refused', reason, item, subject };
        }
        default:
            return { outcome: 'gone' };
    }
}

export interface PendingCommand<K extends Kind> {
    message: UpMessage<K>;
    seq: number;
    since: number;
    settle: (outcome: Outcome) => void;
}

export interface PendingRequest<K extends Kind> {
    seq: number;
    settle: (message: DownMessage<K> | undefined) => void;
}

export type ChannelPhase = 'closed' | 'opening' | 'open' | 'ended';

export class Channel<K extends Kind> {
    readonly kind: K;
    readonly id: string;
    readonly listener: ChannelListener<K>;
    /** Number on the present connection; 0 between connections. */
    number = 0;
    phase: ChannelPhase = 'closed';
    version = 0;
    audience = 0;
    /** True from a grant change or opening until its snapshot has come. */
    awaitsSnapshot = false;
    /** Commands without an answer, in the order they were given. */
    readonly commands: PendingCommand<K>[] = [];
    readonly requests: PendingRequest<K>[] = [];

    constructor(kind: K, id: string, listener: ChannelListener<K>) {
        this.kind = kind;
        this.id = id;
        this.listener = listener;
    }

    /** What an event means for this channel: the gap check is previous == mine. */
    place(version: number, previous: number): 'next' | 'seen' | 'gap' {
        if (this.version === 0) {
            return 'next';
        }
        if (version <= this.version) {
            return 'seen';
        }
        return previous === this.version ? 'next' : 'gap';
    }

    /** Settles what a reply answers; gives the command back when it is to be sent again, later. */
    answer(seq: number, message: DownMessage<K>): PendingCommand<K> | undefined {
        const request = this.requests.findIndex((one) => one.seq === seq);
        if (request >= 0) {
            this.requests.splice(request, 1)[0]?.settle(message);
            return undefined;
        }
        const index = this.commands.findIndex((one) => one.seq === seq);
        const command = this.commands[index];
        if (!command) {
            return undefined;
        }
        if (message.type === 'Refused' && RETRIED.has(message.reason)) {
            command.seq = 0;
            return command;
        }
        this.commands.splice(index, 1);
        command.settle(outcomeOf(message));
        return undefined;
    }

    /** The connection is gone: requests cannot be repeated, commands are. */
    detach(): void {
        this.number = 0;
        if (this.awaitsSnapshot) {
            // It was announced and never came: nothing is held, so nothing can be resumed.
            this.version = 0;
            this.audience = 0;
            this.awaitsSnapshot = false;
        }
        if (this.phase !== 'ended') {
            this.phase = 'closed';
        }
        for (const request of this.requests.splice(0)) {
            request.settle(undefined);
        }
    }
}
