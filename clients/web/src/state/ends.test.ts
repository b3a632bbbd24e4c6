import { describe, expect, it } from 'vitest';
import { roleNumbers, ZERO_UUID, type Consent } from '../wire';
import { blankCase, blankUser } from './blank';
import { reduceCase } from './case_state';
import { inForce } from './consent_state';
import { reduceUser } from './user_state';

const header = { version: 2, at: 500, by: ZERO_UUID };
const one = '00000000-0000-4000-8000-000000000001';

describe('what_ends_by_the_clock', () => {
    it('leaves_the_list_of_who_has_access', () => {
        const member = {
            user: one,
            role: roleNumbers.specialist,
            name: 'Somebody',
            discipline: '',
            votes: false,
            signs: false,
            masked: false,
            until: 400,
            proxy: 0,
        };
        const before = reduceCase(undefined, blankCase({ members: [member] }), header);
        expect(reduceCase(before, { type: 'AccessEnded', user: one }, header)?.members).toEqual([]);
    });

    it('is_a_consent_that_does_not_hold_at_the_time_it_was_told', () => {
        const consent: Consent = {
            id: one,
            people: [],
            boards: [],
            clinical: true,
            identity: true,
            until: 400,
            wording: { version: '1', language: 'en', text: 'I agree.', hash: new Uint8Array(32) },
            how: 'here',
            givenAt: 100,
            givenBy: ZERO_UUID,
            withdrawnAt: 0,
            withdrawnBy: ZERO_UUID,
        };
        const before = reduceCase(undefined, blankCase({ consents: [consent] }), header);
        const after = reduceCase(before, { type: 'ConsentEnded', consent: one }, header);
        expect(after?.consentEndedAt).toBe(500);
        expect(after?.consents.some((each) => inForce(each, after.consentEndedAt ?? 0))).toBe(false);
    });

    it('is_a_membership_and_what_it_let_one_do', () => {
        const membership = { organisation: ZERO_UUID, roles: 1 << roleNumbers.administrator, until: 400 };
        const before = reduceUser(undefined, blankUser({ administrator: true, memberships: [membership] }));
        expect(before?.administrator).toBe(true);
        const after = reduceUser(before, { type: 'MembershipEnded', organisation: ZERO_UUID });
        expect(after?.memberships).toEqual([]);
        expect(after?.administrator).toBe(false);
    });
});
