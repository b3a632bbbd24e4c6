import { describe, expect, it } from 'vitest';
import { defaultAgendaItem, defaultMember, defaultTemplate, type Decision } from '../wire';
import { en } from '../words/en';
import { blankBoard, blankCase } from './blank';
import { reduceBoard, type BoardModel } from './board_state';
import { reduceCase, type CaseModel } from './case_state';
import { csv } from './csv';
import { minutesOf, totalsOf } from './minutes';
import { attendanceCsv, casesCsv } from './minutes_csv';

const BOARD = '00000000-0000-4000-8000-0000000000b0';
const ANNA = '00000000-0000-4000-8000-00000000000a';
const RADU = '00000000-0000-4000-8000-00000000000b';
const MEI = '00000000-0000-4000-8000-00000000000c';
const CASE = (number: number) => `00000000-0000-4000-8000-0000000000c${number}`;

describe('comma_separated_values', () => {
    it('quote_what_would_break_a_line_or_a_cell', () => {
        expect(csv([['a', 'b,c', 'say "no"', 'two\nlines', ' x']])).toBe(
            'a,"b,c","say ""no""","two\nlines"," x"\r\n',
        );
    });

    it('never_begin_a_formula', () => {
        expect(csv([['=1+1', '+49', '-2', '@sum', '\tx', 'a=b']])).toBe(
            "'=1+1,'+49,'-2,'@sum,'\tx,a=b\r\n",
        );
        expect(csv([['=cmd|"/c calc"!A1']])).toBe('"\'=cmd|""/c calc""!A1"\r\n');
        expect(csv([[-2, 1.5]])).toBe('-2,1.5\r\n');
    });
});

const decision: Decision = {
    decision: '00000000-0000-4000-8000-0000000000d0',
    board: BOARD,
    item: 1,
    revision: 1,
    templateVersion: 1,
    fields: [{ key: 'recommendation', value: '=resection, then "wait"' }],
    side: 'left',
    standard: false,
    by: ANNA,
    at: 1,
    signedBy: ANNA,
    signedName: 'Dr. Anna',
    signedAt: 1_700_000_000_000_000,
    votes: [
        {
            person: RADU,
            name: 'Radu',
            choice: 'dissent',
            reason: 'too early',
            revision: 1,
            by: RADU,
            at: 1,
        },
    ],
    following: 'unknown',
    followingWhy: '',
    followingAt: 0,
    signature: undefined,
    addenda: [],
};

function board(): BoardModel {
    const member = { ...defaultMember(), role: 2 };
    const model = reduceBoard(
        undefined,
        blankBoard({
            members: [
                { ...member, user: ANNA, role: 0, name: 'Anna', discipline: 'surgery' },
                { ...member, user: RADU, name: 'Radu', discipline: 'Radiology' },
                { ...member, user: MEI, name: 'Mei' },
            ],
            attended: [ANNA],
            inTheRoom: [{ person: CASE(9), name: 'Olga', discipline: 'radiology', noVote: false }],
            template: {
                ...defaultTemplate(),
                votes: true,
                coreDisciplines: [{ text: 'Radiology' }, { text: 'pathology' }],
                deferReasons: [{ text: 'Pathology missing' }],
            },
            items: [
                {
                    ...defaultAgendaItem(),
                    item: 1,
                    patientCase: CASE(1),
                    plannedSeconds: 180,
                    usedMs: 90_000n,
                    state: 'discussed',
                    outcome: 'decided',
                },
                {
                    ...defaultAgendaItem(),
                    item: 2,
                    patientCase: CASE(2),
                    plannedSeconds: 150,
                    state: 'discussed',
                    outcome: 'deferred',
                    reason: 1,
                },
            ],
        }),
        0,
    );
    if (!model) {
        throw new Error('a snapshot gives a board');
    }
    return model;
}

const first: CaseModel | undefined = reduceCase(
    undefined,
    blankCase({
        subject: { name: 'Haddad^Rania', birthDate: '', sex: 'F', patientId: 'P-1' },
        decisions: [decision],
        discussions: [
            { board: BOARD, item: 1, outcome: 1, reason: '', unready: 'surgeon leaves', at: 1 },
        ],
    }),
    { version: 1, at: 1, by: undefined },
);

describe('the_minutes', () => {
    const minutes = minutesOf(BOARD, board(), (id) => (id === CASE(1) ? first : undefined));

    it('tell_attendance_per_discipline_and_which_core_discipline_was_missing', () => {
        expect(minutes.disciplines.map((one) => [one.discipline, one.core])).toEqual([
            ['Radiology', true],
            ['pathology', true],
            ['surgery', false],
            ['', false],
        ]);
        expect(minutes.coreMissing).toEqual(['pathology']);
        const [radiology] = minutes.disciplines;
        expect(radiology?.people.map((one) => [one.name, one.present, one.ticked])).toEqual([
            ['Radu', false, false],
            ['Olga', true, true],
        ]);
    });

    it('tell_of_each_case_its_time_its_outcome_and_why', () => {
        expect(minutes.cases[0]).toMatchObject({
            number: 1,
            plannedMs: 180_000,
            usedMs: 90_000,
            unready: 'surgeon leaves',
            votes: { dissent: 1 },
        });
        expect(minutes.cases[1]).toMatchObject({ reason: 'Pathology missing', subject: undefined });
        expect(totalsOf(minutes)).toMatchObject({ decided: 1, deferred: 1, notDiscussed: 0 });
    });

    it('export_attendance_as_a_table', () => {
        expect(attendanceCsv(en, minutes)).toBe(
            [
                'discipline,core,name,role,present,how,vote',
                'Radiology,yes,Radu,member,no,,yes',
                'Radiology,yes,Olga,,yes,ticked in,yes',
                'pathology,yes,,,no,,',
                'surgery,no,Anna,chair,yes,device,yes',
                ',no,Mei,member,no,,no',
                '',
            ].join('\r\n'),
        );
    });

    it('export_cases_as_a_table', () => {
        const [head, one, two, end] = casesCsv(en, minutes, ['broken', undefined]).split('\r\n');
        expect(head).toContain('number,patient,patient_id,planned_minutes,used_minutes,outcome,reason');
        expect(one).toBe(
            '1,"Haddad, Rania",P-1,3,1.5,decided,,surgeon leaves,left,"\'=resection, then ""wait""",' +
                '0,1,0,Dr. Anna,2023-11-14T22:13:20.000Z,BROKEN: does not match the text,',
        );
        expect(two).toBe('2,,,2.5,0,deferred,Pathology missing,,,,,,,,,,');
        expect(end).toBe('');
    });
});
