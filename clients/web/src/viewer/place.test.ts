import { describe, expect, it } from 'vitest';
import { emptyViewport } from './follow';
import { readHeader } from './dicom';
import { imageGeometry, projectImage, projectPlane, worldToGlass } from './geometry';
import { placePointer, pointerAt, type Shown } from './place';
import { unit } from './vector';

const axial = imageGeometry(
    readHeader({
        '00200052': { Value: ['for.1'] },
        '00200037': { Value: [1, 0, 0, 0, 1, 0] },
        '00200032': { Value: [0, 0, 10] },
        '00280030': { Value: [1, 1] },
        '00280010': { Value: [100] },
        '00280011': { Value: [100] },
    }),
);
const glass = { width: 400, height: 400 };
const shown: Shown = {
    patientCase: 'case',
    studyUid: 'study',
    projection: projectImage(emptyViewport, axial, glass),
    halfThickness: 1.5,
    instance: { sopInstanceUid: 'sop', frame: 1, geometry: axial },
};
const target = {
    space: 'frame_of_reference' as const,
    patientCase: 'case',
    studyUid: 'study',
    uid: 'for.1',
};

describe('pointers', () => {
    it('a_point_within_half_a_slice_is_drawn_without_a_word', () => {
        expect(placePointer(target, { x: 49.5, y: 49.5, z: 11.4 }, shown)).toEqual({
            x: 200,
            y: 200,
            away: 0,
        });
    });

    it('up_to_ten_millimetres_off_it_is_drawn_with_its_distance', () => {
        expect(placePointer(target, { x: 0, y: 0, z: 17.8 }, shown)?.away).toBe(8);
        expect(placePointer(target, { x: 0, y: 0, z: 20.1 }, shown)).toBeUndefined();
    });

    it('another_frame_of_reference_study_or_case_never_gets_it', () => {
        const point = { x: 49, y: 49, z: 10 };
        expect(placePointer({ ...target, uid: 'for.2' }, point, shown)).toBeUndefined();
        expect(placePointer({ ...target, studyUid: 'other' }, point, shown)).toBeUndefined();
        expect(placePointer({ ...target, patientCase: 'other' }, point, shown)).toBeUndefined();
    });

    it('on_an_oblique_plane_the_distance_is_along_its_own_normal', () => {
        const normal = unit([0, 1, 1]);
        const viewport = {
            ...emptyViewport,
            plane: {
                frameOfReferenceUid: 'for.1',
                point: { x: 50, y: 50, z: 10 },
                normal: { x: normal[0], y: normal[1], z: normal[2] },
                up: { x: 0, y: -Math.SQRT1_2, z: Math.SQRT1_2 },
            },
        };
        const projection = projectPlane(viewport, { width: 100, height: 100 }, [50, 50, 10], glass);
        if (!projection) {
            throw new Error('a plane has a projection');
        }
        const oblique = { ...shown, projection, instance: undefined };
        const on = placePointer(target, { x: 60, y: 40, z: 20 }, oblique);
        expect(on?.away).toBe(0);
        expect(on?.x).toBeCloseTo(worldToGlass(projection, [60, 40, 20])[0]);
        expect(placePointer(target, { x: 50, y: 54, z: 14 }, oblique)?.away).toBe(6);
    });

    it('an_image_without_geometry_is_pointed_at_by_its_own_pixels', () => {
        const geometry = imageGeometry(
            readHeader({ '00280010': { Value: [200] }, '00280011': { Value: [100] } }),
        );
        const radiograph: Shown = {
            ...shown,
            projection: projectImage(emptyViewport, geometry, glass),
            instance: { sopInstanceUid: 'sop', frame: 2, geometry },
        };
        const own = pointerAt(radiograph, [10, 20, 0]);
        expect(own).toMatchObject({ x: 2, y: 10, z: 20, target: { space: 'instance', uid: 'sop' } });
        const placed = own && placePointer(own.target, own, radiograph);
        expect(placed?.x).toBeCloseTo(worldToGlass(radiograph.projection, [10, 20, 0])[0]);
        expect(own && placePointer(own.target, { ...own, x: 3 }, radiograph)).toBeUndefined();
    });

    it('two_sizes_of_glass_agree_on_the_same_place_in_the_patient', () => {
        const small: Shown = {
            ...shown,
            projection: projectImage(emptyViewport, axial, { width: 360, height: 500 }),
        };
        const told = pointerAt(shown, [30, 70, 10]);
        const placed = told && placePointer(told.target, told, small);
        const expected = worldToGlass(small.projection, [30, 70, 10]);
        expect([placed?.x, placed?.y]).toEqual([...expected]);
    });
});
