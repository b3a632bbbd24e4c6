// What both directions of the codec share.

/** The peer's bytes break the protocol, or a value of ours does not fit the schema's bounds. */
export class ProtocolError extends Error {
    override readonly name = 'ProtocolError';
}

/** "Nobody" or "none". */
export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

/** A command without an id could not be retried: nobody may send one. */
export function requireId(commandId: string): void {
    if (commandId === ZERO_UUID) {
        throw new ProtocolError('a command without an id');
    }
}

/** The three envelopes, by the length of their array. */
export const FRAME_EPHEMERAL = 3;
export const FRAME_NUMBERED = 4;
export const FRAME_EVENT = 7;

/** Longer than any message of the schemas. */
export const FRAME_SIZE_MAX = 64 * 1024 * 1024;

/** What stands in a frame before its fields. */
export interface FrameHead {
    form: 'notice' | 'reply' | 'event';
    channel: number;
    tag: number;
    seq: number;
    version: number;
    previous: number;
    at: number;
    /** The user who caused an event; undefined = the system itself. */
    by: string | undefined;
}
