// A presentation state laid onto one image: the view it asks for, with what was changed by hand since over it, and
// where its drawings and shutters lie. Everybody computes it from the shared viewport and the file alone. Pure.
import type { Viewport, Window } from '../wire';
import type { Slice } from './case_images';
import { pixelToWorld, turned, worldToCenter, type ImageGeometry } from './geometry';
import {
    meansImage,
    type Missing,
    type PresentationState,
    type StateArea,
    type StateGraphics,
    type Units,
} from './presentation_reader';
import { add, scale, type Pixel, type Vector } from './vector';

export interface Presented {
    state: PresentationState;
    /** The viewport as it comes out. */
    viewport: Viewport;
    /** Of this image. */
    graphics: readonly StateGraphics[];
    missing: readonly Missing[];
    /** From the state's units into the world of the image. */
    place: (units: Units, at: Pixel) => Vector;
}

export const refersTo = (state: PresentationState, sopInstanceUid: string, frame: number): boolean =>
    state.series.some(({ images }) => images.length > 0 && meansImage(images, sopInstanceUid, frame));

type Placed = Pick<Slice, 'sopInstanceUid' | 'frame' | 'header' | 'geometry'>;

const wholeArea = ({ columns, rows }: ImageGeometry) => ({
    topLeft: [1, 1] as Pixel,
    bottomRight: [columns, rows] as Pixel,
});

/** From pixels that count from the corner of the first one. */
const fromCorner = (geometry: ImageGeometry, [column, row]: Pixel): Vector =>
    pixelToWorld(geometry, [column - 0.5, row - 0.5]);

/** Middle, and width and height of the stored image in world units; the corners may be any two that face each other. */
function extentOf(geometry: ImageGeometry, { topLeft, bottomRight }: Pick<StateArea, 'topLeft' | 'bottomRight'>) {
    const [left, right] = [Math.min(topLeft[0], bottomRight[0]) - 1, Math.max(topLeft[0], bottomRight[0])];
    const [top, bottom] = [Math.min(topLeft[1], bottomRight[1]) - 1, Math.max(topLeft[1], bottomRight[1])];
    return {
        center: fromCorner(geometry, [(left + right) / 2, (top + bottom) / 2]),
        width: (right - left) * geometry.columnSpacing,
        height: (bottom - top) * geometry.rowSpacing,
    };
}

/** The window in the image's own units, though the state counts from stored values another way. */
function windowOf(state: PresentationState, { sopInstanceUid, frame, header }: Placed): Window | undefined {
    const said = state.windows.find((one) => one.window && meansImage(one.on, sopInstanceUid, frame))?.window;
    if (!said) {
        return undefined;
    }
    const { slope, intercept } = state.rescale ?? { slope: 1, intercept: 0 };
    const center = ((said.center - intercept) / slope) * header.slope + header.intercept;
    const width = Math.abs((said.width / slope) * header.slope);
    return { center, width, function: said.function, unit: header.values };
}

/** What was turned by hand comes after what the state turns. */
function turnedBy(state: PresentationState, viewport: Viewport) {
    const degrees = state.rotation + (state.flip ? -viewport.rotation : viewport.rotation);
    return { rotation: ((degrees % 360) + 360) % 360, flipH: viewport.flipH !== state.flip };
}

/** The state's displayed area, all of which every glass shows; undefined when somebody chose another part. */
function zoomOf(area: StateArea | undefined, geometry: ImageGeometry, viewport: Viewport, rotation: number) {
    if (!area || viewport.shown > 0) {
        return undefined;
    }
    const { center, width, height } = extentOf(geometry, area);
    const sideways = Math.round(rotation / 90) % 2 !== 0;
    const [across, upright] = sideways ? [height, width] : [width, height];
    return {
        center: worldToCenter(geometry, center),
        shown: Math.min(across, upright),
        aspect: across / upright,
    };
}

/** Half a percent: what a decimal of a file loses, and what nobody sees. */
const ASPECT_SLACK = 0.005;

/** Undefined where the state says nothing of the image. A plane cut through a volume is no image. */
export function presented(
    state: PresentationState,
    viewport: Viewport,
    slice: Placed,
): Presented | undefined {
    const { sopInstanceUid, frame, header, geometry } = slice;
    const meant = (on: StateArea['on']) => meansImage(on, sopInstanceUid, frame);
    if (viewport.plane || !refersTo(state, sopInstanceUid, frame)) {
        return undefined;
    }
    const area = state.areas.find((one) => meant(one.on));
    const turns = turnedBy(state, viewport);
    // Its own polarity takes the place of the image's (PS3.3 C.11.6), which the glass turns round by itself.
    const stored = state.grey && header.photometric === 'MONOCHROME1';
    const missing = new Set(state.missing);
    const window = viewport.window ?? (state.grey ? windowOf(state, slice) : undefined);
    if (window?.function === 'sigmoid') {
        missing.add('voiSigmoid');
    }
    const stretched = geometry.rowSpacing / geometry.columnSpacing;
    if (area?.aspect !== undefined && Math.abs(area.aspect / stretched - 1) > ASPECT_SLACK) {
        missing.add('aspect');
    }
    return {
        state,
        viewport: {
            ...viewport,
            ...turns,
            ...zoomOf(area, geometry, viewport, turns.rotation),
            window,
            invert: (viewport.invert !== (state.grey && state.inverse)) !== stored,
        },
        graphics: state.graphics.filter((one) => meant(one.on)),
        missing: [...missing],
        place: placing(state, area, geometry),
    };
}

/** Parts of the displayed area count on the screen, from the upper left as the state turns it. */
function placing(state: PresentationState, area: StateArea | undefined, geometry: ImageGeometry) {
    const { center, width, height } = extentOf(geometry, area ?? wholeArea(geometry));
    const axes = turned(geometry.right, geometry.down, { rotation: state.rotation, flipH: state.flip, flipV: false });
    const sideways = state.rotation % 180 !== 0;
    return (units: Units, [x, y]: Pixel): Vector =>
        units === 'pixel'
            ? fromCorner(geometry, [x, y])
            : add(
                  center,
                  add(
                      scale(axes.right, (x - 0.5) * (sideways ? height : width)),
                      scale(axes.down, (y - 0.5) * (sideways ? width : height)),
                  ),
              );
}

/**
 * A state that magnifies says how many screen pixels an image pixel has: so many on the screen of who chooses it,
 * and everybody sees the same part.
 */
export function magnifiedBy(
    state: PresentationState,
    { sopInstanceUid, frame, geometry }: Placed,
    glass: { width: number; height: number },
): Pick<Viewport, 'center' | 'shown' | 'aspect'> | undefined {
    const area = state.areas.find((one) => meansImage(one.on, sopInstanceUid, frame));
    return area?.size === 'magnify'
        ? {
              center: worldToCenter(geometry, extentOf(geometry, area).center),
              shown: (geometry.columnSpacing / area.ratio) * Math.min(glass.width, glass.height),
              aspect: glass.width / Math.max(1, glass.height),
          }
        : undefined;
}
