// The corpus in tests/support/frames holds this codec and the server's to the same bytes.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

import { mirror as everythingMirror } from '../../../../tests/support/everything/generated/mirror';
import { decodeDown } from './generated/down';
import type { Kind, UpOf } from './generated/kinds';
import { mirror, type MessageOf, type MirrorCodec } from './generated/mirror';
import { encodeUp } from './generated/up';
import { Reader } from './reader';
import { ProtocolError, type FrameHead } from './values';
import { Writer } from './writer';

const SUPPORT = fileURLToPath(new URL('../../../../tests/support/', import.meta.url));
const KINDS: Kind[] = ['session', 'board', 'patient_case', 'user', 'series'];
const TAG_DOWN = 64;
const EVERY_CUT_SIZE_MAX = 400;

interface Sample {
    verdict: string;
    line: string;
    frame: Uint8Array;
    expected: Uint8Array;
}

/** `9401 61*300 c0` */
function parseFrame(text: string): Uint8Array {
    const pieces = text
        .trim()
        .split(/\s+/)
        .map((word) => {
            const [digits = '', times] = word.split('*');
            const bytes = digits.match(/../g)?.map((digit) => Number.parseInt(digit, 16)) ?? [];
            return times === undefined
                ? bytes
                : new Array<number>(Number(times)).fill(bytes[0] ?? 0);
        });
    return Uint8Array.from(pieces.flat());
}

function readSamples(path: string): Sample[] {
    const lines = readFileSync(`${SUPPORT}${path}.frames`, 'utf8').split('\n');
    return lines
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => {
            const [code = ''] = line.split(' ;');
            const [first = '', then] = code.split(' > ');
            const [verdict = '', , ...words] = first.split(' ');
            const frame = parseFrame(words.join(' '));
            return {
                verdict,
                line,
                frame,
                expected: then === undefined ? frame : parseFrame(then),
            };
        });
}

interface Read<Message> {
    head: FrameHead;
    message: Message;
}

function read<Message>(codec: MirrorCodec<Message>, bytes: Uint8Array): Read<Message> {
    const reader = new Reader(bytes);
    const head = reader.frameHead();
    const message = codec.read(head.tag, reader);
    reader.end();
    return { head, message };
}

function write<Message>(codec: MirrorCodec<Message>, { head, message }: Read<Message>): Uint8Array {
    const writer = new Writer();
    writer.frameHead(head);
    codec.write(writer, message);
    return writer.finish();
}

function readIn<K extends Kind>(kind: K, bytes: Uint8Array): Read<MessageOf[K]> {
    return read(mirror[kind], bytes);
}

function hex(bytes: Uint8Array): string {
    return Buffer.from(bytes).toString('hex');
}

function rewriteIn<K extends Kind>(kind: K, bytes: Uint8Array): Uint8Array {
    const codec = mirror[kind];
    return write(codec, read(codec, bytes));
}

function expectKept(samples: Sample[], rewrite: (frame: Uint8Array) => Uint8Array): void {
    for (const { verdict, frame, expected, line } of samples) {
        if (verdict === 'refused') {
            expect(() => rewrite(frame), line).toThrow(ProtocolError);
        } else {
            expect(hex(rewrite(frame)), line.slice(0, 500)).toBe(hex(expected));
        }
    }
}

/** To `system`: they leave no server. */
const KEPT = [
    'VerifierSet',
    'FactorAdded',
    'FactorRemoved',
    'RecoveryCodesSet',
    'RecoveryCodeUsed',
    'FactorUsed',
    'UserRecord',
    'UserTopic',
];

describe('frames of a schema that uses the whole language', () => {
    const samples = readSamples('everything/generated/everything');
    const codec = everythingMirror.everything;

    test('are read, written again or refused as the corpus says', () => {
        expect(samples.length).toBeGreaterThan(200);
        expectKept(samples, (frame) => write(codec, read(codec, frame)));
    });
});

describe.each(KINDS)('frames of a %s', (kind) => {
    const samples = readSamples(`frames/${kind}`);
    const good = samples.filter(({ verdict }) => verdict !== 'refused');

    test('are written again as the corpus says', () => {
        expect(good.length).toBeGreaterThan(20);
        for (const { frame, expected, line } of good) {
            expect(hex(rewriteIn(kind, frame)), line).toBe(hex(expected));
        }
    });

    test('are refused as the corpus says', () => {
        const bad = samples.filter(({ verdict }) => verdict === 'refused');
        expect(bad.length).toBeGreaterThan(100);
        for (const { frame, line } of bad) {
            expect(() => rewriteIn(kind, frame), line).toThrow(ProtocolError);
        }
    });

    test('are refused when cut at any byte', () => {
        for (const { frame, line } of good.filter(
            ({ frame: { length } }) => length <= EVERY_CUT_SIZE_MAX,
        )) {
            for (let length = 0; length < frame.length; length++) {
                expect(
                    () => rewriteIn(kind, frame.slice(0, length)),
                    `${length} of ${line}`,
                ).toThrow(ProtocolError);
            }
        }
    });

    test('go up as encodeUp writes them', () => {
        for (const { frame, expected, line } of good) {
            const { head, message } = readIn(kind, frame);
            if (head.tag < TAG_DOWN) {
                const bytes = encodeUp(kind, head.channel, head.seq, message as UpOf[typeof kind]);
                expect(hex(bytes), line).toBe(hex(expected));
            }
        }
    });

    test('come down as decodeDown reads them', () => {
        for (const { frame, line } of good) {
            const { head, message } = readIn(kind, frame);
            if (head.tag < TAG_DOWN || KEPT.includes(message.type)) {
                expect(() => decodeDown(() => kind, frame), line).toThrow(ProtocolError);
                continue;
            }
            const down = decodeDown(() => kind, frame);
            expect(down, line).toMatchObject({ form: head.form, channel: head.channel, kind });
            expect(down?.message, line).toEqual(message);
        }
    });
});
