import { describe, expect, it } from 'vitest';
import { layoutOf, linkedIndex, planeName, planeStep, priorOf, principal, putBack } from './arrange';
import { emptyViewport } from './follow';
import type { DisplaySet, LoadedSet, Slice } from './case_images';
import { readHeader } from './dicom';
import { imageGeometry } from './geometry';

const set = (change: Partial<DisplaySet>): DisplaySet => ({
    displaySet: 'a',
    studyUid: 's',
    seriesUid: 'x',
    modality: 'CT',
    kind: 'volume',
    reason: '',
    frameOfReferenceUid: 'f',
    rows: 4,
    columns: 4,
    studyDate: '20120914',
    studyDescription: '',
    seriesDescription: '',
    seriesNumber: 1,
    laterality: '',
    instances: [
        { sopInstanceUid: '1', frames: 1, transferSyntaxUid: '', bytes: 1 },
        { sopInstanceUid: '2', frames: 1, transferSyntaxUid: '', bytes: 1 },
    ],
    ...change,
});

function loaded(count: number, spacing: number, frameOfReference: string): LoadedSet {
    const slices = Array.from({ length: count }, (_, index): Slice => {
        const header = readHeader({
            '00200052': { Value: [frameOfReference] },
            '00200037': { Value: [1, 0, 0, 0, 1, 0] },
            '00200032': { Value: [0, 0, index * spacing] },
            '00280030': { Value: [0.5, 0.5] },
            '00280010': { Value: [4] },
            '00280011': { Value: [4] },
        });
        return {
            imageId: `${index}`,
            sopInstanceUid: `${index}`,
            frame: 1,
            header,
            geometry: imageGeometry(header),
            bytes: 32,
            transferSyntax: '',
        };
    });
    return { set: set({}), slices, spacing, indexOf: (sop) => Number(sop) };
}

describe('arranging', () => {
    it('a_case_opens_with_its_newest_series_of_images', () => {
        const sets = [
            set({ displaySet: 'report', kind: 'document' }),
            set({ displaySet: 'old', studyDate: '20100101' }),
            set({ displaySet: 'new' }),
            set({ displaySet: 'single', studyDate: '20121001', instances: [] }),
        ];
        expect(principal(sets)?.displaySet).toBe('new');
    });

    it('the_prior_is_the_newest_earlier_study_of_the_same_kind', () => {
        const current = set({ studyUid: 'now' });
        const sets = [
            current,
            set({ displaySet: 'mr', studyUid: 'm', modality: 'MR', studyDate: '20120801' }),
            set({ displaySet: 'older', studyUid: 'o', studyDate: '20100101' }),
            set({ displaySet: 'prior', studyUid: 'p', studyDate: '20120302' }),
        ];
        expect(priorOf(sets, current)?.displaySet).toBe('prior');
    });

    it('linked_series_of_one_space_meet_at_the_same_place_in_the_patient', () => {
        expect(linkedIndex(loaded(10, 3, 'f'), 4, loaded(40, 1, 'f'))).toBe(12);
    });

    it('linked_series_of_two_spaces_meet_at_the_same_fraction', () => {
        expect(linkedIndex(loaded(11, 3, 'f'), 5, loaded(41, 1, 'g'))).toBe(20);
    });

    it('directions_have_names_and_oblique_ones_say_so', () => {
        expect([planeName([0, 0, -1]), planeName([0, 1, 0]), planeName([1, 0, 0])]).toEqual([
            'axial',
            'coronal',
            'sagittal',
        ]);
        expect(planeName([0, 1, 1])).toBe('oblique');
    });

    it('a_plane_moves_by_the_voxel_along_its_normal', () => {
        expect(planeStep(loaded(3, 2, 'f'), [0, 1, 0])).toBeCloseTo(0.5);
        expect(planeStep(loaded(3, 2, 'f'), [0, 0, 1])).toBeCloseTo(2);
    });

    it('what_stood_alone_goes_back_among_the_others_as_it_is_now', () => {
        const [one, two] = ['a', 'b'].map((displaySet) => ({ ...emptyViewport, displaySet }));
        const layout = layoutOf(3, 1, 2, [one!, two!]);
        const alone = layoutOf(3, 1, 1, [{ ...two!, invert: true }]);
        expect(putBack({ layout, index: 1 }, alone)).toEqual({
            ...layout,
            active: 1,
            viewports: [one, { ...two, invert: true }],
        });
    });
});
