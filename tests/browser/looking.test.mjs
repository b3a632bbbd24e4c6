// What a radiologist does with the images, with a mouse, on phantoms of known geometry; and that everybody else
// sees it.
import assert from 'node:assert/strict';
import { looksWell } from './support/looks.mjs';
import { ctSeries, encapsulatedPdf, enhancedCt, sendImages, ultrasound } from './support/phantoms.mjs';
import { numberedSeries, scrollAndRead } from './support/scrolling.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const WIDE = { viewport: { width: 1500, height: 900 } };
const COLUMNS = 160;
const ROWS = 128;
const tilt = (20 * Math.PI) / 180;
/** Two beads, and a plate of 100 HU between them. */
const BEADS = [
  [30, 24],
  [130, 100],
];
const isBead = (column, row) => BEADS.some(([x, y]) => Math.abs(column - x) <= 1 && Math.abs(row - y) <= 1);
const isPlate = (column, row) => column >= 60 && column < 100 && row >= 45 && row < 85;
const content = (column, row) => (isBead(column, row) ? 2047 : isPlate(column, row) ? 1124 : 24);

/** Each with `spacing` [row, column] of the slice that is shown first, mm. */
const phantoms = (patient) => [
  {
    name: 'Anisotropic',
    spacing: [0.9, 0.4],
    files: ctSeries({
      patient,
      description: 'Anisotropic',
      slices: 3,
      columns: COLUMNS,
      rows: ROWS,
      axes: [1, 0, 0, 0, 1, 0],
      spacing: [0.9, 0.4],
      place: (slice) => [-20, -30, 3 * slice],
      pixels: content,
    }),
  },
  {
    name: 'Oblique',
    spacing: [0.7, 0.7],
    files: ctSeries({
      patient,
      description: 'Oblique',
      slices: 3,
      columns: COLUMNS,
      rows: ROWS,
      axes: [0.8, 0.36, -0.48, 0, 0.8, 0.6],
      spacing: [0.7, 0.7],
      place: (slice) => [10, 20 - 0.6 * 3 * slice, 30 + 0.8 * 3 * slice],
      pixels: content,
    }),
  },
  {
    name: 'Tilted gantry',
    spacing: [0.5, 0.5],
    files: ctSeries({
      patient,
      description: 'Tilted gantry',
      slices: 3,
      columns: COLUMNS,
      rows: ROWS,
      axes: [1, 0, 0, 0, Math.cos(tilt), -Math.sin(tilt)],
      spacing: [0.5, 0.5],
      place: (slice) => [0, 0, 4 * slice], // along the table, not along the normal: sheared
      pixels: content,
    }),
  },
  {
    name: 'Enhanced frames',
    spacing: [0.6, 0.3],
    files: [
      enhancedCt({
        patient,
        description: 'Enhanced frames',
        columns: COLUMNS,
        rows: ROWS,
        pixels: content,
        frames: [1, 2, 3].map((number) => ({
          position: [5 * number, 0, 0],
          axes: [0, 1, 0, 0, 0, -1],
          spacing: [0.6 * number, 0.3 * number],
        })),
      }),
    ],
  },
  {
    name: 'Ultrasound region',
    spacing: [0.25, 0.25],
    files: [
      ultrasound({
        patient,
        description: 'Ultrasound region',
        columns: COLUMNS,
        rows: ROWS,
        deltaX: 0.025,
        deltaY: 0.025,
        pixels: content,
      }),
    ],
  },
];

/** Greys that differ along both axes, and not by the same: no two ways to lay it look alike. */
const slope = (patient, description, modality) =>
  ctSeries({
    patient,
    description,
    modality,
    slices: 1,
    columns: 64,
    rows: 64,
    axes: [1, 0, 0, 0, 1, 0],
    spacing: [1, 1],
    place: () => [0, 0, 0],
    pixels: (column, row) => 24 + 12 * column + 18 * row,
  });

/** Greys at SIDE x SIDE places in the middle of the glass. */
const SIDE = 15;
const seenBy = (person) =>
  person.page.evaluate((side) => {
    const painted = document.querySelectorAll('[data-pane="0"] :is(.pages, .pixels canvas):not(.away, .away *)');
    const canvas = [...painted].find((one) => one.width > 1 && getComputedStyle(one).display !== 'none');
    const { width, height } = canvas;
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    context.drawImage(canvas, 0, 0);
    const at = (part, whole) => Math.floor(whole / 2 + (part / (side - 1) - 0.5) * 0.6 * Math.min(width, height));
    return Array.from({ length: side }, (_, y) =>
      Array.from({ length: side }, (_, x) => [...context.getImageData(at(x, width), at(y, height), 1, 1).data]),
    );
  }, SIDE);
const greysOf = (colors) => colors.map((row) => row.map(([grey]) => grey));
const apart = (here, there) =>
  Math.max(...here.flatMap((row, y) => row.map((grey, x) => Math.abs(grey - there[y][x]))));

/** What becomes of a picture, as it is seen. */
const CHANGES = {
  KeyH: (seen) => seen.map((row) => row.toReversed()),
  KeyV: (seen) => seen.toReversed(),
  KeyR: (seen) => seen.map((row, y) => row.map((_, x) => seen[SIDE - 1 - x][y])),
  KeyL: (seen) => seen.map((row, y) => row.map((_, x) => seen[x][SIDE - 1 - y])),
  KeyI: (seen) => seen.map((row) => row.map((grey) => 255 - grey)),
};

/** Where a pixel of an image that just fits is on the glass, whole css pixels, and what that is in mm of the image. */
function onGlass({ width, height }, [rowSpacing, columnSpacing], [column, row]) {
  const unit = Math.max((COLUMNS * columnSpacing) / width, (ROWS * rowSpacing) / height);
  const x = (column - (COLUMNS - 1) / 2) * columnSpacing;
  const y = (row - (ROWS - 1) / 2) * rowSpacing;
  const [left, top] = [Math.round(width / 2 + x / unit), Math.round(height / 2 + y / unit)];
  return { left, top, mm: [(left - width / 2) * unit, (top - height / 2) * unit] };
}

story('looking at images together', (step, scene) => {
  let anna, radu, mei, voice, patientCase, patient, sent;

  const shows = async (name) => {
    await radu.tab(/case/i);
    await radu.page.locator('button.series').filter({ hasText: name }).first().click();
    await until(`${name} is on both screens`, async () => {
      const words = await Promise.all([radu, mei].map((one) => one.pane(0).locator('.lower-left').innerText()));
      return words.every((text) => text.includes(name)) && (await radu.slice()) && (await mei.slice());
    });
  };

  const bothSee = () => Promise.all([radu, mei].map(async (one) => greysOf(await seenBy(one))));
  const lies = (expected) => async () => (await bothSee()).every((seen) => apart(seen, expected) <= 5);

  const glassBox = () => radu.pane(0).locator('.glass').boundingBox();

  /** Presses, goes to and leaves places of the glass. */
  const stroke = async (from, to) => {
    const box = await glassBox();
    await radu.page.mouse.move(box.x + from.left, box.y + from.top);
    await radu.page.mouse.down();
    await radu.page.mouse.move(box.x + (from.left + to.left) / 2, box.y + (from.top + to.top) / 2, { steps: 3 });
    await radu.page.mouse.move(box.x + to.left, box.y + to.top);
    await radu.page.mouse.up();
  };

  const drawingOf = async (person, tool) => {
    const drawing = person.pane(0).locator(`g[data-tool=${tool}]:not(.growing)`).last();
    await drawing.waitFor({ state: 'attached' });
    const lines = await drawing.locator('text').first().locator('tspan').allTextContents();
    return lines.join(' ');
  };

  const grey = (left, top) =>
    radu.page.evaluate(
      ({ left, top }) => {
        const canvas = [...document.querySelectorAll('[data-pane="0"] .picture canvas')].find(
          (one) => one.width > 1 && getComputedStyle(one).display !== 'none',
        );
        const spot = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
        const context = spot.getContext('2d');
        const scale = canvas.width / canvas.getBoundingClientRect().width;
        context.drawImage(canvas, Math.round(left * scale), Math.round(top * scale), 1, 1, 0, 0, 1, 1);
        return context.getImageData(0, 0, 1, 1).data[0];
      },
      { left, top },
    );

  step('phantoms of known geometry are sent into the case on the stage', async () => {
    anna = await scene.person('anna');
    radu = await scene.person('radu', WIDE);
    mei = await scene.person('mei', WIDE);
    await Promise.all([anna, radu, mei].map((person) => person.openBoard()));
    await anna.press('KeyN');
    await Promise.all([radu, mei].map((person) => person.sees()));
    await radu.page.locator('[data-floor=mine]').waitFor();
    patientCase = await radu.page.evaluate(() =>
      /cases\/([0-9a-f-]{36})\/display-sets/.exec(
        performance.getEntriesByType('resource').map(({ name }) => name).join(' '),
      )?.[1],
    );
    voice = await scene.voice('radu');
    const { subject } = await voice.open('patient_case', patientCase);
    patient = {
      name: subject.name,
      id: subject.patientId,
      birthDate: subject.birthDate.replaceAll('-', ''),
      sex: subject.sex,
    };
    sent = phantoms(patient);
    await sendImages(radu, patientCase, [
      ...slope(patient, 'Sloping CT', 'CT'),
      ...slope(patient, 'Sloping MR', 'MR'),
      encapsulatedPdf({ patient, description: 'Green report', color: [0, 0.8, 0] }),
      ...sent.flatMap(({ files }) => files),
    ]);
    await radu.tab(/case/i);
    await radu.page.locator('button.series').filter({ hasText: 'Ultrasound region' }).waitFor();
    // One viewport, as large as it can be.
    await radu.page.getByRole('button', { name: 'Layout' }).click();
    await radu.page.getByRole('menuitem', { name: '1 × 1' }).click();
  });

  const names = ['Anisotropic', 'Oblique', 'Tilted gantry', 'Enhanced frames', 'Ultrasound region'];
  for (const [at, name] of names.entries()) {
    step(`a length over the beads of "${name}" says how far they are apart`, async () => {
      const { spacing } = sent[at];
      await shows(name);
      await radu.press('Home');
      await radu.press('KeyE');
      await until('the first image is shown', async () => (await radu.place()) === 1);
      const box = await glassBox();
      const [from, to] = BEADS.map((bead) => onGlass(box, spacing, bead));
      await until('the beads are painted where they are', async () => (await grey(from.left, from.top)) > 200);
      assert.ok((await grey(to.left, to.top)) > 200, 'the second bead is where it is');
      assert.ok((await grey(from.left + 25, from.top)) < 60, 'and nowhere else');
      const before = await radu.pane(0).locator('g[data-tool=length]:not(.growing)').count();
      await radu.press('KeyD');
      await stroke(from, to);
      await until('the length is kept', async () => {
        return (await radu.pane(0).locator('g[data-tool=length]:not(.growing)').count()) > before;
      });
      const value = Number.parseFloat(await drawingOf(radu, 'length'));
      const drawn = Math.hypot(to.mm[0] - from.mm[0], to.mm[1] - from.mm[1]);
      assert.ok(Math.abs(value - drawn) <= 0.1, `${value} mm is told, ${drawn.toFixed(2)} mm were drawn`);
      const beads = Math.hypot(
        (BEADS[1][0] - BEADS[0][0]) * spacing[1],
        (BEADS[1][1] - BEADS[0][1]) * spacing[0],
      );
      const half = 0.5 * Math.max(...spacing);
      assert.ok(Math.abs(value - beads) <= 2 * half, `${value} mm is told, the beads are ${beads.toFixed(2)} mm apart`);
      assert.equal(Number.parseFloat(await drawingOf(mei, 'length')), value);
    });
  }

  step('an ellipse reads the values under it, a point its own, and both are in the list with their words', async () => {
    await shows('Anisotropic');
    await radu.press('Home');
    const box = await glassBox();
    const at = (pixel) => onGlass(box, [0.9, 0.4], pixel);
    await radu.press('KeyQ');
    await stroke(at([64, 49]), at([96, 81]));
    assert.match(await drawingOf(radu, 'ellipse'), /mean 100\.0 ± 0\.0 HU/);
    await radu.press('KeyS');
    const bead = at(BEADS[0]);
    await stroke(bead, bead);
    assert.match(await drawingOf(radu, 'probe'), /1,?023 HU/);
    assert.match(await drawingOf(mei, 'ellipse'), /mean 100\.0 ± 0\.0 HU/);
    await radu.page.getByRole('button', { name: 'Label' }).last().click();
    await radu.page.getByLabel('Words beside the drawing').fill('bead one');
    await radu.press('Enter');
    await mei.pane(0).getByText('bead one').waitFor();
  });

  step('an angle is drawn in two strokes, two axes in two, and what is half drawn goes with Escape', async () => {
    const box = await glassBox();
    const at = (pixel) => onGlass(box, [0.9, 0.4], pixel);
    await radu.press('KeyJ');
    await stroke(at([40, 20]), at([40, 100]));
    await stroke(at([120, 100]), at([120, 100]));
    assert.ok(Math.abs(Number.parseFloat(await drawingOf(mei, 'angle')) - 90) <= 0.2);
    await radu.press('Shift+KeyD');
    await stroke(at([20, 60]), at([140, 60]));
    await stroke(at([80, 40]), at([84, 80]));
    assert.match(await drawingOf(mei, 'bidirectional'), /48\.\d × 3[56]\.\d mm/);
    await radu.press('KeyJ');
    await stroke(at([40, 20]), at([60, 100]));
    await radu.press('Escape');
    await until('nothing grows', async () => (await radu.pane(0).locator('g.growing').count()) === 0);
    await looksWell(radu, 'looking-measured');
  });

  step('what is mirrored, turned and inverted by keys is so on both screens, to the pixel', async () => {
    await shows('Sloping CT');
    let [seen] = await bothSee();
    assert.ok(seen[0][0] + 40 < seen[0][SIDE - 1] && seen[0][SIDE - 1] + 20 < seen[SIDE - 1][0], 'it slopes');
    const asItCame = seen;
    for (const key of ['KeyH', 'KeyR', 'KeyV', 'KeyL', 'KeyR', 'KeyR', 'KeyI']) {
      seen = CHANGES[key](seen);
      await radu.press(key);
      await until(`${key} does to both screens what it says`, lies(seen));
    }
    await radu.press('Space');
    await until('it lies as it came', lies(asItCame));
  });

  step('1 to 5 are the windows of CT on both screens, and do nothing to MR', async () => {
    const words = (person) => person.pane(0).locator('.lower-right').innerText();
    const windows = [/W 400 L 40\b/, /W 1,?500 L [-−]600\b/, /W 150 L 90\b/, /W 2,?500 L 480\b/, /W 80 L 40\b/];
    for (const [at, window] of windows.entries()) {
      await radu.press(`Digit${at + 1}`);
      await until(`${window} is on both screens`, async () => {
        return (await Promise.all([radu, mei].map(words))).every((text) => window.test(text));
      });
    }
    await shows('Sloping MR');
    const before = await Promise.all([radu, mei].map(words));
    assert.match(before[0], /W 2,?048 L 0\b/);
    const [seen] = await bothSee();
    for (let digit = 1; digit <= 5; digit += 1) await radu.press(`Digit${digit}`);
    await radu.page.getByRole('status').getByText('The windows on 1 to 5 are for CT.').first().waitFor();
    await radu.press('KeyH'); // what comes after them has come, and they have not
    await until('it is mirrored and no more', lies(CHANGES.KeyH(seen)));
    assert.deepEqual(await Promise.all([radu, mei].map(words)), before);
  });

  step('a report that came as DICOM is on both screens', async () => {
    await radu.page.locator('button.series').filter({ hasText: 'Green report' }).first().click();
    await until('its page is green', async () => {
      const seen = await Promise.all([radu, mei].map(seenBy));
      return seen.flat(2).every(([red, green, blue]) => red < 10 && Math.abs(green - 204) < 10 && blue < 10);
    });
    await looksWell(radu, 'looking-report');
  });

  step('a slab joins slices on every screen and says so', async () => {
    await shows('Head 1.5 mm');
    // What is seen of the middle of the image, whichever canvas it is drawn on.
    const middle = async () => {
      const { x, y, width, height } = await mei.pane(0).locator('.glass').boundingBox();
      const clip = { x: x + width / 4, y: y + height / 3, width: width / 2, height: height / 4 };
      return mei.page.screenshot({ clip });
    };
    const single = await middle();
    await radu.press('Shift+KeyM');
    await mei.page.locator('[data-pane="0"][data-slab=maximum]').waitFor();
    await mei.pane(0).getByText('MIP 10 mm').waitFor();
    assert.ok(!single.equals(await middle()), 'a slab looks other than a plane');
    await looksWell(radu, 'looking-slab');
    for (const mode of ['average', 'minimum']) {
      await radu.press('Shift+KeyM');
      await mei.page.locator(`[data-pane="0"][data-slab=${mode}]`).waitFor();
    }
    await radu.press('Shift+KeyM');
    await until('it is a single plane again', async () => (await mei.pane(0).getAttribute('data-slab')) === null);
  });

  step('the crosshair moves the other planes of everybody', async () => {
    await radu.page.getByRole('button', { name: 'Layout' }).click();
    await radu.page.getByRole('menuitem', { name: 'Three planes' }).click();
    await until('three planes are painted', async () => {
      const counts = await Promise.all([radu, mei].map((one) => one.page.locator('[data-status=painted]').count()));
      return counts.every((count) => count >= 3);
    });
    await until('planes cut each other', async () => (await mei.pane(0).locator('[data-cuts]').count()) >= 2);
    const place = () => mei.pane(0).locator('[data-cuts="1"]').evaluate((line) => Number(line.getAttribute('x1')));
    const before = await place();
    await radu.press('KeyM');
    const start = await radu.moveTo(0, 0.5, 0.5);
    await radu.page.mouse.down();
    await radu.page.mouse.move(start.x + 60, start.y + 20, { steps: 6 });
    await radu.page.mouse.up();
    await until('the sagittal plane has moved', async () => Math.abs((await place()) - before - 60) < 4);
    await radu.pane(1).getByText('Sagittal').waitFor();
    await looksWell(radu, 'looking-planes');
  });

  step('a prior is laid onto the current study by a person, and scrolls with it', async () => {
    await radu.press('KeyW');
    await radu.press('Shift+Digit1');
    await until('the prior is beside it', async () => (await mei.page.locator('[data-status=painted]').count()) === 2);
    await radu.press('Home');
    await radu.page.getByRole('button', { name: 'Link series' }).click();
    await radu.picture('looking-link');
    await radu.page.getByRole('menuitem', { name: /the same level/ }).click();
    await until('everybody is told that it is linked by hand', async () => {
      const words = await mei.pane(0).locator('.lower-right').innerText();
      return /linked/.test(words) && !/by position/.test(words);
    });
    const apart = (await radu.place(1)) - (await radu.place(0));
    await radu.scroll(7, 0);
    await until('the prior went as far', async () => (await radu.place(1)) - (await radu.place(0)) === apart);
  });

  step('a film runs in step on both screens', async () => {
    await radu.page.getByRole('button', { name: 'Layout' }).click();
    await radu.page.getByRole('menuitem', { name: '1 × 1' }).click();
    await shows('Head 1.5 mm');
    await radu.press('KeyC');
    await mei.pane(0).getByText(/frames\/s/).waitFor();
    const watch = (person) =>
      person.page.evaluate(
        () =>
          new Promise((resolve) => {
            const seen = [];
            const end = Date.now() + 3000;
            const look = () => {
              const words = document.querySelector('[data-pane="0"] .lower-right').textContent;
              seen.push([Date.now(), ...(/(\d+) \/ (\d+)/.exec(words) ?? []).slice(1).map(Number)]);
              if (Date.now() < end) requestAnimationFrame(look);
              else resolve(seen);
            };
            look();
          }),
      );
    const [here, there] = await Promise.all([watch(radu), watch(mei)]);
    const at = (seen, time) => seen.filter(([when]) => when <= time).at(-1);
    const gaps = here
      .filter(([time]) => at(there, time))
      .map(([time, place, count]) => {
        const gap = Math.abs(place - at(there, time)[1]);
        return Math.min(gap, count - gap);
      });
    assert.ok(gaps.length > 20);
    const apart = gaps.filter((gap) => gap > 1).length;
    console.log(`film: ${gaps.length} instants, ${apart} more than one frame apart, at most ${Math.max(...gaps)}`);
    assert.ok(apart / gaps.length <= 0.05, `${apart} of ${gaps.length} instants are more than one frame apart`);
    await radu.press('KeyC');
  });

  step('scrolled as fast as a hand can, words never tell another slice than the pixels show', async () => {
    const slices = 40;
    await sendImages(radu, patientCase, numberedSeries(patient, slices, 256));
    await Promise.all([radu, mei].map((one) => one.page.reload()));
    await radu.sees();
    await radu.tab(/case/i);
    await until('the series is there', async () => {
      return (await radu.page.locator('button.series').filter({ hasText: `${slices} images` }).count()) > 0;
    });
    await shows('Numbered slices');
    await until('its images are here', async () => !/\d+ %/.test(await radu.page.locator('.stage').innerText()));
    const seen = await scrollAndRead(radu, { slices, seconds: 5, perSecond: 60 });
    console.log(`scrolling: ${JSON.stringify({ ...seen, disagreed: seen.disagreed.length })}`);
    assert.ok(seen.painted > 20, `${seen.painted} images were painted`);
    assert.deepEqual(seen.disagreed, []);
  });

  step('so is a slab: it shows while it is scrolled, and words and pixels are of one plane', async () => {
    const slices = 40;
    await radu.press('Shift+KeyM');
    await radu.page.locator('[data-pane="0"][data-slab=maximum]').waitFor();
    const seen = await scrollAndRead(radu, { slices, seconds: 5, perSecond: 60, reach: 2 });
    console.log(`scrolling a slab: ${JSON.stringify({ ...seen, disagreed: seen.disagreed.length })}`);
    assert.deepEqual(seen.disagreed, []);
    assert.ok(seen.painted > 3, `${seen.painted} slabs were painted`);
    await until('it comes to rest', async () => (await radu.pane(0).getAttribute('data-status')) === 'painted');
    assert.equal(await radu.pane(0).getAttribute('data-slab'), 'maximum');
  });
});
