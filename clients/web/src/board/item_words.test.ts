import { describe, expect, it } from 'vitest';
import { defaultAgendaItem } from '../wire';
import { wordsOf } from '../words';
import { aboutInWords } from './item_words';

const words = wordsOf('en');
const board = { template: undefined };

describe('a_line_of_the_agenda', () => {
    it('says_that_a_case_needs_no_discussion_also_while_something_is_missing', () => {
        const item = { ...defaultAgendaItem(), item: 1, standard: true };
        expect(aboutInWords(words, board, item)).toEqual({ text: 'standard of care', amber: false });
        expect(aboutInWords(words, board, { ...item, missing: ['tumor_stage'] })).toEqual({
            text: 'standard of care · Missing: Stage',
            amber: true,
        });
    });

    it('says_nothing_of_it_once_it_was_discussed', () => {
        const item = { ...defaultAgendaItem(), item: 1, standard: true };
        expect(aboutInWords(words, board, { ...item, state: 'discussed' })).toBeUndefined();
    });
});
