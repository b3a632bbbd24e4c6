// In which order the images of a display set are fetched, and which are given up first when memory is short: around
// the one that is looked at, further ahead than behind while somebody scrolls. Pure.

export interface Look {
    index: number;
    count: number;
    /** The way that is scrolled: 1 to higher numbers, -1 back, 0 unknown. */
    direction: -1 | 0 | 1;
    /** A film runs round: after the last comes the first. */
    round: boolean;
}

/** So many images ahead are fetched before one behind is. */
const AHEAD = 3;

/** How far an image is from being seen; 0 is on the glass. */
export function away(look: Look, index: number): number {
    const { count, direction, round } = look;
    const steps = index - look.index;
    if (round) {
        const ahead = (((steps * (direction || 1)) % count) + count) % count;
        // Just behind is soonest seen again by whoever stops, but a round later by the film.
        return ahead;
    }
    const distance = Math.abs(steps);
    return direction === 0 || Math.sign(steps) === direction ? distance : distance * AHEAD;
}

export function nearestFirst(look: Look): number[] {
    return Array.from({ length: look.count }, (_, index) => index).sort(
        (a, b) => away(look, a) - away(look, b) || a - b,
    );
}

/** Where a look goes on from the one before: a jump has no direction. */
export function lookOn(before: Look | undefined, index: number, count: number, round: boolean): Look {
    const steps = before && before.count === count ? index - before.index : 0;
    if (round) {
        return { index, count, direction: 1, round };
    }
    if (before && steps === 0) {
        return { ...before, count, round };
    }
    const scrolled = Math.abs(steps) <= JUMP;
    return { index, count, direction: scrolled ? (Math.sign(steps) as -1 | 0 | 1) : 0, round };
}

/** More at once is no scrolling. */
const JUMP = 20;
