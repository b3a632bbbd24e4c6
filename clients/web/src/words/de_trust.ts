// Worte der Einwilligung und des Zugriffs im Notfall.
import type { trustEn } from './en_trust';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const trustDe: typeof trustEn = {
    yourCase: 'Ihr Fall',
    consent: {
        title: 'Einwilligung',
        yours: 'Wer Ihren Fall sehen darf',
        of: (name: string) => `Wer den Fall von ${name} sehen darf`,
        button: 'Wer ihn sehen darf',
        notAsked:
            'Niemand hat Sie um eine Einwilligung gebeten. Die Genannten sehen Ihren Fall, weil sie an ' +
            'Ihrer Behandlung beteiligt sind.',
        notAskedOther:
            'Es ist keine Einwilligung vermerkt. Die Genannten sehen den Fall, weil sie an der ' +
            'Behandlung beteiligt sind.',
        given: (when: string) => `Sie haben am ${when} eingewilligt.`,
        givenOther: (when: string, how: string) => `Vermerkt am ${when}: ${how}.`,
        until: (when: string) => `Sie endet von selbst am ${when}.`,
        none: 'Es gilt keine Einwilligung. Nur wer Sie behandelt, sieht Ihren Fall.',
        noneOther: 'Es gilt keine Einwilligung. Nur das Behandlungsteam sieht den Fall.',
        ended: (when: string) => `beendet am ${when}`,
        withdrawn: (when: string) => `widerrufen am ${when}`,
        before: 'Früher',
        read: 'Was gelesen wurde',
        wording: (version: string, language: string) => `Fassung ${version}, ${language}`,
        wordingChanged: 'Diese Worte stimmen nicht mit dem überein, was bei der Einwilligung vermerkt wurde.',
        scope: {
            all: 'Bilder, Befunde und wer der Patient ist',
            nameless: 'Bilder und Befunde, ohne Namen',
        },
        everybody: 'Alle Beteiligten',
        some: (people: number, boards: number) =>
            [
                people > 0 ? plural(people, 'Person', 'Personen') : '',
                boards > 0 ? plural(boards, 'Board', 'Boards') : '',
            ]
                .filter(Boolean)
                .join(', '),
        treating: 'Sie behandeln Sie und sehen Ihren Fall von Rechts wegen',
        treatingOther: 'Behandlungsteam: sieht den Fall von Rechts wegen',
        others: 'Sie sehen ihn mit Ihrer Einwilligung',
        othersOther: 'Sie sehen ihn mit Einwilligung des Patienten',
        othersNot: 'Sie sehen jetzt nichts davon',
        nobody: 'Niemand.',
        throughBoard: 'durch ein Tumorboard',
        emergencies: 'Im Notfall gesehen',
        emergency: (name: string, when: string) => `${name}, ${when}`,
        looked: 'Wer hineingesehen hat',
        agree: 'Ich willige ein',
        record: 'Einwilligung vermerken',
        withdraw: 'Widerrufen',
        object: 'Ich möchte das nicht',
        withdrawTitle: 'Einwilligung widerrufen?',
        withdrawTitleOther: 'Einwilligung widerrufen?',
        withdrawLoses: 'Diese Personen sehen sofort nichts mehr von dem Fall:',
        withdrawKeeps: 'Von Rechts wegen behalten Zugriff, weil sie Sie behandeln und die Akte führen müssen:',
        withdrawKeepsOther:
            'Von Rechts wegen behalten Zugriff, weil sie den Patienten behandeln und die Akte führen müssen:',
        withdrawStays:
            'Was schon entschieden wurde, bleibt in der Akte. Sie können jederzeit wieder einwilligen.',
        withdrawNow: 'Jetzt widerrufen',
        keep: 'Behalten',
        whom: 'Wer ihn sehen darf',
        whomAll: 'Alle, die an der Behandlung beteiligt sind',
        what: 'Was sie sehen dürfen',
        whatAll: 'Alles, mit Namen',
        whatNameless: 'Bilder und Befunde, ohne Namen',
        howLong: 'Wie lange',
        month: 'Einen Monat',
        year: 'Ein Jahr',
        untilWithdrawn: 'Bis zum Widerruf',
        how: 'Auf wessen Wort',
        howHelp: 'Zum Beispiel: am 28. November auf Papier unterschrieben, in die Akte gescannt.',
        howHere: 'hier vom Patienten gegeben',
        howProxy: 'hier für den Patienten gegeben',
        done: 'Vermerkt.',
        withdrawnDone: 'Widerrufen. Sie sehen nichts mehr davon.',
        text:
            'Ich willige ein, dass die hier genannten Ärztinnen und Ärzte meine Bilder, Befunde und ' +
            'Unterlagen sehen, um zu ' +
            'meiner Behandlung zu raten. Sie dürfen in einem Tumorboard miteinander über mich sprechen, ' +
            'auch per Video. Ich ' +
            'weiß, dass meine Behandelnden meinen Fall von Rechts wegen sehen. Ich kann dies jederzeit ' +
            'widerrufen, ohne ' +
            'Grund und ohne Nachteil für meine Behandlung; von da an sehen die anderen nichts mehr. Was bis dahin ' +
            'entschieden wurde, bleibt in meiner Akte.',
    },
    restriction: {
        title: 'Eingeschränkte Verarbeitung',
        none: 'Die Verarbeitung dieses Falls ist nicht eingeschränkt.',
        since: (when) => `Eingeschränkt seit ${when}.`,
        means:
            'Der Fall wird aufbewahrt und nicht verwendet: Nur wer ihn koordiniert, sieht den Inhalt, geschrieben ' +
            'wird nichts, auf keine weitere Konferenz kommt er. Im Notfall lässt er sich trotzdem öffnen.',
        meansYours:
            'Ihr Fall wird aufbewahrt und nicht verwendet. Nur wer ihn koordiniert, sieht den Inhalt. ' +
            'Bevor das endet, wird es Ihnen gesagt.',
        reason: 'Grund',
        reasonHelp: 'In einem Satz, ohne den Namen des Patienten. Auch der Patient liest ihn.',
        restrict: 'Verarbeitung einschränken',
        restrictTitle: 'Die Verarbeitung dieses Falls einschränken?',
        restrictLoses: 'Alle außer der Koordination sehen sofort nichts mehr von dem Fall.',
        restrictNow: 'Jetzt einschränken',
        lift: 'Einschränkung aufheben',
        liftTitle: 'Die Einschränkung aufheben?',
        liftTold:
            'Sagen Sie es vorher dem Patienten (DSGVO, Artikel 18, 3). Wer den Fall vorher sah, ' +
            'sieht ihn dann wieder.',
        liftNow: 'Jetzt aufheben',
        done: 'Eingeschränkt. Der Fall wird aufbewahrt und nicht verwendet.',
        lifted: 'Aufgehoben. Der Fall wird wieder verwendet.',
        banner: (when, reason) =>
            `Verarbeitung eingeschränkt seit ${when}: ${reason}. ` +
            'Der Fall wird aufbewahrt; geschrieben werden darf nichts.',
    },
    copy: {
        title: 'Ihre Daten',
        lead:
            'Alles, was über Sie aufbewahrt wird: Konto, Rollen, zweite Faktoren ohne ihre Geheimnisse, ' +
            'Anmeldungen, Arbeitsliste, Notizen, Einstellungen und was Sie angesehen haben. Als Seite zum Lesen ' +
            'und als Datei für Maschinen.',
        titleCase: 'Eine Kopie des Falls',
        leadCase:
            'Alles, was zu dem Fall aufbewahrt wird: Befunde, Beschlüsse, Einwilligungen, Gespräch, Bilder ' +
            'und Dokumente, wer hineingesehen hat, und jede frühere Fassung. Als Seite zum Lesen und als ' +
            'Datei für Maschinen.',
        leadYours:
            'Sie dürfen alles haben, was zu Ihrem Fall aufbewahrt wird: Befunde, Beschlüsse, Einwilligungen, ' +
            'Bilder und Dokumente, und wer hineingesehen hat. Als Seite zum Lesen und als Datei für Maschinen.',
        closing:
            'Ihr Konto schließt auf Ihre Bitte, wer die Organisation verwaltet. Dann ist all das weg, bis auf Ihren ' +
            'Namen dort, wo Sie hineingesehen, geschrieben oder unterschrieben haben: Den bewahrt die Akte ' +
            'von Rechts wegen.',
        get: 'Kopie herunterladen',
        coming: 'Die Kopie wird erstellt. Das Herunterladen beginnt von selbst.',
        failed: 'Die Kopie konnte gerade nicht erstellt werden. Versuchen Sie es noch einmal.',
    },
    glass: {
        open: 'Zugriff im Notfall',
        title: 'Diesen Fall im Notfall öffnen',
        lead:
            'Wenn Leben oder Gesundheit in Gefahr sind und es nicht warten kann, dürfen Sie einen Fall ' +
            'Ihres Hauses für ' +
            '30 Minuten sehen. Datenschutz, Behandlungsteam und Patient erfahren es sofort, mit Ihrem ' +
            'Namen und Ihrem ' +
            'Grund. Alles, was Sie ansehen, wird gekennzeichnet.',
        reason: 'Warum es nicht warten kann',
        reasonHelp: 'In einem Satz. Er bleibt beim Fall.',
        go: 'Für 30 Minuten öffnen',
        not_found: 'Es gibt keinen solchen Fall, den Sie öffnen könnten.',
        has_access: 'Sie sehen diesen Fall schon.',
        unreachable: 'Der Server war nicht erreichbar. Nichts wurde geöffnet. Versuchen Sie es noch einmal.',
        banner: 'Notfallzugriff für eine halbe Stunde. Alles wird vermerkt; die Datenschutzstelle weiß davon.',
    },
};
