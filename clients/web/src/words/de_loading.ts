// Worte über Bilder, die nach und nach kommen.
import type { loadingEn } from './en_loading';

export const loadingDe: typeof loadingEn = {
    preview: 'Vorschau',
    seesPreview: 'sieht eine Vorschau',
    drawnOnPreview: 'auf einer Vorschau gemessen',
    imageLoading: {
        label: 'Verlustfreie Bilder, die da sind',
        lossless: (here, total) => `${here} von ${total} Bildern`,
        preview: (here, total) => `${here} von ${total}, Vorschau bis verlustfrei`,
        stalled: 'Seit einigen Sekunden kommt nichts',
        lost: (count) =>
            count === 1 ? '1 Bild war nicht zu bekommen' : `${count} Bilder waren nicht zu bekommen`,
    },
};
