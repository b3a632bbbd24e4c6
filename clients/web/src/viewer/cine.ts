// A film that everybody sees run: shared is when it began, at which frame and how fast; each client counts
// the frames by the server's clock, so that nobody is sent a picture. Pure.
import type { Cine, Viewport } from '../wire';
import type { LoadedSet, Slice } from './case_images';

/** What is played when the image names no rate of its own. */
const USUAL_RATE = 15;
const HIGHEST_RATE = 60;

/** The frames of one multi-frame image, in their order; empty for anything else. */
export function filmOf(loaded: LoadedSet, sopInstanceUid: string): Slice[] {
    const frames = loaded.slices.filter((slice) => slice.sopInstanceUid === sopInstanceUid);
    return frames.length > 1 ? frames : [];
}

export function rateOf(film: readonly Slice[]): number {
    return Math.min(HIGHEST_RATE, film[0]?.header.frameRate ?? USUAL_RATE);
}

/** The frame to be seen now, 1-based; a film runs round. `now` in microseconds. */
export function frameAt(cine: Cine, count: number, now: number): number {
    const passed = Math.max(0, Math.floor(((now - cine.at) / 1e6) * cine.rate));
    return ((Math.max(1, cine.startFrame) - 1 + passed) % count) + 1;
}

/** The viewport with its film running from the frame it stands on. */
export function playing(viewport: Viewport, film: readonly Slice[], now: number): Viewport {
    return {
        ...viewport,
        cine: {
            playing: true,
            rate: rateOf(film),
            startFrame: viewport.image?.frame ?? 1,
            at: Math.round(now),
        },
    };
}

/** The viewport standing still on the frame that was seen last. */
export function standingStill(viewport: Viewport, seen: Slice | undefined): Viewport {
    if (!viewport.cine?.playing) {
        return viewport;
    }
    const { cine } = viewport;
    const image = seen
        ? { sopInstanceUid: seen.sopInstanceUid, frame: seen.frame }
        : viewport.image;
    return { ...viewport, image, cine: { ...cine, playing: false } };
}
