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
        },
        whyUnknown: 'aus einem Grund, den diese Seite nicht kennt',
        openCase: 'Fall öffnen',
    },
};
