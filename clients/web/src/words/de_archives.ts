// Worte für Studien, die aus anderen Archiven geholt werden.
import type { archivesEn } from './en_archives';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const archivesDe: typeof archivesEn = {
    archives: {
        title: 'Aus einem anderen Archiv',
        help:
            'Studien der Patientin oder des Patienten in einem Archiv suchen, das dieses Haus fragen darf, und ' +
            'in den Fall holen. Die Suche und was geholt wird, steht im Protokoll der Zugriffe.',
        archive: 'Archiv',
        patientId: 'Patientennummer dort',
        name: 'Name',
        nameHelp: 'Nachname, Vorname; * steht für Beliebiges',
        birthDate: 'Geboren',
        accessionNumber: 'Auftragsnummer',
        studyDate: 'Datum der Studie',
        search: 'Suchen',
        searching: 'Suche läuft…',
        nothing: 'Nichts gefunden. Jedes ausgefüllte Feld muss stimmen: einige leeren und noch einmal suchen.',
        found: (count) => `${plural(count, 'Studie', 'Studien')} gefunden`,
        more: 'Es gibt mehr. Mehr Felder ausfüllen, um alles Passende zu sehen.',
        noDescription: 'Ohne Beschreibung',
        images: (count) => plural(count, 'Bild', 'Bilder'),
        series: (count) => plural(count, 'Serie', 'Serien'),
        born: (date) => `geboren ${date}`,
        here: 'Ist ganz im Fall',
        partlyHere: (here, all) => `${here} von ${all} Bildern sind im Fall`,
        someHere: (here) => `${plural(here, 'Bild davon ist', 'Bilder davon sind')} im Fall`,
        fetch: 'Holen',
        fetchThis: (study) => `Holen: ${study}`,
        fetches: 'Zuletzt geholt',
        study: (uid) => `Studie ${uid}`,
        state: {
            waiting: 'Wartet, bis andere geholt sind',
            listing: 'Fragt, was es gibt',
            resting: 'Gleich ein neuer Versuch',
            done: 'Alles, was es gibt, ist geholt',
            broken: 'Abgebrochen',
        },
        progress: (done, all) => `${done} von ${plural(all, 'Bild', 'Bildern')}`,
        summary: (stored, known) => `${plural(stored, 'Bild', 'Bilder')} gespeichert, ${known} schon bekannt`,
        held: (count) => `${count} zurückgehalten, bis jemand entscheidet`,
        heldPatient: 'zurückgehalten: ein anderer Patient als im Fall; die Koordination entscheidet',
        refused: (count) => `${count} abgelehnt`,
        again: 'Fehlendes holen',
        stop: 'Anhalten',
        forget: 'Von dieser Liste nehmen',
        why: {
            away: 'Das Archiv antwortet nicht. Bitte später noch einmal versuchen oder dort nachfragen.',
            slow: 'Das Archiv braucht zu lange für eine Antwort. Bitte später noch einmal versuchen.',
            broken_line: 'Die Verbindung zum Archiv ist abgerissen.',
            certificate:
                'Dem Zertifikat des Archivs ist nicht zu trauen, deshalb wurde nichts gesendet. Bitte die Verwaltung ' +
                'dieses Servers, es zu prüfen (caFile in der Liste der Archive).',
            token:
                'Das Archiv lehnt das Token dieses Servers ab. Bitte die Verwaltung dieses Servers um ein neues.',
            not_found: 'Das Archiv hat diese Studie nicht, oder seine Adresse in der Liste der Archive stimmt nicht.',
            elsewhere:
                'Das Archiv verweist auf eine andere Adresse, der dieser Server nicht folgt. Bitte die Verwaltung ' +
                'dieses Servers, die Liste der Archive zu berichtigen.',
            busy: 'Es läuft gerade zu viel. Bitte gleich noch einmal versuchen.',
            status: 'Das Archiv antwortet mit einem Fehler. Bitte später wieder versuchen oder dort nachfragen.',
            answer: 'Die Antwort des Archivs lässt sich nicht lesen. Bitte dort nachfragen.',
            no_space: 'Die Festplatte des Servers ist voll. Bitte der Verwaltung melden.',
            too_many: 'Zu viele Studien, oder zu viele Bilder in einer. Bitte warten, bis andere geholt sind.',
            unavailable: 'Das geht gerade nicht. Bitte gleich noch einmal versuchen.',
            not_configured: 'Dieses Archiv steht nicht mehr auf der Liste dieses Servers.',
            masked: 'Suchen kann nur, wem gesagt wird, um wen es geht.',
            keys: 'Nach wem suchen? Eine Patientennummer, einen Namen oder eine Auftragsnummer eingeben.',
            not_found_here: 'Sie dürfen diesem Fall keine Bilder mehr hinzufügen.',
            no_answer: 'Der Server hat nicht geantwortet. Bitte gleich noch einmal versuchen.',
        },
        whyUnknown: 'Fehlgeschlagen aus einem Grund, den diese Seite nicht kennt.',
    },
};
