import { describe, expect, it } from 'vitest';
import { emptyViewport } from './follow';
import { readHeader, type DicomObject } from './dicom';
import {
    edgeLetters,
    glassToWorld,
    imageGeometry,
    pixelToWorld,
    presenterFrame,
    projectImage,
    projectPlane,
    worldToGlass,
} from './geometry';

const header = (change: DicomObject = {}) =>
    readHeader({
        '00200052': { Value: ['1.2.3'] },
        '00200037': { Value: [1, 0, 0, 0, 1, 0] },
        '00200032': { Value: [-50, -40, 30] },
        '00280030': { Value: [0.5, 0.5] },
        '00280010': { Value: [160] },
        '00280011': { Value: [200] },
        ...change,
    });

const glass = { width: 600, height: 400 };

describe('geometry', () => {
    it('the_first_pixel_of_an_axial_slice_lies_where_its_header_says', () => {
        const image = imageGeometry(header());
        expect(image.space).toBe('patient');
        expect(pixelToWorld(image, [0, 0])).toEqual([-50, -40, 30]);
        expect(pixelToWorld(image, [10, 20])).toEqual([-45, -30, 30]);
    });

    it('an_axial_slice_is_seen_from_the_feet_with_the_right_side_at_the_left', () => {
        const projection = projectImage(emptyViewport, imageGeometry(header()), glass);
        expect(edgeLetters(projection, emptyViewport, [])).toEqual({
            left: 'R',
            right: 'L',
            top: 'A',
            bottom: 'P',
        });
    });

    it('mirroring_and_turning_move_the_letters_with_the_picture', () => {
        const image = imageGeometry(header());
        const mirrored = { ...emptyViewport, flipH: true };
        expect(edgeLetters(projectImage(mirrored, image, glass), mirrored, [])?.left).toBe('L');
        const turned = { ...emptyViewport, rotation: 90 };
        expect(edgeLetters(projectImage(turned, image, glass), turned, [])).toEqual({
            left: 'P',
            right: 'A',
            top: 'R',
            bottom: 'L',
        });
    });

    it('an_image_without_orientation_uses_patient_orientation_in_the_same_way', () => {
        const bare = header({ '00200037': undefined });
        const image = imageGeometry(bare);
        expect(image.space).toBe('image');
        for (const change of [{ flipH: true }, { rotation: 90 }, { rotation: 270, flipV: true }]) {
            const viewport = { ...emptyViewport, ...change };
            const told = edgeLetters(projectImage(viewport, image, glass), viewport, ['L', 'P']);
            const computed = projectImage(viewport, imageGeometry(header()), glass);
            expect(told).toEqual(edgeLetters(computed, viewport, []));
        }
    });

    it('glass_and_world_are_each_others_inverse_under_any_turn_and_mirror', () => {
        const viewport = {
            ...emptyViewport,
            rotation: 37,
            flipV: true,
            shown: 60,
            center: { x: 3, y: -4, z: 30 },
            aspect: 1.5,
        };
        const projection = projectImage(viewport, imageGeometry(header()), glass);
        const [x, y] = worldToGlass(projection, glassToWorld(projection, [123, 321]));
        expect(x).toBeCloseTo(123, 6);
        expect(y).toBeCloseTo(321, 6);
    });

    it('the_centre_follows_the_slice_when_scrolling', () => {
        const viewport = { ...emptyViewport, shown: 50, center: { x: 0, y: 0, z: 999 } };
        const projection = projectImage(viewport, imageGeometry(header()), glass);
        expect(projection.center[2]).toBe(30);
    });

    it('a_follower_with_another_shape_sees_all_the_presenter_sees', () => {
        const viewport = { ...emptyViewport, shown: 100, aspect: 2 };
        const image = imageGeometry(header());
        for (const shape of [
            { width: 300, height: 900 },
            { width: 900, height: 300 },
            { width: 500, height: 500 },
        ]) {
            const projection = projectImage(viewport, image, shape);
            expect(projection.unitsPerPixel * shape.width).toBeGreaterThanOrEqual(200 - 1e-9);
            expect(projection.unitsPerPixel * shape.height).toBeGreaterThanOrEqual(100 - 1e-9);
        }
    });

    it('the_presenters_frame_is_outlined_only_where_the_glass_has_another_shape', () => {
        const viewport = { ...emptyViewport, shown: 100, aspect: 1.5 };
        const image = imageGeometry(header());
        expect(presenterFrame(viewport, projectImage(viewport, image, glass))).toBeUndefined();
        const tall = projectImage(viewport, image, { width: 400, height: 800 });
        const frame = presenterFrame(viewport, tall);
        expect(frame?.width).toBeCloseTo(400);
        expect(frame?.height).toBeCloseTo(400 / 1.5);
    });

    it('a_coronal_plane_has_the_head_up_and_the_patients_right_at_the_left', () => {
        const viewport = {
            ...emptyViewport,
            plane: {
                frameOfReferenceUid: '1.2.3',
                point: { x: 0, y: 5, z: 0 },
                normal: { x: 0, y: 1, z: 0 },
                up: { x: 0, y: 0, z: 1 },
            },
        };
        const projection = projectPlane(viewport, { width: 100, height: 100 }, [0, 0, 0], glass);
        expect(projection?.center).toEqual([0, 5, 0]);
        expect(projection && edgeLetters(projection, viewport, [])).toEqual({
            left: 'R',
            right: 'L',
            top: 'H',
            bottom: 'F',
        });
    });

    /** All ways in which rows and columns can lie along the axes of the body, and the letters they end at. */
    const straight = [0, 1, 2].flatMap((first) =>
        [0, 1, 2]
            .filter((second) => second !== first)
            .flatMap((second) =>
                [1, -1].flatMap((rowSign) =>
                    [1, -1].map((columnSign) => ({ first, second, rowSign, columnSign })),
                ),
            ),
    );
    const letterOf = (axis: number, sign: number): string => ['LR', 'PA', 'HF'][axis]?.[sign > 0 ? 0 : 1] ?? '';
    const along = (axis: number, sign: number): number[] =>
        [0, 1, 2].map((one) => (one === axis ? sign : 0));

    it.each([false, true])('letters_are_right_on_every_straight_orientation_mirrored_%s', (flipH) => {
        expect(straight).toHaveLength(24);
        for (const { first, second, rowSign, columnSign } of straight) {
            const image = imageGeometry(
                header({ '00200037': { Value: [...along(first, rowSign), ...along(second, columnSign)] } }),
            );
            const viewport = { ...emptyViewport, flipH };
            const seen = flipH ? -rowSign : rowSign;
            expect(edgeLetters(projectImage(viewport, image, glass), viewport, [])).toEqual({
                right: letterOf(first, seen),
                left: letterOf(first, -seen),
                bottom: letterOf(second, columnSign),
                top: letterOf(second, -columnSign),
            });
        }
    });

    it('on_an_oblique_the_stronger_direction_is_said_first_and_the_weaker_second', () => {
        const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
        for (const { first, second, rowSign, columnSign } of straight) {
            const third = 3 - first - second;
            const row = [0, 0, 0];
            row[first] = c * rowSign;
            row[third] = s;
            const image = imageGeometry(
                header({ '00200037': { Value: [...row, ...along(second, columnSign)] } }),
            );
            const letters = edgeLetters(projectImage(emptyViewport, image, glass), emptyViewport, []);
            expect(letters?.right).toBe(letterOf(first, rowSign) + letterOf(third, 1));
            expect(letters?.left).toBe(letterOf(first, -rowSign) + letterOf(third, -1));
            expect(letters?.bottom).toBe(letterOf(second, columnSign));
        }
    });
});
