// Softcopy presentation states of anybody's making (PS3.3 A.33, DICOM JSON of PS3.18 F) to what can be shown of
// them, and a list of what cannot. A state is foreign input: bounded, read once, and nothing throws. Pure.
import type { DicomObject } from './dicom';
import { curve, flagsOf, isThere, itemsOf, nameOf, numbersOf, textOf, wholeNumbersOf } from './foreign';
import type { Pixel } from './vector';

export const presentationBounds = { states: 500, images: 20_000, items: 2000, drawn: 2000, points: 2048 };

/** What a state says that no glass of ours shows: said there, as it changes what is seen. */
export const MISSING = [
    'voiTable',
    'voiSigmoid',
    'modalityTable',
    'presentationTable',
    'palette',
    'colourProfile',
    'overlays',
    'bitmapShutter',
    'mask',
    'compound',
    'styles',
    'trueSize',
    'aspect',
    'units',
    'shapes',
    'tooMuch',
] as const;
export type Missing = (typeof MISSING)[number];

export interface ImageReference {
    sopInstanceUid: string;
    /** None = all of them. */
    frames: readonly number[];
}

export type VoiFunction = 'linear' | 'linear_exact' | 'sigmoid';

/** Column and row count from the corner of the first pixel, `display` in parts of the displayed area. */
export type Units = 'pixel' | 'display';

export interface StateShape {
    units: Units;
    /** A circle on the screen, of middle and one point, though units are no squares. */
    round: boolean;
    points: Pixel[];
    filled: boolean;
}

export interface StateText {
    lines: string[];
    units: Units;
    /** Where it is written: the box's corner, else the anchor. */
    at: Pixel;
    /** The box's other corner. */
    to: Pixel | undefined;
    justify: 'start' | 'middle' | 'end';
    /** What it speaks of, if a line leads there. */
    anchor: { units: Units; at: Pixel } | undefined;
}

export interface StateGraphics {
    on: readonly ImageReference[];
    order: number;
    shapes: StateShape[];
    texts: StateText[];
}

export interface StateWindow {
    on: readonly ImageReference[];
    window: { center: number; width: number; function: VoiFunction } | undefined;
}

/** Corners as they are on the screen after turning; pixels count from 1 and belong to it whole. */
export interface StateArea {
    on: readonly ImageReference[];
    topLeft: Pixel;
    bottomRight: Pixel;
    size: 'fit' | 'true' | 'magnify';
    /** Screen pixels an image pixel. */
    ratio: number;
    /** Height of a pixel over its width. */
    aspect: number | undefined;
}

/** What is seen through, in pixels that count from the corner of the first one. */
export type StateShutter =
    | { kind: 'polygon'; points: Pixel[] }
    | { kind: 'circle'; center: Pixel; radius: number };

export interface PresentationState {
    sopInstanceUid: string;
    seriesUid: string;
    studyUid: string;
    label: string;
    description: string;
    creator: string;
    manufacturer: string;
    /** YYYYMMDD, as the file has it. */
    date: string;
    series: { seriesUid: string; images: readonly ImageReference[] }[];
    grey: boolean;
    /** From stored values; absent = none is said. */
    rescale: { slope: number; intercept: number } | undefined;
    windows: StateWindow[];
    inverse: boolean;
    /** Degrees clockwise, then mirrored left to right. */
    rotation: 0 | 90 | 180 | 270;
    flip: boolean;
    areas: StateArea[];
    graphics: StateGraphics[];
    shutters: StateShutter[];
    /** 0 black to 1 white. */
    shutterGrey: number;
    missing: readonly Missing[];
}

const GREY = ['1.2.840.10008.5.1.4.1.1.11.1', '1.2.840.10008.5.1.4.1.1.11.5'];
const COLOUR = '1.2.840.10008.5.1.4.1.1.11.2';

const flatOf = (object: DicomObject, tag: string): string => textOf(object, tag).toUpperCase();

function pairOf(object: DicomObject, tag: string): Pixel | undefined {
    const [a, b] = wholeNumbersOf(object, tag);
    return a === undefined || b === undefined ? undefined : [a, b];
}

function pairsOf(numbers: readonly number[]): Pixel[] {
    const pairs: Pixel[] = [];
    for (let at = 0; at + 1 < numbers.length && pairs.length < presentationBounds.points; at += 2) {
        pairs.push([numbers[at] ?? 0, numbers[at + 1] ?? 0]);
    }
    return pairs;
}

const imagesOf = (object: DicomObject): ImageReference[] =>
    itemsOf(object, '00081140')
        .slice(0, presentationBounds.images)
        .map((one) => ({ sopInstanceUid: textOf(one, '00081155'), frames: numbersOf(one, '00081160') }))
        .filter(({ sopInstanceUid }) => sopInstanceUid !== '');

/** Whether images that are named are meant with this one; no name means every image of the state. */
export const meansImage = (on: readonly ImageReference[], sopInstanceUid: string, frame: number): boolean =>
    on.length === 0 ||
    on.some(
        (one) =>
            one.sopInstanceUid === sopInstanceUid && (one.frames.length === 0 || one.frames.includes(frame)),
    );

/** Notes what cannot be shown while the rest is read. */
class Notes {
    readonly missing = new Set<Missing>();
    private left = presentationBounds.drawn;

    /** Shapes and texts, so many in all. */
    drawn<T>(items: T[]): T[] {
        const some = this.bounded(items, this.left);
        this.left -= some.length;
        return some;
    }

    /** At most so many; that there were more is said. */
    bounded<T>(items: T[], max = presentationBounds.items): T[] {
        if (items.length > max) {
            this.missing.add('tooMuch');
        }
        return items.slice(0, max);
    }

    when(is: boolean, what: Missing): void {
        if (is) {
            this.missing.add(what);
        }
    }
}

const functionOf = (item: DicomObject): VoiFunction => {
    const said = flatOf(item, '00281056');
    return said === 'SIGMOID' ? 'sigmoid' : said === 'LINEAR_EXACT' ? 'linear_exact' : 'linear';
};

/** PS3.3 C.11.8 */
function windowOf(item: DicomObject, notes: Notes): StateWindow {
    const [center] = numbersOf(item, '00281050');
    const [width] = numbersOf(item, '00281051');
    const said = center !== undefined && width !== undefined && width > 0;
    notes.when(!said && isThere(item, '00283010'), 'voiTable');
    return {
        on: imagesOf(item),
        window: said ? { center, width, function: functionOf(item) } : undefined,
    };
}

/** PS3.3 C.10.4 */
function areaOf(item: DicomObject, notes: Notes): StateArea | undefined {
    const topLeft = pairOf(item, '00700052');
    const bottomRight = pairOf(item, '00700053');
    const mode = flatOf(item, '00700100');
    const [down, across] = numbersOf(item, '00700101');
    const [high, wide] = numbersOf(item, '00700102');
    const [ratio = 0] = numbersOf(item, '00700103');
    const origin = flatOf(item, '00480301');
    notes.when(mode === 'TRUE SIZE', 'trueSize');
    if (!topLeft || !bottomRight || (origin !== '' && origin !== 'FRAME')) {
        notes.missing.add('units');
        return undefined;
    }
    const aspect = down && across ? down / across : high && wide ? high / wide : undefined;
    return {
        on: imagesOf(item),
        topLeft,
        bottomRight,
        size: mode === 'MAGNIFY' && ratio > 0 ? 'magnify' : mode === 'TRUE SIZE' ? 'true' : 'fit',
        ratio,
        aspect: aspect !== undefined && aspect > 0 ? aspect : undefined,
    };
}

/** Graphics (PS3.3 C.10.5) */

function unitsOf(item: DicomObject, tag: string, notes: Notes): Units | undefined {
    const said = flatOf(item, tag);
    if (said === 'PIXEL' || said === 'DISPLAY') {
        return said === 'PIXEL' ? 'pixel' : 'display';
    }
    notes.missing.add('units');
    return undefined;
}

const STEPS_BETWEEN = 8;

/** A smooth line through all points (Catmull and Rom): the standard says no more than that it goes through. */
function smooth(points: readonly Pixel[]): Pixel[] {
    const [first] = points;
    const last = points[points.length - 1];
    if (!first || !last || points.length < 3) {
        return [...points];
    }
    const closed = first[0] === last[0] && first[1] === last[1];
    const at = (index: number): Pixel => {
        const size = points.length - 1;
        const wrapped = closed ? (index + size) % size : Math.min(size, Math.max(0, index));
        return points[wrapped] ?? first;
    };
    const line: Pixel[] = [first];
    for (let index = 0; index + 1 < points.length; index += 1) {
        const [a, b, c, d] = [at(index - 1), at(index), at(index + 1), at(index + 2)];
        for (let step = 1; step <= STEPS_BETWEEN; step += 1) {
            const t = step / STEPS_BETWEEN;
            const between = (axis: 0 | 1): number =>
                0.5 *
                (2 * b[axis] +
                    (c[axis] - a[axis]) * t +
                    (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis]) * t * t +
                    (3 * b[axis] - a[axis] - 3 * c[axis] + d[axis]) * t * t * t);
            line.push([between(0), between(1)]);
        }
    }
    return line;
}

function lineOf(kind: string, points: Pixel[]): Pixel[] | undefined {
    switch (kind) {
        case 'POINT':
            return points.slice(0, 1);
        case 'POLYLINE':
            return points;
        case 'CIRCLE':
            return points.length > 1 ? points.slice(0, 2) : undefined;
        case 'INTERPOLATED':
            return smooth(points);
        default:
            return curve(
                kind,
                points.map(([x, y]) => [x, y, 0]),
            )?.map(([x, y]): Pixel => [x, y]);
    }
}

function shapeOf(item: DicomObject, notes: Notes): StateShape | undefined {
    const units = unitsOf(item, '00700005', notes);
    const kind = flatOf(item, '00700023');
    const points = lineOf(kind, pairsOf(wholeNumbersOf(item, '00700022')));
    notes.when(isThere(item, '00700232') || isThere(item, '00700233'), 'styles');
    if (!points || points.length === 0) {
        notes.missing.add('shapes');
        return undefined;
    }
    return units && { units, round: kind === 'CIRCLE', points, filled: flatOf(item, '00700024') === 'Y' };
}

function textObjectOf(item: DicomObject, notes: Notes): StateText | undefined {
    const lines = textOf(item, '00700006').split(/\r\n|\r|\n/);
    const [corner, to, point] = ['00700010', '00700011', '00700014'].map((tag) => pairOf(item, tag));
    const boxUnits = corner && to && unitsOf(item, '00700003', notes);
    const anchorUnits = point && unitsOf(item, '00700004', notes);
    notes.when(isThere(item, '00700231'), 'styles');
    if (lines.every((line) => line.trim() === '')) {
        return undefined;
    }
    const said = flatOf(item, '00700012');
    const justify = said === 'RIGHT' ? 'end' : said === 'CENTER' ? 'middle' : 'start';
    const anchor = point && anchorUnits && { units: anchorUnits, at: point };
    const leads = flatOf(item, '00700015') === 'Y' ? anchor : undefined;
    if (corner && boxUnits) {
        return { lines, units: boxUnits, at: corner, to, justify, anchor: leads };
    }
    if (!anchor) {
        notes.missing.add('shapes');
        return undefined;
    }
    return { lines, units: anchor.units, at: anchor.at, to: undefined, justify: 'start', anchor: undefined };
}

const there = <T>(one: T | undefined): one is T => one !== undefined;

function graphicsOf(state: DicomObject, notes: Notes): StateGraphics[] {
    const layers = new Map(
        itemsOf(state, '00700060').map((layer) => [textOf(layer, '00700002'), numbersOf(layer, '00700062')[0] ?? 0]),
    );
    return notes
        .bounded(itemsOf(state, '00700001'))
        .map((item) => {
            notes.when(isThere(item, '00700209'), 'compound');
            return {
                on: imagesOf(item),
                order: layers.get(textOf(item, '00700002')) ?? 0,
                shapes: notes.drawn(itemsOf(item, '00700009')).map((one) => shapeOf(one, notes)).filter(there),
                texts: notes.drawn(itemsOf(item, '00700008')).map((one) => textObjectOf(one, notes)).filter(there),
            };
        })
        .sort((a, b) => a.order - b.order);
}

/** Shutters (PS3.3 C.7.6.11): rows come before columns there, and edges belong to what is seen. */
function shutterOf(kind: string, state: DicomObject): StateShutter | undefined {
    if (kind === 'RECTANGULAR') {
        const [left, right, top, bottom] = ['00181602', '00181604', '00181606', '00181608'].map(
            (tag) => numbersOf(state, tag)[0],
        );
        return left === undefined || right === undefined || top === undefined || bottom === undefined
            ? undefined
            : {
                  kind: 'polygon',
                  points: [
                      [left - 1, top - 1],
                      [right, top - 1],
                      [right, bottom],
                      [left - 1, bottom],
                  ],
              };
    }
    if (kind === 'CIRCULAR') {
        const center = pairOf(state, '00181610');
        const [radius = 0] = numbersOf(state, '00181612');
        return center && radius > 0
            ? { kind: 'circle', center: [center[1] - 0.5, center[0] - 0.5], radius }
            : undefined;
    }
    const corners = pairsOf(wholeNumbersOf(state, '00181620'));
    return kind === 'POLYGONAL' && corners.length > 2
        ? { kind: 'polygon', points: corners.map(([row, column]): Pixel => [column - 0.5, row - 0.5]) }
        : undefined;
}

function shuttersOf(state: DicomObject, notes: Notes): StateShutter[] {
    return flagsOf(state, '00181600')
        .map((kind) => {
            const shutter = shutterOf(kind, state);
            notes.when(!shutter, 'bitmapShutter');
            return shutter;
        })
        .filter(there);
}

const OVERLAY_ROWS = /^60[0-9A-F]{2}(0010|1001)$/;

/** What is known and not shown, of the state as a whole. */
function noteWhole(state: DicomObject, notes: Notes): void {
    notes.when(isThere(state, '00283000'), 'modalityTable');
    notes.when(isThere(state, '20500010'), 'presentationTable');
    notes.when(isThere(state, '00281201') || isThere(state, '00281221'), 'palette');
    notes.when(isThere(state, '00286100'), 'mask');
    notes.when(isThere(state, '00282000') && flatOf(state, '00282002') !== 'SRGB', 'colourProfile');
    notes.when(
        Object.keys(state).some((tag) => OVERLAY_ROWS.test(tag)),
        'overlays',
    );
}

function rescaleOf(state: DicomObject): PresentationState['rescale'] {
    const [intercept] = numbersOf(state, '00281052');
    const [slope] = numbersOf(state, '00281053');
    return intercept === undefined || slope === undefined || slope === 0 ? undefined : { slope, intercept };
}

function rotationOf(state: DicomObject): PresentationState['rotation'] {
    const [said] = numbersOf(state, '00700042');
    return said === 90 || said === 180 || said === 270 ? said : 0;
}

function readState(state: DicomObject, grey: boolean): PresentationState {
    const notes = new Notes();
    noteWhole(state, notes);
    return {
        sopInstanceUid: textOf(state, '00080018'),
        seriesUid: textOf(state, '0020000E'),
        studyUid: textOf(state, '0020000D'),
        label: textOf(state, '00700080'),
        description: textOf(state, '00700081'),
        creator: nameOf(state, '00700084'),
        manufacturer: textOf(state, '00080070'),
        date: textOf(state, '00700082'),
        series: notes
            .bounded(itemsOf(state, '00081115'))
            .map((one) => ({ seriesUid: textOf(one, '0020000E'), images: imagesOf(one) })),
        grey,
        rescale: rescaleOf(state),
        windows: notes.bounded(itemsOf(state, '00283110')).map((item) => windowOf(item, notes)),
        inverse: flatOf(state, '20500020') === 'INVERSE',
        rotation: rotationOf(state),
        flip: flatOf(state, '00700041') === 'Y',
        areas: notes.bounded(itemsOf(state, '0070005A')).map((item) => areaOf(item, notes)).filter(there),
        graphics: graphicsOf(state, notes),
        shutters: shuttersOf(state, notes),
        shutterGrey: Math.min(1, Math.max(0, (numbersOf(state, '00181622')[0] ?? 0) / 0xffff)),
        missing: MISSING.filter((one) => notes.missing.has(one)),
    };
}

/** The states in the metadata of some series that say how images are to be shown, not volumes or blendings of them. */
export function readPresentations(metadata: unknown): PresentationState[] {
    return (Array.isArray(metadata) ? metadata : [])
        .slice(0, presentationBounds.states)
        .filter((one): one is DicomObject => typeof one === 'object' && one !== null)
        .filter((one) => [...GREY, COLOUR].includes(textOf(one, '00080016')) && textOf(one, '00080018') !== '')
        .map((one) => readState(one, GREY.includes(textOf(one, '00080016'))));
}
