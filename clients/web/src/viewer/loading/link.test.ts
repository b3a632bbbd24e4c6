import { describe, expect, it } from 'vitest';
import { atOnce, fetchedAs, LinkMeter, nearlyHere, unknownLink, worthCutting, type Link } from './link';

const RAW = '1.2.840.10008.1.2.1';
const SLICE = 512 * 512 * 2;
const at = (megabits: number, change: Partial<Link> = {}): Link => ({
    ...unknownLink, bytesPerSecond: (megabits * 1e6) / 8, ...change,
});

describe('how a frame is fetched', () => {
    it.each([1, 30, 100, 900])('as_its_copy_at_%i_megabit', (megabits) => {
        expect(fetchedAs(at(megabits), RAW, SLICE)).toBe('copy');
    });

    it('as_it_was_uploaded_where_the_line_is_faster_than_the_decoder', () => {
        expect(fetchedAs(at(2500), RAW, SLICE)).toBe('original');
        // Break-even with 3.2 ms a slice and 4.6 times fewer bytes is about a gigabit a second.
        expect(fetchedAs(at(1300), RAW, SLICE)).toBe('original');
    });

    it('as_it_was_uploaded_by_a_weak_device_on_a_good_line', () => {
        expect(fetchedAs(at(300), RAW, SLICE)).toBe('copy');
        expect(fetchedAs(at(300, { decodeMs: 40 }), RAW, SLICE)).toBe('original');
    });

    it('as_its_copy_until_the_line_is_known', () => {
        expect(fetchedAs(unknownLink, RAW, SLICE)).toBe('copy');
    });

    it('as_it_was_uploaded_where_it_was_stored_with_loss_and_is_smaller_than_any_copy', () => {
        expect(fetchedAs(at(1), '1.2.840.10008.1.2.4.50', SLICE)).toBe('original');
    });

    it('as_its_copy_where_its_own_decoder_is_slow', () => {
        expect(fetchedAs(at(5000), '1.2.840.10008.1.2.4.90', SLICE)).toBe('copy');
    });
});

describe('how many are fetched at once', () => {
    it('few_on_a_slow_line_so_that_what_is_looked_at_does_not_wait', () => {
        expect(atOnce(at(30, { waitMs: 10 }), 115_000)).toBe(2);
    });

    it('one_where_it_takes_long_so_that_words_and_pointers_are_not_kept_behind_it', () => {
        expect(atOnce(at(1, { waitMs: 150 }), 115_000)).toBe(1);
    });

    it('more_where_answers_are_on_their_way_for_longer', () => {
        expect(atOnce(at(1000, { waitMs: 40 }), 115_000)).toBe(6);
    });
});

it('cuts_an_answer_off_only_where_its_end_would_take_longer_than_another_connection', () => {
    expect(worthCutting(at(30, { waitMs: 10 }), 115_000)).toBe(false);
    expect(worthCutting(at(2, { waitMs: 10 }), 115_000)).toBe(true);
});

describe('the meter', () => {
    it('counts_answers_that_come_together_as_one_line', () => {
        const meter = new LinkMeter();
        meter.begin(0, 10);
        meter.begin(5, 10);
        meter.took(40, 100_000);
        meter.took(50, 100_000);
        meter.end(50);
        expect(meter.link.bytesPerSecond).toBe(4_000_000);
    });

    it('learns_nothing_of_the_line_from_short_answers', () => {
        const meter = new LinkMeter();
        meter.begin(0, 10);
        meter.took(1, 4000);
        meter.end(1);
        expect(meter.link.bytesPerSecond).toBeUndefined();
    });

    it('knows_a_line_that_became_slow_before_its_first_answer_ends', () => {
        const meter = new LinkMeter();
        for (let frame = 0; frame < 50; frame += 1) {
            meter.begin(frame * 10, 1);
            meter.took(frame * 10 + 2, 500_000);
            meter.end(frame * 10 + 2);
        }
        expect(meter.link.bytesPerSecond).toBeGreaterThan(1e8);
        meter.begin(1000, 300);
        meter.took(3000, 30_000);
        expect(meter.link.bytesPerSecond).toBeLessThan(2e6);
        meter.took(9000, 30_000);
        expect(meter.link.bytesPerSecond).toBeLessThan(3e5);
    });
});

describe('what is asked for next', () => {
    it('is_asked_for_when_the_rest_comes_within_two_waits', () => {
        const line = at(30, { waitMs: 15 }); // 3750 bytes a millisecond
        expect(nearlyHere(line, 30 * 3750)).toBe(true);
        expect(nearlyHere(line, 31 * 3750)).toBe(false);
        expect(nearlyHere(unknownLink, 100_000)).toBe(true);
        expect(nearlyHere(unknownLink, 1_000_000)).toBe(false);
    });
});
