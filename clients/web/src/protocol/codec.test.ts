import { describe, expect, test } from 'vitest';

import {
    decodeDown,
    defaultViewport,
    encodeUp,
    ProtocolError,
    ZERO_UUID,
    type MovePointer,
} from '.';

const ID = '01234567-89ab-cdef-0123-456789abcdef';
const bytes = (hex: string) =>
    Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const hex = (frame: Uint8Array) => Buffer.from(frame).toString('hex');
const board = () => 'board' as const;

describe('encodeUp', () => {
    test('sends a signal without a number, in 24 bytes at the most', () => {
        const move: MovePointer = { type: 'MovePointer', handle: 0xffff, x: 1.5, y: -2, z: 0.25 };
        const frame = encodeUp('board', 0xffff, 7, move);
        expect(hex(frame)).toBe('93cdffff2894cdffffca3fc00000cac0000000ca3e800000');
        expect(frame.length).toBe(24);
    });

    test('sends a command with its number and leaves out what is default at its end', () => {
        const add = {
            type: 'AddItem',
            commandId: ID,
            patientCase: ZERO_UUID,
            plannedSeconds: 180,
        } as const;
        const frame = encodeUp('board', 1, 5, { ...add, presenter: ZERO_UUID });
        expect(hex(frame)).toBe(`9401020591c410${ID.replaceAll('-', '')}`);
    });

    test('refuses what the server would refuse', () => {
        const post = (text: string) => () =>
            encodeUp('patient_case', 1, 1, { type: 'PostMessage', commandId: ID, text });
        expect(post('é'.repeat(2000))).not.toThrow();
        expect(post('é'.repeat(2001))).toThrow(ProtocolError);
        expect(post('a\0b')).toThrow(ProtocolError);
        const move = (x: number) => () =>
            encodeUp('board', 1, 0, { type: 'MovePointer', handle: 1, x, y: 0, z: 1 });
        expect(move(Number.NaN)).toThrow(ProtocolError);
        expect(move(1e39)).toThrow(ProtocolError);
        const open = (item: number) => () =>
            encodeUp('board', 1, 1, {
                type: 'OpenItem',
                commandId: ID,
                item,
                next: 1,
                outcome: 'none',
                reason: 0,
                unready: '',
            });
        expect(open(2 ** 32)).toThrow(ProtocolError);
        expect(open(0.5)).toThrow(ProtocolError);
        expect(() => encodeUp('board', 1, 1, { type: 'StartMeeting', commandId: 'none' })).toThrow(
            ProtocolError,
        );
        expect(() => encodeUp('board', 65536, 1, { type: 'StartMeeting', commandId: ID })).toThrow(
            ProtocolError,
        );
    });

    test('refuses a command without an id, which could not be retried', () => {
        const start = { type: 'StartMeeting', commandId: ZERO_UUID } as const;
        expect(() => encodeUp('board', 1, 1, start)).toThrow(ProtocolError);
    });
});

describe('decodeDown', () => {
    test('gives nothing for a channel that is closed here already', () => {
        expect(decodeDown(() => undefined, bytes('93017190'))).toBeUndefined();
    });

    test('gives an event with its place in the stream and who caused it', () => {
        const frame = bytes(
            `9702 4c 03 01 05 c410 ${ID.replaceAll('-', '')} 9109`.replaceAll(' ', ''),
        );
        expect(decodeDown(board, frame)).toEqual({
            form: 'event',
            kind: 'board',
            channel: 2,
            version: 3,
            previous: 1,
            at: 5,
            by: ID,
            message: { type: 'ItemOpened', item: 9 },
        });
    });

    test('says undefined for what the system itself caused', () => {
        expect(decodeDown(board, bytes('97024c030105c09109'))).toMatchObject({ by: undefined });
    });

    test('refuses a message in a frame of another form', () => {
        expect(() => decodeDown(board, bytes('93014c90'))).toThrow(ProtocolError);
        expect(() => decodeDown(board, bytes('97017103010590'))).toThrow(ProtocolError);
    });

    test('refuses what only goes up', () => {
        expect(() => decodeDown(board, bytes('93012890'))).toThrow(ProtocolError);
    });

    test('refuses a header that claims 437 million at once', () => {
        expect(() => decodeDown(board, bytes('dd1a128f8f'))).toThrow(ProtocolError);
        expect(() => decodeDown(board, bytes('93017191dd1a128f8f'))).toThrow(ProtocolError);
    });
});

test('a default is a new value each time', () => {
    expect(defaultViewport()).not.toBe(defaultViewport());
    expect(defaultViewport()).toMatchObject({
        overlays: true,
        aspect: 1,
        center: { x: 0, y: 0, z: 0 },
    });
});
