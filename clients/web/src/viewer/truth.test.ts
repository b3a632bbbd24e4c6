// Phantoms of known geometry: a hand that touches two or three places of them on a glass reads off what is
// there, whatever the pixels, the plane, the zoom and the turn of the view are. Bars: 0.5 px and 0.1 mm.
import { describe, expect, it } from 'vitest';
import type { AnnotationTool, Viewport } from '../wire';
import type { DisplaySet, LoadedSet, Slice } from './case_images';
import { readHeaders, type DicomObject } from './dicom';
import { drawn } from './drawing';
import { emptyViewport } from './follow';
import { glassToWorld, imageGeometry, projectImage, worldToGlass, worldToPixel } from './geometry';
import type { OnGlass } from './use_pane';
import type { Pixel, Vector } from './vector';

const PIXELS = 0.5;
const MILLIMETRES = 0.1;
const DEGREES = 0.2;

const numbers = (...values: number[]) => ({ Value: values });
const tilt = (20 * Math.PI) / 180;

/** Where the centre of a pixel is in the patient: PS3.3 C.7.6.2.1.1, written out once more. */
const inPatient = (
    [ox, oy, oz]: Vector,
    [xx, xy, xz, yx, yy, yz]: readonly number[],
    [rowSpacing, columnSpacing]: Pixel,
    [column, row]: Pixel,
): Vector => [
    ox + (xx ?? 0) * columnSpacing * column + (yx ?? 0) * rowSpacing * row,
    oy + (xy ?? 0) * columnSpacing * column + (yy ?? 0) * rowSpacing * row,
    oz + (xz ?? 0) * columnSpacing * column + (yz ?? 0) * rowSpacing * row,
];

interface Phantom {
    name: string;
    object: DicomObject;
    frame: number;
    /** Where its pixels really are, mm. */
    at: (pixel: Pixel) => Vector;
}

function slice(name: string, modality: string, position: Vector, axes: number[], spacing: Pixel): Phantom {
    return {
        name,
        frame: 1,
        at: (pixel) => inPatient(position, axes, spacing, pixel),
        object: {
            '00080018': { Value: ['1.2.3'] },
            '00080060': { Value: [modality] },
            '00200052': { Value: ['1.2.4'] },
            '00200032': numbers(...position),
            '00200037': numbers(...axes),
            '00280030': numbers(...spacing),
            '00280010': numbers(320),
            '00280011': numbers(400),
        },
    };
}

const sequence = (...items: DicomObject[]) => ({ Value: items });

/** Every frame with a place, a plane and a pixel size of its own. */
function enhanced(frame: number): Phantom {
    const frames = [1, 2, 3].map((number) => {
        const angle = number * 0.4;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        return {
            position: [10 * number, -20, 5 * number] as Vector,
            axes: [c, s, 0, 0, 0, -1],
            spacing: [0.5 * number, 0.3 * number] as Pixel,
        };
    });
    const chosen = frames[frame - 1] ?? { position: [0, 0, 0] as Vector, axes: [], spacing: [1, 1] as Pixel };
    const base = slice('', 'MR', [0, 0, 0], [1, 0, 0, 0, 1, 0], [9, 9]);
    return {
        name: `frame ${frame} of an enhanced image`,
        frame,
        at: (pixel) => inPatient(chosen.position, chosen.axes, chosen.spacing, pixel),
        object: {
            ...base.object,
            '00280008': numbers(frames.length),
            '52009230': sequence(
                ...frames.map(({ position, axes, spacing }) => ({
                    '00209113': sequence({ '00200032': numbers(...position) }),
                    '00209116': sequence({ '00200037': numbers(...axes) }),
                    '00289110': sequence({ '00280030': numbers(...spacing) }),
                })),
            ),
        },
    };
}

/** cm a pixel differs along and across the beam; nothing else says a size. */
const ultrasound: Phantom = {
    name: 'an ultrasound region',
    frame: 1,
    at: ([column, row]) => [column * 0.31, row * 0.17, 0],
    object: {
        '00080018': { Value: ['1.2.3'] },
        '00080060': { Value: ['US'] },
        '00280010': numbers(320),
        '00280011': numbers(400),
        '00186011': sequence({
            '00186018': numbers(10),
            '0018601A': numbers(10),
            '0018601C': numbers(390),
            '0018601E': numbers(310),
            '00186024': numbers(3),
            '00186026': numbers(3),
            '0018602C': numbers(0.031),
            '0018602E': numbers(0.017),
        }),
    },
};

const phantoms: Phantom[] = [
    slice('anisotropic pixels', 'CT', [-80, -60, 12], [1, 0, 0, 0, 1, 0], [0.9, 0.35]),
    slice(
        'an oblique plane',
        'MR',
        [31, -22, 7],
        [0.8, 0.36, -0.48, 0, 0.8, 0.6],
        [0.7, 0.7],
    ),
    slice(
        'a tilted gantry',
        'CT',
        [-100, -90, 40],
        [1, 0, 0, 0, Math.cos(tilt), -Math.sin(tilt)],
        [0.45, 0.45],
    ),
    enhanced(1),
    enhanced(3),
    ultrasound,
];

const views: Partial<Viewport>[] = [
    {},
    { rotation: 90, flipH: true },
    { rotation: 33, shown: 90, aspect: 1.5 },
    { flipV: true, shown: 260, aspect: 0.8 },
];

function onGlassOf(phantom: Phantom, change: Partial<Viewport>): { onGlass: OnGlass; slice: Slice } {
    const headers = readHeaders(phantom.object);
    const header = headers[phantom.frame - 1] ?? headers[0];
    const geometry = imageGeometry(header);
    const place = {
        imageId: 'one',
        sopInstanceUid: '1.2.3',
        frame: phantom.frame,
        bytes: 0,
        transferSyntax: '',
    };
    const shown: Slice = { ...place, header, geometry };
    const loaded: LoadedSet = {
        set: { displaySet: 'set' } as DisplaySet,
        slices: [shown],
        spacing: 0,
        indexOf: () => 0,
    };
    const glass = { width: 611, height: 407 };
    const middle = phantom.at([200, 160]);
    const center = geometry.space === 'patient' ? middle : ([200, 160, 0] as Vector);
    const viewport = { ...emptyViewport, center: { x: center[0], y: center[1], z: center[2] }, ...change };
    const projection = projectImage(viewport, geometry, glass);
    const window = { center: 0, width: 1, function: 'linear', unit: 'stored' } as const;
    const image = { projection, slice: shown, index: 0, window, plane: false, preview: 0 };
    const seen = { patientCase: '', studyUid: '', projection, halfThickness: 1 };
    return { slice: shown, onGlass: { viewport, loaded, projection, glass, index: 0, image, shown: seen } };
}

const away = (a: Vector, b: Vector) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** Draws over these pixels of a phantom as a hand does: at places of the glass. */
function draw(tool: AnnotationTool, phantom: Phantom, view: Partial<Viewport>, pixels: Pixel[]) {
    const { onGlass, slice: shown } = onGlassOf(phantom, view);
    const { geometry } = shown;
    const places = pixels.map((pixel): Vector => {
        const known = phantom.at(pixel);
        const world: Vector =
            geometry.space === 'patient' ? known : [pixel[0], pixel[1] * geometry.rowSpacing, 0];
        return glassToWorld(onGlass.projection, worldToGlass(onGlass.projection, world));
    });
    places.forEach((place, index) => {
        const [column, row] = worldToPixel(geometry, place);
        const [wantedColumn, wantedRow] = pixels[index] ?? [0, 0];
        expect(Math.hypot(column - wantedColumn, row - wantedRow)).toBeLessThan(PIXELS);
    });
    return drawn('id', tool, onGlass, places, undefined);
}

const from: Pixel = [60, 80];
const to: Pixel = [330, 240];
const corner: Pixel = [350, 60];

describe.each(phantoms)('on $name', (phantom) => {
    it.each(views)('a length is what is there, seen with %j', (view) => {
        const drawing = draw('length', phantom, view, [from, to]);
        const truth = away(phantom.at(from), phantom.at(to));
        expect(drawing?.unit).toBe('mm');
        expect(Math.abs((drawing?.value ?? 0) - truth)).toBeLessThan(MILLIMETRES);
    });

    it.each(views)('an angle is what is there, seen with %j', (view) => {
        const drawing = draw('angle', phantom, view, [from, to, corner]);
        const [a, v, b] = [phantom.at(from), phantom.at(to), phantom.at(corner)];
        const [va, vb, ab] = [away(v, a), away(v, b), away(a, b)];
        const truth = (Math.acos((va * va + vb * vb - ab * ab) / (2 * va * vb)) * 180) / Math.PI;
        expect(Math.abs((drawing?.value ?? 0) - truth)).toBeLessThan(DEGREES);
    });

    it.each(views)('two axes stand at right angles, the longer one first, seen with %j', (view) => {
        const drawing = draw('bidirectional', phantom, view, [from, to, [150, 60], [220, 260]]);
        expect(drawing?.value).toBeGreaterThanOrEqual(drawing?.second ?? 0);
        expect(drawing?.points).toHaveLength(4);
    });
});
