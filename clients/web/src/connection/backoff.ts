// How long to wait before the next attempt: doubling, bounded, and spread so that a thousand clients
// that lost the same server do not come back in the same instant.

const FIRST_MS = 250;
const LONGEST_MS = 8000;

/** `attempt` counts from 0; `random` is in [0, 1). Never less than half the doubled time. */
export function backoffDelay(attempt: number, random: number): number {
    const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
    return Math.round(whole / 2 + (whole / 2) * random);
}
