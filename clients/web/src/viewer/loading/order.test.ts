import { describe, expect, it } from 'vitest';
import { away, lookOn, nearestFirst } from './order';

describe('order of fetching', () => {
    it('goes_outward_from_the_image_on_the_glass', () => {
        const look = lookOn(undefined, 3, 8, false);
        expect(nearestFirst(look)).toEqual([3, 2, 4, 1, 5, 0, 6, 7]);
    });

    it('goes_further_the_way_somebody_scrolls_before_it_goes_back', () => {
        const look = lookOn(lookOn(undefined, 49, 100, false), 50, 100, false);
        expect(nearestFirst(look).slice(0, 8)).toEqual([50, 51, 52, 49, 53, 54, 55, 48]);
        const back = lookOn(look, 49, 100, false);
        expect(nearestFirst(back).slice(0, 5)).toEqual([49, 48, 47, 46, 50]);
    });

    it('keeps_its_way_while_the_same_image_is_painted_again', () => {
        const look = lookOn(lookOn(undefined, 10, 100, false), 11, 100, false);
        expect(lookOn(look, 11, 100, false).direction).toBe(1);
    });

    it('takes_a_jump_for_no_direction', () => {
        expect(lookOn(lookOn(undefined, 10, 300, false), 250, 300, false).direction).toBe(0);
    });

    it('runs_round_with_a_film', () => {
        const look = lookOn(undefined, 598, 600, true);
        expect(nearestFirst(look).slice(0, 4)).toEqual([598, 599, 0, 1]);
        expect(away(look, 597)).toBe(599);
    });
});
