import { describe, expect, it } from 'vitest';
import { defaultAgendaItem, defaultTemplate, type AgendaItem } from '../wire';
import { blankBoard } from './blank';
import { reduceBoard, usedTime, type BoardModel } from './board_state';
import {
    asks,
    beginStep,
    endOf,
    meter,
    restOf,
    standardItems,
    standardWords,
    undoLeft,
} from './step';

const item = (number: number, change: Partial<AgendaItem> = {}): AgendaItem => ({
    ...defaultAgendaItem(),
    item: number,
    plannedSeconds: 180,
    ...change,
});

function board(items: AgendaItem[], openItem = 0, template = true): BoardModel {
    const model = reduceBoard(
        undefined,
        blankBoard({
            state: 'running',
            items,
            openItem,
            template: template ? defaultTemplate() : undefined,
        }),
        0,
    );
    if (!model) {
        throw new Error('a snapshot gives a board');
    }
    return model;
}

describe('a_step', () => {
    it('asks_how_an_undecided_case_ends_and_then_why_an_unready_one_begins', () => {
        const model = board([item(1, { state: 'open' }), item(2, { missing: ['pathology'] })], 1);
        const begun = beginStep(model, 2, false);
        expect(asks(model, begun, false)).toBe('outcome');
        const answered = { ...begun, outcome: 'deferred' as const, reason: 1 };
        expect(asks(model, answered, false)).toBe('unready');
        expect(asks(model, { ...answered, unready: 'the surgeon leaves at two' }, false)).toBe(
            undefined,
        );
    });

    it('asks_nothing_after_a_decision_also_one_still_under_way', () => {
        const told = board([item(1, { state: 'open', decision: 'recorded' }), item(2)], 1);
        expect(beginStep(told, 2, false)).toMatchObject({ item: 1, outcome: 'decided' });
        const underWay = board([item(1, { state: 'open' }), item(2)], 1);
        expect(asks(underWay, beginStep(underWay, 2, true), true)).toBeUndefined();
    });

    it('asks_nothing_on_a_board_that_keeps_no_outcomes', () => {
        const model = board([item(1, { state: 'open' }), item(2, { missing: ['images'] })], 1, false);
        const begun = beginStep(model, 2, false);
        expect(begun.outcome).toBe('none');
        expect(asks(model, begun, false)).toBeUndefined();
    });

    it('can_be_taken_back_for_five_seconds', () => {
        const model = { ...board([item(1)]), steppedAt: 10_000_000 };
        expect(undoLeft(model, 12_000_000)).toBe(3000);
        expect(undoLeft(model, 15_000_001)).toBe(0);
        expect(undoLeft(board([item(1)]), 1)).toBe(0);
    });
});

describe('the_meter', () => {
    it('tells_planned_used_and_what_is_left_for_the_rest', () => {
        const model = board([
            item(1, { state: 'discussed', usedMs: 200_000n }),
            item(2),
            item(3),
        ]);
        expect(meter(model, (one) => usedTime(one, 0))).toEqual({
            plannedMs: 540_000,
            usedMs: 200_000,
            leftMs: 340_000,
            waiting: 2,
        });
    });
});

describe('what_a_meeting_leaves', () => {
    const left = () =>
        board(
            [
                item(1, { state: 'open' }),
                item(2),
                item(3, { outcome: 'later' }),
                item(4, { decision: 'recorded' }),
                item(5, { state: 'moving' }),
                item(6, { state: 'discussed', outcome: 'deferred', reason: 1 }),
            ],
            1,
        );

    it('is_put_off_together_unless_it_has_a_decision_or_is_on_its_way', () => {
        const rest = restOf(left());
        expect(rest.items.map((one) => one.item)).toEqual([2, 3]);
        expect(rest.toOpen.map((one) => one.item)).toEqual([4, 5]);
        expect(restOf(board([item(1)], 0, false)).items).toEqual([]);
    });

    it('is_named_by_the_command_as_it_was_shown', () => {
        const rest = restOf(left());
        expect(endOf(left(), { outcome: 'deferred', reason: 1 }, rest, 2)).toEqual({
            type: 'EndMeeting',
            item: 1,
            outcome: 'deferred',
            reason: 1,
            rest: [2, 3],
            restReason: 2,
        });
    });

    it('ends_with_its_reason_and_as_deferred_where_it_was_to_come_back', () => {
        const ended = reduceBoard(
            left(),
            { type: 'RestPutOff', items: [2, 3], reason: 2 },
            0,
        );
        const of = (number: number) => ended?.items.find((one) => one.item === number);
        expect(of(2)).toMatchObject({ state: 'discussed', outcome: 'not_discussed', reason: 2 });
        expect(of(3)).toMatchObject({ state: 'discussed', outcome: 'deferred', reason: 2 });
        expect(of(4)).toMatchObject({ state: 'waiting' });
    });
});

describe('standard_of_care', () => {
    it('says_what_the_template_has_for_it_or_its_first_recommendation', () => {
        const field = {
            key: 'recommendation',
            label: 'Recommendation',
            kind: 'choice' as const,
            required: true,
            choices: [{ text: 'As guidelined' }],
        };
        const chosen = { ...defaultTemplate(), fields: [field] };
        expect(standardWords({ ...chosen, standardWords: 'By the guideline' })).toBe(
            'By the guideline',
        );
        expect(standardWords(chosen)).toBe('As guidelined');
        expect(standardWords(defaultTemplate())).toBe('');
    });

    it('leaves_out_what_was_discussed_and_what_has_a_decision_already', () => {
        const model = board([
            item(1, { standard: true }),
            item(2, { standard: true, decision: 'recorded' }),
            item(3, { standard: true, state: 'discussed' }),
            item(4),
        ]);
        expect(standardItems(model).map((one) => one.item)).toEqual([1]);
    });
});
