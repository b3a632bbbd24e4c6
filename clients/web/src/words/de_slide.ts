// Worte für Schnitte unter dem Mikroskop.
import type { slideEn } from './en_slide';

export const slideDe: typeof slideEn = {
    slide: {
        one: 'Schnitt',
        oneOf: (number: number, count: number) => `Schnitt ${number} von ${count}`,
        label: 'Etikett',
        showLabels: (count: number) => (count === 1 ? 'Etikett zeigen' : `${count} Etiketten zeigen`),
        hideLabels: 'Etiketten ausblenden',
        profile: {
            used: 'Farben nach ICC-Profil',
            none: 'Datei ohne Farbprofil',
            lost: 'Farbprofil nicht zu bekommen: Farben wie gespeichert',
        },
        magnification: (times: string) => `etwa ${times}×`,
    },
};
