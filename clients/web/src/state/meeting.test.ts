import { describe, expect, it } from 'vitest';
import { defaultSignature } from '../protocol';
import { defaultTask, defaultTemplate, ZERO_UUID } from '../wire';
import type { BoardDown, Layout, PatientCaseDown, SeriesDown } from '../wire';
import { blankBoard, blankCase, blankSeries, blankUser } from './blank';
import { nextItem, reduceBoard, type BoardModel } from './board_state';
import { reduceCase, type CaseModel } from './case_state';
import { decisionOf } from './record_state';
import { reduceSeries } from './series_state';
import { reduceUser } from './user_state';

const anna = '00000000-0000-4000-8000-00000000000a';
const radu = '00000000-0000-4000-8000-00000000000b';
const board = '00000000-0000-4000-8000-0000000000b0';
const decision = '00000000-0000-4000-8000-0000000000d0';

function play(...messages: BoardDown[]): BoardModel {
    const model = messages.reduce<BoardModel | undefined>(
        (before, message, index) => reduceBoard(before, message, 1_000_000 * index),
        undefined,
    );
    if (!model) {
        throw new Error('no snapshot was played');
    }
    return model;
}

const added = (item: number): BoardDown => ({
    type: 'ItemAdded',
    item,
    patientCase: anna,
    plannedSeconds: 180,
    presenter: ZERO_UUID,
});
const opened = (item: number): BoardDown => ({ type: 'ItemOpened', item });
const closed = (item: number, outcome: 'decided' | 'deferred' | 'later', reason = 0): BoardDown => ({
    type: 'ItemClosed',
    item,
    usedMs: 5000n,
    outcome,
    reason,
});
const three = [blankBoard(), added(1), added(2), added(3)];
const stateOf = (model: BoardModel, item: number) =>
    model.items.find((one) => one.item === item);

describe('an_agenda', () => {
    it('keeps_the_place_of_a_case_that_was_erased_while_it_was_open', () => {
        const model = play(
            ...three,
            opened(1),
            { type: 'ItemOpened', item: 0 },
            { type: 'ItemGone', item: 1 },
        );
        expect(model.openItem).toBe(0);
        expect(stateOf(model, 1)).toMatchObject({
            gone: true,
            state: 'discussed',
            outcome: 'not_discussed',
            missing: [],
        });
        expect(nextItem(model)?.item).toBe(2);
    });

    it('keeps_how_a_discussion_ended_and_the_reason', () => {
        const model = play(...three, opened(1), closed(1, 'deferred', 2), opened(2));
        expect(stateOf(model, 1)).toMatchObject({ state: 'discussed', outcome: 'deferred', reason: 2 });
        expect(model).toMatchObject({ openItem: 2, steppedFrom: 1, steppedAt: 6_000_000 });
    });

    it('puts_what_comes_back_later_behind_all_others', () => {
        const last: BoardDown = { type: 'ItemMoved', item: 1, position: 2 };
        const model = play(...three, opened(1), closed(1, 'later'), last, opened(2));
        expect(model.items.map((one) => one.item)).toEqual([2, 3, 1]);
        expect(stateOf(model, 1)?.state).toBe('waiting');
        expect(nextItem(model)?.item).toBe(3);
    });

    it('takes_a_step_back_as_a_whole', () => {
        const model = play(...three, opened(1), closed(1, 'decided'), opened(2), {
            type: 'StepUndone',
            item: 1,
        });
        expect(stateOf(model, 1)).toMatchObject({ state: 'open', outcome: 'none' });
        expect(stateOf(model, 2)?.state).toBe('waiting');
        expect(model).toMatchObject({ openItem: 1, steppedAt: 0 });
    });

    it('keeps_a_deferred_item_that_another_meeting_has_taken_too', () => {
        const model = play(
            ...three,
            opened(1),
            closed(1, 'deferred', 1),
            opened(2),
            { type: 'ItemLeaving', item: 1, board },
            { type: 'ItemStayed', item: 1, taken: true },
        );
        expect(stateOf(model, 1)).toMatchObject({ state: 'discussed', outcome: 'deferred' });
    });

    it('offers_no_way_back_from_what_was_decided_since_the_step', () => {
        const model = play(...three, opened(1), closed(1, 'decided'), opened(2), {
            type: 'ItemReported',
            item: 2,
            missing: [],
            decision: 'recorded',
        });
        expect(model.steppedAt).toBe(0);
    });

    it('says_what_a_case_lacks_and_how_far_its_decision_is', () => {
        const model = play(...three, {
            type: 'ItemReported',
            item: 2,
            missing: ['pathology'],
            decision: 'recorded',
        });
        expect(stateOf(model, 2)).toMatchObject({ missing: ['pathology'], decision: 'recorded' });
    });

    it('closes_all_that_were_confirmed_as_standard_care', () => {
        const model = play(...three, { type: 'StandardConfirmed', items: [1, 3] });
        expect(model.items.map((one) => one.outcome)).toEqual(['standard', 'none', 'standard']);
        expect(nextItem(model)?.item).toBe(2);
    });

    it('lets_an_item_wait_again_when_the_other_meeting_declines', () => {
        const leaving = play(...three, { type: 'ItemLeaving', item: 2, board });
        expect(stateOf(leaving, 2)).toMatchObject({ state: 'moving', toBoard: board });
        const stays: BoardDown = { type: 'ItemStayed', item: 2, taken: false };
        const stayed = reduceBoard(leaving, stays, 0);
        expect(stayed && stateOf(stayed, 2)?.state).toBe('waiting');
    });
});

describe('a_closing_meeting', () => {
    it('waits_for_the_answer_of_each_case_and_ends', () => {
        const closing = play(...three, { type: 'MeetingClosing', waiting: [1, 2] });
        expect(closing).toMatchObject({ meeting: 'closing', closing: [1, 2] });
        const answered = reduceBoard(
            closing,
            { type: 'ClosingAnswered', item: 1, decision: 'signed' },
            0,
        );
        expect(answered?.closing).toEqual([2]);
        expect(reduceBoard(answered, { type: 'MeetingEnded' }, 0)?.meeting).toBe('ended');
    });

    it('goes_on_with_the_unsigned_ones_named', () => {
        const model = play(
            ...three,
            { type: 'MeetingClosing', waiting: [1] },
            { type: 'ClosingCalledOff', items: [1] },
        );
        expect(model).toMatchObject({ meeting: 'running', closing: [], unsignedItems: [1] });
    });
});

describe('a_room', () => {
    it('holds_each_person_once', () => {
        const person = { person: anna, name: 'Anna', discipline: 'surgery', noVote: false };
        const model = play(
            blankBoard(),
            { type: 'TickedIn', person },
            { type: 'TickedIn', person: { ...person, discipline: 'oncology' } },
        );
        expect(model.inTheRoom).toEqual([{ ...person, discipline: 'oncology' }]);
        const empty = reduceBoard(model, { type: 'TickedOut', person: anna }, 0);
        expect(empty?.inTheRoom).toEqual([]);
    });
});

describe('a_guest', () => {
    it('sees_numbers_and_nothing_else', () => {
        const guest = play({
            type: 'GuestSnapshot',
            title: 'Board',
            startsAt: 0,
            state: 'running',
            open: 4,
            order: [5, 6],
        });
        expect(guest).toMatchObject({ items: [], members: [], guest: { open: 4, order: [5, 6] } });
        const told: BoardDown = { type: 'GuestsTold', state: 'running', open: 5, order: [6] };
        expect(reduceBoard(guest, told, 0)?.guest).toEqual({ open: 5, order: [6] });
    });

    it('is_nothing_to_those_who_see_the_agenda', () => {
        const told: BoardDown = { type: 'GuestsTold', state: 'running', open: 5, order: [6] };
        expect(play(...three, told).guest).toBeUndefined();
    });
});

const layout: Layout = {
    item: 0,
    rows: 1,
    columns: 1,
    active: 0,
    viewports: [],
    savedView: undefined,
};

function write(...messages: PatientCaseDown[]): CaseModel {
    const model = messages.reduce<CaseModel | undefined>(
        (before, message, index) =>
            reduceCase(before, message, { version: index, at: 100 + index, by: radu }),
        undefined,
    );
    if (!model) {
        throw new Error('no snapshot was played');
    }
    return model;
}

const record = (revision: number, text: string): PatientCaseDown => ({
    type: 'DecisionRecorded',
    decision,
    board,
    item: 3,
    revision,
    templateVersion: 1,
    fields: [{ key: 'recommendation', value: text }],
    side: 'right',
    standard: false,
    tasks: [{ ...defaultTask(), task: `${decision.slice(0, -1)}${revision}`, text }],
});

describe('the_record_of_a_case', () => {
    it('names_the_author_and_the_version_of_each_line_of_the_card', () => {
        const model = write(blankCase(), { type: 'CardSet', topic: 'question', text: 'Which?' });
        expect(model.card).toEqual([
            { topic: 'question', text: 'Which?', by: radu, at: 101, version: 1 },
        ]);
    });

    it('keeps_views_in_the_order_they_were_given_and_the_key_images', () => {
        const saved = (view: string): PatientCaseDown => ({
            type: 'ViewSaved',
            view,
            title: view,
            layout,
            note: 'say this',
        });
        const model = write(
            blankCase(),
            saved('a'),
            saved('b'),
            { type: 'ViewMoved', view: 'b', position: 0 },
            { type: 'KeyImageMarked', key: 'k', title: 'Lesion', layout },
        );
        expect(model.views.map((one) => [one.view, one.note])).toEqual([
            ['b', 'say this'],
            ['a', 'say this'],
        ]);
        expect(model.keyImages).toEqual([{ key: 'k', title: 'Lesion', layout, by: radu, at: 104 }]);
    });

    it('replaces_text_and_tasks_by_the_next_revision_and_keeps_the_votes', () => {
        const vote = {
            person: anna,
            name: 'Anna',
            choice: 'agree',
            reason: '',
            revision: 1,
            by: anna,
            at: 1,
        } as const;
        const model = write(
            blankCase(),
            record(1, 'biopsy'),
            { type: 'VoteCast', decision, vote },
            { type: 'VoteCast', decision, vote: { ...vote, choice: 'abstain' } },
            record(2, 'resection'),
        );
        expect(decisionOf(model, board, 3)).toMatchObject({ revision: 2, by: radu });
        expect(decisionOf(model, board, 3)?.votes).toEqual([{ ...vote, choice: 'abstain' }]);
        expect(model.tasks.map((one) => one.text)).toEqual(['resection']);
    });

    it('is_signed_by_whom_the_event_names', () => {
        const model = write(blankCase(), record(1, 'biopsy'), {
            type: 'DecisionSigned',
            decision,
            revision: 1,
            name: 'Dr. A',
            by: anna,
            signature: undefined,
        });
        expect(decisionOf(model, board, 3)).toMatchObject({ signedBy: anna, signedName: 'Dr. A' });
    });

    it('keeps_its_signature_and_what_was_added_in_order', () => {
        const signature = { ...defaultSignature(), by: anna, seal: new Uint8Array([1]) };
        const added = (addendum: string): PatientCaseDown => ({
            type: 'AddendumAdded',
            decision,
            addendum: { addendum, text: addendum, signature },
        });
        const model = write(
            blankCase(),
            record(1, 'biopsy'),
            { type: 'DecisionSigned', decision, revision: 1, name: 'Dr. A', by: anna, signature },
            added('first'),
            added('second'),
        );
        const found = decisionOf(model, board, 3);
        expect(found?.signature).toEqual(signature);
        expect(found?.addenda.map((one) => one.text)).toEqual(['first', 'second']);
        expect(found?.fields).toEqual(decisionOf(write(blankCase(), record(1, 'biopsy')), board, 3)?.fields);
    });

    it('knows_who_closed_a_task_until_it_is_open_again', () => {
        const before = write(blankCase(), record(1, 'biopsy'));
        const [task] = before.tasks;
        const close = (state: 'refused' | 'open'): PatientCaseDown => ({
            type: 'TaskClosed',
            task: task?.task ?? '',
            state,
            reason: 'no consent',
        });
        const header = { version: 9, at: 900, by: anna };
        const refused = reduceCase(before, close('refused'), header);
        expect(refused?.tasks[0]).toMatchObject({ state: 'refused', closedBy: anna, closedAt: 900 });
        const again = reduceCase(refused, close('open'), header);
        expect(again?.tasks[0]).toMatchObject({ state: 'open', closedBy: ZERO_UUID, closedAt: 0 });
    });
});

describe('a_series', () => {
    it('takes_in_its_template_members_and_meetings', () => {
        const member = { user: anna, role: 0, name: 'Anna', discipline: '', noVote: false };
        const messages: SeriesDown[] = [
            blankSeries(),
            { type: 'SeriesMemberPut', member },
            { type: 'SeriesMemberPut', member: { ...member, discipline: 'surgery' } },
            { type: 'TemplateEdited', template: { ...defaultTemplate(), version: 2, votes: true } },
            { type: 'MeetingPlanned', board, startsAt: 7 },
        ];
        const header = { version: 1, at: 1, by: radu };
        const series = messages.reduce(
            (before, message) => reduceSeries(before, message, header),
            undefined as ReturnType<typeof reduceSeries>,
        );
        expect(series).toMatchObject({
            members: [{ ...member, discipline: 'surgery' }],
            template: { version: 2, votes: true },
            meetings: [{ board, startsAt: 7 }],
            editedBy: radu,
        });
    });
});

describe('a_private_note', () => {
    it('is_gone_when_it_is_empty', () => {
        const set = (text: string) => ({ type: 'NoteSet', patientCase: board, text }) as const;
        const written = reduceUser(reduceUser(undefined, blankUser()), set('ask about it'));
        expect(written?.notes.get(board)).toBe('ask about it');
        expect(reduceUser(written, set(''))?.notes.size).toBe(0);
    });
});
