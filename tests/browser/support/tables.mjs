// The tables of the minutes, as somebody has them who saved one and opened it.
import { readFile } from 'node:fs/promises';

/** Rows of a table of comma-separated values without line breaks in its cells (RFC 4180). */
function rowsOf(text) {
  return text
    .replace(/^\ufeff/, '')
    .trimEnd()
    .split('\r\n')
    .map((line) =>
      line
        .split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
        .map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
    );
}

/** What the button saves, as rows. */
export async function table(person, button) {
  const [download] = await Promise.all([
    person.page.waitForEvent('download'),
    person.page.getByRole('button', { name: button }).click(),
  ]);
  return rowsOf(await readFile(await download.path(), 'utf8'));
}
