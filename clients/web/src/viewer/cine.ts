// A film that everybody sees run: shared is when it began, at which frame and how fast; each client counts
// the frames by the server's clock, so that nobody is sent a picture. Pure.
import type { Cine, Viewport } from '../wire';
import type { LoadedSet, Slice } from './case_images';

/** What is played when the image names no rate of its own. */
const USUAL_RATE = 15;
const HIGHEST_RATE = 60;

/**
 * What runs from this image: the frames of a multi-frame image in the order they are scrolled, else all
 * images of the series; empty where there is one image only.
 */
export function filmOf(loaded: LoadedSet, sopInstanceUid: string): readonly Slice[] {
    const frames = loaded.slices.filter((slice) => slice.sopInstanceUid === sopInstanceUid);
    const film = frames.length > 1 ? frames : loaded.slices;
    return film.length > 1 ? film : [];
}

export function rateOf(film: readonly Slice[]): number {
    return Math.min(HIGHEST_RATE, film[0]?.header.frameRate ?? USUAL_RATE);
}

/** The place in the film to be seen now, 1-based; a film runs round. `now` in microseconds. */
export function frameAt(cine: Cine, count: number, now: number): number {
    const passed = Math.max(0, Math.floor(((now - cine.at) / 1e6) * cine.rate));
    return ((Math.max(1, cine.startFrame) - 1 + passed) % count) + 1;
}

/** The viewport with its film running from the image it stands on; a plane becomes the image it lies on. */
export function playing(viewport: Viewport, film: readonly Slice[], now: number): Viewport {
    return {
        ...viewport,
        plane: undefined,
        cine: {
            playing: true,
            rate: rateOf(film),
            startFrame: 1 + Math.max(0, film.findIndex((slice) => isShown(slice, viewport))),
            at: Math.round(now),
        },
    };
}

const isShown = (slice: Slice, { image }: Viewport): boolean =>
    slice.sopInstanceUid === image?.sopInstanceUid && slice.frame === image.frame;

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
