// Images that come little by little: small and named so at first, lossless in the same place afterwards.
import assert from 'node:assert/strict';
import { greyOf, ultrasoundFilm, upload } from './support/made_images.mjs';
import { PHONE } from './support/person.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** They are made in the background, of all cases, when nothing else is to be done. */
const COPIES_MS = 50_000;
const FRAMES = /\/frames\/\d+$/;

/** What is on the canvas of a pane, as grey values row by row. */
const grey = (person, number = 0) =>
  person.pane(number).evaluate((pane) => {
    const canvas = [...pane.querySelectorAll('.pixels canvas')].find((one) => one.checkVisibility());
    const { width, height } = canvas;
    const flat = Object.assign(document.createElement('canvas'), { width, height });
    const context = flat.getContext('2d');
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, values: Array.from({ length: width * height }, (_, at) => data[4 * at]) };
  });

/** Mean difference of two pictures of one size when the second is moved by so many pixels. */
function differenceAt(one, other, dx, dy) {
  const margin = 8;
  let [sum, count] = [0, 0];
  for (let y = margin; y < one.height - margin; y += 2) {
    for (let x = margin; x < one.width - margin; x += 2) {
      sum += Math.abs(one.values[y * one.width + x] - other.values[(y + dy) * one.width + x + dx]);
      count += 1;
    }
  }
  return sum / count;
}

/** How far a picture lies beside another, in pixels of the glass and parts of one. */
function shiftOf(one, other) {
  const around = [-2, -1, 0, 1, 2];
  const along = (at) => {
    const costs = around.map(at);
    const best = costs.indexOf(Math.min(...costs));
    const [before, here, after] = [costs[best - 1], costs[best], costs[best + 1]];
    if (before === undefined || after === undefined) return around[best];
    // Differences grow evenly with the distance on both sides of where the pictures fit.
    return around[best] + (before - after) / (2 * (Math.max(before, after) - here));
  };
  return [along((dx) => differenceAt(one, other, dx, 0)), along((dy) => differenceAt(one, other, 0, dy))];
}

/** Frames that are asked for wait until they are let go. */
async function holdFrames(person) {
  const waiting = [];
  let held = true;
  await person.page.route(FRAMES, (route) => {
    if (held) waiting.push(route);
    else void route.continue();
  });
  return {
    count: () => waiting.length,
    release: async () => {
      held = false;
      await Promise.all(waiting.splice(0).map((route) => route.continue().catch(() => undefined)));
    },
    hold: () => (held = true),
  };
}

const reads = (person, place, words) =>
  until(`${person.login} reads ${words}`, async () => words.test(await person.pane().locator(place).innerText()));

const quality = (person, number = 0) => person.pane(number).getAttribute('data-quality');
const isQuality = (person, wanted, number = 0) =>
  until(`pane ${number} of ${person.login} is ${wanted}`, async () => (await quality(person, number)) === wanted);

story('images that come little by little', (step, scene) => {
  let anna, radu, mei, frames, small;

  step('every image of both series has a small exact one', async () => {
    [anna, radu] = await scene.board(['anna', 'radu']);
    await anna.press('KeyN');
    await Promise.all([anna, radu].map((person) => person.sees()));
    await isQuality(radu, 'lossless');
    await until('the copies are made', () =>
      radu.page.evaluate(async () => {
        const asked = performance.getEntriesByType('resource').map(({ name }) => name);
        const sets = [...new Set(asked.filter((name) => /\/preview\/3$/.test(name)))];
        const isWhole = async (set) => {
          const view = new DataView(await (await fetch(set)).arrayBuffer());
          if (view.byteLength < 12) return false;
          let [at, missing] = [12, 0];
          for (let frame = view.getUint32(8, true); frame > 0; frame -= 1) {
            const uid = view.getUint8(at);
            if (view.getUint32(at + 5 + uid, true) === 0) missing += 1;
            at += 9 + uid;
          }
          return missing === 0;
        };
        // The one on the glass, and the one before it that hangs beside it.
        return sets.length > 1 && (await Promise.all(sets.map(isWhole))).every(Boolean);
      }), COPIES_MS);
  });

  step('who comes by a slow line sees the series as a preview, and reads that it is one', async () => {
    mei = await scene.person('mei');
    frames = await holdFrames(mei);
    await mei.openBoard();
    await mei.sees(await radu.sees());
    await isQuality(mei, 'preview');
    assert.match(await mei.pane().locator('.upper-right').innerText(), /^preview$/im);
    await reads(mei, '.loading', /0 of 108, preview until lossless/);
    await mei.picture('preview');
    small = await grey(mei);
  });

  step('the others are told that one sees a preview', async () => {
    await anna.tab(/people/i);
    const people = anna.page.locator('.people');
    await until('the chair reads it', async () => /sees a preview/i.test(await people.innerText()));
  });

  step('the whole series is scrolled as a preview, each image with its own number', async () => {
    await radu.page.locator('[data-floor=mine]').waitFor();
    for (const by of [7, -3]) {
      await mei.sees(await radu.scroll(by));
      assert.equal(await quality(mei), 'preview');
      assert.equal(await mei.place(), await radu.place());
    }
  });

  step('a length measured on a preview is the same on the lossless image, and says where it was measured', async () => {
    await mei.press('KeyD');
    await mei.drag(0, [0.4, 0.4], [0.6, 0.5]);
    const length = (person) => person.pane().locator('g[data-tool=length]:not(.growing)').last();
    await Promise.all([mei, radu].map((person) => length(person).waitFor({ state: 'attached' })));
    const [here, there] = await Promise.all([mei, radu].map((person) => length(person).locator('text').textContent()));
    assert.match(here, /mm.*measured on a preview/);
    assert.equal(here.replace('measured on a preview', ''), there);
    await mei.press('KeyW');
  });

  step('other planes are cut through the preview at once, and scrolled', async () => {
    await radu.press('Shift+Digit2');
    await Promise.all([1, 2].map((pane) => mei.sees(undefined, pane)));
    for (const pane of [1, 2]) assert.equal(await quality(mei, pane), 'preview');
    await Promise.all([1, 2].map((pane) => isQuality(radu, 'lossless', pane)));
    small = await grey(mei, 1);
    const before = small.values.join();
    await radu.moveTo(1, 0.5, 0.5);
    for (let notch = 0; notch < 12; notch += 1) await radu.page.mouse.wheel(0, 50);
    await until('another plane is there', async () => (await grey(mei, 1)).values.join() !== before);
    assert.equal(await quality(mei, 1), 'preview');
    await mei.picture('preview-planes');
    small = await grey(mei, 1);
    const [across, down] = shiftOf(small, await grey(radu, 1));
    assert.ok(Math.abs(across) < 0.5 && Math.abs(down) < 0.5, `beside the lossless plane by ${across}, ${down} px`);
    await radu.press('Shift+Digit1');
    await mei.sees(await radu.sees());
  });

  step('that nothing comes is said after a while, with a way to ask again', async () => {
    await mei.pane().locator('.loading[data-trouble=stalled]').waitFor();
    await reads(mei, '.loading', /nothing has come/i);
    const before = frames.count();
    await mei.pane().locator('.loading button').click();
    await until('it is asked for again', () => frames.count() > before);
  });

  step('the lossless image takes its place without a jump, and the words go', async () => {
    await radu.scroll(-4);
    await mei.sees(await radu.sees());
    await isQuality(mei, 'preview');
    small = await grey(mei);
    await frames.release();
    await isQuality(mei, 'lossless');
    const whole = await grey(mei);
    const [across, down] = shiftOf(small, whole);
    const px = await mei.pane().evaluate((pane) => pane.clientWidth); // 256 pixels of the image fill less than that
    assert.ok(Math.abs(across) < 0.5 && Math.abs(down) < 0.5, `moved by ${across}, ${down} of ${px} px`);
    await until('all of it is here', async () => (await mei.pane().locator('.loading').count()) === 0);
    assert.match(await mei.pane().locator('.upper-right').innerText(), /^lossless$/im);
  });

  step('every pixel of it is that of who fetched it as it was uploaded', async () => {
    const [one, other] = [await grey(radu), await grey(mei)];
    assert.deepEqual([one.width, one.height], [other.width, other.height]);
    assert.equal(differenceAt(one, other, 0, 0), 0);
  });
});

story('a film of 600 frames on a telephone', (step, scene) => {
  const ROWS = 320;
  const COLUMNS = 480;
  const FRAMES = 600;
  /** Of the store of a telephone; the film alone is more. */
  const BOUND = 256 * 1024 * 1024;
  let clara, patientCase;

  /** What the pane shows now, read in one go: the number that is written there, and the grey of its middle. */
  const shown = (person) =>
    person.pane().evaluate(async (pane) => {
      await new Promise((resolve) => requestAnimationFrame(resolve)); // what the next picture of the screen shows
      const canvas = [...pane.querySelectorAll('.pixels canvas')].find((one) => one.checkVisibility());
      const words = pane.querySelector('.lower-right').innerText;
      const pixel = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
      pixel.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
      return {
        frame: Number(/(\d+) \/ 600/.exec(words)?.[1]),
        grey: pixel.getImageData(0, 0, 1, 1).data[0],
        stored: Number(document.documentElement.dataset.storeBytes),
      };
    });

  step('it is uploaded as one instance', async () => {
    assert.ok(ROWS * COLUMNS * 3 * FRAMES > BOUND);
    const voice = await scene.voice('clara');
    const { entries } = await voice.open('user', voice.user.id ?? voice.user);
    // One in which no series has several images: a case opens with such a one.
    for (const { id } of entries.filter(({ kind }) => kind === 'patient_case')) {
      const answer = await fetch(`${scene.server.url}/api/cases/${id}/display-sets`, { headers: voice.bearer });
      const { displaySets } = await answer.json();
      if (displaySets.every(({ instances }) => instances.length === 1)) patientCase = id;
    }
    const { subject } = await voice.open('patient_case', patientCase);
    const patient = { ...subject, id: subject.patientId };
    const film = ultrasoundFilm(patient, FRAMES, ROWS, COLUMNS);
    const [{ status, body }] = await upload(scene.server, voice.bearer, patientCase, [film]);
    assert.equal(status, 201, JSON.stringify(body));
  });

  step('it is opened, and each frame has its own number', async () => {
    clara = await scene.guest('clara', { viewport: PHONE, screen: PHONE });
    await clara.signIn(`/cases/${patientCase}`);
    await clara.page.evaluate(() => (window.sameWindow = true));
    await until('the film is there', async () => Number.isFinite((await shown(clara)).frame));
    const { frame, grey } = await shown(clara);
    assert.equal(grey, greyOf(frame));
  });

  step('played once round, its store stays within its bound and no frame is taken for another', async () => {
    await clara.press('KeyC');
    let [last, most, rounds, wrong, seen] = [0, 0, 0, 0, 0];
    await until('it has run round', async () => {
      const { frame, grey, stored } = await shown(clara);
      most = Math.max(most, stored);
      seen += 1;
      if (grey !== greyOf(frame)) wrong += 1;
      if (frame < last - FRAMES / 2) rounds += 1;
      last = frame;
      return rounds > 0;
    }, 50_000);
    assert.ok(most <= BOUND, `${most} bytes are more than ${BOUND}`);
    assert.equal(wrong, 0, `of ${seen}`);
    assert.ok(await clara.page.evaluate(() => window.sameWindow), 'the page was not loaded again');
  });
});
