// Where an item of the agenda stands, in a word: readiness before, how it ended after.
import type { AgendaItem } from '../wire';
import type { Words } from '../words';

export function stateInWords(words: Words, item: AgendaItem): { text: string; look: string } {
    if (item.state === 'waiting') {
        if (item.outcome === 'later') {
            return { text: words.outcome.later, look: '' };
        }
        return item.missing.length > 0
            ? { text: words.agendaWords.notReady, look: 'lacking' }
            : { text: words.itemReady, look: 'ready' };
    }
    if (item.state !== 'discussed' || item.outcome === 'none') {
        return { text: words.itemState[item.state], look: '' };
    }
    if (item.outcome === 'decided' || item.outcome === 'standard') {
        return item.decision === 'recorded'
            ? { text: words.agendaWords.notSigned, look: 'lacking' }
            : { text: words.outcome[item.outcome], look: 'ready' };
    }
    return { text: words.outcome[item.outcome], look: 'lacking' };
}
