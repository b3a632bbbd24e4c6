// The case card: what a board asks for and what is there.
import type { CardEntry, CardTopic, Check } from '../wire';
import { CARD_TOPIC_MEMBERS } from '../wire';
import type { CaseModel } from './case_state';

/** Lines of the card in the order they are read; images are something to look at. */
export const writtenTopics: readonly CardTopic[] = CARD_TOPIC_MEMBERS.filter(
    (topic) => topic !== 'images',
);

export const entryOf = (patientCase: CaseModel, topic: CardTopic): CardEntry | undefined =>
    patientCase.card.find((one) => one.topic === topic);

function has(patientCase: CaseModel, topic: CardTopic): boolean {
    return topic === 'images'
        ? patientCase.displaySets.length > 0
        : (entryOf(patientCase, topic)?.text ?? '') !== '';
}

/** What a case lacks of these checks, in the order of the card. */
export function missingTopics(patientCase: CaseModel, checks: readonly Check[]): CardTopic[] {
    const asked = new Set(checks.map((check) => check.topic));
    return CARD_TOPIC_MEMBERS.filter((topic) => asked.has(topic) && !has(patientCase, topic));
}

/** Of one board, or of all boards that have the case on their agenda. */
export function checksOf(patientCase: CaseModel, board: string | undefined): Check[] {
    return patientCase.boards
        .filter((link) => board === undefined || link.board === board)
        .flatMap((link) => link.template?.checks ?? []);
}

const DATE = /^(\d{4})-?(\d{2})-?(\d{2})$/;

/** Age in whole years, and in whole months below two years; undefined without a birth date. */
export function ageOn(
    birthDate: string,
    today: Date,
): { years: number; months: number } | undefined {
    const parts = DATE.exec(birthDate);
    if (!parts) {
        return undefined;
    }
    const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
    const months =
        (today.getFullYear() - year) * 12 +
        (today.getMonth() + 1 - month) -
        (today.getDate() < day ? 1 : 0);
    return months < 0 ? undefined : { years: Math.floor(months / 12), months };
}
