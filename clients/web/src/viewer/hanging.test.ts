import { describe, expect, it } from 'vitest';
import { compareLayout, firstView, layoutOf, planesLayout } from './arrange';
import type { DisplaySet, LoadedSet } from './case_images';
import { readHeader } from './dicom';
import { imageGeometry } from './geometry';
import { currentOf, forgotten, hangingOf, hangsAlike, hungLayout, needsHeaders, presets } from './hanging';

const set = (name: string, change: Partial<DisplaySet> = {}): DisplaySet => ({
    displaySet: name,
    studyUid: 'new',
    seriesUid: name,
    modality: 'CT',
    kind: 'volume',
    reason: '',
    frameOfReferenceUid: 'f',
    rows: 4,
    columns: 4,
    studyDate: '20260101',
    studyDescription: '',
    seriesDescription: '',
    seriesNumber: 1,
    laterality: '',
    instances: ['1', '2'].map((uid) => ({ sopInstanceUid: uid, frames: 1, transferSyntaxUid: '', bytes: 1 })),
    ...change,
});
const older = { studyUid: 'old', studyDate: '20250101' };

/** Of the first case something is remembered, in the second it is found again. */
const first = [set('a'), set('a2'), set('p', older)];
const second = [set('b'), set('b2'), set('q', older)];

function loaded(of: DisplaySet): LoadedSet {
    const slices = ['1', '2'].map((sopInstanceUid, index) => {
        const header = readHeader({
            '00200052': { Value: ['f'] },
            '00200037': { Value: [1, 0, 0, 0, 1, 0] },
            '00200032': { Value: [0, 0, index] },
            '00280030': { Value: [1, 1] },
            '00280010': { Value: [4] },
            '00280011': { Value: [4] },
        });
        const geometry = imageGeometry(header);
        return { imageId: '', sopInstanceUid, frame: 1, header, geometry, bytes: 1, transferSyntax: '' };
    });
    return { set: of, slices, spacing: 1, indexOf: (sop) => Number(sop) - 1 };
}

const remembered = (layout: ReturnType<typeof layoutOf>, sets = first) => {
    const hanging = hangingOf(layout, sets);
    if (!hanging) {
        throw new Error('nothing to remember');
    }
    return hanging;
};

const named = (sets: readonly DisplaySet[], name: string): DisplaySet => {
    const found = sets.find((one) => one.displaySet === name);
    if (!found) {
        throw new Error(name);
    }
    return found;
};

describe('hanging', () => {
    it('one_series_alone_stays_alone_though_there_is_a_prior', () => {
        const alone = remembered(layoutOf(1, 1, 1, [firstView(named(first, 'a'))]));
        const hung = hungLayout(2, second, [alone]);
        expect([hung.rows, hung.columns, hung.item]).toEqual([1, 1, 2]);
        expect(hung.viewports.map((one) => one.displaySet)).toEqual(['b']);
    });

    it('the_prior_hangs_beside_the_current_study_and_is_left_out_where_there_is_none', () => {
        const compared = compareLayout(1, first, firstView(named(first, 'a')));
        const hanging = remembered(compared ?? layoutOf(1, 1, 1, []));
        const beside = hungLayout(2, second, [hanging]);
        expect(beside.viewports.map((one) => one.displaySet)).toEqual(['b', 'q']);
        expect(beside.viewports.every((one) => one.linked)).toBe(true);
        const alone = hungLayout(2, [set('c')], [hanging]);
        expect(alone.columns).toBe(1);
        expect(alone.viewports.map((one) => [one.displaySet, one.linked])).toEqual([['c', false]]);
    });

    it('planes_lie_through_the_middle_of_the_next_volume_once_its_headers_are_there', () => {
        const current = loaded(named(first, 'a'));
        const hanging = remembered(planesLayout(1, first, firstView(current.set), current));
        expect(hanging.panes.map((one) => one.plane)).toEqual(['image', 'sagittal', 'coronal', 'image']);
        expect(needsHeaders(second, [hanging])?.displaySet).toBe('b');
        expect(hungLayout(2, second, [hanging]).viewports.map((one) => one.displaySet)).toEqual(['b', '', '', 'q']);
        const hung = hungLayout(2, second, [hanging], loaded(named(second, 'b')));
        expect(hung.viewports.map((one) => one.displaySet)).toEqual(['b', 'b', 'b', 'q']);
        expect(hung.viewports[1]?.plane?.point).toEqual({ x: 1.5, y: 1.5, z: 1 });
    });

    it('a_case_without_a_volume_opens_as_it_comes_where_planes_are_remembered', () => {
        const current = loaded(named(first, 'a'));
        const hanging = remembered(planesLayout(1, first, firstView(current.set), current));
        const hung = hungLayout(2, [set('s', { kind: 'stack' })], [hanging]);
        expect(hung.viewports.map((one) => [one.displaySet, one.plane])).toEqual([['s', undefined]]);
    });

    it('another_series_of_the_same_study_hangs_where_one_hung', () => {
        const two = remembered(layoutOf(1, 2, 2, [firstView(named(first, 'a')), firstView(named(first, 'a2'))]));
        const hung = hungLayout(2, second, [two]);
        expect(hung.viewports.map((one) => one.displaySet)).toEqual(['b', 'b2', '', '']);
    });

    it('the_keys_one_to_five_are_soft_tissue_lung_liver_bone_and_brain', () => {
        expect(presets.map(({ width, center, unit }) => [width, center, unit])).toEqual([
            [400, 40, 'hounsfield'],
            [1500, -600, 'hounsfield'],
            [150, 90, 'hounsfield'],
            [2500, 480, 'hounsfield'],
            [80, 40, 'hounsfield'],
        ]);
    });

    it('a_preset_is_remembered_and_a_window_set_by_hand_leaves_it', () => {
        const view = { ...firstView(named(first, 'a')), window: presets[1] };
        const lung = remembered(layoutOf(1, 1, 1, [view]));
        expect(lung.panes[0]?.preset).toBe(2);
        expect(hungLayout(2, second, [lung]).viewports[0]?.window).toEqual(presets[1]);
        const byHand = { ...view, window: { center: 1, width: 2, function: 'linear', unit: 'hounsfield' } as const };
        const after = hangingOf(layoutOf(1, 1, 1, [byHand]), first, lung);
        expect(after && hangsAlike(after, lung)).toBe(true);
    });

    it('each_modality_hangs_its_own_way_and_as_it_comes_again_once_that_is_asked_for', () => {
        const lung = remembered(layoutOf(1, 1, 1, [firstView(named(first, 'a'))]));
        const mr = [set('m', { modality: 'MR' }), set('n', { modality: 'MR', ...older })];
        expect(hungLayout(2, mr, [lung]).viewports.map((one) => one.displaySet)).toEqual(['m', 'n']);
        expect(hungLayout(2, second, [forgotten('CT')]).viewports.map((one) => one.displaySet)).toEqual(['b', 'q']);
    });

    it('what_is_arranged_around_a_prior_is_remembered_of_the_current_study', () => {
        const [a, p] = [named(first, 'a'), named(first, 'p')];
        const swapped = layoutOf(1, 1, 2, [firstView(p), firstView(a)]);
        expect(currentOf(swapped, first)?.displaySet).toBe('a');
        expect(hungLayout(2, second, [remembered(swapped)]).viewports.map((one) => one.displaySet)).toEqual(['q', 'b']);
    });

    it('nothing_is_remembered_of_documents', () => {
        const report = set('report', { kind: 'document', modality: 'DOC' });
        expect(hangingOf(layoutOf(1, 1, 1, [firstView(report)]), [report])).toBeUndefined();
    });
});
