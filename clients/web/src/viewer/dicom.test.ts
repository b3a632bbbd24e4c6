import { describe, expect, it } from 'vitest';
import { readHeaders, type DicomObject } from './dicom';
import { imageGeometry, pixelToWorld } from './geometry';

const sequence = (...items: DicomObject[]) => ({ Value: items });
const numbers = (...values: number[]) => ({ Value: values });

/** An enhanced CT of PS3.3 C.7.6.16: spacing shared, place, window and rescale each frame's own. */
const enhanced = (frames: DicomObject[]): DicomObject => ({
    '00080018': { Value: ['1.2.3'] },
    '00080060': { Value: ['CT'] },
    '00200052': { Value: ['1.2.4'] },
    '00280008': numbers(frames.length),
    '00280010': numbers(64),
    '00280011': numbers(64),
    '52009229': sequence({
        '00289110': sequence({ '00280030': numbers(0.5, 0.25), '00180050': numbers(2) }),
        '00209116': sequence({ '00200037': numbers(1, 0, 0, 0, 1, 0) }),
    }),
    '52009230': sequence(...frames),
});

const frame = (z: number, more: DicomObject = {}): DicomObject => ({
    '00209113': sequence({ '00200032': numbers(-10, -20, z) }),
    '00289132': sequence({ '00281050': numbers(40 + z), '00281051': numbers(400) }),
    '00289145': sequence({ '00281052': numbers(-1024), '00281053': numbers(1 + z) }),
    ...more,
});

describe('headers of multi-frame images', () => {
    it('each_frame_lies_where_its_own_groups_say_with_what_all_share', () => {
        const headers = readHeaders(enhanced([frame(0), frame(3), frame(6)]));
        const places = headers.map((header) => pixelToWorld(imageGeometry(header), [4, 2]));
        expect(places).toEqual([
            [-9, -19, 0],
            [-9, -19, 3],
            [-9, -19, 6],
        ]);
        expect(headers[1]?.sliceThickness).toBe(2);
    });

    it('window_and_rescale_are_the_frames_own', () => {
        const headers = readHeaders(enhanced([frame(0), frame(3)]));
        expect(headers.map((header) => header.windowCenters)).toEqual([[40], [43]]);
        expect(headers.map((header) => header.slope)).toEqual([1, 4]);
        expect(headers.map((header) => header.intercept)).toEqual([-1024, -1024]);
    });

    it('what_a_frame_says_wins_over_what_is_shared', () => {
        const turned = { '00209116': sequence({ '00200037': numbers(0, 1, 0, 0, 0, -1) }) };
        const closer = { '00289110': sequence({ '00280030': numbers(1, 2) }) };
        const [first, second] = readHeaders(enhanced([frame(0), frame(0, { ...turned, ...closer })]));
        expect(first.orientation?.row).toEqual([1, 0, 0]);
        expect(second?.orientation?.row).toEqual([0, 1, 0]);
        expect(second?.pixelSpacing).toEqual({ row: 1, column: 2 });
    });

    it('groups_for_some_frames_only_give_none_a_place', () => {
        const object = { ...enhanced([frame(0), frame(3)]), '00280008': numbers(3) };
        const headers = readHeaders(object);
        expect(headers).toHaveLength(1);
        expect(imageGeometry(headers[0]).space).toBe('image');
    });

    it('a_dose_has_its_frames_at_offsets_along_the_normal', () => {
        const headers = readHeaders({
            ...enhanced([]),
            '00280008': numbers(3),
            '00200032': numbers(1, 2, 3),
            '00200037': numbers(1, 0, 0, 0, 1, 0),
            '3004000C': numbers(0, 5, 10),
        });
        expect(headers.map((header) => header.position?.[2])).toEqual([3, 8, 13]);
    });

    it('values_of_a_ct_are_hounsfield_units_unless_it_says_otherwise', () => {
        const [plain] = readHeaders({ '00080060': { Value: ['CT'] } });
        const [other] = readHeaders({ '00080060': { Value: ['CT'] }, '00281054': { Value: ['US'] } });
        const [mr] = readHeaders({ '00080060': { Value: ['MR'] } });
        expect([plain.values, other.values, mr.values]).toEqual(['hounsfield', 'stored', 'stored']);
    });
});
