import { describe, expect, it } from 'vitest';
import { defaultArrival } from '../protocol';
import type { Arrival } from '../wire';
import { fileName, wordsOf } from '../words';
import { farText, stateText } from './arrivals';

const arrival = (change: Partial<Arrival>): Arrival => ({ ...defaultArrival(), ...change });
const said = (language: 'en' | 'de', change: Partial<Arrival>): string => {
    const words = wordsOf(language);
    const far = farText(words, arrival(change));
    return stateText(words, arrival(change)) + (far && `: ${far}`);
};

describe('files_on_their_way', () => {
    it('say_how_many_how_far_and_how_long', () => {
        const now = { files: 512, done: 214, percent: 61, leftS: 125 };
        expect(said('en', now)).toBe('Images are arriving: 214 of 512 files, 61 %, about 2 min left');
        expect(said('de', now)).toBe('Bilder kommen an: 214 von 512 Dateien, 61 %, noch etwa 2 min');
        expect(said('en', { ...now, leftS: 35 })).toMatch(/less than a minute left$/);
        expect(said('en', { ...now, leftS: 7200 })).toMatch(/about 2 h left$/);
        expect(said('en', { ...now, leftS: 0 })).toMatch(/61 %$/);
    });

    it('say_only_what_is_known_of_a_sender_who_does_not_say_how_many_there_are', () => {
        expect(said('en', { done: 37 })).toBe('Images are arriving: 37 files so far');
        expect(said('en', {})).toBe('Images are arriving');
    });

    it('promise_no_time_while_their_sender_is_waited_for', () => {
        expect(said('en', { state: 'waiting', files: 5, done: 2, percent: 40, leftS: 60 })).toBe(
            'Images are arriving: 2 of 5 files, 40 %',
        );
    });

    it('end_with_what_came', () => {
        expect(said('en', { state: 'arrived', files: 512, done: 512, images: 512 })).toBe('512 images arrived');
        expect(said('en', { state: 'arrived', files: 3, done: 3, images: 1, kept: 2 })).toBe(
            '1 image arrived, 2 other files kept',
        );
        expect(said('de', { state: 'reading', files: 9, done: 4 })).toBe(
            'Bilder sind angekommen und werden gelesen: 4 von 9 Dateien',
        );
    });
});

describe('the_name_of_a_file', () => {
    it('turns_nothing_around_and_breaks_no_line', () => {
        expect(fileName('photo\u202Egnp.exe')).toBe('photognp.exe');
        expect(fileName('a\u2066b\u2069\n\u2028c')).toBe('ab c');
    });

    it('keeps_its_end_however_long_it_is', () => {
        const shown = fileName(`${'x'.repeat(900)}.pdf.exe`);
        expect([...shown].length).toBe(120);
        expect(shown.endsWith('.pdf.exe')).toBe(true);
    });
});
