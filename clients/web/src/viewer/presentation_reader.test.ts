import { describe, expect, it } from 'vitest';
import type { DicomObject } from './dicom';
import { presentationBounds, readPresentations, type PresentationState } from './presentation_reader';
import { ownSeriesUid } from './presentations';

const of = (vr: string, ...Value: unknown[]) => ({ vr, Value });
const image = (uid: string, ...frames: number[]) =>
    of('SQ', { '00081155': of('UI', uid), ...(frames.length > 0 && { '00081160': of('IS', ...frames) }) });
const state = (more: DicomObject = {}): DicomObject => ({
    '00080016': of('UI', '1.2.840.10008.5.1.4.1.1.11.1'),
    '00080018': of('UI', '2.25.1'),
    '0020000D': of('UI', '1.2'),
    '0020000E': of('UI', '1.2.9'),
    '00081115': of('SQ', { '0020000E': of('UI', '1.2.3'), '00081140': image('1.2.3.4') }),
    ...more,
});
const read = (more: DicomObject): PresentationState => {
    const [only] = readPresentations([state(more)]);
    if (!only) {
        throw new Error('nothing was read');
    }
    return only;
};
const graphic = (kind: string, units: string, ...numbers: number[]) => ({
    '00700005': of('CS', units),
    '00700022': of('FL', ...numbers),
    '00700023': of('CS', kind),
    '00700024': of('CS', 'N'),
});
const graphics = (...objects: DicomObject[]) => ({ '00700001': of('SQ', { '00700009': of('SQ', ...objects) }) });
const texts = (...objects: DicomObject[]) => ({ '00700001': of('SQ', { '00700008': of('SQ', ...objects) }) });

/** As dcm2json prints what dcmpsmk made of a CT slice. */
const byDcmpsmk: DicomObject = {
    '00080005': of('CS', 'ISO_IR 192'),
    '00080016': of('UI', '1.2.840.10008.5.1.4.1.1.11.1'),
    '00080018': of('UI', '1.2.276.0.7230010.3.1.4.8323328.21280.1795889018.565940'),
    '00080060': of('CS', 'PR'),
    '00080070': { vr: 'LO' },
    '00081115': of('SQ', {
        '00080054': of('AE', 'AE'),
        '00081140': of('SQ', { '00081150': of('UI', '1.2.840.10008.5.1.4.1.1.2'), '00081155': of('UI', '1.2.3.4') }),
        '0020000E': of('UI', '1.2.3'),
    }),
    '0020000D': of('UI', '1.2'),
    '0020000E': of('UI', '1.2.276.0.7230010.3.1.3.8323328.21280.1795889018.565938'),
    '00281052': of('DS', -1024),
    '00281053': of('DS', 1),
    '00281054': of('LO', 'US'),
    '00283110': of('SQ', { '00081140': image('1.2.3.4'), '00281050': of('DS', 0), '00281051': of('DS', 2048) }),
    '0070005A': of('SQ', {
        '00081140': image('1.2.3.4'),
        '00700052': of('SL', 1, 1),
        '00700053': of('SL', 16, 12),
        '00700100': of('CS', 'SCALE TO FIT'),
        '00700101': of('DS', 1, 1),
    }),
    '00700080': of('CS', 'UNNAMED'),
    '00700081': { vr: 'LO' },
    '00700082': of('DA', '20261128'),
    '00700084': { vr: 'PN' },
    '20500020': of('CS', 'IDENTITY'),
};

describe('presentation states of others', () => {
    it('one that dcmpsmk made says what it was made of', () => {
        const on = [{ sopInstanceUid: '1.2.3.4', frames: [] }];
        expect(readPresentations([byDcmpsmk])).toEqual([
            {
                sopInstanceUid: '1.2.276.0.7230010.3.1.4.8323328.21280.1795889018.565940',
                seriesUid: '1.2.276.0.7230010.3.1.3.8323328.21280.1795889018.565938',
                studyUid: '1.2',
                label: 'UNNAMED',
                description: '',
                creator: '',
                manufacturer: '',
                date: '20261128',
                series: [{ seriesUid: '1.2.3', images: on }],
                grey: true,
                rescale: { slope: 1, intercept: -1024 },
                windows: [{ on, window: { center: 0, width: 2048, function: 'linear' } }],
                inverse: false,
                rotation: 0,
                flip: false,
                areas: [{ on, topLeft: [1, 1], bottomRight: [16, 12], size: 'fit', ratio: 0, aspect: 1 }],
                graphics: [],
                shutters: [],
                shutterGrey: 0,
                missing: [],
            },
        ]);
    });

    it('drawings of every kind become lines, in the order of their layers', () => {
        const { graphics: layers, missing } = read({
            '00700060': of(
                'SQ',
                { '00700002': of('CS', 'OVER'), '00700062': of('IS', 2) },
                { '00700002': of('CS', 'UNDER'), '00700062': of('IS', 1) },
            ),
            '00700001': of(
                'SQ',
                {
                    '00700002': of('CS', 'OVER'),
                    '00081140': image('1.2.3.4', 2, 3),
                    '00700009': of(
                        'SQ',
                        graphic('POINT', 'PIXEL', 3, 4),
                        graphic('POLYLINE', 'DISPLAY', 0.1, 0.2, 0.3, 0.4),
                        graphic('CIRCLE', 'PIXEL', 10, 10, 13, 14),
                        graphic('INTERPOLATED', 'PIXEL', 0, 0, 10, 0, 10, 10),
                    ),
                },
                {
                    '00700002': of('CS', 'UNDER'),
                    '00700009': of('SQ', graphic('ELLIPSE', 'PIXEL', 0, 5, 10, 5, 5, 2, 5, 8)),
                },
            ),
        });
        expect(missing).toEqual([]);
        expect(layers.map(({ order }) => order)).toEqual([1, 2]);
        expect(layers[1]?.on).toEqual([{ sopInstanceUid: '1.2.3.4', frames: [2, 3] }]);
        const [point, line, circle, smooth] = layers[1]?.shapes ?? [];
        expect(point).toEqual({ units: 'pixel', round: false, points: [[3, 4]], filled: false });
        expect(line).toMatchObject({ units: 'display', points: [[0.1, 0.2], [0.3, 0.4]] });
        expect(circle).toMatchObject({ round: true, points: [[10, 10], [13, 14]] });
        expect(smooth?.points).toEqual(expect.arrayContaining([[0, 0], [10, 0], [10, 10]]));
        const ellipse = layers[0]?.shapes[0]?.points ?? [];
        expect([Math.min(...ellipse.map(([x]) => x)), Math.max(...ellipse.map(([, y]) => y))]).toEqual([0, 8]);
    });

    it('words stand in their box, or at what they speak of', () => {
        const [{ texts: found } = { texts: [] }] = read(
            texts(
                {
                    '00700003': of('CS', 'DISPLAY'),
                    '00700004': of('CS', 'PIXEL'),
                    '00700006': of('ST', 'Läsion\r\nwächst'),
                    '00700010': of('FL', 0.1, 0.2),
                    '00700011': of('FL', 0.5, 0.4),
                    '00700012': of('CS', 'CENTER'),
                    '00700014': of('FL', 7, 8),
                    '00700015': of('CS', 'Y'),
                },
                { '00700004': of('CS', 'PIXEL'), '00700006': of('ST', 'here'), '00700014': of('FL', 7, 8) },
            ),
        ).graphics;
        expect(found).toEqual([
            {
                lines: ['Läsion', 'wächst'],
                units: 'display',
                at: [0.1, 0.2],
                to: [0.5, 0.4],
                justify: 'middle',
                anchor: { units: 'pixel', at: [7, 8] },
            },
            { lines: ['here'], units: 'pixel', at: [7, 8], to: undefined, justify: 'start', anchor: undefined },
        ]);
    });

    it('edges of a shutter belong to what is seen, and rows come before columns', () => {
        const { shutters, shutterGrey } = read({
            '00181600': of('CS', 'RECTANGULAR', 'CIRCULAR', 'POLYGONAL'),
            '00181602': of('IS', '3'),
            '00181604': of('IS', '10'),
            '00181606': of('IS', '2'),
            '00181608': of('IS', '9'),
            '00181610': of('IS', 6, 8),
            '00181612': of('IS', 4),
            '00181620': of('IS', 1, 2, 1, 5, 6, 5),
            '00181622': of('US', 65535),
        });
        expect(shutterGrey).toBe(1);
        expect(shutters).toEqual([
            { kind: 'polygon', points: [[2, 1], [10, 1], [10, 9], [2, 9]] },
            { kind: 'circle', center: [7.5, 5.5], radius: 4 },
            { kind: 'polygon', points: [[1.5, 0.5], [4.5, 0.5], [4.5, 5.5]] },
        ]);
    });

    it('whatever changes what is seen and is not shown is named', () => {
        const { missing } = read({
            '00283000': of('SQ', {}),
            '20500010': of('SQ', {}),
            '00281201': { vr: 'OW', InlineBinary: 'AAA=' },
            '00282000': { vr: 'OB', BulkDataURI: 'x' },
            '00286100': of('SQ', {}),
            '60000010': of('US', 5),
            '00181600': of('CS', 'BITMAP'),
            '00283110': of('SQ', { '00283010': of('SQ', {}) }),
            '0070005A': of('SQ', {
                '00700052': of('SL', 1, 1),
                '00700053': of('SL', 5, 5),
                '00700100': of('CS', 'TRUE SIZE'),
            }),
            '00700001': of('SQ', {
                '00700209': of('SQ', {}),
                '00700009': of('SQ', graphic('SPIRAL', 'PIXEL', 1, 2), {
                    ...graphic('POINT', 'MATRIX', 1, 2),
                    '00700232': of('SQ', {}),
                }),
            }),
        });
        expect(missing).toEqual([
            'voiTable',
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
            'units',
            'shapes',
        ]);
    });

    it('places are left out as a whole where one of them is no number', () => {
        const broken = { ...graphic('POLYLINE', 'PIXEL'), '00700022': of('FL', 1, null, 3, 4) };
        const { graphics: layers, missing } = read(graphics(broken));
        expect(layers[0]?.shapes).toEqual([]);
        expect(missing).toEqual(['shapes']);
    });

    it('what is too much is cut off and said, and what is of another shape throws nothing', () => {
        const point = graphic('POINT', 'PIXEL', 1, 2);
        const many = Array.from({ length: presentationBounds.drawn + 1 }, () => point);
        const cut = read(graphics(...many));
        expect(cut.graphics[0]?.shapes).toHaveLength(presentationBounds.drawn);
        expect(cut.missing).toEqual(['tooMuch']);
        const long = read(graphics(graphic('POLYLINE', 'PIXEL', ...Array.from({ length: 50_000 }, () => 1))));
        expect(long.graphics[0]?.shapes[0]?.points.length ?? 0).toBeLessThanOrEqual(presentationBounds.points);
        const noList = state({ '00700001': { Value: {} as unknown[] } });
        for (const nonsense of [undefined, 'text', [null, 7], [{ '00080016': null }], [noList]]) {
            expect(() => readPresentations(nonsense)).not.toThrow();
        }
        const odd = { '00281052': of('DS', 'x'), '00700042': of('US', 45), '00181600': of('CS', null) };
        expect(read(odd).rotation).toBe(0);
    });

    it('states of volumes and blendings, and other objects, are none', () => {
        const others = ['1.2.840.10008.5.1.4.1.1.11.4', '1.2.840.10008.5.1.4.1.1.11.6', '1.2.840.10008.5.1.4.1.1.2'];
        expect(readPresentations(others.map((uid) => state({ '00080016': of('UI', uid) })))).toEqual([]);
    });

    it('the series of views that this server wrote is known by its name', async () => {
        expect(await ownSeriesUid('f81d4fae-7dec-11d0-a765-00a0c91e6bf6', '1.2.840.113619.2.1')).toBe(
            '2.25.156619522270535132154963156848206134',
        );
    });
});
