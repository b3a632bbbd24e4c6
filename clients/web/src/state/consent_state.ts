// The patient's consent as a case holds it, and whom it concerns.
import type {
    CaseMember,
    CaseStatusSnapshot,
    Consent,
    Emergency,
    PatientCaseDown,
    Restriction,
    WhoSees,
} from '../wire';
import { roleNumbers, ZERO_UUID } from '../wire';
import type { CaseModel, Header } from './case_state';

export interface ConsentModel {
    /** Nobody but the treating team sees the case without a consent in force. */
    asksConsent: boolean;
    /** In the order they were written down, withdrawn ones too. */
    consents: Consent[];
    /** Of the newest who looked because they had to. */
    emergencies: Emergency[];
    /** As the patient is told it; empty for those who read the members themselves: see `viewersOf`. */
    viewers: WhoSees[];
    /** When one ended by the clock, as the server told: the time of this page may be behind. */
    consentEndedAt?: number;
    /** The case is kept and its use restricted. */
    restriction: Restriction | undefined;
}

export const consentOf = (snapshot: CaseStatusSnapshot): ConsentModel => ({
    asksConsent: snapshot.asksConsent,
    consents: snapshot.consents,
    emergencies: snapshot.emergencies,
    viewers: snapshot.viewers,
    restriction: snapshot.restriction,
});

/** `now` in microseconds since 1970. */
export const inForce = (consent: Consent, now: number): boolean =>
    consent.withdrawnAt === 0 && (consent.until === 0 || consent.until > now);

export function reduceConsent(
    patientCase: CaseModel,
    message: PatientCaseDown,
    { at, by = ZERO_UUID }: Header,
): CaseModel | undefined {
    switch (message.type) {
        case 'ConsentGiven':
            return {
                ...patientCase,
                asksConsent: true,
                consents: [...patientCase.consents, message.consent],
            };
        case 'ConsentWithdrawn': {
            const all = message.consent === ZERO_UUID;
            const consents = patientCase.consents.map((one) =>
                (all || one.id === message.consent) && one.withdrawnAt === 0
                    ? { ...one, withdrawnAt: at, withdrawnBy: by }
                    : one,
            );
            return { ...patientCase, asksConsent: true, consents };
        }
        case 'ConsentEnded':
            return { ...patientCase, consentEndedAt: at };
        case 'GlassBroken':
            return { ...patientCase, emergencies: [...patientCase.emergencies, message.emergency] };
        case 'UseRestricted':
            return { ...patientCase, restriction: message.restriction };
        case 'RestrictionLifted':
            return { ...patientCase, restriction: undefined };
        default:
            return undefined;
    }
}

const treating: number[] = [roleNumbers.coordinator, roleNumbers.nurse_navigator];
const seeing: number[] = [...treating, roleNumbers.member, roleNumbers.specialist, roleNumbers.observer];

/** Of a restricted case. */
const keeps = (one: WhoSees): boolean => one.byLaw && one.role === roleNumbers.coordinator;

const viewerOf = (member: CaseMember, board: string): WhoSees => ({
    user: member.user,
    name: member.name,
    discipline: member.discipline,
    role: member.role,
    byLaw: board === ZERO_UUID && treating.includes(member.role),
    board,
});

/** Who may see the content of the case, each once: what the server tells the patient, worked out of the roster. */
export function viewersOf(patientCase: Omit<CaseModel, 'stage'>): WhoSees[] {
    const all = patientCase.clinical
        ? [
              ...patientCase.members.map((one) => viewerOf(one, ZERO_UUID)),
              ...patientCase.boards.flatMap((link) => link.members.map((one) => viewerOf(one, link.board))),
          ].filter((one) => (patientCase.restriction ? keeps(one) : seeing.includes(one.role)))
        : patientCase.viewers;
    return [...new Map([...all].reverse().map((one) => [one.user, one])).values()].reverse();
}

/** Whether some consent in force lets this person in. The treating team needs none. */
export const covers = (consent: Consent, viewer: WhoSees): boolean =>
    (consent.people.length === 0 && consent.boards.length === 0) ||
    consent.people.includes(viewer.user) ||
    (viewer.board !== ZERO_UUID && consent.boards.includes(viewer.board));
