import { describe, expect, it } from 'vitest';
import type { SeriesLink } from '../wire';
import { across, levelMove, moveOf, wireMove, type Move } from './registration';
import { distance, type Vector } from './vector';

/** The move of the demonstration's prior: turned by 5, -3 and 7 degrees around its middle, and moved. */
function prior([x, y, z]: Vector): Vector {
    const middle: Vector = [122, 122, 80];
    const v = [x - middle[0], y - middle[1], z - middle[2]];
    const turn = (from: number, to: number, degrees: number) => {
        const angle = (degrees * Math.PI) / 180;
        const [a, b] = [v[from] ?? 0, v[to] ?? 0];
        v[from] = Math.cos(angle) * a - Math.sin(angle) * b;
        v[to] = Math.sin(angle) * a + Math.cos(angle) * b;
    };
    turn(1, 2, 5);
    turn(2, 0, -3);
    turn(0, 1, 7);
    return [(v[0] ?? 0) + middle[0] + 4, (v[1] ?? 0) + middle[1] - 6, (v[2] ?? 0) + middle[2] + 3];
}

const linkOf = (move: Move, pairs: number): SeriesLink => ({
    link: 'l',
    firstSet: 'prior',
    secondSet: 'current',
    first: '1.1',
    second: '1.2',
    ...wireMove(move),
    pairs,
});

const marks: Vector[] = [
    [80, 90, 40],
    [170, 100, 60],
    [120, 180, 110],
    [100, 60, 130],
];
const places: Vector[] = [
    [60, 60, 20],
    [122, 122, 80],
    [190, 180, 150],
];
const worst = (move: Move) => {
    const map = across([linkOf(move, 4)], '1.1', '1.2');
    return Math.max(...places.map((place) => distance(map?.(place) ?? [0, 0, 0], prior(place))));
};

describe('series that somebody laid onto each other', () => {
    it('four_marked_places_give_the_rigid_move_of_the_prior', () => {
        const move = moveOf(marks.map((first) => ({ first, second: prior(first) })));
        expect(move && worst(move)).toBeLessThan(0.01);
    });

    it('places_marked_half_a_pixel_wrong_are_a_millimetre_off_at_most', () => {
        const off = [0.4, -0.4, 0.3, -0.3];
        const pairs = marks.map((first, at): { first: Vector; second: Vector } => {
            const [x, y, z] = prior(first);
            return { first, second: [x + (off[at] ?? 0), y - (off[at] ?? 0), z + (off[3 - at] ?? 0)] };
        });
        const move = moveOf(pairs);
        expect(move && worst(move)).toBeLessThan(1.2);
    });

    it('one_place_only_moves_and_so_do_places_on_one_line', () => {
        const one = moveOf([{ first: [1, 2, 3], second: [5, 2, 0] }]);
        expect(one).toEqual({ xAxis: [1, 0, 0], yAxis: [0, 1, 0], offset: [4, 0, -3] });
        const line = [0, 1, 2].map((at): Vector => [10 * at, 20 * at, 0]);
        const move = moveOf(line.map((first) => ({ first, second: prior(first) })));
        expect(move?.xAxis).toEqual([1, 0, 0]);
    });

    it('a_level_moves_along_the_slices_and_nowhere_else', () => {
        expect(levelMove([10, 20, 30], [90, 80, 42], [0, 0, 1]).offset).toEqual([0, 0, 12]);
    });

    it('there_and_back_again_is_the_same_place', () => {
        const move = moveOf(marks.map((first) => ({ first, second: prior(first) })));
        const links = move ? [linkOf(move, 4)] : [];
        const [there, back] = [across(links, '1.1', '1.2'), across(links, '1.2', '1.1')];
        const place: Vector = [33, 44, 55];
        expect(distance(back?.(there?.(place) ?? place) ?? [0, 0, 0], place)).toBeLessThan(1e-9);
        expect(across(links, '1.1', '1.3')).toBeUndefined();
        expect(across(links, '', '1.2')).toBeUndefined();
    });
});
