// Waiting for a condition, never for a time.

export const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 30;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves with the first true answer of `look`; throws with `what` when patience ends. */
export async function until(what, look, patience = PATIENCE_MS) {
  const end = performance.now() + patience;
  let last;
  for (;;) {
    try {
      last = undefined;
      const answer = await look();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      throw new Error(`waited ${patience / 1000} s in vain until ${what}`, { cause: last });
    }
    await pause(LOOK_AGAIN_MS);
  }
}
