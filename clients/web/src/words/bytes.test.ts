import { describe, expect, it } from 'vitest';
import { cutToBytes } from './bytes';

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

describe('a_text_that_is_bounded_in_bytes', () => {
    it('is_left_alone_while_it_fits', () => {
        expect(cutToBytes('x'.repeat(80), 80)).toBe('x'.repeat(80));
        expect(cutToBytes('', 80)).toBe('');
    });

    it('loses_whole_characters_at_its_end_and_never_a_part_of_one', () => {
        expect(cutToBytes('x'.repeat(81), 80)).toBe('x'.repeat(80));
        expect(cutToBytes('ä'.repeat(80), 80)).toBe('ä'.repeat(40));
        expect(cutToBytes(`x${'ä'.repeat(40)}`, 80)).toBe(`x${'ä'.repeat(39)}`);
        expect(cutToBytes('😀'.repeat(40), 81)).toBe('😀'.repeat(20));
        expect(bytesOf(cutToBytes('€'.repeat(99), 80))).toBe(78);
    });
});
