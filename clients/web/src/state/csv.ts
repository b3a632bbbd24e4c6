// Comma-separated values (RFC 4180) that a spreadsheet opens without running anything.

/** Spreadsheets take these for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: string): string {
    const plain = FORMULA.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(plain) || plain !== plain.trim() ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Numbers are written as they are: only text can be mistaken for a formula. */
export type Value = string | number;

const written = (value: Value): string =>
    typeof value === 'number' ? String(value) : cell(value);

export const csv = (rows: readonly (readonly Value[])[]): string =>
    rows.map((row) => `${row.map(written).join(',')}\r\n`).join('');
