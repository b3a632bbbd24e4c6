// The words between the line and what surrounds it: where it stands, the socket it is given, and what is
// asked of it.
import type { ActorKind as Kind, AnyUp, Frame as DownFrame, UpMessage } from '../wire';

export type LineState =
    | { at: 'idle' }
    | { at: 'connecting'; attempt: number }
    | { at: 'live'; user: string; name: string }
    | { at: 'waiting'; attempt: number; until: number; draining: boolean }
    | { at: 'signed_out' }
    | { at: 'outdated' };

export interface Socket {
    send(bytes: Uint8Array): void;
    close(): void;
}

export interface SocketEvents {
    opened(): void;
    received(bytes: Uint8Array): void;
    closed(code: number): void;
}

export interface Surroundings {
    /** A one-time ticket; undefined when nobody is signed in any more. */
    ticket(): Promise<string | undefined>;
    connect(ticket: string, events: SocketEvents): Socket;
    encode(kind: Kind, channel: number, seq: number, message: AnyUp): Uint8Array;
    decode(kindOf: (channel: number) => Kind | undefined, bytes: Uint8Array): DownFrame | undefined;
    now(): number;
    after(milliseconds: number, run: () => void): () => void;
    random(): number;
    commandId(): string;
    client: string;
    window: number;
}

export const PROTOCOL_REVISION = 1;

/** Close code of a server that speaks a newer protocol than this page. */
export const CLOSE_OUTDATED = 4501;
/** Close code of a session that was ended: signed out here or elsewhere. */
export const CLOSE_SIGNED_OUT = 4502;

/** A message without the parts the line adds. */
type Unsigned<M> = M extends { commandId: string } ? Omit<M, 'commandId'> : M;
export type Ask<K extends Kind> = Unsigned<UpMessage<K>>;
