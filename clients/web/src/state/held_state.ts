// Images that wait until somebody says whose they are: how many, and what was decided of others.
import type { HeldDecision, PatientCaseDown } from '../wire';
import type { CaseModel } from './case_state';

export interface HeldModel {
    heldImages: number;
    /** How many decisions they need. */
    heldStudies: number;
    heldDecisions: HeldDecision[];
    /** The version in which the archive said so last: then, decisions are carried out. 0 = before the snapshot. */
    heldNoted: number;
}

export const nothingHeld: HeldModel = { heldImages: 0, heldStudies: 0, heldDecisions: [], heldNoted: 0 };

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
    a.length === b.length && a.every((byte, at) => byte === b[at]);

const sameQuestion = (a: HeldDecision, b: HeldDecision): boolean =>
    a.studyUid === b.studyUid && sameBytes(a.patient, b.patient);

export function reduceHeld(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { version }: { version: number },
): CaseModel | undefined {
    switch (message.type) {
        case 'HeldNoted':
            return {
                ...patientCase,
                heldImages: message.images,
                heldStudies: message.studies,
                heldNoted: version,
                heldDecisions: patientCase.heldDecisions.map((one) =>
                    one.outcome === 'removed' && message.kept.includes(one.version) ? { ...one, outcome: 'kept' } : one,
                ),
            };
        case 'HeldJoined':
        case 'HeldRemoved':
        case 'HeldAgain': {
            const { decision } = message;
            const others = patientCase.heldDecisions.filter((one) => !sameQuestion(one, decision));
            return { ...patientCase, heldDecisions: [...others, { ...decision, version }] };
        }
        default:
            return undefined;
    }
}
