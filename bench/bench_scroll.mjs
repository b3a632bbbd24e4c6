// A series scrolled for a minute: whether the words on the glass ever tell another slice than the pixels show,
// and how many images a second are painted. One Chromium, slices of 512 x 512 whose pixels carry their number.
//
//   node bench/bench_scroll.mjs [--quick]
//
// The wheel is turned by 60 slices a second. After each frame of the screen the pixels are read back from the
// canvas and the number from the words: what stands in the page then is what is seen. The reference is the floor:
// frames the same browser shows in a second while nothing is done.
import { cpus } from 'node:os';
import { closeBrowser, Person } from '../tests/browser/support/person.mjs';
import { sendImages } from '../tests/browser/support/phantoms.mjs';
import { numberedSeries, scrollAndRead } from '../tests/browser/support/scrolling.mjs';
import { demonstrationServer, forgetDemonstration } from '../tests/browser/support/server.mjs';
import { until } from '../tests/browser/support/waiting.mjs';
import { Voice } from '../tests/browser/support/voice.mjs';

const SIDE = 512;
const SLICES = 60;
const PER_SECOND = 60;
const BAR = 20;
const quick = process.argv.includes('--quick');
const SECONDS = quick ? 3 : 60;
/** The glass is what the columns beside it and what stands above leave: 916 x 539 px. */
const WINDOW = { width: 1500, height: 640 };

async function caseOnStage(person) {
  return person.page.evaluate(
    () =>
      /cases\/([0-9a-f-]{36})\/display-sets/.exec(
        performance.getEntriesByType('resource').map(({ name }) => name).join(' '),
      )?.[1],
  );
}

const idleFrames = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        const start = performance.now();
        let count = 0;
        const look = () => {
          count += 1;
          const passed = performance.now() - start;
          if (passed < 1000) requestAnimationFrame(look);
          else resolve((1000 * count) / passed);
        };
        requestAnimationFrame(look);
      }),
  );

async function run(server) {
  const chair = await Person.arrive(server, 'anna');
  const radu = await Person.arrive(server, 'radu', { viewport: WINDOW });
  for (const person of [chair, radu]) await (await person.signIn()).openBoard();
  await chair.press('KeyN');
  await radu.sees();
  await radu.page.locator('[data-floor=mine]').waitFor();
  await chair.leave();
  const patientCase = await caseOnStage(radu);
  const voice = await Voice.of(server, 'radu');
  const { subject } = await voice.open('patient_case', patientCase);
  voice.leave();
  const { name, patientId: id, sex } = subject;
  const patient = { name, id, sex, birthDate: subject.birthDate.replaceAll('-', '') };
  await sendImages(radu, patientCase, numberedSeries(patient, SLICES, SIDE));
  await radu.page.reload();
  await radu.sees();
  await radu.tab(/case/i);
  const series = radu.page.locator('button.series').filter({ hasText: 'Numbered slices' });
  await series.filter({ hasText: `${SLICES} images` }).waitFor({ timeout: 60_000 });
  await radu.page.getByRole('button', { name: 'Layout' }).click();
  await radu.page.getByRole('menuitem', { name: '1 × 1' }).click();
  await series.click();
  await until('the series is on the glass', async () =>
    (await radu.pane(0).locator('.lower-left').innerText()).includes('Numbered slices'),
  );
  const glass = await radu.pane(0).locator('.glass').boundingBox();
  const floor = await idleFrames(radu.page);
  const seen = await scrollAndRead(radu, { slices: SLICES, seconds: SECONDS, perSecond: PER_SECOND });
  await radu.press('Shift+KeyM');
  await radu.page.locator('[data-pane="0"][data-slab=maximum]').waitFor();
  const slab = await scrollAndRead(radu, { slices: SLICES, seconds: SECONDS, perSecond: PER_SECOND, reach: 2 });
  const renderer = await radu.page.evaluate(() => document.documentElement.dataset.renderer);
  await radu.leave();
  return { ...seen, floor, glass, renderer, slab };
}

const server = await demonstrationServer('bench-scroll');
let seen;
try {
  seen = await run(server);
  await server.end();
} finally {
  await closeBrowser();
  await server.abandon();
  await forgetDemonstration();
}
const circumstances =
  `${SECONDS} s, ${seen.frames} frames read, ` +
  `glass ${Math.round(seen.glass.width)} x ${Math.round(seen.glass.height)} px, ` +
  `${seen.renderer} backend, ${seen.seen} of ${SLICES} slices seen, ${cpus().length} processors`;
const figure = (name, value, unit, reference, referenceValue, bar, holds) =>
  console.log(
    JSON.stringify({
      figure: name,
      value,
      unit,
      reference,
      reference_value: referenceValue,
      ratio: referenceValue > 0 ? value / referenceValue : 0,
      bar,
      holds,
      circumstances,
    }),
  );
const rate = Number((seen.painted / SECONDS).toFixed(1));
const disagreed = seen.disagreed.length;
figure('frames_where_pixels_and_words_disagree', disagreed, 'frames', 'none', 0, 0, disagreed === 0);
const floor = Number(seen.floor.toFixed(1));
figure('images_painted_while_scrolling', rate, '1/s', 'frames when idle', floor, BAR, rate >= BAR);
const { slab } = seen;
const apart = slab.disagreed.length;
figure('slab_frames_where_pixels_and_words_disagree', apart, 'frames', 'none', 0, 0, apart === 0);
const slabs = Number((slab.painted / SECONDS).toFixed(1));
figure('slabs_painted_while_scrolling', slabs, '1/s', 'single images', rate, 0, true);
const inLongTasks = ({ inLongTasks: ms }) => Math.round(ms / SECONDS);
const name = 'long_tasks_of_the_page_while_scrolling_a_slab';
figure(name, inLongTasks(slab), 'ms/s', 'with single images', inLongTasks(seen), 0, true);
