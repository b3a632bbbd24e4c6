// That a case must be kept, and until when nobody may erase it.
import type { LegalHold, PatientCaseDown } from '../wire';
import type { CaseModel } from './case_state';

export interface KeepingModel {
    /** Told to whoever runs its workflow. */
    hold?: LegalHold | undefined;
}

export function reduceKeeping(patientCase: CaseModel, message: PatientCaseDown): CaseModel | undefined {
    switch (message.type) {
        case 'HoldPlaced':
            return { ...patientCase, hold: message.hold };
        case 'HoldLifted':
            return { ...patientCase, hold: undefined };
        default:
            return undefined;
    }
}
