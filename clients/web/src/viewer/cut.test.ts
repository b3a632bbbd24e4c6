import { describe, expect, it } from 'vitest';
import type { DisplaySet, LoadedSet, Slice } from './case_images';
import { cutLine } from './cut';
import { readHeader } from './dicom';
import { emptyViewport } from './follow';
import { imageGeometry, projectImage, worldToGlass } from './geometry';
import type { PaneState } from './stage_controller';
import type { Vector } from './vector';

const glass = { width: 400, height: 400 };

function paneOf(position: Vector, axes: number[], frame = '1.2'): PaneState {
    const header = readHeader({
        '00200052': { Value: [frame] },
        '00200032': { Value: [...position] },
        '00200037': { Value: axes },
        '00280030': { Value: [1, 1] },
        '00280010': { Value: [200] },
        '00280011': { Value: [200] },
    });
    const geometry = imageGeometry(header);
    const name = { imageId: '', sopInstanceUid: '', frame: 1, bytes: 0, transferSyntax: '' };
    const slice: Slice = { ...name, header, geometry };
    const projection = projectImage(emptyViewport, geometry, glass);
    const loaded: LoadedSet = {
        set: {} as DisplaySet,
        slices: [slice],
        spacing: 1,
        indexOf: () => 0,
    };
    const shown = { patientCase: '', studyUid: '', projection, halfThickness: 1 };
    return { viewport: emptyViewport, glass, projection, shown, loaded, index: 0 };
}

const axial = paneOf([-100, -100, 30], [1, 0, 0, 0, 1, 0]);
const sagittal = paneOf([12, -100, 130], [0, 1, 0, 0, 0, -1]);

describe('reference lines', () => {
    it('a_sagittal_image_cuts_an_axial_one_where_both_are', () => {
        const cut = cutLine(axial.projection, sagittal, []);
        const ends = [cut?.from, cut?.to].map((end) => end?.map(Math.round)).sort();
        const truth = [-100.5, 99.5].map((y) => worldToGlass(axial.projection, [12, y, 30]));
        expect(ends).toEqual(truth.map((end) => end.map(Math.round)).sort());
    });

    it('parallel_images_and_images_that_do_not_meet_have_no_line', () => {
        expect(cutLine(axial.projection, paneOf([-100, -100, 60], [1, 0, 0, 0, 1, 0]), [])).toBeUndefined();
        const above = paneOf([12, -100, 400], [0, 1, 0, 0, 0, -1]);
        expect(cutLine(axial.projection, above, [])).toBeUndefined();
    });

    it('another_space_has_a_line_only_when_it_is_linked', () => {
        const prior = paneOf([12, -100, 130], [0, 1, 0, 0, 0, -1], '1.9');
        expect(cutLine(axial.projection, prior, [])).toBeUndefined();
        const link = {
            link: 'l',
            firstSet: '',
            secondSet: '',
            first: '1.9',
            second: '1.2',
            offset: { x: 8, y: 0, z: 0 },
            xAxis: { x: 1, y: 0, z: 0 },
            yAxis: { x: 0, y: 1, z: 0 },
            pairs: 1,
        };
        const cut = cutLine(axial.projection, prior, [link]);
        expect(cut?.from[0]).toBeCloseTo(worldToGlass(axial.projection, [20, 0, 30])[0]);
    });
});
