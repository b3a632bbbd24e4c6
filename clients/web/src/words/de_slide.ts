// Worte für Schnitte unter dem Mikroskop.
import type { slideEn } from './en_slide';

export const slideDe: typeof slideEn = {
    slide: {
        one: 'Schnitt',
        oneOf: (number: number, count: number) => `Schnitt ${number} von ${count}`,
        label: 'Etikett',
        showLabels: (count: number) => (count === 1 ? 'Etikett zeigen' : `${count} Etiketten zeigen`),
        hideLabels: 'Etiketten ausblenden',
        profile: 'Farben nach ICC-Profil',
        noProfile: 'Datei ohne Farbprofil',
        magnification: (times: string) => `etwa ${times}×`,
    },
};
