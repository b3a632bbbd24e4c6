// Worte für Bilder auf dem Weg in einen Fall.
import type { uploadEn } from './en_upload';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const uploadDe: typeof uploadEn = {
    upload: {
        addImages: 'Bilder hinzufügen',
        title: 'Bilder und Dokumente',
        drop: 'Ordner oder Dateien hierher ziehen',
        choose: 'Dateien wählen…',
        chooseFolder: 'Ordner wählen…',
        help:
            'Ein Ordner, eine CD oder ein ZIP mit DICOM-Dateien, PDF, JPEG oder PNG. Alles andere wird mit seinem ' +
            'Namen aufbewahrt und nicht geöffnet. Große Dateien gehen dort weiter, wo sie aufgehört haben, auch ' +
            'nachdem diese Seite geschlossen war: ziehen Sie sie noch einmal hierher.',
        progress: (done, all) => `${done} von ${all} Dateien`,
        bytes: (done, all) => `${done} von ${all}`,
        reading: 'Alles ist angekommen und wird gelesen',
        outcome: {
            stored: 'gespeichert',
            already_there: 'war schon da',
            held: 'zurückgehalten: trägt die Kennung eines anderen und zeigt etwas anderes',
            refused: 'abgelehnt',
            failed: 'nicht gesendet',
            kept: 'aufbewahrt und nicht geöffnet',
        },
        summary: (stored, known, refused) =>
            `${plural(stored, 'Datei', 'Dateien')} gespeichert, ${known} schon bekannt, ${refused} abgelehnt`,
        waiting: (count) =>
            count === 1
                ? '1 Datei nennt einen anderen Patienten als der Fall. Sie ist aufbewahrt, und niemand sieht sie, ' +
                  'bis die Koordination des Falls gesagt hat, von wem sie ist.'
                : `${count} Dateien nennen einen anderen Patienten als der Fall. Sie sind aufbewahrt, und niemand ` +
                  'sieht sie, bis die Koordination des Falls gesagt hat, von wem sie sind.',
        kept: (count) => `${plural(count, 'andere Datei', 'andere Dateien')} aufbewahrt und nicht geöffnet`,
        missing: (missing, named) =>
            `Das Verzeichnis der CD (DICOMDIR) nennt ${plural(named, 'Datei', 'Dateien')}; ` +
            `davon ${missing === 1 ? 'fehlt eine' : `fehlen ${missing}`}.`,
        nothingMissing: (named) =>
            `Das Verzeichnis der CD (DICOMDIR) nennt ${plural(named, 'Datei', 'Dateien')}, und alle sind da.`,
        problems: 'Nicht übernommen',
        again: 'Nicht Gesendetes erneut senden',
        stop: 'Anhalten',
        noAnswer: 'der Server hat nicht geantwortet',
        why: {
            not_dicom: 'keine DICOM-Datei',
            truncated: 'die Datei endet zu früh',
            malformed: 'beschädigt oder nicht so geschrieben, wie DICOM es verlangt',
            over_limit: 'größer oder tiefer verschachtelt, als hier gelesen wird',
            no_identity: 'sagt nicht, zu welcher Studie, Serie oder welchem Bild sie gehört',
            unsupported: 'eine Art von DICOM, die hier nicht gezeigt wird',
            worker_failed: 'sie ließ sich nicht lesen. Bitte der Verwaltung melden.',
            empty: 'die Datei ist leer',
            too_large: 'größer, als eine Datei sein darf',
            no_space: 'die Festplatte des Servers ist voll. Bitte der Verwaltung melden.',
            not_an_archive: 'kein ZIP, das sich lesen lässt',
            encrypted: 'mit einem Passwort verschlossen. Bitte ohne senden.',
            damaged: 'die Bytes passen nicht zur Prüfsumme: bitte noch einmal senden',
            too_many: 'zu viele Uploads laufen schon. Bitte erst andere beenden.',
            not_found: 'Sie dürfen diesem Fall keine Dateien mehr hinzufügen',
            checksum_mismatch: 'was ankam, passt nicht zur Prüfsumme: bitte noch einmal senden',
            offset: 'es geht an einer anderen Stelle weiter, als diese Seite dachte: bitte noch einmal senden',
            locked: 'es ließ sich nicht sagen, wie weit sie ist: bitte noch einmal senden',
            unavailable: 'der Server kann sie gerade nicht annehmen: bitte noch einmal senden',
            busy: 'gerade werden viele Dateien gespeichert: bitte noch einmal senden',
            length: 'ihre Länge wurde nicht genannt. Bitte der Verwaltung melden.',
            length_required: 'ihre Länge wurde nicht genannt. Bitte der Verwaltung melden.',
            content_type: 'sie kam auf einem Weg, den der Server nicht annimmt. Bitte der Verwaltung melden.',
            version: 'sie kam auf einem Weg, den der Server nicht annimmt. Bitte der Verwaltung melden.',
            checksum: 'sie kam auf einem Weg, den der Server nicht annimmt. Bitte der Verwaltung melden.',
            none: 'sie gehört zu einer anderen Studie als der, an die sie ging',
        },
        whyUnknown: 'aus einem Grund, den diese Seite nicht kennt',
        openCase: 'Fall öffnen',
        keptNames: 'Beim Fall aufbewahrt und nicht geöffnet',
        more: (count) => `und ${count} weitere`,
    },
    arriving: {
        name: 'Bilder auf dem Weg',
        of: (done, files) => `${done} von ${plural(files, 'Datei', 'Dateien')}`,
        soFar: (done) => `bisher ${plural(done, 'Datei', 'Dateien')}`,
        percent: (percent) => `${percent} %`,
        seconds: 'noch weniger als eine Minute',
        minutes: (minutes) => `noch etwa ${minutes} min`,
        hours: (hours) => `noch etwa ${hours} h`,
        receiving: 'Bilder kommen an',
        reading: 'Bilder sind angekommen und werden gelesen',
        waiting: 'wartet auf die sendende Seite',
        arrived: (images) => `${plural(images, 'Bild', 'Bilder')} angekommen`,
        keptToo: (kept) => `${plural(kept, 'andere Datei', 'andere Dateien')} aufbewahrt`,
    },
    otherFiles: {
        title: 'Andere Dateien',
        help:
            'Weder Bilder noch Dokumente, die hier gezeigt werden. Niemand hat sie hier geöffnet: was Sie speichern, ' +
            'öffnet sich in einem Programm auf Ihrem eigenen Gerät.',
        save: 'Speichern',
        saveThis: (name) => `${name} speichern`,
        all: (count) => `Alle ${count} zeigen`,
        unnamed: 'Datei ohne Namen',
    },
    keptSeries: {
        title: 'Aufbewahrt, nicht gezeichnet',
        help:
            'Serien dieses Falls, von denen hier nichts auf die Bilder gezeichnet wird. Über DICOMweb werden sie ' +
            'herausgegeben.',
        unnamed: 'Serie ohne Beschreibung',
        more: (count) => `und ${count} weitere`,
        kind: (modality) =>
            ({
                SEG: 'Segmentierung (SEG)',
                RTSTRUCT: 'Strukturen der Strahlentherapie (RTSTRUCT)',
                RTPLAN: 'Bestrahlungsplan (RTPLAN)',
                ECG: 'Elektrokardiogramm (ECG)',
                KO: 'Auswahl von Bildern (KO)',
                SR: 'Befund (SR)',
                REG: 'Registrierung (REG)',
            })[modality] ?? modality,
    },
};
