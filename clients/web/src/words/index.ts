// The catalogue in use, and dates, numbers and names by the reader's language.
import { createContext, useContext } from 'react';
import { de } from './de';
import { en, type Words } from './en';

export type { Words } from './en';
export type Language = 'en' | 'de';

const catalogues: Record<Language, Words> = { en, de };

export const languages = Object.keys(catalogues) as Language[];

export function preferredLanguage(): Language {
    const stored = readStored();
    if (stored) {
        return stored;
    }
    const wanted = navigator.languages.map((tag) => tag.slice(0, 2));
    return languages.find((language) => wanted.includes(language)) ?? 'en';
}

const STORED = 'consilium.language';

function readStored(): Language | undefined {
    const value = window.localStorage.getItem(STORED);
    return languages.find((language) => language === value);
}

export const rememberLanguage = (language: Language): void =>
    window.localStorage.setItem(STORED, language);

export interface Speech {
    language: Language;
    words: Words;
    choose: (language: Language) => void;
}

export const SpeechContext = createContext<Speech>({
    language: 'en',
    words: en,
    choose: () => undefined,
});

export const wordsOf = (language: Language): Words => catalogues[language];
export const useSpeech = (): Speech => useContext(SpeechContext);
export const useWords = (): Words => useContext(SpeechContext).words;

/** What a name has no use for: control characters, and marks that turn what stands beside it around. */
const NOT_OF_A_NAME = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** DICOM person name (PS3.5 6.2.1.1) as it is read: FAMILY, Given. */
export function personName(name: string): string {
    const [alphabetic = ''] = name.replace(NOT_OF_A_NAME, '').split('=');
    const [family = '', given = '', middle = '', prefix = '', suffix = ''] = alphabetic.split('^');
    const first = [prefix, given, middle].filter(Boolean).join(' ');
    return [[family, first].filter(Boolean).join(', '), suffix].filter(Boolean).join(' ');
}

const NAME_SHOWN = 120;
const NAME_END = 24;

/**
 * What somebody calls a file, as it may stand among our words: nothing that turns letters around, and of a very long
 * one beginning and end, since the end says what it claims to be.
 */
export function fileName(name: string): string {
    const letters = [...name.replace(NOT_OF_A_NAME, '').replace(/[\p{Zl}\p{Zp}]/gu, ' ')];
    if (letters.length <= NAME_SHOWN) {
        return letters.join('');
    }
    const begin = letters.slice(0, NAME_SHOWN - NAME_END - 1);
    return `${begin.join('')}…${letters.slice(-NAME_END).join('')}`;
}

/** DICOM dates are YYYYMMDD, ours YYYY-MM-DD; identity is always shown as ISO, never reordered. */
export function isoDate(date: string): string {
    return /^\d{8}$/.test(date)
        ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`
        : date;
}

/** The reader's own region of the language, where the browser names one. */
const locale = (language: Language): string =>
    navigator.languages.find((tag) => tag.startsWith(language)) ?? language;

/** Making a formatter costs a hundred times what using it does: one of each kind is kept. */
function kept<F>(make: (tag: string, digits: number) => F): (language: Language, digits?: number) => F {
    const made = new Map<string, F>();
    return (language, digits = 0) => {
        const tag = locale(language);
        const key = `${tag}/${digits}`;
        const formatter = made.get(key) ?? make(tag, digits);
        made.set(key, formatter);
        return formatter;
    };
}

const numbers = kept(
    (tag, digits) =>
        new Intl.NumberFormat(tag, {
            maximumFractionDigits: digits,
            minimumFractionDigits: digits,
            // W 1800, never W 1,800: beside a decimal comma or point a separator is misread.
            useGrouping: false,
        }),
);
const hours = kept((tag) => new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit' }));
const days = kept(
    (tag) =>
        new Intl.DateTimeFormat(tag, {
            weekday: 'short',
            day: 'numeric',
            month: 'short',
            hour: '2-digit',
            minute: '2-digit',
        }),
);
const dates = kept(
    (tag) => new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'long', year: 'numeric' }),
);

export const numberText = (value: number, language: Language, digits = 0): string =>
    numbers(language, digits).format(value);

/** From microseconds since 1970, as the protocol tells time. */
export const timeText = (at: number, language: Language): string => hours(language).format(at / 1000);

export const dateTimeText = (at: number, language: Language): string =>
    days(language).format(at / 1000);

/** Of today only the hour is said. */
export const whenText = (at: number, language: Language): string =>
    new Date(at / 1000).toDateString() === new Date().toDateString()
        ? timeText(at, language)
        : dateTimeText(at, language);

export const minutesText = (milliseconds: number): string => {
    const seconds = Math.max(0, Math.floor(milliseconds / 1000));
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

/** For a field of date and time: the reader's own clock, to the minute. */
export function localInput(at: number): string {
    const date = new Date(at / 1000);
    return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const timeOfInput = (value: string): number => new Date(value).getTime() * 1000;

/** On paper, which is read on another day: the whole date, and the hour. */
export const paperTime = (at: number, language: Language): string =>
    `${dateText(at, language)}, ${timeText(at, language)}`;

export const dateText = (at: number, language: Language): string =>
    dates(language).format(at / 1000);
