// Somebody at a browser who watches a whole meeting, from before its first case to its end.
//
//   node bench/meeting_page.mjs URL LOGIN PASSWORD BOARD
//
// Standard output is for `bench_meeting`: `there` when the agenda is on the screen; after the end how
// often another case was shown, in how many frames the case's card was not the agenda's open item, and
// item and question of the last one. Question N is the case with number N, which is item N + 1.
import { LAUNCH, SMALL_DESK } from '../tests/browser/support/person.mjs';
import { chromium } from '../tests/browser/support/packages.mjs';

const [given, login, password, board] = process.argv.slice(2);
const COMING_MS = 60_000;
const MEETING_MS = 300_000;
/** Cookies of a server without TLS are kept for this name alone. */
const url = Object.assign(new URL(given), { hostname: 'localhost' }).origin;

/** In the page: reads each frame as it is shown. */
function watch() {
  const seen = { shown: 0, amiss: 0, item: 0, question: 0, over: false };
  window.seen = seen;
  const look = () => {
    const item = Number(document.querySelector('.agenda li.now')?.dataset.item ?? 0);
    const title = document.querySelector('.case-panel .case-title')?.textContent;
    if (item > 0 && title !== undefined) {
      const question = Number(/^Question (\d+)$/.exec(title)?.[1] ?? -1);
      seen.amiss += Number(question !== item - 1);
      seen.shown += Number(item !== seen.item);
      Object.assign(seen, { item, question });
    }
    seen.over = seen.shown > 0 && document.querySelector('.workspace .left.alone') !== null; // no case is open
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

const browser = await chromium.launch(LAUNCH);
try {
  const page = await (await browser.newContext({ viewport: SMALL_DESK, locale: 'en-GB' })).newPage();
  page.setDefaultTimeout(COMING_MS);
  await page.addInitScript(watch);
  await page.goto(`${url}/boards/${board}`);
  await page.locator('input[name=username]').fill(login);
  await page.locator('input[name=password]').fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator('.agenda li[data-item]').first().waitFor();
  console.log('there');
  await page.waitForFunction(() => window.seen.over, undefined, { timeout: MEETING_MS });
  const { shown, amiss, item, question } = await page.evaluate(() => window.seen);
  console.log(shown, amiss, item, question);
} finally {
  await browser.close();
}
