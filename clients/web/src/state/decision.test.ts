import { describe, expect, it } from 'vitest';
import { defaultTemplate, type Decision, type Template } from '../wire';
import { de } from '../words/de';
import { en } from '../words/en';
import { dayFromDue, dueFromDay, fieldsOf, otherSide, tally, unanswered } from './decision';

const languages = [en.sideWords, de.sideWords];
const other = (text: string, side: Decision['side']) => otherSide([text], side, languages);

describe('the_side_of_a_decision', () => {
    it('is_doubted_when_the_text_names_the_other_one', () => {
        expect(other('Resection of the left upper lobe', 'right')).toBe('left');
        expect(other('Right-sided mastectomy', 'left')).toBe('right');
        expect(other('Ablatio der linken Brust', 'right')).toBe('left');
        expect(other('rechtsseitige Hemikolektomie', 'left')).toBe('right');
        expect(other('LEFT.', 'right')).toBe('left');
    });

    it('fits_when_the_text_names_the_same_or_none', () => {
        expect(other('Resection of the right upper lobe', 'right')).toBeUndefined();
        expect(other('Biopsy', 'left')).toBeUndefined();
        expect(other('Right and left', 'both')).toBeUndefined();
    });

    it('is_not_found_inside_another_word', () => {
        expect(other('Leftover slides, rechtzeitig', 'right')).toBeUndefined();
        expect(other('bright signal, aufrecht', 'left')).toBeUndefined();
    });

    it('is_found_as_german_clinicians_shorten_it', () => {
        expect(other('Lobektomie re. Oberlappen', 'left')).toBe('right');
        expect(other('Ablatio li., SLNB', 'right')).toBe('left');
        expect(other('Re-Resektion, re: 4 slides, liquid biopsy', 'left')).toBeUndefined();
    });

    it('is_doubted_when_none_applies_and_the_text_names_one', () => {
        expect(other('left axilla', 'none')).toBe('left');
        expect(other('rechts', 'unknown')).toBe('right');
    });
});

const field = (key: string, required: boolean, kind: 'text' | 'side' = 'text') => ({
    key,
    label: key,
    kind,
    required,
    choices: [],
});
const template: Template = {
    ...defaultTemplate(),
    fields: [field('recommendation', true), field('trial', false), field('side', true, 'side')],
};
const decision: Decision = {
    decision: 'd',
    board: 'b',
    item: 1,
    revision: 2,
    templateVersion: 1,
    fields: [],
    side: 'unknown',
    standard: false,
    by: '',
    at: 0,
    signedBy: '',
    signedName: '',
    signedAt: 0,
    votes: [],
    following: 'unknown',
    followingWhy: '',
    followingAt: 0,
    signature: undefined,
    addenda: [],
};

describe('a_decision', () => {
    it('wants_its_required_fields_before_it_is_signed', () => {
        expect(unanswered(decision, template).map((one) => one.key)).toEqual([
            'recommendation',
            'side',
        ]);
        const filled: Decision = {
            ...decision,
            side: 'none',
            fields: [{ key: 'recommendation', value: 'biopsy' }],
        };
        expect(unanswered(filled, template)).toEqual([]);
    });

    it('sends_what_the_template_asks_for_and_the_side_apart', () => {
        const draft = {
            decision: 'd',
            based: 0,
            values: { recommendation: ' biopsy ', trial: ' ', side: 'left', gone: 'x' },
            side: 'left' as const,
            tasks: [],
        };
        expect(fieldsOf(draft, template)).toEqual([{ key: 'recommendation', value: 'biopsy' }]);
    });

    it('counts_votes_on_the_text_as_it_is_now', () => {
        const vote = (person: string, choice: 'agree' | 'dissent', revision: number) => ({
            person,
            name: person,
            choice,
            reason: '',
            revision,
            by: person,
            at: 0,
        });
        const counted = tally({
            ...decision,
            votes: [vote('a', 'agree', 2), vote('b', 'dissent', 2), vote('c', 'agree', 1)],
        });
        expect(counted).toMatchObject({ agree: 1, dissent: 1, abstain: 0 });
        expect(counted.older.map((one) => one.person)).toEqual(['c']);
    });

    it('is_due_on_the_day_that_was_said', () => {
        expect(dayFromDue(dueFromDay('2026-11-27'))).toBe('2026-11-27');
        expect(dueFromDay('')).toBe(0);
        expect(dayFromDue(0)).toBe('');
    });
});
