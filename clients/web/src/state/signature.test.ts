// The corpus in tests/support/signatures holds this client and the server to the same bytes and hashes; and no byte of
// what was signed can change unseen.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
    defaultDecision,
    defaultTask,
    encodeRecord,
    readAddendumContent,
    readDecisionContent,
    readSignatureContent,
    writeAddendumContent,
    writeDecisionContent,
    writeSignatureContent,
} from '../protocol';
import { Reader } from '../protocol/reader';
import type { Addendum, Decision, Signature, Task } from '../wire';
import {
    addendumForm,
    checkAddendum,
    checkDecision,
    decisionForm,
    hashOf,
} from './signature';

const VECTORS = fileURLToPath(
    new URL('../../../../tests/support/signatures/signed.vectors', import.meta.url),
);
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const vectors = readFileSync(VECTORS, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
        const [kind = '', form = '', hash = ''] = line.split(' ');
        return { kind, form, hash };
    });

/** What a case would have to show to be signed with these bytes. */
function shownOf(form: Uint8Array): { patientCase: string; decision: Decision; tasks: Task[] } {
    const { patientCase, form: _form, tasks, ...said } = readDecisionContent(new Reader(form));
    const decision = { ...defaultDecision(), ...said };
    return {
        patientCase,
        decision,
        tasks: tasks.map((task) => ({
            ...defaultTask(),
            ...task,
            decision: decision.decision,
            state: 'done',
        })),
    };
}

async function signed(form: Uint8Array) {
    const shown = shownOf(form);
    const bare = {
        by: shown.decision.by,
        name: 'Dr. Anna Weber',
        discipline: 'Surgery',
        meaning: 'approved',
        factor: 'passkey',
        at: 1_772_534_200_000_000,
        content: await hashOf(decisionForm(shown.patientCase, shown.decision, shown.tasks)),
    } as const;
    const seal = await hashOf(
        encodeRecord(writeSignatureContent, { form: 'consilium signature', ...bare }),
    );
    const signature: Signature = { ...bare, seal };
    return { ...shown, decision: { ...shown.decision, signature, signedBy: bare.by } };
}

const first = bytesOf(vectors.find(({ kind }) => kind === 'decision')?.form ?? '');

describe('the_corpus_of_signatures', () => {
    it('is_read_written_and_hashed_as_it_stands', async () => {
        expect(vectors).toHaveLength(5);
        for (const { kind, form, hash } of vectors) {
            const reader = new Reader(bytesOf(form));
            const written =
                kind === 'decision'
                    ? encodeRecord(writeDecisionContent, readDecisionContent(reader))
                    : kind === 'addendum'
                      ? encodeRecord(writeAddendumContent, readAddendumContent(reader))
                      : encodeRecord(writeSignatureContent, readSignatureContent(reader));
            expect(hexOf(written)).toBe(form);
            expect(hexOf(await hashOf(written))).toBe(hash);
        }
    });

    it('is_what_a_case_that_shows_the_same_is_hashed_as', async () => {
        for (const { form, hash } of vectors.filter(({ kind }) => kind === 'decision')) {
            const { patientCase, decision, tasks } = shownOf(bytesOf(form));
            const others = [{ ...defaultTask(), text: 'of another decision' }, ...tasks];
            expect(hexOf(decisionForm(patientCase, decision, others))).toBe(form);
            expect(hexOf(await hashOf(decisionForm(patientCase, decision, tasks)))).toBe(hash);
        }
    });
});

describe('a_signature', () => {
    it('is_sound_while_nothing_is_changed_and_whatever_became_of_the_tasks', async () => {
        const { patientCase, decision, tasks } = await signed(first);
        expect(await checkDecision(patientCase, decision, tasks)).toBe('sound');
        const done = tasks.map((task): Task => ({ ...task, state: 'refused', reason: 'no' }));
        expect(await checkDecision(patientCase, decision, done)).toBe('sound');
    });

    it('of_an_earlier_version_is_told_apart_from_a_broken_one', async () => {
        const { patientCase, decision, tasks } = await signed(first);
        const old = { ...decision, signature: undefined };
        expect(await checkDecision(patientCase, old, tasks)).toBe('unbound');
    });

    it('is_broken_by_each_flipped_bit_of_what_was_signed', async () => {
        const { decision: original } = await signed(first);
        let read = 0;
        for (let bit = 0; bit < first.length * 8; bit++) {
            const flipped = first.slice();
            flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
            let shown;
            try {
                shown = shownOf(flipped);
            } catch {
                continue; // not a decision any more
            }
            const { signature, signedBy } = original;
            const decision = { ...shown.decision, signature, signedBy };
            const found = await checkDecision(shown.patientCase, decision, shown.tasks);
            if (readDecisionContent(new Reader(flipped)).form === 'consilium decision') {
                expect(found, `bit ${bit}`).toBe('broken');
                read++;
            }
        }
        expect(read).toBeGreaterThan(1000);
    });

    it('is_broken_by_each_flipped_letter_of_its_own', async () => {
        const { patientCase, decision, tasks } = await signed(first);
        const { signature } = decision;
        const others: Partial<Signature>[] = [
            { name: 'Dr. Anna Veber' },
            { discipline: 'surgery' },
            { meaning: 'standard' },
            { factor: 'password' },
            { at: signature.at + 1 },
            { content: signature.content.map((byte, index) => (index === 31 ? byte ^ 1 : byte)) },
            { seal: signature.seal.map((byte, index) => (index === 0 ? byte ^ 128 : byte)) },
            { seal: signature.seal.slice(1) },
        ];
        for (const other of others) {
            const changed = { ...decision, signature: { ...signature, ...other } };
            expect(await checkDecision(patientCase, changed, tasks)).toBe('broken');
        }
        const another = { ...decision, signedBy: patientCase };
        expect(await checkDecision(patientCase, another, tasks)).toBe('broken');
    });

    it('of_an_addendum_is_bound_to_its_words_and_to_the_signature_above_it', async () => {
        const { patientCase, decision } = await signed(first);
        const id = 'add00000-0000-4000-8000-000000000001';
        const bare = {
            ...decision.signature,
            meaning: 'added' as const,
            content: await hashOf(addendumForm(patientCase, decision, id, 'HER2 positive')),
        };
        const { seal: _seal, ...said } = bare;
        const seal = await hashOf(
            encodeRecord(writeSignatureContent, { form: 'consilium signature', ...said }),
        );
        const addendum: Addendum = {
            addendum: id,
            text: 'HER2 positive',
            signature: { ...bare, seal },
        };
        expect(await checkAddendum(patientCase, decision, addendum)).toBe('sound');
        for (let i = 0; i < addendum.text.length; i++) {
            const letter = String.fromCharCode(addendum.text.charCodeAt(i) ^ 1);
            const text = addendum.text.slice(0, i) + letter + addendum.text.slice(i + 1);
            expect(await checkAddendum(patientCase, decision, { ...addendum, text })).toBe('broken');
        }
        const above = {
            ...decision,
            signature: { ...decision.signature, seal: new Uint8Array(32) },
        };
        expect(await checkAddendum(patientCase, above, addendum)).toBe('broken');
    });
});
