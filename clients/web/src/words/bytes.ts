// The protocol bounds its texts in bytes of UTF-8, a field on a page in characters.

const encoder = new TextEncoder();

/** The longest beginning of `text` that takes at most `most` bytes, in whole characters. */
export function cutToBytes(text: string, most: number): string {
    const { read } = encoder.encodeInto(text, new Uint8Array(most));
    return text.slice(0, read);
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** A size as people read it: 1.2 GB. */
export function sizeText(bytes: number, language: string): string {
    const step = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
    const value = bytes / 1000 ** step;
    return new Intl.NumberFormat(language, {
        style: 'unit',
        unit: UNITS[step] ?? 'byte',
        unitDisplay: 'short',
        maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
    }).format(value);
}
