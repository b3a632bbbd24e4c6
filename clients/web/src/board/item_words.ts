// Where an item of the agenda stands, in a word: readiness before, how it ended after.
import type { BoardAtRest } from '../state/board_state';
import { isHandedOver, reasonText } from '../state/step';
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

/** What else there is to say of it: what it lacks and that it needs no discussion; afterwards why it ended so. */
export function aboutInWords(
    words: Words,
    board: Pick<BoardAtRest, 'template'>,
    item: AgendaItem,
): { text: string; amber: boolean } | undefined {
    const waits = item.state === 'waiting';
    const lacks = item.missing.map((topic) => words.card.topic[topic]).join(', ');
    const said = [
        waits && item.standard ? words.outcome.standard : '',
        waits && lacks !== '' ? words.card.missingList(lacks) : '',
        item.state === 'discussed' ? reasonText(board.template, item.reason) : '',
        isHandedOver(item) ? words.agendaWords.handedOver : '',
    ].filter(Boolean);
    return said.length > 0
        ? { text: said.join(' · '), amber: waits && lacks !== '' }
        : undefined;
}
