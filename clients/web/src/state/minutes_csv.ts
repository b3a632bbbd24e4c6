// The minutes as tables: who attended per discipline, and each case with its minutes, outcome and why.
import type { Words } from '../words';
import { csv, type Value } from './csv';
import { valueOf } from './decision';
import { isSigned, type CaseMinutes, type Minutes } from './minutes';
import { checkDecision, type Soundness } from './signature';
import { roleName } from '../wire';
import { whoIs } from './who';

/** With one decimal: the step in which minutes are planned is half a minute. */
const minutes = (milliseconds: number): number => Math.round(milliseconds / 6000) / 10;

const time = (at: number): string => (at === 0 ? '' : new Date(at / 1000).toISOString());

export function attendanceCsv(words: Words, { disciplines }: Minutes): string {
    const { column, yes, no, byDevice, byTick } = words.minutes;
    const said = (value: boolean) => (value ? yes : no);
    const rows = disciplines.flatMap(({ discipline, core, people }): Value[][] =>
        people.length === 0
            ? [[discipline, said(core), '', '', no, '', '']]
            : people.map((one) => {
                  const role = one.role === undefined ? undefined : roleName(one.role);
                  return [
                      discipline,
                      said(core),
                      one.name,
                      role === undefined ? '' : words.role[role],
                      said(one.present),
                      one.present ? (one.ticked ? byTick : byDevice) : '',
                      said(one.vote),
                  ];
              }),
    );
    return csv([
        [
            column.discipline,
            column.core,
            column.name,
            column.role,
            column.present,
            column.how,
            column.vote,
        ],
        ...rows,
    ]);
}

/** Whether each case's signature holds, in their order; undefined: nothing is signed. */
export const signaturesOf = ({ cases }: Minutes): Promise<(Soundness | undefined)[]> =>
    Promise.all(
        cases.map(async ({ item, decision, tasks }) =>
            decision && isSigned(decision) ? checkDecision(item.patientCase, decision, tasks) : undefined,
        ),
    );

function caseRow(words: Words, one: CaseMinutes, soundness: Soundness | undefined): Value[] {
    const { decision, votes, subject } = one;
    const signed = decision && isSigned(decision);
    return [
        one.number,
        subject ? whoIs(words, { ...one, subject }, one.item.item).name : '',
        subject?.patientId ?? '',
        minutes(one.plannedMs),
        minutes(one.usedMs),
        words.outcome[one.item.outcome],
        one.reason,
        one.unready,
        decision ? words.side[decision.side] : '',
        decision ? valueOf(decision, 'recommendation') : '',
        votes?.agree ?? '',
        votes?.dissent ?? '',
        votes?.abstain ?? '',
        signed ? decision.signedName : '',
        signed ? time(decision.signedAt) : '',
        soundness ? words.minutes.soundness[soundness] : '',
        one.keyImages.map((image) => image.title).join('; '),
    ];
}

export function casesCsv(
    words: Words,
    { cases }: Minutes,
    signatures: readonly (Soundness | undefined)[],
): string {
    const { column } = words.minutes;
    return csv([
        [
            column.number,
            column.patient,
            column.patient_id,
            column.planned_minutes,
            column.used_minutes,
            column.outcome,
            column.reason,
            column.unready_reason,
            column.side,
            column.recommendation,
            column.agree,
            column.dissent,
            column.abstain,
            column.signed_by,
            column.signed_at,
            column.signature,
            column.key_images,
        ],
        ...cases.map((one, index) => caseRow(words, one, signatures[index])),
    ]);
}
