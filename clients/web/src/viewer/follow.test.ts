import { describe, expect, it } from 'vitest';
import type { Layout, Viewport } from '../wire';
import {
    afterOwnChange,
    afterSharedChange,
    emptyViewport,
    followsPlainly,
    seenLayout,
} from './follow';

const viewport = (sop: string, change: Partial<Viewport> = {}): Viewport => ({
    ...emptyViewport,
    displaySet: 'set',
    image: { sopInstanceUid: sop, frame: 1 },
    ...change,
});
const layout = (sop: string, change: Partial<Layout> = {}): Layout => ({
    item: 1,
    rows: 1,
    columns: 1,
    active: 0,
    viewports: [viewport(sop)],
    savedView: undefined,
    ...change,
});
const window = { center: 40, width: 80, function: 'linear' as const, unit: 'hounsfield' as const };

describe('following', () => {
    it('an_own_window_keeps_following_slices', () => {
        const own = afterOwnChange(layout('a'), followsPlainly, 0, layout('a'), {
            what: 'window',
            window,
            invert: false,
        });
        const seen = seenLayout(layout('b'), own);
        expect(seen.viewports[0]?.image?.sopInstanceUid).toBe('b');
        expect(seen.viewports[0]?.window).toEqual(window);
    });

    it('an_own_zoom_keeps_following_slices_and_windows', () => {
        const zoom = { center: { x: 1, y: 2, z: 3 }, shown: 50, aspect: 1 };
        const own = afterOwnChange(layout('a'), followsPlainly, 0, layout('a'), {
            what: 'zoom',
            ...zoom,
        });
        const shared = layout('b', { viewports: [viewport('b', { window })] });
        expect(seenLayout(shared, own).viewports[0]).toMatchObject({ ...zoom, window });
    });

    it('scrolling_leaves_and_nothing_shared_changes_the_private_view', () => {
        const own = afterOwnChange(layout('a'), followsPlainly, 0, layout('c'), { what: 'other' });
        expect(own.mode).toBe('own');
        const kept = afterSharedChange(layout('a'), layout('b'), own);
        expect(seenLayout(layout('b'), kept).viewports[0]?.image?.sopInstanceUid).toBe('c');
    });

    it('the_next_case_brings_everybody_back', () => {
        const own = afterOwnChange(layout('a'), followsPlainly, 0, layout('c'), { what: 'other' });
        expect(afterSharedChange(layout('a'), layout('a', { item: 2 }), own)).toBe(followsPlainly);
    });

    it('another_series_in_the_viewport_drops_the_own_window_of_the_old_one', () => {
        const own = afterOwnChange(layout('a'), followsPlainly, 0, layout('a'), {
            what: 'window',
            window,
            invert: false,
        });
        const other = layout('z', { viewports: [viewport('z', { displaySet: 'other' })] });
        expect(seenLayout(other, afterSharedChange(layout('a'), other, own))).toBe(other);
    });
});
