import { expect, it } from 'vitest';
import type { HeldDecision } from '../wire';
import { reduceHeld } from './held_state';
import type { CaseModel } from './case_state';

const decision = (version: number, outcome: HeldDecision['outcome']): HeldDecision => ({
    outcome,
    studyUid: `1.2.${version}`,
    patient: new Uint8Array(32),
    images: 2,
    seen: 1,
    reason: 'of somebody else',
    by: '00000000-0000-4000-8000-000000000001',
    at: 1,
    version,
});

it('a_removal_by_which_nothing_went_is_listed_as_that', () => {
    const model = { heldDecisions: [decision(5, 'removed'), decision(6, 'joined'), decision(7, 'removed')] };
    const message = { type: 'HeldNoted', images: 3, studies: 1, entry: '', kept: [5, 6] } as const;
    const next = reduceHeld(model as CaseModel, { ...message, kept: [...message.kept] }, { version: 8 });
    expect(next?.heldDecisions.map((one) => one.outcome)).toEqual(['kept', 'joined', 'removed']);
    expect(next?.heldNoted).toBe(8);
});
