// Images whose greys and colours are said in every way there is: on the glass they are what DCMTK makes of them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { looksWell } from './support/looks.mjs';
import { ctSeries, sendImages, still, withoutPixels } from './support/phantoms.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const run = promisify(execFile);
const MAKER = new URL('../integration/peers/pictures_of_every_kind.py', import.meta.url).pathname;
const SIDE = 16;
/** Greys apart: our glass rounds where DCMTK cuts, and draws pixels smoothly into their neighbours. */
const APART_MAX = 3;
const OF_NEIGHBOUR = 0.1;
/** So narrow that what lies between two pixels is most of what is seen. */
const STEEP = /^width-/;
/** What the glass names and does not show: tables and curves of grey values (viewer/presentation_layer.tsx). */
const NOT_SHOWN = /table|sigmoid/;
/** The same in another order of bytes, of which one is looked at as well. */
const TWICE = /^enhanced-(1|2)\.2/;
const PATIENT = ['0010,0010)=DEMO^Cranium', '0010,0020)=DEMO-0001', '0010,0030)=19710314', '0010,0040)=F'];

const PERSON = { name: 'DEMO^Cranium', id: 'DEMO-0001', birthDate: '19710314', sex: 'F' };
const PALETTE = { entries: 1024 };

const words = (list) => {
  const bytes = Buffer.alloc(2 * list.length);
  list.forEach((word, at) => bytes.writeUInt16LE(word, 2 * at));
  return bytes;
};

/** Attributes of a palette image whose tables have tags that begin so. */
const palette = (tags, { red, green, blue }) => ({
  '00280004': ['CS', 'PALETTE COLOR'],
  ...Object.fromEntries(
    [red, green, blue].flatMap((table, color) => [
      [`0028110${color + 1}`, ['US', [PALETTE.entries, 0, 16]]],
      [`${tags}${color + 1}`, ['OW', words(table)]],
    ]),
  ),
});

/** Such that decoders of the page are not asked for: program, how, what it packs. */
const PACKED = [
  ['dcmcrle', [], 'signed-8'],
  ['dcmcrle', [], 'high-bit'],
  ['dcmcrle', [], 'RGB-16'],
  ['dcmcjpeg', ['+eb', '+cr'], 'RGB-0'],
];

async function picture(folder, name, frame, how, program = 'dcm2pnm') {
  const into = join(folder, 'picture');
  await run(program, ['-q', '-O', '+F', frame, ...how.split(' '), join(folder, `${name}.dcm`), into]);
  const file = await readFile(into);
  const samples = file.subarray(0, 2).toString() === 'P6' ? 3 : 1;
  return { samples, pixels: [...file.subarray(file.length - SIDE * SIDE * samples)] };
}

/** Each file, with what DCMTK makes of its frames. */
async function picturesIn(folder) {
  const { stdout } = await run('/usr/bin/python3', [MAKER, folder]);
  const files = new Map();
  for (const line of stdout.trim().split('\n')) {
    const [, name, frame, oracle, oracleFrame, how] = /^(\S+) (\d+) (\S+) (\d+) (.*)$/.exec(line);
    if (STEEP.test(name) || (NOT_SHOWN.test(name) && name !== 'window-before-table') || TWICE.test(name)) continue;
    if (how.includes('+Wfs')) continue;
    const frames = files.get(name) ?? files.set(name, []).get(name);
    frames.push({ frame: Number(frame), ...(await picture(folder, oracle, oracleFrame, how)) });
  }
  for (const [program, how, name] of PACKED) {
    const packed = `${program}-${name}`;
    await run(program, ['-q', ...how, join(folder, `${name}.dcm`), join(folder, `${packed}.dcm`)]);
    const lossy = program === 'dcmcjpeg';
    const theirs = lossy ? await picture(folder, packed, '1', '-W', 'dcmj2pnm') : files.get(name)[0];
    files.set(packed, [{ ...theirs, frame: 1 }]);
  }
  return files;
}

async function intoCase(voice, patientCase, folder, name, number) {
  const path = join(folder, `${name}.dcm`);
  const words = [
    ...PATIENT,
    `0008,103e)=kind ${name}.`,
    `0020,000d)=2.25.771.${number}`,
    `0020,000e)=2.25.772.${number}`,
    `0008,0018)=2.25.773.${number}`,
  ];
  await run('dcmodify', ['-q', '-nb', '-imt', ...words.flatMap((word) => ['-i', `(${word}`]), path]);
  const address = `${voice.url}/api/cases/${patientCase}/uploads`;
  const answer = await fetch(address, { method: 'POST', headers: voice.bearer, body: await readFile(path) });
  assert.equal((await answer.json()).outcome, 'stored', name);
}

/** The middle of each pixel of the image on the glass, red, green and blue. */
const seen = (person, number = 0) =>
  person.pane(number).evaluate(async (pane, side) => {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const canvas = [...pane.querySelectorAll('.pixels canvas')].find((one) => one.checkVisibility());
    const { width, height } = canvas;
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const step = Math.min(width, height) / side;
    const [left, top] = [(width - side * step) / 2, (height - side * step) / 2];
    return Array.from({ length: side * side }, (_, at) => {
      const x = Math.floor(left + ((at % side) + 0.5) * step);
      const y = Math.floor(top + (Math.floor(at / side) + 0.5) * step);
      return [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3)];
    });
  }, SIDE);

/** By how much more than it may one pixel differs from DCMTK's. */
function distance(pixels, { samples, pixels: theirs }) {
  const at = (x, y, sample) => theirs[samples * (y * SIDE + x) + (samples === 3 ? sample : 0)];
  const inside = (x, y) => x >= 0 && y >= 0 && x < SIDE && y < SIDE;
  const around = [[1, 0], [-1, 0], [0, 1], [0, -1]];
  const over = pixels.flatMap((pixel, number) => {
    const [x, y] = [number % SIDE, Math.floor(number / SIDE)];
    return pixel.map((value, sample) => {
      const wanted = at(x, y, sample);
      const near = around.map(([dx, dy]) => [x + dx, y + dy]).filter(([nx, ny]) => inside(nx, ny));
      const most = Math.max(...near.map(([nx, ny]) => Math.abs(at(nx, ny, sample) - wanted)));
      return Math.abs(value - wanted) - APART_MAX - OF_NEIGHBOUR * most;
    });
  });
  return Math.ceil(Math.max(...over));
}

story('pictures of every kind', (step, scene) => {
  let anna, radu, patientCase, folder, files;

  step('they are in a case, and one of the board presents', async () => {
    folder = await mkdtemp(join(tmpdir(), 'consilium-pictures-'));
    scene.onEnd(() => rm(folder, { recursive: true, force: true }));
    [anna, radu] = await scene.board(['anna', 'radu']);
    const voice = await scene.voice('anna');
    const { items } = await voice.open('board', anna.openId);
    [{ patientCase }] = items;
    files = await picturesIn(folder);
    let number = 0;
    for (const name of files.keys()) await intoCase(voice, patientCase, folder, name, (number += 1));
    await anna.press('KeyN');
    await radu.page.locator('[data-floor=mine]').waitFor();
    await radu.sees();
    await radu.tab(/case/i);
    await radu.page.getByRole('button', { name: 'Layout' }).click();
    await radu.page.getByRole('menuitem', { name: '1 × 1' }).click();
  });

  step('each is on the glass what DCMTK makes of it', async () => {
    const wrong = [];
    for (const [name, frames] of files) {
      await radu.page.locator('button.series').filter({ hasText: `kind ${name}.` }).first().click();
      const pane = radu.pane();
      await until(`${name} is painted`, async () =>
        (await pane.getAttribute('data-status')) === 'painted' && (await pane.innerText()).includes(`kind ${name}.`));
      await radu.press('Home');
      let at = 1;
      for (const { frame, ...theirs } of frames) {
        for (; at < frame; at += 1) await radu.press('ArrowDown');
        await until(`frame ${frame} of ${name}`, async () => (await radu.place()) === frame &&
          (await pane.getAttribute('data-status')) === 'painted');
        const over = distance(await seen(radu), theirs);
        if (over > 0) wrong.push(`${name} ${frame}: ${over} too far`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  const choose = async (description) =>
    radu.page.locator('button.series').filter({ hasText: description }).first().click();

  const painted = (description) =>
    until(`${description} is painted`, async () =>
      (await radu.pane().getAttribute('data-status')) === 'painted' &&
      (await radu.pane().innerText()).includes(description));

  step('palettes too long for a header, and those in segments, have their colours', async () => {
    const last = PALETTE.entries - 1;
    const pixels = (column, row) => column * 60 + row;
    const parts = Array.from({ length: PALETTE.entries }, (_, entry) => Math.round((65535 * entry) / last));
    const tables = { red: parts, green: parts.map(() => 0), blue: parts.map((part) => 65535 - part) };
    const lines = { red: [0, 65535], green: [0, 0], blue: [65535, 0] };
    const segments = Object.fromEntries(
      Object.entries(lines).map(([color, [from, to]]) => [color, [0, 1, from, 1, last, to]]),
    );
    const damaged = { ...segments, blue: [0, 1, 65535, 1, last + 1, 0] };
    await sendImages(radu, patientCase, [
      still({ patient: PERSON, description: 'Long palette', pixels, more: palette('0028120', tables) }),
      still({ patient: PERSON, description: 'Segmented palette', pixels, more: palette('0028122', segments) }),
      still({ patient: PERSON, description: 'Damaged palette', pixels, more: palette('0028122', damaged) }),
    ]);
    const wanted = Array.from({ length: SIDE * SIDE }, (_, at) => {
      const part = parts[pixels(at % SIDE, Math.floor(at / SIDE))];
      return [part >> 8, 0, (65535 - part) >> 8];
    });
    for (const description of ['Long palette', 'Segmented palette']) {
      await choose(description);
      await painted(description);
      assert.ok(distance(await seen(radu), { samples: 3, pixels: wanted.flat() }) <= 0, description);
    }
  });

  step('one whose palette is damaged says so, and nothing of the image before is left', async () => {
    await choose('Damaged palette');
    await radu.pane().getByText('The table of its colours is missing or damaged.').waitFor();
    assert.equal(await radu.pane().getAttribute('data-status'), 'failed');
    assert.doesNotMatch(await radu.pane().innerText(), /Segmented palette/);
    assert.ok(!(await radu.pane().locator('.pixels').isVisible()));
    await looksWell(radu, 'pictures-palette');
  });

  step('what an image says of its greys and is not shown is named on it', async () => {
    const table = (more) => ({ '00283002': ['US', [4, 0, 16]], '00283006': ['US', [9, 6, 3, 0]], ...more });
    const window = { '00281050': ['DS', '500'], '00281051': ['DS', '400'] };
    const kinds = {
      'Own curve': [{ ...window, '00281056': ['CS', 'SIGMOID'] }, /own curve of grey values \(sigmoid\)/],
      'Own table': [{ '00283010': ['SQ', [table({})]] }, /own table of grey values is not shown/],
      'Own values': [
        { ...window, '00283000': ['SQ', [table({ '00283004': ['LO', 'US'] })]] },
        /own modality table is not applied/,
      ],
      'Own window': [{ ...window, '00283010': ['SQ', [table({})]] }, undefined],
    };
    const pixels = (column) => column * 60;
    await sendImages(
      radu,
      patientCase,
      Object.entries(kinds).map(([description, [more]]) => still({ patient: PERSON, description, pixels, more })),
    );
    for (const [description, [, said]] of Object.entries(kinds)) {
      await choose(description);
      await painted(description);
      const words = await radu.pane().innerText();
      if (said) assert.match(words, said, description);
      else assert.doesNotMatch(words, /own (curve|table|modality)/, description);
      if (description === 'Own values') await looksWell(radu, 'pictures-greys');
    }
  });

  step('series of which nothing is drawn are listed, and those that the server writes itself are not', async () => {
    const kept = radu.page.getByRole('region', { name: 'Kept, not drawn' });
    await radu.press('KeyK');
    await until('the server has written which images are key images', () =>
      radu.page.evaluate(async (id) => {
        const answer = await fetch(`/api/cases/${id}/dicom-web/series?Modality=KO`);
        return answer.status === 200 && (await answer.json()).length === 1;
      }, patientCase));
    assert.equal(await kept.count(), 0);
    await sendImages(radu, patientCase, [
      withoutPixels({
        patient: PERSON,
        description: 'Structures for planning',
        sopClass: '1.2.840.10008.5.1.4.1.1.481.3',
        modality: 'RTSTRUCT',
      }),
    ]);
    await kept.getByText('Structures for planning').waitFor();
    assert.match(await kept.innerText(), /RTSTRUCT\) · 2026-11-01/);
    assert.equal(await kept.locator('li').count(), 1);
    await kept.scrollIntoViewIfNeeded();
    await looksWell(radu, 'pictures-kept');
  });

  step('planes through a series with fractions are those through one without', async () => {
    const patient = { name: 'DEMO^Cranium', id: 'DEMO-0001', birthDate: '19710314', sex: 'F' };
    const block = (description, slope) =>
      ctSeries({
        patient, description, slope, slices: 12, columns: SIDE, rows: SIDE, axes: [1, 0, 0, 0, 1, 0], spacing: [2, 2],
        place: (slice) => [0, 0, 2 * slice], window: [0, 900],
        pixels: (column, row, slice) => 700 + 40 * column + 9 * row + 5 * slice,
      });
    await sendImages(radu, patientCase, block('whole numbers', '1'));
    await sendImages(radu, patientCase, block('with fractions', '1.0001'));
    const planes = [];
    for (const description of ['whole numbers', 'with fractions']) {
      await radu.press('Shift+Digit1');
      await radu.page.locator('button.series').filter({ hasText: description }).first().click();
      await until(`${description} is painted`, async () => (await radu.pane().innerText()).includes(description));
      await radu.press('Shift+Digit2');
      await Promise.all([1, 2].map((pane) => radu.sees(undefined, pane)));
      await until('it is lossless', async () => (await radu.pane(1).getAttribute('data-quality')) === 'lossless');
      planes.push(await seen(radu, 1));
    }
    const [whole, fractions] = planes.map((plane) => plane.map(([grey]) => grey));
    assert.ok(new Set(whole).size > 20, 'there is something to see');
    const apart = Math.max(...whole.map((grey, at) => Math.abs(grey - fractions[at])));
    assert.ok(apart <= 1, `${apart} greys apart`);
  });
});
