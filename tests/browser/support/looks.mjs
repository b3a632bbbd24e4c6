// A page as it looks at a desk, on a tablet and on a telephone: pictures to look at, and what no eye is needed for.
import assert from 'node:assert/strict';
import { isAccessible } from './accessible.mjs';

const WIDTHS = [1440, 1024, 360];
const HEIGHT = 900;

/** By how many pixels the page, or a dialog over it, is wider than there is space. */
const overhang = (page) =>
  page.evaluate(() => {
    const boxes = [document.scrollingElement, ...document.querySelectorAll('dialog[open]')];
    return Math.max(...boxes.map((box) => box.scrollWidth - box.clientWidth));
  });

/** At every width nothing hangs over and axe finds nothing; the pictures lie beside the logs. */
export async function looksWell(person, name, widths = WIDTHS) {
  const before = person.page.viewportSize();
  for (const width of widths) {
    await person.page.setViewportSize({ width, height: HEIGHT });
    await person.picture(`${name}-${width}`, true);
    const over = await overhang(person.page);
    assert.ok(over <= 0, `${name} is ${over} px too wide for ${width}`);
    await isAccessible(person);
  }
  await person.page.setViewportSize(before);
}
