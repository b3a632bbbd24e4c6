// Who the patient is, in words: by name; or, for whom that is not told, by the number of the case.
import { ageOn } from './card';
import type { CaseModel } from './case_state';
import { isoDate, personName, type Words } from '../words';

export interface Who {
    /** The reader is not told. */
    masked: boolean;
    name: string;
    age: string;
    sex: string;
    /** As in the case, or empty. */
    birthDate: string;
    patientId: string;
}

/** DICOM's way to write an age (PS3.5 6.2, AS). */
const AGE = /^(\d{3})([YM])$/;
/** Everybody above that is told to be of it. */
const OLDEST = 90;

function ageText(words: Words, age: string): string {
    const [, digits, unit] = AGE.exec(age) ?? [];
    const count = Number(digits);
    if (unit === undefined) {
        return '';
    }
    if (unit === 'M') {
        return words.card.ageMonths(count);
    }
    return count >= OLDEST ? words.card.ageOver(OLDEST) : words.card.ageYears(count);
}

function ageSince(words: Words, birthDate: string): string {
    const age = ageOn(birthDate, new Date());
    if (!age) {
        return '';
    }
    return age.years < 2 ? words.card.ageMonths(age.months) : words.card.ageYears(age.years);
}

/** `item`: the number of the case on the board where it is read, which never changes. */
export function whoIs(
    words: Words,
    { subject, masked, age }: Pick<CaseModel, 'subject' | 'masked' | 'age'>,
    item: number | undefined,
): Who {
    const sexes: Record<string, string> = words.card.sex;
    return {
        masked,
        name: masked ? maskedName(words, item) : personName(subject.name),
        age: masked ? ageText(words, age) : ageSince(words, subject.birthDate),
        sex: sexes[subject.sex] ?? '',
        birthDate: subject.birthDate && words.bornOn(isoDate(subject.birthDate)),
        patientId: subject.patientId,
    };
}

export const maskedName = (words: Words, item: number | undefined): string =>
    item === undefined ? words.masked.patient : words.masked.numbered(item);
