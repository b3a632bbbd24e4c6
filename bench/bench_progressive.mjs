// How long from a click on a case until its first slice is there, and until its series can be scrolled: 174 slices of
// 512 x 512 x 16 bit, over 30 Mbit/s with a round trip of 10 ms (tests/support/wire), Chromium in its own namespace.
//
//   node bench/bench_progressive.mjs [--quick] [--timeline]
//
// The worklist is on the screen, the code of the application and its decoders are there; nothing of the case is.
// Counted from the click by the page's own clock: when the lossless slice is decoded, when it is painted, when the
// preview of the whole series is decoded, and when a slice twenty further on, asked for then, is painted.
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuestNetwork, whyNoGuestNetwork } from '../tests/browser/support/guest_network.mjs';
import { ctSlice, hasPreviews, upload } from '../tests/browser/support/made_images.mjs';
import { chromium } from '../tests/browser/support/packages.mjs';
import { LAUNCH, Person } from '../tests/browser/support/person.mjs';
import { demonstrationServer, forgetDemonstration } from '../tests/browser/support/server.mjs';
import { Voice } from '../tests/browser/support/voice.mjs';
import { until } from '../tests/browser/support/waiting.mjs';

const LINE = '--seed 7 --delay 5 --rate 30000 --queue 500'.split(' ');
const quick = process.argv.includes('--quick');
/** Says of the last run when each answer was asked for and had, to see what waits for what. */
const timeline = process.argv.includes('--timeline');
const SLICES = quick ? 20 : 174;
const RUNS = quick ? 1 : 7;
const MINUTES_MS = 300_000;
const say = (text) => process.stderr.write(`${text}\n`);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** In the page, before anything of ours runs: notes what happens, in milliseconds after the click. */
function watch([sliceBytes, previewBytes]) {
  const seen = (window.seen = {});
  addEventListener('click', () => (seen.click = performance.now()), true);
  const note = (what) => (seen[what] ??= performance.now() - seen.click);
  let stored = 0;
  const begin = () => {
    new MutationObserver(() => {
      const now = Number(document.documentElement.dataset.storeBytes ?? '0');
      const [more, before] = [now - stored, stored];
      stored = now;
      if (seen.click === undefined || more <= 0) return;
      if (more === sliceBytes) note('decoded');
      if (more >= previewBytes && before >= 0) note('preview');
    }).observe(document.documentElement, { attributes: true, attributeFilter: ['data-store-bytes'] });
    const look = () => {
      const pane = document.querySelector('[data-pane="0"]');
      const { status, quality, slice } = pane?.dataset ?? {};
      if (seen.click !== undefined && status === 'painted' && quality !== undefined) {
        if (quality === 'lossless' && seen.painted === undefined) {
          seen.first ??= slice;
          requestAnimationFrame(() => note('painted'));
        }
        if (seen.preview !== undefined && seen.asked === undefined) {
          seen.asked = slice;
          const glass = pane.querySelector('.glass');
          const { left, top, width, height } = glass.getBoundingClientRect();
          const place = { clientX: left + width / 2, clientY: top + height / 2 };
          const at = { ...place, deltaY: 50, bubbles: true, cancelable: true };
          for (let notch = 0; notch < 20; notch += 1) glass.dispatchEvent(new WheelEvent('wheel', at));
        } else if (seen.asked !== undefined && slice !== seen.asked && seen.scrolled === undefined) {
          seen.quality = quality;
          requestAnimationFrame(() => note('scrolled'));
        }
      }
      requestAnimationFrame(look);
    };
    look();
  };
  addEventListener('DOMContentLoaded', begin, { once: true });
}

/** Chromium at the far end of the line: what it asks `localhost` for goes through the wire to the server. */
async function farBrowser(network, folder) {
  const far = network.children[1].pid;
  const script = join(folder, 'chromium');
  await writeFile(script, `#!/bin/sh\nexec nsenter --net=/proc/${far}/ns/net /usr/bin/chromium "$@"\n`);
  await chmod(script, 0o755);
  return chromium.launch({
    executablePath: script,
    args: [...LAUNCH.args, '--host-resolver-rules=MAP localhost 10.77.0.1'],
  });
}

async function oneRun(person, patientCase) {
  const { page } = person;
  await page.goto(`${person.url}/`);
  await page.locator('html[data-warm]').waitFor({ state: 'attached' });
  await page.locator(`a[href="/cases/${patientCase}"]`).first().click();
  await until('the case can be scrolled', () =>
    page.evaluate(() => ['decoded', 'painted', 'preview', 'scrolled'].every((what) => what in window.seen)));
  const seen = await page.evaluate(() => window.seen);
  const round = (value) => Math.round(value * 10) / 10;
  say(['decoded', 'painted', 'preview', 'scrolled'].map((what) => `${what} ${round(seen[what])}`).join(', ')
    + ` ms; then a ${seen.quality}`);
  return seen;
}

/** When each answer was asked for, began and ended after the click, and how long it is. */
const answers = ({ page }) =>
  page.evaluate(() =>
    performance.getEntriesByType('resource')
      .filter(({ name, startTime }) => name.includes('/api/') && startTime >= window.seen.click - 1)
      .slice(0, 12)
      .map(({ name, startTime, responseStart, responseEnd, encodedBodySize }) => {
        const times = [startTime, responseStart, responseEnd].map((at) => Math.round(at - window.seen.click));
        const what = new URL(name).pathname.replace(/[0-9a-f-]{36}|2\.25\.[0-9.]+/g, '*');
        return `  ${times.map((at) => String(at).padStart(5)).join(' ')} ms ${encodedBodySize} B ${what}`;
      }));

const missing = await whyNoGuestNetwork();
if (missing) throw new Error(missing);
const server = await demonstrationServer('bench-progressive');
const folder = await mkdtemp(join(tmpdir(), 'consilium-line-'));
let network, browser;
try {
  const voice = await Voice.of(server, 'clara');
  const [entry] = await casesOf(voice);
  const model = await voice.open('patient_case', entry);
  const { name, patientId: id, birthDate, sex } = model.subject;
  const patient = { name, id, birthDate, sex };
  say(`uploading ${SLICES} slices`);
  for (let index = 0; index < SLICES; index += 1) {
    const [{ status, body }] = await upload(server, voice.bearer, entry, [ctSlice(patient, index)]);
    if (status !== 201) throw new Error(`the server answered ${status} ${JSON.stringify(body)}`);
  }
  const listed = await (await fetch(`${server.url}/api/cases/${entry}/display-sets`, { headers: voice.bearer })).json();
  const set = listed.displaySets.find(({ instances }) => instances.length === SLICES);
  await until('the copies are made', () => hasPreviews(server, voice.bearer, entry, set.displaySet), MINUTES_MS);
  const address = `${server.url}/api/cases/${entry}/display-sets/${set.displaySet}/preview/3`;
  const bundle = (await (await fetch(address, { headers: voice.bearer })).arrayBuffer()).byteLength;
  const middle = set.instances[Math.floor(SLICES / 2)].sopInstanceUid;
  const copy = await fetch(`${server.url}/api/cases/${entry}/instances/${middle}/frames/1`, {
    headers: { ...voice.bearer, Accept: 'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.202' },
  });
  const frame = (await copy.arrayBuffer()).byteLength;
  voice.leave();

  network = await GuestNetwork.begin(server.port, folder, LINE);
  browser = await farBrowser(network, folder);
  const person = await Person.arriveIn(browser, server, 'clara', { viewport: { width: 1440, height: 900 } });
  await person.page.addInitScript(watch, [512 * 512 * 2, SLICES * 64 * 64 * 2]);
  await person.signIn();
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await oneRun(person, entry));
  if (timeline) say((await answers(person)).join('\n'));
  const renderer = await person.page.evaluate(() => document.documentElement.dataset.renderer);
  const bars = [
    ['click to decoded lossless 512 slice, median', 'decoded', 120],
    ['click to painted lossless 512 slice, median', 'painted', 400],
    [`click to decoded preview of ${SLICES} slices, median`, 'preview', 300],
    [`click to a scrolled slice of that preview painted, median`, 'scrolled', 500],
  ];
  for (const [figure, what, bar] of bars) {
    const value = Math.round(median(runs.map((seen) => seen[what])) * 10) / 10;
    const bytes = what === 'decoded' || what === 'painted' ? frame : frame + bundle;
    const floor = Math.round((bytes * 8) / 3e3) / 10;
    console.log(JSON.stringify({
      figure, value, unit: 'ms', reference: 'those bytes at 30 Mbit/s', reference_value: floor,
      ratio: Math.round((value / floor) * 100) / 100, bar: `<= ${bar}`, holds: quick ? null : value <= bar,
      box: `${cpus()[0].model}, ${cpus().length} cores`, commit: commit(),
      build: quick ? 'quick run: shows that it works' : 'release', runs: RUNS,
      circumstances:
        `Chromium ${browser.version()}, renderer ${renderer}, 30 Mbit/s, 10 ms round trip; slice ${frame} B, ` +
        `bundle ${bundle} B; all runs ${runs.map((seen) => Math.round(seen[what])).join(', ')}`,
    }));
    if (!quick && value > bar) process.exitCode = 1;
  }
} finally {
  await browser?.close();
  await network?.end();
  await server.abandon();
  await rm(folder, { recursive: true, force: true });
  await forgetDemonstration();
}

/** Cases this person coordinates. */
async function casesOf(voice) {
  const user = await voice.open('user', voice.user.id ?? voice.user);
  return user.entries.filter(({ kind }) => kind === 'patient_case').map(({ id }) => id);
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
