import { describe, expect, it } from 'vitest';
import { defaultStageState } from '../protocol/generated/stage';
import type { BoardDown, BoardSnapshot, Ephemera, Participant } from '../wire';
import { ZERO_UUID } from '../wire';
import { blankBoard, blankUser } from './blank';
import { nextItem, reduceBoard, usedTime, type BoardModel } from './board_state';
import { reduceCase, unreadCount } from './case_state';
import { applyEphemera, sameButStage, stageFromSnapshot, whoSees } from './stage_state';
import { reduceUser } from './user_state';

const me = '00000000-0000-4000-8000-00000000000a';
const other = '00000000-0000-4000-8000-00000000000b';

const participant = (number: number, change: Partial<Participant> = {}): Participant => ({
    participant: number,
    user: me,
    present: true,
    role: 2,
    window: 0,
    color: 0,
    handAt: 0,
    pointing: false,
    painted: 0,
    lossless: false,
    prefetchedItem: 0,
    prefetched: 0,
    ...change,
});

const notice = (change: Partial<Ephemera>): Ephemera => ({ ...ephemera(), ...change });
function ephemera(): Ephemera {
    return {
        type: 'Ephemera',
        tick: 1,
        pointers: [],
        participants: [],
        viewports: [],
        layout: undefined,
        stageVersion: 0,
        bindings: [],
        drafts: [],
        arrivals: [],
    };
}

const snapshot = (change: Partial<BoardSnapshot> = {}): BoardSnapshot =>
    blankBoard({ title: 'Board', stage: defaultStageState(), ...change });

function play(...messages: BoardDown[]): BoardModel {
    const board = messages.reduce<BoardModel | undefined>(
        (model, message) => reduceBoard(model, message, 5_000_000),
        undefined,
    );
    if (!board) {
        throw new Error('no snapshot was played');
    }
    return board;
}

const added = (item: number): BoardDown => ({
    type: 'ItemAdded',
    item,
    patientCase: `00000000-0000-4000-8000-00000000000${item}`,
    plannedSeconds: 180,
    presenter: ZERO_UUID,
});

const closing = (item: number): BoardDown => ({
    type: 'ItemClosed',
    item,
    usedMs: 1000n,
    outcome: 'none',
    reason: 0,
});

describe('a_board', () => {
    it('keeps_the_order_events_give_it', () => {
        const board = play(snapshot(), added(1), added(2), added(3), {
            type: 'ItemMoved',
            item: 3,
            position: 0,
        });
        expect(board.items.map((one) => one.item)).toEqual([3, 1, 2]);
    });

    it('opens_the_first_waiting_item_after_the_open_one', () => {
        const board = play(snapshot(), added(1), added(2), added(3), { type: 'ItemOpened', item: 2 });
        expect(nextItem(board)?.item).toBe(3);
        const closed = reduceBoard(board, closing(2), 0);
        const between = reduceBoard(closed, { type: 'ItemOpened', item: 0 }, 0);
        expect(between && nextItem(between)?.item).toBe(1);
    });

    it('counts_the_running_stretch_on_top_of_the_used_time', () => {
        const board = play(snapshot(), added(1), { type: 'ItemOpened', item: 1 });
        const [item] = board.items;
        expect(item && usedTime(item, 8_000_000)).toBe(3000);
    });

    it('ignores_words_before_its_snapshot', () => {
        expect(reduceBoard(undefined, added(1), 0)).toBeUndefined();
    });
});

describe('a_stage', () => {
    it('keeps_the_newest_pointer_and_forgets_one_taken_away', () => {
        const stage = stageFromSnapshot(defaultStageState());
        const pointer = { participant: 4, handle: 1, x: 1, y: 2, z: 3 };
        const shown = applyEphemera(stage, notice({ pointers: [pointer] }));
        expect(shown.pointers.get(4)).toEqual(pointer);
        const gone = applyEphemera(shown, notice({ pointers: [{ ...pointer, handle: 0 }] }));
        expect(gone.pointers.size).toBe(0);
    });

    it('says_who_has_not_painted_the_present_version_yet', () => {
        const stage = applyEphemera(
            stageFromSnapshot(defaultStageState()),
            notice({
                stageVersion: 7,
                participants: [
                    participant(1, { painted: 7 }),
                    participant(2, { painted: 6, user: other }),
                    participant(3, { painted: 0, window: 1 }),
                    participant(4, { painted: 0, present: false }),
                ],
            }),
        );
        const { seeing, lagging } = whoSees(stage);
        expect(seeing.map((one) => one.participant)).toEqual([1]);
        expect(lagging.map((one) => one.participant)).toEqual([2]);
    });
});

describe('a_board_at_rest', () => {
    const board = reduceBoard(undefined, snapshot(), 0);

    it('is_the_same_when_only_pointers_moved', () => {
        const moved = reduceBoard(board, notice({ tick: 2 }), 0);
        expect(moved).not.toBe(board);
        expect(moved && board && sameButStage(board, moved)).toBe(true);
    });

    it('is_another_one_when_a_case_was_opened', () => {
        const opened = reduceBoard(board, { type: 'ItemOpened', item: 1 }, 5);
        expect(opened && board && sameButStage(board, opened)).toBe(false);
    });
});

describe('a_case', () => {
    const opened = reduceCase(
        undefined,
        {
            type: 'CaseStatusSnapshot',
            status: 'scheduled',
            statusAt: 1,
            asksConsent: false,
            consents: [],
            emergencies: [],
            viewers: [],
        },
        { version: 1, at: 1, by: undefined },
    );

    it('shows_a_referrer_its_status_and_nothing_else', () => {
        expect(opened?.clinical).toBe(false);
        const later = reduceCase(
            opened,
            { type: 'StatusChanged', status: 'in_discussion' },
            { version: 9, at: 77, by: undefined },
        );
        expect(later).toMatchObject({ status: 'in_discussion', statusAt: 77, messages: [] });
    });

    it('counts_as_unread_what_others_wrote_after_the_mark', () => {
        const write = (version: number, by: string) => ({ version, at: version, by });
        const post = { type: 'MessagePosted' as const, message: ZERO_UUID, text: 'x' };
        const written = [write(2, other), write(3, me), write(4, other)].reduce(
            (model, header) => reduceCase(model, post, header),
            opened,
        );
        expect(written && unreadCount(written, 2, me)).toBe(1);
        expect(written && unreadCount(written, 0, me)).toBe(2);
    });
});

describe('a_person', () => {
    it('never_reads_backwards', () => {
        const base = reduceUser(
            undefined,
            blankUser({ readMarks: [{ patientCase: me, version: 9 }] }),
        );
        const after = reduceUser(base, { type: 'ReadMarked', patientCase: me, version: 4 });
        expect(after?.readMarks.get(me)).toBe(9);
    });
});
