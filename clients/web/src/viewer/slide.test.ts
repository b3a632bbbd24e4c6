import { describe, expect, it } from 'vitest';
import type { DicomElement, DicomObject } from './dicom';
import { magnification, readSlide } from './slide';

/** One resolution, so many pixels wide, as the writer of a slide describes it. */
const resolution = (columns: number, more: DicomObject = {}): DicomObject => ({
    '00480006': { vr: 'UL', Value: [columns] },
    '00480007': { vr: 'UL', Value: [columns / 2] },
    ...more,
});

const sequence = (item: DicomObject) => ({ vr: 'SQ', Value: [item] });

const measured = (spacing: number): DicomObject => ({
    '52009229': sequence({ '00289110': sequence({ '00280030': { vr: 'DS', Value: [spacing, spacing] } }) }),
});

describe('a slide', () => {
    it('is as large as its largest resolution, in whatever order they come', () => {
        const slide = readSlide([resolution(512), resolution(2048, measured(0.005)), resolution(1024)], 'own');
        expect(slide).toMatchObject({ columns: 2048, rows: 1024, unit: 0.005, measured: true });
    });

    it('takes its size from the imaged width where no spacing is told', () => {
        const slide = readSlide([resolution(2000, { '00480001': { vr: 'FL', Value: [10] } })], 'own');
        expect(slide).toMatchObject({ unit: 0.005, measured: true });
    });

    it('is measured in pixels when it does not say how large they are, and has no magnification', () => {
        const slide = readSlide([resolution(2000)], 'own');
        expect(slide).toMatchObject({ unit: 1, measured: false });
        expect(slide && magnification(slide, 1)).toBeUndefined();
    });

    it('without a frame of reference is a space of its own, the same for all its resolutions', () => {
        const slide = readSlide([resolution(512), resolution(1024)], 'own');
        expect(slide?.objects.map((object) => object['00200052']?.Value)).toEqual([['own'], ['own']]);
        expect(slide?.objects.map((object) => object['00080008']?.Value?.[2])).toEqual(['VOLUME', 'VOLUME']);
    });

    it('has its colours matched when every resolution has a profile of RGB, and says so when one is lost', () => {
        const profile = new Uint8Array(140);
        new DataView(profile.buffer).setUint32(0, 140);
        profile.set(new TextEncoder().encode('RGB '), 16);
        profile.set(new TextEncoder().encode('acsp'), 36);
        const path = (element: DicomElement | undefined) => ({ '00480105': sequence({ '00282000': element }) });
        const colored = (uid: string, element?: DicomElement) =>
            resolution(512, {
                '00080018': { vr: 'UI', Value: [uid] },
                '00280002': { vr: 'US', Value: [3] },
                ...path(element),
            });
        const whole = colored('1', { vr: 'OB', BulkDataURI: '00282000.1.140', fetched: profile });
        const lost = colored('2', { vr: 'OB', BulkDataURI: '00282000.1.140' });
        const damaged = colored('3', { vr: 'OB', fetched: profile.slice(0, 100) });
        const used = readSlide([whole], 'own');
        expect(used?.profile).toBe('used');
        expect(used?.profiles.get('1')).toBe(profile);
        expect(used?.objects[0]).not.toHaveProperty('00480105.Value.0.00282000');
        for (const other of [lost, damaged, colored('4')]) {
            expect(readSlide([whole, other], 'own')).toMatchObject({ profile: 'lost', profiles: new Map() });
        }
        expect(readSlide([colored('5'), resolution(256, path(lost['00480105']))], 'own')?.profile).toBe('none');
    });

    it('without a size is none', () => {
        expect(readSlide([{}, { '00480006': { vr: 'UL', Value: ['many'] } }], 'own')).toBeUndefined();
    });

    it('shown with 1 µm a pixel is magnified ten times', () => {
        const slide = readSlide([resolution(2000, measured(0.00025))], 'own');
        expect(slide && magnification(slide, 0.001)).toBeCloseTo(10);
    });
});
