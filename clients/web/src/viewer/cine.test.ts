import { describe, expect, it } from 'vitest';
import type { LoadedSet, Slice } from './case_images';
import { filmOf, frameAt, playing, standingStill } from './cine';
import { emptyViewport } from './follow';

const film = [1, 2, 3, 4].map(
    (frame) => ({ sopInstanceUid: '1.2', frame, header: { frameRate: 10 } }) as Slice,
);
const first = { ...emptyViewport, image: { sopInstanceUid: '1.2', frame: 3 } };

const alone = { sopInstanceUid: '1.3', frame: 1, header: {} } as Slice;
const other = { sopInstanceUid: '1.4', frame: 1, header: {} } as Slice;
const loadedOf = (...slices: Slice[]) => ({ slices }) as LoadedSet;

describe('a film', () => {
    it('is_the_frames_of_an_image_or_else_the_images_of_the_series', () => {
        expect(filmOf(loadedOf(alone, ...film), '1.2')).toEqual(film);
        expect(filmOf(loadedOf(alone, other), '1.3')).toEqual([alone, other]);
        expect(filmOf(loadedOf(alone), '1.3')).toEqual([]);
    });

    it('of_a_series_starts_at_the_image_that_is_shown', () => {
        const onOther = { ...emptyViewport, image: { sopInstanceUid: '1.4', frame: 1 } };
        expect(playing(onOther, [alone, other], 0).cine?.startFrame).toBe(2);
    });

    it('starts_from_the_frame_it_stands_on_and_runs_round', () => {
        const { cine } = playing(first, film, 5_000_000);
        expect(cine).toEqual({ playing: true, rate: 10, startFrame: 3, at: 5_000_000 });
        const seen = [0, 100, 200, 450].map(
            (ms) => cine && frameAt(cine, film.length, 5_000_000 + ms * 1000),
        );
        expect(seen).toEqual([3, 4, 1, 3]);
    });

    it('is_not_yet_running_for_a_clock_that_is_behind', () => {
        const { cine } = playing(first, film, 5_000_000);
        expect(cine && frameAt(cine, film.length, 4_000_000)).toBe(3);
    });

    it('stands_still_on_the_frame_that_was_seen', () => {
        const stopped = standingStill(playing(first, film, 0), film[1]);
        expect(stopped.image?.frame).toBe(2);
        expect(stopped.cine?.playing).toBe(false);
    });
});
