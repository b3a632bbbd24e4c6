import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { wordsOf } from '../words';
import { sendFile, Upload, type Progress, type Send } from './upload';

const file = (name: string) => ({ name, file: new File([name], name) });

async function play(names: string[], send: Send) {
    const told: Progress[] = [];
    const waits: number[] = [];
    const upload = new Upload(
        names.map(file),
        send,
        (progress) => told.push(progress),
        (milliseconds) => {
            waits.push(milliseconds);
            return Promise.resolve();
        },
    );
    await upload.run();
    return { told, waits, last: told[told.length - 1] };
}

const stored = { outcome: 'stored' as const, reason: '', message: '' };

describe('an_upload', () => {
    it('tells_how_far_it_is_and_names_what_was_refused', async () => {
        const { told, last } = await play(['a.dcm', 'notes.txt', 'b.dcm'], ({ file: sent }) =>
            Promise.resolve(
                sent.name === 'notes.txt' ? { outcome: 'refused', reason: 'not_dicom', message: 'no image' } : stored,
            ),
        );
        expect(told[0]).toMatchObject({ all: 3, done: 0, running: true });
        expect(last).toMatchObject({ done: 3, stored: 2, running: false });
        expect(last?.problems).toEqual([
            { name: 'notes.txt', outcome: 'refused', reason: 'not_dicom', message: 'no image' },
        ]);
    });

    it('sends_a_few_at_a_time', async () => {
        let now = 0;
        let most = 0;
        await play(['1', '2', '3', '4', '5', '6', '7'], async () => {
            now += 1;
            most = Math.max(most, now);
            await Promise.resolve();
            now -= 1;
            return stored;
        });
        expect(most).toBe(3);
    });

    it('sends_again_what_the_server_was_too_busy_for_with_longer_pauses', async () => {
        let times = 0;
        const { waits, last } = await play(['a'], () => {
            times += 1;
            return times < 3 ? Promise.resolve('busy') : Promise.resolve(stored);
        });
        expect(waits).toEqual([400, 800]);
        expect(last).toMatchObject({ stored: 1, problems: [] });
    });

    it('counts_what_an_archive_held_and_says_what_its_directory_misses', async () => {
        const { last } = await play(['disc.zip', 'b.dcm'], ({ name }, told) => {
            told(4, true, 40);
            return Promise.resolve(
                name === 'b.dcm'
                    ? stored
                    : {
                          files: 40,
                          stored: 36,
                          known: 1,
                          kept: 1,
                          keptNames: ['readme.txt'],
                          held: 2,
                          problems: [],
                          index: { named: 41, missing: 2 },
                      },
            );
        });
        expect(last).toMatchObject({ all: 41, done: 41, stored: 37, known: 1, kept: 1, held: 2 });
        expect(last).toMatchObject({ bytes: 13, bytesAll: 13 });
        expect(last?.index).toEqual({ named: 41, missing: 2 });
        expect(last?.keptNames).toEqual(['readme.txt']);
    });

    it('names_what_was_kept_and_says_with_each_file_how_many_go_together', async () => {
        const said: string[] = [];
        const { last } = await play(['a.dcm', 'notes.txt', 'b.dcm', 'c.dcm'], ({ name }, _told, _stopped, sending) => {
            said.push(sending());
            return Promise.resolve(name === 'notes.txt' ? { ...stored, outcome: 'kept' } : stored);
        });
        expect(last?.keptNames).toEqual(['notes.txt']);
        const [first = '', ...others] = said;
        const id = first.split(' ')[0] ?? '';
        expect(first).toBe(`${id} 4 24 0 0 0 0`);
        expect(id).toMatch(/^[\da-f-]{36}$/);
        expect(others.every((one) => one.startsWith(`${id} 4 24 `))).toBe(true);
        expect(others.at(-1)).toBe(`${id} 4 24 1 5 1 0`);
    });

    it('counts_what_waits_because_it_says_another_patient_and_names_it_as_no_problem', async () => {
        const { last } = await play(['a', 'b'], ({ name }) =>
            Promise.resolve({ outcome: 'held', reason: name === 'a' ? 'patient' : 'content', message: '' }),
        );
        expect(last).toMatchObject({ held: 1, stored: 0 });
        expect(last?.problems.map((one) => one.name)).toEqual(['b']);
    });

    it('sends_the_directory_of_a_CD_when_everything_else_is_there', async () => {
        const order: string[] = [];
        await play(['CD/DICOMDIR', 'CD/1', 'CD/2', 'CD/3', 'CD/4'], async ({ name }) => {
            await Promise.resolve();
            order.push(name);
            return stored;
        });
        expect(order.at(-1)).toBe('CD/DICOMDIR');
    });

    it('gives_up_after_some_tries_and_says_which_file', async () => {
        const { last } = await play(['a'], () => Promise.reject(new Error('no line')));
        expect(last?.problems).toEqual([{ name: 'a', outcome: 'failed', reason: '', message: '' }]);
    });
});

describe('the_answer_to_a_file', () => {
    const answered = async (status: number, body: unknown) => {
        vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { status })));
        const answer = await sendFile('a-case', file('x'), '');
        vi.unstubAllGlobals();
        return answer;
    };

    it('carries_why_by_its_word_whether_the_file_was_read_or_not', async () => {
        const read = { outcome: 'refused', reason: 'truncated', message: 'byte 12' };
        expect(await answered(422, read)).toEqual(read);
        expect(await answered(413, { error: 'too_large', message: 'Too large.' })).toEqual({
            outcome: 'refused',
            reason: 'too_large',
            message: 'Too large.',
        });
    });

    it('has_a_sentence_for_each_word_in_each_language', () => {
        const words = [wordsOf('en'), wordsOf('de')].map(({ upload }) => upload.why);
        const server = join(import.meta.dirname, '../../../../server');
        const said = (path: string, of: RegExp): string[] =>
            [...readFileSync(join(server, path), 'utf8').matchAll(of)].map(([, word = '']) => word);
        const all = [
            ...said('imaging/file_refusal.c', /return "(\w+)";/g),
            ...said('imaging/imaging_intake_archive.c', /\[UNPACK_REFUSAL_\w+\] = "(\w+)"/g),
            ...said('gateway/routes_resumable.c', /answer_(?:error|problem)\(\w+, \d+, "(\w+)"/g),
            ...said('gateway/routes_imaging.c', /answer_error\(\w+, \d+, "(\w+)"/g),
        ];
        expect(all.length).toBeGreaterThan(25);
        expect(all).toContain('checksum_mismatch');
        for (const why of all.filter((word) => !['unknown', 'other_method'].includes(word))) {
            expect(words.map((one) => [why, one[why]])).not.toContainEqual([why, undefined]);
        }
    });
});
