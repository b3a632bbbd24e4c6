// Outcomes in words: what happened, what is safe, who could do it.
import type { Outcome } from '../connection/channel';
import type { Words } from '../words';
import { tell } from './frame';

/** `names` puts a word to what the refusal is about: a person, or the patient an item belongs to. */
export function refusalText(
    words: Words,
    outcome: Outcome,
    names: { item?: (item: number) => string; person?: (user: string) => string } = {},
): string | undefined {
    if (outcome.outcome === 'accepted') {
        return undefined;
    }
    if (outcome.outcome === 'gone') {
        return words.ended.not_found;
    }
    const { reason, item, subject } = outcome;
    switch (reason) {
        case 'wrong_item':
            return words.refused.wrong_item(names.item?.(item) || words.wrongItemUnknown);
        case 'not_ready':
        case 'undecided':
        case 'unsigned':
            return words.refused[reason](names.item?.(item) || words.caseHidden);
        case 'conflict':
        case 'changed':
            return words.refused[reason](
                subject === undefined ? '' : (names.person?.(subject) ?? ''),
            );
    }
    const texts: Record<string, unknown> = words.refused;
    const text = texts[reason];
    return typeof text === 'string' ? text : words.refused.bad_state;
}

export async function sayRefusal(
    words: Words,
    outcome: Promise<Outcome>,
    names?: Parameters<typeof refusalText>[2],
): Promise<boolean> {
    const text = refusalText(words, await outcome, names);
    if (text !== undefined) {
        tell(text);
    }
    return text === undefined;
}
