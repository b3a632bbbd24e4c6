// How long a tile of a slide takes: one Chromium pans and comes nearer over 12,288 x 9,216 pixels with grain, and each
// tile counts from being asked for to being decoded with its colours matched.
//
//   node bench/bench_slide.mjs [--quick]
//
// The reference is the floor: the same tiles fetched by the same page, one after the other, and not opened. Two more
// figures say where the time goes: how long a tile's request took on its own, and how long this renderer needs for a
// frame of WebGL of the size of the glass with nothing in it, during which the page hears of no tile.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { closeBrowser, openBrowser, Person } from '../tests/browser/support/person.mjs';
import { demonstrationServer, forgetDemonstration } from '../tests/browser/support/server.mjs';
import { slideFiles } from '../tests/browser/support/slides.mjs';
import { Voice } from '../tests/browser/support/voice.mjs';
import { until } from '../tests/browser/support/waiting.mjs';

const BAR_MS = 100;
const SHARE = 0.95;
const quick = process.argv.includes('--quick');
const ENLARGED = quick ? '2' : '6';
const MOVES = quick ? 6 : 40;
const WINDOW = { width: 1400, height: 900 };
const PATIENT = ['--name', 'DEMO^Cranium', '--id', 'DEMO-0001', '--birth-date', '19710314', '--sex', 'F'];

const percentile = (sorted, share) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];

/** The library tells on its element when a tile is asked for and when it is open. */
const watchTiles = (page) =>
  page.evaluate(() => {
    window.tiles = [];
    performance.setResourceTimingBufferSize(10_000);
    const asked = new Map();
    const named = ({ sopInstanceUID, frameNumber }) => `${sopInstanceUID}/frames/${frameNumber}`;
    const on = (event, does) =>
      document.addEventListener(`dicommicroscopyviewer_${event}`, ({ detail }) => does(detail.payload), true);
    on('frame_loading_started', (tile) => asked.set(named(tile), performance.now()));
    on('frame_loading_ended', (tile) => {
      if (tile.pixelArray) window.tiles.push({ tile: named(tile), took: performance.now() - asked.get(named(tile)) });
    });
  });

/** Milliseconds of frames of the glass's size that are only wiped: what drawing in software costs at least. */
async function emptyFrames() {
  const { width, height } = document.querySelector('[data-pane="0"] .glass').getBoundingClientRect();
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.style.cssText = 'position:fixed;inset:0;z-index:99';
  document.body.append(canvas);
  const gl = canvas.getContext('webgl2', { preserveDrawingBuffer: false });
  const times = [];
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const began = performance.now();
    gl.clearColor(turn / 20, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    await new Promise((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = resolve;
      requestAnimationFrame(() => channel.port2.postMessage(undefined));
    });
    times.push(performance.now() - began);
  }
  canvas.remove();
  return times;
}

const isPainted = async (person) => (await person.pane(0).getAttribute('data-status')) === 'painted';
const rests = (person) => until('all tiles are there', () => isPainted(person));

async function look(server, ended) {
  const voice = await Voice.of(server, 'anna');
  const radu = await Person.arriveIn(await openBrowser(), server, 'radu', { viewport: WINDOW });
  await radu.signIn();
  await radu.openBoard();
  const { items } = await voice.open('board', radu.openId);
  const { patientCase } = items[0];
  for (const file of await slideFiles(ended, [...PATIENT, '--enlarged', ENLARGED])) {
    const answer = await fetch(`${voice.url}/api/cases/${patientCase}/uploads`, {
      method: 'POST',
      headers: voice.bearer,
      body: file,
    });
    if (!answer.ok) throw new Error(`an upload answered ${answer.status}`);
  }
  await radu.page.goto(`${radu.url}/cases/${patientCase}`);
  await radu.tab(/case/i);
  await watchTiles(radu.page);
  await radu.page.locator('.series', { hasText: 'slide' }).click();
  await rests(radu);
  for (let move = 0; move < MOVES; move += 1) {
    const angle = move * 2.4;
    await radu.moveTo(0, 0.5 + 0.3 * Math.cos(angle), 0.5 + 0.3 * Math.sin(angle));
    await radu.page.mouse.wheel(0, move % 8 < 5 ? -100 : 100);
    await rests(radu);
  }
  const tiles = await radu.page.evaluate(() => window.tiles);
  const floor = await radu.page.evaluate(
    async ([wanted, of]) => {
      const times = [];
      for (const tile of wanted) {
        const began = performance.now();
        await (await fetch(`/api/cases/${of}/instances/${tile}`)).arrayBuffer();
        times.push(performance.now() - began);
      }
      return times;
    },
    [tiles.map(({ tile }) => tile), patientCase],
  );
  const requests = await radu.page.evaluate(() =>
    performance.getEntriesByType('resource')
      .filter(({ name }) => /frames\/\d+$/.test(name))
      .map(({ startTime, requestStart, responseEnd }) => [requestStart - startTime, responseEnd - startTime]));
  const empty = await radu.page.evaluate(emptyFrames);
  voice.leave();
  return { requests, empty, times: tiles.map(({ took }) => took), floor };
}

const endings = [];
const server = await demonstrationServer('bench-slide');
let found;
try {
  found = await look(server, { onEnd: (ending) => endings.push(ending) });
} finally {
  await closeBrowser();
  await server.abandon();
  for (const ending of endings) await ending();
  await forgetDemonstration();
}
const times = found.times.sort((a, b) => a - b);
const floor = found.floor.sort((a, b) => a - b);
const value = Number(percentile(times, SHARE).toFixed(1));
const reference = Number(percentile(floor, SHARE).toFixed(1));
console.log(
  JSON.stringify({
    figure: 'tile of a slide, asked for to open, p95',
    value,
    unit: 'ms',
    reference: 'the same tiles fetched one by one, not opened, p95',
    reference_value: reference,
    ratio: Number((value / reference).toFixed(3)),
    bar: `<= ${BAR_MS}`,
    holds: quick ? null : value <= BAR_MS,
    box: `${cpus()[0].model}, ${cpus().length} cores`,
    commit: commit(),
    build: quick ? 'quick run: shows that it works' : 'release',
    runs: 1,
    circumstances:
      `${times.length} tiles of 256 pixels, JPEG with a profile, ` +
      `median ${percentile(times, 0.5).toFixed(1)} ms`,
  }),
);
const sorted = (list) => [...list].sort((a, b) => a - b);
const said = (figure, list, reference, floorOf) => {
  const all = sorted(list);
  const [value, floorValue] = [percentile(all, SHARE), percentile(sorted(floorOf), SHARE)];
  console.log(JSON.stringify({
    figure, value: Number(value.toFixed(1)), unit: 'ms', reference, reference_value: Number(floorValue.toFixed(1)),
    ratio: Number((value / floorValue).toFixed(2)), bar: null, holds: null,
    circumstances: `${all.length} of them, median ${percentile(all, 0.5).toFixed(1)} ms`,
  }));
};
const [waits, whole] = [0, 1].map((part) => found.requests.map((one) => one[part]));
said('request of a tile, asked for to its last byte, p95', whole, 'of that, until a connection was free', waits);
said('frame of WebGL with nothing in it, p95', found.empty, 'a frame at 60 a second', [1000 / 60]);
process.exitCode = quick || value <= BAR_MS ? 0 : 1;

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
