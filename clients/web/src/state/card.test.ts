import { describe, expect, it } from 'vitest';
import { blankCase } from './blank';
import { ageOn, missingTopics } from './card';
import { reduceCase } from './case_state';

describe('a_case_card', () => {
    const header = { version: 1, at: 1, by: undefined };
    const empty = reduceCase(undefined, blankCase(), header);
    const checks = (['images', 'pathology', 'question'] as const).map((topic) => ({
        topic,
        owedBy: '',
    }));

    it('names_what_is_missing_in_the_order_of_the_card', () => {
        expect(empty && missingTopics(empty, checks)).toEqual(['question', 'pathology', 'images']);
        const asked = reduceCase(empty, { type: 'CardSet', topic: 'question', text: 'Which?' }, header);
        expect(asked && missingTopics(asked, checks)).toEqual(['pathology', 'images']);
        const taken = reduceCase(asked, { type: 'CardSet', topic: 'question', text: '' }, header);
        expect(taken && missingTopics(taken, checks)).toContain('question');
    });

    it('tells_the_age_by_birthdays_and_in_months_for_the_smallest', () => {
        expect(ageOn('1960-06-15', new Date(2026, 5, 14))).toEqual({ years: 65, months: 791 });
        expect(ageOn('19600615', new Date(2026, 5, 15))?.years).toBe(66);
        expect(ageOn('2026-01-31', new Date(2026, 2, 1))?.months).toBe(1);
        expect(ageOn('', new Date())).toBeUndefined();
        expect(ageOn('2027-01-01', new Date(2026, 1, 1))).toBeUndefined();
    });
});
