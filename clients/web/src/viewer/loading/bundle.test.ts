import { describe, expect, it } from 'vitest';
import { BundleError, readHead } from './bundle';

interface Written {
    uid: string;
    frame: number;
    bytes: number[];
    /** Instead of the true one. */
    length?: number;
}

function writeBundle(frames: Written[], { version = 1, level = 3, count = frames.length } = {}): ArrayBuffer {
    const head = 12 + frames.reduce((sum, { uid }) => sum + 9 + uid.length, 0);
    const body = frames.flatMap(({ bytes }) => bytes);
    const all = new Uint8Array(head + body.length);
    const view = new DataView(all.buffer);
    all.set([...'CPRV'].map((letter) => letter.charCodeAt(0)));
    view.setUint16(4, version, true);
    view.setUint16(6, level, true);
    view.setUint32(8, count, true);
    let at = 12;
    for (const { uid, frame, bytes, length } of frames) {
        view.setUint8(at, uid.length);
        all.set([...uid].map((letter) => letter.charCodeAt(0)), at + 1);
        view.setUint32(at + 1 + uid.length, frame, true);
        view.setUint32(at + 5 + uid.length, length ?? bytes.length, true);
        at += 9 + uid.length;
    }
    all.set(body, head);
    return all.buffer;
}

const two: Written[] = [
    { uid: '1.2.3', frame: 1, bytes: [1, 2, 3] },
    { uid: '1.2.4', frame: 7, bytes: [] },
];

describe('preview bundle', () => {
    it('reads_each_frame_with_its_bytes', () => {
        const bundle = writeBundle(two);
        const { level, entries } = readHead(bundle, bundle.byteLength) ?? { level: 0, entries: [] };
        const bytesOf = (start: number, length: number) => [...new Uint8Array(bundle, start, length)];
        expect(level).toBe(3);
        expect(entries.map((one) => [one.sopInstanceUid, one.frame, bytesOf(one.start, one.length)])).toEqual([
            ['1.2.3', 1, [1, 2, 3]],
            ['1.2.4', 7, []],
        ]);
    });

    it.each([
        ['another_kind_of_file', new TextEncoder().encode('<!doctype html>.....').buffer],
        ['nothing_at_all', new ArrayBuffer(0)],
        ['another_version', writeBundle(two, { version: 2 })],
        ['no_reduction', writeBundle(two, { level: 0 })],
        ['a_reduction_beyond_the_copies', writeBundle(two, { level: 6 })],
        ['more_frames_than_bytes', writeBundle(two, { count: 0xffffffff })],
        ['one_frame_more_than_is_there', writeBundle(two, { count: 3 })],
        ['one_frame_less_than_is_there', writeBundle(two, { count: 1 })],
        ['a_length_beyond_the_end', writeBundle([{ uid: '1', frame: 1, bytes: [1], length: 0xffffffff }])],
        ['a_length_that_leaves_bytes_over', writeBundle([{ uid: '1', frame: 1, bytes: [1, 2], length: 1 }])],
        ['a_uid_longer_than_there_can_be', writeBundle([{ uid: '1'.repeat(65), frame: 1, bytes: [] }])],
    ])('refuses_%s', (_, buffer) => {
        expect(() => readHead(buffer, buffer.byteLength)).toThrow(BundleError);
    });

    it('takes_nothing_from_outside_a_bundle_that_was_cut_anywhere', () => {
        const whole = writeBundle(two);
        for (let length = 0; length < whole.byteLength; length += 1) {
            expect(() => readHead(whole.slice(0, length), length)).toThrow(BundleError);
        }
    });
});
