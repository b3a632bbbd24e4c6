import { describe, expect, it } from 'vitest';
import { readHeader, type DicomObject } from './dicom';
import { imageGeometry } from './geometry';
import { measureLength, roundLength } from './measure';

const measured = (object: DicomObject, to: readonly [number, number, number]) => {
    const header = readHeader({
        '00280010': { Value: [500] },
        '00280011': { Value: [500] },
        ...object,
    });
    return measureLength(header, imageGeometry(header), [0, 0, 0], to);
};

describe('measuring', () => {
    it('in_patient_space_a_length_is_millimetres_in_the_patient', () => {
        const slice = {
            '00200052': { Value: ['1.2'] },
            '00200037': { Value: [1, 0, 0, 0, 1, 0] },
            '00200032': { Value: [0, 0, 0] },
            '00280030': { Value: [0.5, 0.5] },
        };
        expect(measured(slice, [3, 4, 0])).toEqual({
            value: 5,
            unit: 'mm',
            calibration: 'patient',
        });
    });

    it('on_a_radiograph_it_is_millimetres_at_the_detector', () => {
        const radiograph = { '00080060': { Value: ['CR'] }, '00181164': { Value: [0.2, 0.2] } };
        expect(measured(radiograph, [30, 40, 0])).toEqual({
            value: 10,
            unit: 'mm',
            calibration: 'detector',
        });
    });

    it('inside_an_ultrasound_region_it_uses_the_regions_own_deltas', () => {
        const region = {
            '00186018': { Value: [0] },
            '0018601A': { Value: [0] },
            '0018601C': { Value: [200] },
            '0018601E': { Value: [200] },
            '00186024': { Value: [3] },
            '00186026': { Value: [3] },
            '0018602C': { Value: [0.01] },
            '0018602E': { Value: [0.02] },
        };
        const ultrasound = { '00080060': { Value: ['US'] }, '00186011': { Value: [region] } };
        expect(measured(ultrasound, [30, 20, 0]).value).toBeCloseTo(5);
        expect(measured(ultrasound, [300, 20, 0])).toMatchObject({ calibration: 'pixels' });
    });

    it('without_any_spacing_it_stays_pixels', () => {
        expect(measured({}, [6, 8, 0])).toEqual({ value: 10, unit: 'px', calibration: 'pixels' });
    });

    it('a_scale_bar_is_a_round_length', () => {
        expect([0.73, 9, 23, 61, 480].map(roundLength)).toEqual([0.5, 5, 20, 50, 200]);
    });
});
