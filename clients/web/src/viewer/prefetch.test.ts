import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DisplaySet, LoadedSet, Slice } from './case_images';
import type { Header } from './dicom';

const said: string[] = [];
const device = { phone: false, bound: 1 << 30 };

vi.mock('./engine', () => ({
    isPhone: () => device.phone,
    storeBound: () => device.bound,
    remember: () => undefined,
    whenAllHere: (imageIds: string[], onProgress: (percent: number) => void) => {
        onProgress(100);
        return Promise.resolve(imageIds);
    },
    loader: {
        quiet: () => Promise.resolve(said.push('the stage is quiet')),
        setLater: (_name: string, imageIds: string[]) => said.push(`later ${imageIds.join(' ')}`),
        dropLater: () => said.push('dropped'),
    },
}));
vi.mock('./pane', () => ({ Pane: { prepare: () => Promise.resolve(said.push('a pane is ready')) } }));
vi.mock('./loading/stage_loading', () => ({
    wantPreview: (loaded: LoadedSet) => Promise.resolve(said.push(`preview ${loaded.set.displaySet}`)),
}));
vi.mock('./loading/fetch_image', () => ({ decodedBytes: ({ rows }: Header) => rows }));

const { Prefetch } = await import('./prefetch');

const set = (name: string, count: number, studyDate: string): DisplaySet => ({
    displaySet: name,
    studyUid: name,
    seriesUid: name,
    modality: 'CT',
    kind: 'volume',
    reason: '',
    frameOfReferenceUid: '',
    rows: 4,
    columns: 4,
    studyDate,
    studyDescription: '',
    seriesDescription: '',
    seriesNumber: 1,
    laterality: '',
    instances: Array.from({ length: count }, (_, index) => ({
        sopInstanceUid: `${name}${index}`,
        frames: 1,
        transferSyntaxUid: '',
        bytes: 1,
    })),
});

/** Prefetches a case of these sets, each image so many bytes, to its end. */
async function prefetched(sets: DisplaySet[], bytes = 1): Promise<string[]> {
    const ahead = new Prefetch('case', 2);
    const slicesOf = (of: DisplaySet) =>
        of.instances.map(({ sopInstanceUid }) => ({ imageId: sopInstanceUid, header: { rows: bytes } }) as Slice);
    vi.spyOn(ahead.images, 'displaySets').mockResolvedValue(sets);
    vi.spyOn(ahead.images, 'load').mockImplementation((name) => {
        const of = sets.find((one) => one.displaySet === name) ?? set('', 0, '');
        return Promise.resolve({ set: of, slices: slicesOf(of), spacing: 1, indexOf: () => 0 });
    });
    await new Promise<void>((resolve) => ahead.start(0, (percent) => percent === 100 && resolve()));
    return said;
}

const laterOf = (words: readonly string[]) => words.find((one) => one.startsWith('later'))?.split(' ').slice(1) ?? [];

vi.stubGlobal('window', globalThis);
afterEach(() => {
    said.length = 0;
    Object.assign(device, { phone: false, bound: 1 << 30 });
});

describe('the next case', () => {
    it('comes_once_the_stage_is_quiet_first_its_previews_then_its_images_from_the_middle_of_each_series', async () => {
        const words = await prefetched([set('p', 3, '2025'), set('c', 5, '2026'), set('x', 1, '2026')]);
        expect(words).toEqual([
            'a pane is ready',
            'the stage is quiet',
            'preview c',
            'preview p',
            'later c2 c1 c3 c0 c4 p1 p0 p2',
        ]);
    });

    it('is_forty_images_on_a_phone_and_fewer_when_they_are_large', async () => {
        device.phone = true;
        expect(laterOf(await prefetched([set('c', 100, '2026')]))).toHaveLength(40);
        said.length = 0;
        device.bound = 20;
        expect(laterOf(await prefetched([set('c', 100, '2026')], 2))).toEqual(['c50', 'c49', 'c51', 'c48', 'c52']);
    });

    it('takes_no_more_than_half_of_the_store_anywhere', async () => {
        device.bound = 40;
        expect(laterOf(await prefetched([set('c', 100, '2026')], 2))).toHaveLength(10);
    });
});
