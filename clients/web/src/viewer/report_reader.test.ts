import { describe, expect, it } from 'vitest';
import type { DicomObject } from './dicom';
import { readReports, reportBounds, trackingUidOf } from './report_reader';

const of = (vr: string, ...Value: unknown[]) => ({ vr, Value });
const code = (value: string, meaning: string) =>
    of('SQ', { '00080100': of('SH', value), '00080102': of('SH', 'DCM'), '00080104': of('LO', meaning) });
const item = (type: string, concept: [string, string] | undefined, more: DicomObject = {}): DicomObject => ({
    '0040A040': of('CS', type),
    ...(concept && { '0040A043': code(...concept) }),
    ...more,
});
const children = (...items: DicomObject[]) => ({ '0040A730': of('SQ', ...items) });
const group = (...items: DicomObject[]) => item('CONTAINER', ['125007', 'Measurement Group'], children(...items));
const report = (uid: string, groups: DicomObject[], more: DicomObject = {}): DicomObject => ({
    '00080018': of('UI', uid),
    '00080060': of('CS', 'SR'),
    '00080070': of('LO', 'Somebody'),
    '0020000D': of('UI', '1.2'),
    '0020000E': of('UI', '1.2.3'),
    ...children(item('CONTAINER', ['126010', 'Imaging Measurements'], children(...groups))),
    ...more,
});
const tracking = item('UIDREF', ['112040', 'Tracking Unique Identifier'], { '0040A124': of('UI', '2.25.7') });
const image = item('IMAGE', undefined, {
    '00081199': of('SQ', { '00081155': of('UI', '1.2.3.4'), '00081160': of('IS', 3) }),
});
const scoord = (type: string, ...numbers: number[]) =>
    item('SCOORD', undefined, {
        '00700022': of('FL', ...numbers),
        '00700023': of('CS', type),
        ...children(image),
    });
const scoord3d = (type: string, ...numbers: number[]) =>
    item('SCOORD3D', ['111030', 'Image Region'], {
        '00700022': of('FL', ...numbers),
        '00700023': of('CS', type),
        '30060024': of('UI', '1.9'),
    });
const number = (value: number, unit: string, ...below: DicomObject[]) =>
    item('NUM', ['410668003', 'Length'], {
        '0040A300': of('SQ', { '004008EA': code(unit, unit), '0040A30A': of('DS', value) }),
        ...children(...below),
    });
const comment = item('TEXT', ['121106', 'Comment'], { '0040A160': of('UT', 'Größte Läsion') });

describe('reports of others', () => {
    it('a number inferred from points of an image is a drawing on that image', () => {
        const [read] = readReports([
            report('1', [group(tracking, comment, number(25, 'mm', scoord('POLYLINE', 3.5, 4.5, 30.5, 40.5)))]),
        ]);
        expect(read?.drawings).toEqual([
            {
                trackingUid: '2.25.7',
                words: 'Größte Läsion',
                numbers: [{ name: 'Length', value: 25, unit: 'mm' }],
                frameOfReferenceUid: '',
                image: { sopInstanceUid: '1.2.3.4', frame: 3 },
                points: [
                    [3, 4, 0],
                    [30, 40, 0],
                ],
            },
        ]);
    });

    it('a region in patient space beside its numbers is one drawing, in millimetres', () => {
        const finding = item('CODE', ['121071', 'Finding'], { '0040A168': code('M-1', 'Nodule') });
        const site = item('CODE', ['363698007', 'Finding Site'], { '0040A168': code('L-1', 'Lung') });
        const [read] = readReports([
            report('1', [group(finding, site, scoord3d('POLYLINE', 1, 2, 3, 4, 5, 6), number(7, '1'))]),
        ]);
        expect(read?.drawings[0]).toMatchObject({
            words: 'Nodule, Lung',
            numbers: [{ value: 7, unit: '' }],
            frameOfReferenceUid: '1.9',
            points: [
                [1, 2, 3],
                [4, 5, 6],
            ],
        });
    });

    it('an ellipse and a circle are closed lines through the ends of their axes', () => {
        const [read] = readReports([
            report('1', [
                group(scoord3d('ELLIPSE', -10, 0, 5, 10, 0, 5, 0, -4, 5, 0, 4, 5)),
                group(scoord('CIRCLE', 10.5, 10.5, 13.5, 14.5)),
            ]),
        ]);
        const [ellipse, circle] = read?.drawings ?? [];
        expect(ellipse?.points[0]?.map(Math.round)).toEqual([10, 0, 5]);
        expect(ellipse?.points[12]?.map(Math.round)).toEqual([0, 4, 5]);
        expect(circle?.points[0]).toEqual([15, 10, 0]);
        expect(circle?.points.at(-1)?.map((value) => Math.round(value))).toEqual([15, 10, 0]);
    });

    it('who measured is said before what measured', () => {
        const person = item('PNAME', ['121008', 'Person Observer Name'], {
            '0040A123': of('PN', { Alphabetic: 'Weber^Anna' }),
        });
        const both = readReports([report('1', [group(person, scoord3d('POINT', 1, 2, 3))]), report('2', [])]);
        expect(both.map(({ source }) => source)).toEqual(['Anna Weber', 'Somebody']);
    });

    it('a version that another one takes the place of is not read', () => {
        const later = report('2', [], {
            '0040A360': of('SQ', {
                '00081115': of('SQ', { '00081199': of('SQ', { '00081155': of('UI', '1') }) }),
            }),
        });
        expect(readReports([report('1', []), later]).map((one) => one.sopInstanceUid)).toEqual(['2']);
    });

    it('a drawing of this case is known again by its tracking UID', () => {
        expect(trackingUidOf('f81d4fae-7dec-11d0-a765-00a0c91e6bf6')).toBe(
            '2.25.329800735698586629295641978511506172918',
        );
    });

    it('what is nested too deeply, too much or of another shape is left out', () => {
        let deep: DicomObject = scoord3d('POINT', 1, 2, 3);
        for (let level = 0; level < 10_000; level++) {
            deep = item('CONTAINER', undefined, children(deep));
        }
        const many = Array.from({ length: reportBounds.items + 5 }, () => group(scoord3d('POINT', 1, 2, 3)));
        const long = scoord3d('POLYLINE', ...Array.from({ length: 9 * reportBounds.points }, () => 1));
        const read = readReports([
            report('1', [group(deep)]),
            report('2', many),
            report('3', [group(long)]),
            report('4', [group(scoord3d('ELLIPSE', 1, 2, 3), scoord3d('POINT'), item('SCOORD', undefined))]),
        ]);
        expect(read[0]?.drawings).toEqual([]);
        expect(read[1]?.drawings.length).toBeLessThanOrEqual(reportBounds.drawings);
        expect(read[2]?.drawings[0]?.points.length).toBeLessThanOrEqual(reportBounds.points);
        expect(read[3]?.drawings).toEqual([]);
        for (const nonsense of [undefined, 'text', [null, 7, { '00080060': null }], [{ '0040A730': { Value: {} } }]]) {
            expect(readReports(nonsense)).toEqual([]);
        }
    });
});
