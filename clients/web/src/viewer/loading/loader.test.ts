import { describe, expect, it } from 'vitest';
import { Loader, type Images } from './loader';

const SIZE = 10;

/** A store and a line in which nothing happens until the test says so. */
function world({ bound = 1e6, atOnce = 2, cutting = false } = {}) {
    const asked: string[] = [];
    const dropped: string[] = [];
    const stored = new Set<string>();
    const answers = new Map<string, { here: () => void; fail: (error: unknown) => void }>();
    const timers: { at: number; what: () => void }[] = [];
    let now = 0;
    const images: Images = {
        bring: (imageId, signal) => {
            asked.push(imageId);
            return new Promise((resolve, reject) => {
                signal.addEventListener('abort', () => {
                    answers.delete(imageId);
                    reject(new Error('cut off'));
                });
                answers.set(imageId, {
                    here: () => {
                        answers.delete(imageId);
                        stored.add(imageId);
                        resolve();
                    },
                    fail: (error) => {
                        answers.delete(imageId);
                        reject(error instanceof Error ? error : new Error('lost'));
                    },
                });
            });
        },
        drop: (imageId) => {
            dropped.push(imageId);
            stored.delete(imageId);
        },
        held: () => stored.size * SIZE,
        bound: () => bound,
        size: () => SIZE,
        atOnce: () => atOnce,
        worthCutting: () => cutting,
        isFinal: () => false,
    };
    const loader = new Loader(images, { now: () => now, after: (wait, what) => timers.push({ at: now + wait, what }) });
    const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
    return {
        loader, asked, dropped, stored, answers,
        /** Everything that is on the way arrives, until nothing more is asked for. */
        settle: async (most = 10_000) => {
            for (let step = 0; step < most && answers.size > 0; step += 1) {
                [...answers.values()][0]?.here();
                await turn();
            }
        },
        wait: async (milliseconds: number) => {
            now += milliseconds;
            timers.filter(({ at }) => at <= now).forEach(({ what }) => what());
            await turn();
        },
        turn,
    };
}

const series = (count: number, name = 'a') => Array.from({ length: count }, (_, index) => `${name}${index}`);

describe('loader', () => {
    it('fetches_the_glass_first_then_around_it_then_the_next_case', async () => {
        const { loader, asked, settle } = world();
        loader.setLater('next', series(2, 'n'));
        await settle();
        asked.length = 0;
        loader.look('one', series(6), 3, false);
        await settle();
        expect(asked).toEqual(['a3', 'a2', 'a4', 'a1', 'a5', 'a0']);
    });

    it('brings_what_somebody_waits_for_before_what_is_fetched_ahead', async () => {
        const { loader, asked, settle } = world({ atOnce: 1 });
        loader.look('one', series(50), 10, false);
        const there = loader.wait('a40');
        await settle();
        await there;
        expect(asked.indexOf('a40')).toBe(1);
    });

    it('leaves_out_what_was_scrolled_past', async () => {
        const { loader, asked, settle } = world({ atOnce: 1 });
        const images = series(300);
        for (let index = 0; index <= 200; index += 1) {
            loader.look('one', images, index, false);
        }
        await settle(20);
        expect(asked.slice(1, 5)).toEqual(['a200', 'a201', 'a202', 'a199']);
    });

    it('cuts_off_what_nobody_looks_at_any_more_where_that_takes_long', async () => {
        const slow = world({ cutting: true });
        slow.loader.look('one', series(300), 10, false);
        slow.loader.look('one', series(300), 200, false);
        await slow.turn();
        expect(slow.answers.has('a10')).toBe(false);
        const fast = world();
        fast.loader.look('one', series(300), 10, false);
        fast.loader.look('one', series(300), 200, false);
        await fast.turn();
        expect(fast.answers.has('a10')).toBe(true);
    });

    it('takes_a_wish_back', async () => {
        const { loader, asked } = world({ atOnce: 0 });
        loader.wait('a1').catch(() => undefined);
        const stop = new AbortController();
        const wish = loader.wait('a2', stop.signal);
        stop.abort();
        await expect(wish).rejects.toThrow();
        expect(asked).toEqual(['a1']);
    });

    it('never_holds_more_than_its_bound_and_gives_up_the_furthest_first', async () => {
        const { loader, stored, settle } = world({ bound: 20 * SIZE });
        const film = series(600);
        for (let index = 0; index < 600; index += 1) {
            loader.look('one', film, index, true);
            const there = loader.wait(`a${index}`);
            while (!stored.has(`a${index}`)) {
                await settle(1);
                expect(stored.size).toBeLessThanOrEqual(20);
            }
            await there;
        }
        await settle();
        expect([...stored].map((name) => Number(name.slice(1))).sort((a, b) => a - b)).toEqual(
            [...series(19).map((_, index) => index), 599],
        );
    });

    it('does_not_push_out_what_is_nearer_for_what_is_further', async () => {
        const { loader, stored, dropped, settle } = world({ bound: 5 * SIZE });
        loader.look('one', series(100), 50, false);
        await settle();
        expect([...stored].sort()).toEqual(['a48', 'a49', 'a50', 'a51', 'a52']);
        expect(dropped).toEqual([]);
        expect(loader.full).toBe(true);
        expect(loader.busy).toBe(false);
    });

    it('asks_again_for_what_went_astray_and_says_what_is_lost', async () => {
        const { loader, asked, answers, wait, turn } = world();
        const there = loader.wait('a1');
        const told = expect(there).rejects.toThrow('gone');
        for (let attempt = 0; attempt < 5; attempt += 1) {
            answers.get('a1')?.fail(new Error('gone'));
            await turn();
            await wait(60_000);
        }
        await told;
        expect(asked.length).toBe(5);
        expect(loader.isLost('a1')).toBe(true);
        expect(loader.busy).toBe(false);
    });

    it('asks_for_what_is_lost_anew_when_somebody_says_so', async () => {
        const { loader, answers, wait, turn, settle } = world();
        loader.look('one', series(1), 0, false);
        for (let attempt = 0; attempt < 5; attempt += 1) {
            answers.get('a0')?.fail(new Error('gone'));
            await turn();
            await wait(60_000);
        }
        loader.again();
        await settle();
        expect(loader.here.has('a0')).toBe(true);
    });

    it('fetches_nothing_ahead_while_something_of_more_worth_comes', async () => {
        const { loader, asked, turn } = world();
        let over: () => void = () => undefined;
        loader.hold(new Promise<void>((resolve) => (over = resolve)));
        loader.look('one', series(9), 4, false);
        expect(asked).toEqual(['a4']);
        over();
        await turn();
        expect(asked).toEqual(['a4', 'a3']);
    });

    it('forgets_a_case_with_everything_that_waits_for_it', async () => {
        const { loader, dropped, answers, settle } = world();
        loader.look('one', series(2), 0, false);
        await settle();
        const there = loader.wait('a9');
        loader.forget((imageId) => imageId.startsWith('a'));
        await expect(there).rejects.toThrow('forgotten');
        expect(dropped.sort()).toEqual(['a0', 'a1']);
        expect(answers.size).toBe(0);
    });
});
