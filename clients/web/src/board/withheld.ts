// What to say where a case was and is not any more.
import type { CaseActor } from '../state/client';
import { useModel } from '../state/use_client';
import { useWords } from '../words';

/** Nobody's consent covers them, or the case must not be used. */
export function useWithheldHelp(actor: CaseActor): string {
    const words = useWords();
    const restricted = useModel(actor, (_, held) => held.ended === 'restricted');
    return restricted ? words.restrictedHelp : words.caseWithheldHelp;
}
