// Worte über Bilder, die einen anderen Patienten nennen als der Fall.
import type { heldEn } from './en_held';

const images = (count: number): string => (count === 1 ? '1 Bild' : `${count} Bilder`);

export const heldDe: typeof heldEn = {
    held: {
        title: 'Bilder eines anderen Patienten?',
        banner: (count) =>
            count === 1
                ? '1 Bild wartet, bis Sie sagen, von wem es ist'
                : `${count} Bilder warten, bis Sie sagen, von wem sie sind`,
        look: 'Ansehen',
        lead:
            'Niemand sieht diese Bilder, bevor jemand entschieden hat. Ihre eigenen Angaben bleiben, wie sie ' +
            'gesendet wurden.',
        nothing: 'Nichts wartet auf eine Entscheidung.',
        more: 'Es sind noch mehr. Sie erscheinen, sobald über einige von diesen entschieden ist.',
        away: 'Das lässt sich gerade nicht lesen. Bitte noch einmal versuchen.',
        images,
        sent: (name, when) => (name ? `Gesendet von ${name}, ${when}.` : `Gesendet ${when}.`),
        field: 'Angabe',
        caseSays: 'Der Fall sagt',
        imagesSay: 'Die Bilder sagen',
        fields: { name: 'Name', birthDate: 'Geboren', sex: 'Geschlecht', patientId: 'Nummer' },
        notSaid: 'keine Angabe',
        differs: 'weicht ab',
        join: 'Derselbe Patient: übernehmen',
        joinTitle: 'Sind diese Bilder von diesem Patienten?',
        joinMeans:
            'Wer den Fall sieht, sieht dann auch sie, und weitere Dateien dieser Studie mit denselben Angaben werden ' +
            'nicht mehr zurückgehalten. Dass Sie es bestätigt haben, wird festgehalten.',
        joinNow: 'Ja, es ist derselbe Patient',
        joined: 'Die Bilder gehören jetzt zum Fall.',
        remove: 'Nicht dieser Patient: entfernen',
        removeTitle: 'Diese Bilder entfernen?',
        removeMeans:
            'Sie werden hier endgültig gelöscht. Dass sie kamen, wie viele es waren und Ihr Grund bleiben ' +
            'festgehalten.',
        removeNow: (count) => `${images(count)} entfernen`,
        removed: 'Sie werden entfernt. Was daraus wurde, steht unter dem, was entschieden ist.',
        reason: 'Grund',
        reasonHelp: 'Er wird im Fall festgehalten.',
        content: (count) =>
            count === 1
                ? '1 Bild trägt die Kennung eines gezeigten Bildes und hat einen anderen Inhalt.'
                : `${count} Bilder tragen die Kennungen gezeigter Bilder und haben einen anderen Inhalt.`,
        contentShown: (held, shown) => `Das erste hat ${held}, das gezeigte ${shown}.`,
        discard: 'Das Gezeigte behalten',
        discardTitle: 'Das Gezeigte behalten und das andere löschen?',
        discardMeans: 'Was gezeigt wird, bleibt. Der andere Inhalt wird endgültig gelöscht.',
        decided: 'Schon entschieden',
        wasJoined: (count) => `Eine Studie eines anderen Patienten wurde übernommen: ${images(count)}`,
        wasRemoved: (count) => `Eine Studie eines anderen Patienten wurde entfernt: ${images(count)}`,
        wasDiscarded: (count) => `Andere Inhalte gezeigter Bilder wurden entfernt: ${images(count)}`,
        wasKept: (count) =>
            `Nichts wurde entfernt, alles bleibt zurückgehalten: Es war mehr gekommen als gezeigt (${images(count)})`,
        wasHeldAgain: 'Eine übernommene Studie eines anderen Patienten wird wieder zurückgehalten',
        again: 'Zurücknehmen',
        againTitle: 'Diese Bilder wieder zurückhalten?',
        againMeans:
            'Niemand sieht sie dann mehr, sofort, bis neu entschieden ist. Zeichnungen und Entscheidungen, die aus ' +
            'ihnen entstanden, bleiben.',
        againNow: 'Wieder zurückhalten',
        heldAgain: 'Die Bilder werden wieder zurückgehalten.',
        waits: 'wartet auf Sie',
    },
};
