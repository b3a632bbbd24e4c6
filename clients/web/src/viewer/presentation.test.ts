import { describe, expect, it } from 'vitest';
import { readHeader, type DicomObject } from './dicom';
import { emptyViewport } from './follow';
import { imageGeometry, projectImage, worldToGlass } from './geometry';
import { magnifiedBy, presented, refersTo } from './presentation';
import { readPresentations, type PresentationState } from './presentation_reader';
import type { Pixel } from './vector';

const of = (vr: string, ...Value: unknown[]) => ({ vr, Value });
const on = (uid: string) => of('SQ', { '00081155': of('UI', uid) });
const slice = (uid: string, more: DicomObject = {}) => {
    const header = readHeader({
        '00080018': of('UI', uid),
        '00080060': of('CS', 'CT'),
        '00200052': of('UI', '1.2.3'),
        '00200037': of('DS', 1, 0, 0, 0, 1, 0),
        '00200032': of('DS', -50, -40, 30),
        '00280030': of('DS', 0.5, 0.5),
        '00280010': of('US', 160),
        '00280011': of('US', 200),
        '00281052': of('DS', -1024),
        '00281053': of('DS', 1),
        ...more,
    });
    return { sopInstanceUid: uid, frame: 1, header, geometry: imageGeometry(header) };
};
const area = (more: DicomObject = {}) =>
    of('SQ', {
        '00700052': of('SL', 21, 11),
        '00700053': of('SL', 120, 60),
        '00700100': of('CS', 'SCALE TO FIT'),
        ...more,
    });
const state = (more: DicomObject = {}): PresentationState => {
    const [only] = readPresentations([
        {
            '00080016': of('UI', '1.2.840.10008.5.1.4.1.1.11.1'),
            '00080018': of('UI', '2.25.1'),
            '00081115': of('SQ', {
                '0020000E': of('UI', '1'),
                '00081140': of('SQ', { '00081155': of('UI', 'a') }, { '00081155': of('UI', 'b') }),
            }),
            '00281052': of('DS', -1024),
            '00281053': of('DS', 1),
            ...more,
        },
    ]);
    if (!only) {
        throw new Error('nothing was read');
    }
    return only;
};
const laid = (from: PresentationState, viewport = emptyViewport, image = slice('a')) => {
    const found = presented(from, viewport, image);
    if (!found) {
        throw new Error('it says nothing');
    }
    return found;
};
const turnedArea = (degrees: number, flip: string): PresentationState =>
    state({ '00700042': of('US', degrees), '00700041': of('CS', flip), '0070005A': area() });
const glass = { width: 600, height: 400 };

describe('an image by a presentation state', () => {
    it('each image has the window that is meant for it', () => {
        const both = state({
            '00283110': of(
                'SQ',
                { '00081140': on('b'), '00281050': of('DS', 500), '00281051': of('DS', 2000) },
                { '00281050': of('DS', 40), '00281051': of('DS', 400) },
            ),
        });
        expect(laid(both).viewport.window).toMatchObject({ center: 40, width: 400, unit: 'hounsfield' });
        expect(laid(both, emptyViewport, slice('b')).viewport.window).toMatchObject({ center: 500, width: 2000 });
    });

    it('a window in stored values is the same window in those of the image', () => {
        const stored = state({
            '00281052': undefined,
            '00281053': undefined,
            '00283110': of('SQ', { '00281050': of('DS', 1064), '00281051': of('DS', 400) }),
        });
        expect(laid(stored).viewport.window).toMatchObject({ center: 40, width: 400 });
        const doubled = slice('a', { '00281053': of('DS', 2), '00281052': of('DS', -10) });
        expect(laid(stored, emptyViewport, doubled).viewport.window).toMatchObject({ center: 2118, width: 800 });
    });

    it('what is changed by hand goes over it', () => {
        const turned = state({
            '00700042': of('US', 90),
            '00700041': of('CS', 'Y'),
            '20500020': of('CS', 'INVERSE'),
            '0070005A': area(),
            '00283110': of('SQ', { '00281050': of('DS', 40), '00281051': of('DS', 400) }),
        });
        expect(laid(turned).viewport).toMatchObject({ rotation: 90, flipH: true, flipV: false, invert: true });
        const window = { center: 1, width: 2, function: 'linear', unit: 'hounsfield' } as const;
        const byHand = { ...emptyViewport, window, invert: true, rotation: 90, shown: 33, aspect: 2 };
        const { viewport } = laid(turned, byHand);
        expect(viewport).toMatchObject({ window, invert: false, rotation: 0, flipH: true, shown: 33, aspect: 2 });
    });

    it('its polarity takes the place of that of the image', () => {
        const dark = slice('a', { '00280004': of('CS', 'MONOCHROME1') });
        // The glass turns such an image round by itself.
        expect(laid(state(), emptyViewport, dark).viewport.invert).toBe(true);
        expect(laid(state({ '20500020': of('CS', 'INVERSE') }), emptyViewport, dark).viewport.invert).toBe(false);
    });

    it.each([0, 90, 180, 270])('its area just fits, turned by %d degrees, mirrored or not', (degrees) => {
        for (const flip of ['N', 'Y']) {
            const found = laid(turnedArea(degrees, flip));
            const projection = projectImage(found.viewport, slice('a').geometry, glass);
            const corners = [
                [20, 10],
                [120, 60],
            ].map(([x = 0, y = 0]) => worldToGlass(projection, found.place('pixel', [x, y])));
            const [across, upright] = degrees % 180 === 0 ? [100, 50] : [50, 100];
            const scale = Math.min(glass.width / across, glass.height / upright);
            const xs = corners.map(([x]) => x);
            const ys = corners.map(([, y]) => y);
            expect(Math.min(...xs)).toBeCloseTo((glass.width - across * scale) / 2, 6);
            expect(Math.max(...ys)).toBeCloseTo((glass.height + upright * scale) / 2, 6);
        }
    });

    it.each([0, 90, 180, 270])('parts of the area count from its upper left on the screen, turned by %d', (degrees) => {
        for (const flip of ['N', 'Y']) {
            const found = laid(turnedArea(degrees, flip));
            const projection = projectImage(found.viewport, slice('a').geometry, glass);
            const at = (x: number, y: number): Pixel => worldToGlass(projection, found.place('display', [x, y]));
            const [left, top] = at(0, 0);
            const [right, bottom] = at(1, 1);
            expect(left).toBeCloseTo(glass.width - right, 6);
            expect(top).toBeCloseTo(glass.height - bottom, 6);
            expect([right > left, bottom > top]).toEqual([true, true]);
        }
    });

    it('a magnified one has so many screen pixels a pixel where it is chosen', () => {
        const magnified = state({
            '0070005A': area({ '00700100': of('CS', 'MAGNIFY'), '00700103': of('FL', 4) }),
        });
        const chosen = { ...emptyViewport, ...magnifiedBy(magnified, slice('a'), glass) };
        const { viewport, place } = laid(magnified, chosen);
        const projection = projectImage(viewport, slice('a').geometry, glass);
        const a = worldToGlass(projection, place('pixel', [70, 35]));
        const b = worldToGlass(projection, place('pixel', [71, 35]));
        expect(a).toEqual([300, 200]);
        expect(b[0] - a[0]).toBeCloseTo(4, 9);
    });

    it('pixels of another shape than the image has are named', () => {
        const stretched = state({ '0070005A': area({ '00700102': of('IS', 2, 1) }) });
        expect(laid(stretched).missing).toEqual(['aspect']);
        expect(laid(state({ '0070005A': area({ '00700101': of('DS', 0.5, 0.5) }) })).missing).toEqual([]);
    });

    it('a bent window is named', () => {
        const bent = { '00281050': of('DS', 40), '00281051': of('DS', 400), '00281056': of('CS', 'SIGMOID') };
        expect(laid(state({ '00283110': of('SQ', bent) })).missing).toEqual(['voiSigmoid']);
    });

    it('of other images, other frames and planes it says nothing', () => {
        const one = state();
        expect(presented(one, emptyViewport, slice('c'))).toBeUndefined();
        const point = { x: 0, y: 0, z: 0 };
        const plane = { frameOfReferenceUid: '1.2.3', point, normal: point, up: point };
        expect(presented(one, { ...emptyViewport, plane }, slice('a'))).toBeUndefined();
        const framed = state({
            '00081115': of('SQ', {
                '00081140': of('SQ', { '00081155': of('UI', 'a'), '00081160': of('IS', 2) }),
            }),
        });
        expect([refersTo(framed, 'a', 1), refersTo(framed, 'a', 2)]).toEqual([false, true]);
    });
});
