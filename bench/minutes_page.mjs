// The minutes of a meeting, opened by somebody in a Chromium that was never there before.
//
//   node bench/minutes_page.mjs URL LOGIN PASSWORD BOARD CASES WORDS RUNS
//
// Standard output carries one line a run, for `bench_minutes`: milliseconds from navigation to the
// last decision painted, from the board's snapshot to that, from the last case's snapshot to that,
// and of the same document put into a bare page; then the cases on the paper, and how many of them
// have WORDS in what was decided.
import { LAUNCH } from '../tests/browser/support/person.mjs';
import { chromium } from '../tests/browser/support/packages.mjs';

const [given, login, password, board, cases, words, runs] = process.argv.slice(2);
const PATIENCE_MS = 60_000;
/** Cookies of a server without TLS are kept for this name alone. */
const url = Object.assign(new URL(given), { hostname: 'localhost' }).origin;

/** Once with the form; the cookie is for the others. */
async function signIn() {
  const browser = await chromium.launch(LAUNCH);
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    await page.locator('input[name=username]').fill(login);
    await page.locator('input[name=password]').fill(password);
    await page.locator('button[type=submit]').click();
    await page.locator('[data-line=live]').waitFor({ timeout: PATIENCE_MS });
    return await context.storageState();
  } finally {
    await browser.close();
  }
}

/**
 * In the page, before anything of ours: notes when the snapshots come (protocol/README.md: a frame is
 * a msgpack array that begins with channel and tag; channel 0 opens the others), and when the frame
 * after the one with the whole minutes begins.
 */
function watch() {
  const OPEN_CHANNEL = 2;
  const SNAPSHOT = 90;
  const KINDS = { 1: 'board', 2: 'case' };
  const kindOf = new Map();
  const seen = { board: undefined, case: undefined, count: 0 };
  window.seen = seen;

  /** The first whole numbers of a packed array, arrays within it opened. */
  const numbers = (bytes, count) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = [];
    for (let at = 0; at < bytes.length && found.length < count; ) {
      const head = view.getUint8(at);
      if (head < 0x80) found.push(head);
      else if (head === 0xcc) found.push(view.getUint8(at + 1));
      else if (head === 0xcd) found.push(view.getUint16(at + 1));
      else if (head === 0xce) found.push(view.getUint32(at + 1));
      else if ((head & 0xf0) !== 0x90) break;
      at += { 0xcc: 2, 0xcd: 3, 0xce: 5 }[head] ?? 1;
    }
    return found;
  };

  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const [channel, tag, , opened, kind] = numbers(bytes, 5);
    if (channel === 0 && tag === OPEN_CHANNEL) kindOf.set(opened, KINDS[kind]);
    if (!this.watched) {
      this.watched = true;
      this.addEventListener('message', ({ data: frame }) => {
        const [from, what] = numbers(new Uint8Array(frame), 2);
        const of = what === SNAPSHOT && kindOf.get(from);
        if (of === 'board') seen.board ??= performance.now();
        if (of === 'case') {
          seen.case = performance.now();
          seen.count += 1;
        }
      });
    }
    return send.call(this, data);
  };

  window.painted = new Promise((resolve) => {
    const look = () => {
      if (document.querySelector('[data-minutes=ready]')) {
        requestAnimationFrame(() => resolve(performance.now()));
      } else {
        requestAnimationFrame(look);
      }
    };
    look();
  });
}

const read = (page) =>
  page.evaluate(async (wanted) => {
    const painted = await window.painted;
    const papers = [...document.querySelectorAll('[data-case]')];
    return {
      painted,
      seen: window.seen,
      papers: papers.length,
      decided: papers.filter((paper) => paper.textContent.includes(wanted)).length,
      html: document.querySelector('main').outerHTML,
    };
  }, words);

/** The same text and elements without anybody who builds them. */
async function floor(context, html) {
  const page = await context.newPage();
  await page.goto('about:blank');
  return page.evaluate(
    (text) =>
      new Promise((resolve) => {
        requestAnimationFrame(() => {
          const began = performance.now();
          document.body.innerHTML = text;
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
        });
      }),
    html,
  );
}

async function open(storageState) {
  const browser = await chromium.launch(LAUNCH);
  try {
    const context = await browser.newContext({ storageState, locale: 'en-GB', reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.addInitScript(watch);
    await page.goto(`${url}/boards/${board}/minutes`);
    const { painted, seen, papers, decided, html } = await read(page);
    if (seen.count !== Number(cases)) throw new Error(`${seen.count} cases came instead of ${cases}`);
    const bare = await floor(context, html);
    const times = [painted, painted - seen.board, painted - seen.case, bare].map((one) => one.toFixed(1));
    console.log([...times, papers, decided].join(' '));
  } finally {
    await browser.close();
  }
}

const state = await signIn();
for (let run = 0; run < Number(runs); run += 1) await open(state);
