// What another maker's report says of an image is seen on it, with its words, its number and where it is from.
import assert from 'node:assert/strict';
import { foreignReport } from './support/foreign_report.mjs';
import { area, CT, foreignState, shownByDcmtk, window } from './support/foreign_state.mjs';
import { looksWell } from './support/looks.mjs';
import { ctSeries, sendImages } from './support/phantoms.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
const LABEL = 'Rundherd links, größenprogredient';
/** Blocks of one value each, so that no way of drawing between pixels matters in their middles. */
const BLOCK = 16;
const COLUMNS = 160;
const ROWS = 128;
const inHounsfield = (column, row) => 100 * Math.floor(column / BLOCK) + 20 * Math.floor(row / BLOCK) - 500;

/** Grey values at places of a pane's glass, given as parts of it; without words and drawings. */
async function greysAt(person, places) {
  const over = '.words, .drawing, .pointers, .presenter-frame';
  const hide = (how) =>
    person.pane(0).evaluate(
      (pane, [selector, visibility]) => {
        for (const one of pane.querySelectorAll(selector)) one.style.visibility = visibility;
      },
      [over, how],
    );
  await hide('hidden');
  const clip = await person.pane(0).locator('.glass').boundingBox();
  const picture = await person.page.screenshot({ clip });
  await hide('');
  return person.page.evaluate(
    async ({ base64, at }) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes]));
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      context.drawImage(image, 0, 0);
      return at.map(([x, y]) => context.getImageData(x * image.width, y * image.height, 1, 1).data[0]);
    },
    { base64: picture.toString('base64'), at: places },
  );
}

/** The middles of the blocks of a picture of so many pixels that just fits a glass, as parts of the glass. */
async function middlesOn(person, { width, height }) {
  const box = await person.pane(0).locator('.glass').boundingBox();
  const scale = Math.min(box.width / width, box.height / height);
  const middles = [];
  for (let y = BLOCK / 2; y < height; y += BLOCK) {
    for (let x = BLOCK / 2; x < width; x += BLOCK) {
      middles.push({
        pixel: [x, y],
        part: [0.5 + ((x - width / 2) * scale) / box.width, 0.5 + ((y - height / 2) * scale) / box.height],
      });
    }
  }
  return middles;
}

story('reports of others', (step, scene) => {
  let anna, radu, mei, voice, patientCase, subject, set, middle, blocks;
  const reported = () => anna.pane(0).locator('.drawing.reported');

  const ask = async (path, options = {}) => {
    const address = `${scene.server.url}/api/cases/${patientCase}${path}`;
    const answer = await fetch(address, { ...options, headers: { ...voice.bearer, ...options.headers } });
    assert.ok(answer.ok, `${path} answered ${answer.status}`);
    return answer.json();
  };

  step('a report of another maker is uploaded to a case', async () => {
    anna = await scene.person('anna', DESK);
    await anna.openBoard();
    const board = await scene.voice('anna');
    const { items } = await board.open('board', anna.openId);
    ({ patientCase } = items.find(({ item }) => item === 1) ?? items[0]);
    voice = await scene.voice('clara');
    ({ subject } = await voice.open('patient_case', patientCase));
    const { displaySets } = await ask('/display-sets');
    set = displaySets.find(({ kind }) => kind === 'volume');
    middle = set.instances[Math.floor(set.instances.length / 2)];
    const [family, given] = subject.name.split('^');
    const bytes = await foreignReport({
      study: set.studyUid,
      patient: { id: subject.patientId, family, given },
      manufacturer: 'Another Maker',
      series: '2.25.4711',
      imageSeries: set.seriesUid,
      drawings: [
        {
          uid: '2.25.4712',
          label: LABEL,
          length: 42.5,
          image: middle.sopInstanceUid,
          points: [
            [60.5, 80.5],
            [100.5, 80.5],
          ],
        },
      ],
    });
    const headers = { 'Content-Type': 'application/dicom' };
    const answer = await ask('/uploads', { method: 'POST', headers, body: bytes });
    assert.equal(answer.outcome, 'stored');
  });

  step('the case lists what it says, and where it is from', async () => {
    await anna.press('KeyN');
    await anna.sees();
    const row = anna.page.getByRole('button', { name: LABEL });
    await row.waitFor();
    assert.match(await row.innerText(), /42\.5 mm/);
    assert.match(await row.innerText(), /from the report of Another Maker/);
    await row.click();
  });

  step('it is on that image, as long as the pixels say', async () => {
    await reported().waitFor();
    assert.match(await reported().locator('text').innerHTML(), /42\.5 mm · Rundherd links, größenprogredient/);
    const line = await reported().locator('polyline').getAttribute('points');
    const points = line.split(' ').map((one) => one.split(',').map(Number));
    const scale = anna.pane(0).locator('.scale');
    const px = await scale.locator('i').evaluate((line) => line.getBoundingClientRect().width);
    const length = Math.hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]);
    const mm = (length / px) * Number.parseFloat(await scale.innerText());
    assert.ok(Math.abs(mm - 40 * set.pixelSpacing[1]) < 0.5, `${mm} mm`);
    await looksWell(anna, 'reports');
  });

  step('and on no other image, nor when it is switched off', async () => {
    await anna.press('ArrowDown');
    await until('the next slice has none', async () => (await reported().count()) === 0);
    await anna.press('ArrowUp');
    await reported().waitFor();
    await anna.page.getByLabel('Show on the images').uncheck();
    await until('it is gone', async () => (await reported().count()) === 0);
  });

  let images;
  const states = {};

  const looksAlike = async (person, state) => {
    await until(`${person.login} sees it by the state`, async () =>
      (await person.pane(0).getAttribute('data-presentation')) === state.uid &&
      (await person.pane(0).getAttribute('data-status')) === 'painted' &&
      (await person.pane(0).getAttribute('data-quality')) === 'lossless');
    const shown = await shownByDcmtk(images[0], state.bytes);
    const middles = await middlesOn(person, shown);
    const greys = await greysAt(person, middles.map(({ part }) => part));
    middles.forEach(({ pixel: [x, y] }, at) => {
      const theirs = shown.grey[y * shown.width + x];
      assert.ok(Math.abs(greys[at] - theirs) <= 2, `${person.login} at ${x}, ${y}: ${greys[at]}, dcmp2pgm ${theirs}`);
    });
    return greys;
  };

  step('images come with presentation states of another maker', async () => {
    const patient = {
      name: subject.name,
      id: subject.patientId,
      birthDate: subject.birthDate.replaceAll('-', ''),
      sex: subject.sex,
    };
    images = ctSeries({
      patient,
      description: 'Blocks',
      slices: 2,
      columns: COLUMNS,
      rows: ROWS,
      axes: [1, 0, 0, 0, 1, 0],
      spacing: [0.5, 0.5],
      place: (slice) => [0, 0, 5 * slice],
      window: [0, 1000],
      pixels: (column, row) => 1024 + inHounsfield(column, row),
    });
    await sendImages(anna, patientCase, images);
    const { displaySets } = await ask('/display-sets');
    blocks = displaySets.find(({ seriesDescription }) => seriesDescription === 'Blocks');
    const about = {
      patient,
      study: blocks.studyUid,
      series: blocks.seriesUid,
      uids: [blocks.instances[0].sopInstanceUid],
    };
    const whole = area([1, 1], [COLUMNS, ROWS], [0.5, 0.5]);
    states.turned = foreignState({
      ...about,
      label: 'TURNED',
      description: 'Gedreht und gespiegelt',
      more: {
        '00283110': window(100, 800),
        '00700041': ['CS', 'Y'],
        '00700042': ['US', 90],
        '0070005A': area([1, 1], [COLUMNS, ROWS], [0.5, 0.5]),
        20500020: ['CS', 'INVERSE'],
      },
    });
    const at = (units, ...numbers) => ({ '00700005': ['CS', units], '00700022': ['FL', numbers] });
    states.drawn = foreignState({
      ...about,
      label: 'DRAWN',
      description: 'Mit Blende',
      more: {
        '00181600': ['CS', 'RECTANGULAR'],
        '00181602': ['IS', String(2 * BLOCK + 1)],
        '00181604': ['IS', String(8 * BLOCK)],
        '00181606': ['IS', String(BLOCK + 1)],
        '00181608': ['IS', String(7 * BLOCK)],
        '00181622': ['US', 0],
        '00283110': window(0, 1000),
        '00700001': [
          'SQ',
          [
            {
              '00081140': ['SQ', [{ '00081150': ['UI', CT], '00081155': ['UI', about.uids[0]] }]],
              '00700002': ['CS', 'L'],
              '00700008': [
                'SQ',
                [
                  {
                    '00700004': ['CS', 'PIXEL'],
                    '00700006': ['ST', 'Herd <b>rechts</b>'],
                    '00700014': ['FL', [4 * BLOCK, 3 * BLOCK]],
                    '00700015': ['CS', 'N'],
                  },
                ],
              ],
              '00700009': [
                'SQ',
                [
                  { ...at('PIXEL', 3 * BLOCK, 2 * BLOCK, 5 * BLOCK, 4 * BLOCK), '00700023': ['CS', 'POLYLINE'] },
                  { ...at('DISPLAY', 0.5, 0.5, 0.6, 0.5), '00700023': ['CS', 'CIRCLE'] },
                ].map((one) => ({
                  ...one,
                  '00700020': ['US', 2],
                  '00700021': ['US', 2],
                  '00700024': ['CS', 'N'],
                })),
              ],
              '00700209': ['SQ', []],
            },
          ],
        ],
        '0070005A': whole,
        '00700060': ['SQ', [{ '00700002': ['CS', 'L'], '00700062': ['IS', '1'] }]],
      },
    });
    for (const { bytes } of Object.values(states)) {
      const headers = { 'Content-Type': 'application/dicom' };
      assert.equal((await ask('/uploads', { method: 'POST', headers, body: bytes })).outcome, 'stored');
    }
  });

  step('the case lists them with the series that they are for, and who presents shows one to everybody', async () => {
    radu = await scene.person('radu', DESK);
    await radu.openBoard();
    await radu.press('KeyG');
    await radu.page.locator('[data-floor=mine]').waitFor();
    await radu.tab(/case/i);
    const row = radu.page.locator(`[data-presentation="${states.turned.uid}"]`);
    await row.waitFor();
    assert.match(await row.innerText(), /TURNED · Gedreht und gespiegelt/);
    assert.match(await row.innerText(), /for Blocks · Olga Other · 2026-05-05/);
    await row.click();
    await looksAlike(radu, states.turned);
    assert.match(await radu.pane(0).innerText(), /Shown as TURNED/);
  });

  step('who comes late sees the same, pixel by pixel as DCMTK shows it', async () => {
    mei = await scene.person('mei', { viewport: { width: 1280, height: 700 }, locale: 'de-DE' });
    await mei.openBoard();
    await looksAlike(mei, states.turned);
    assert.match(await mei.pane(0).innerText(), /GESPIEGELT/);
    await looksWell(mei, 'presentation-state-german');
  });

  step('another one draws, writes and covers; what of it is not shown is said', async () => {
    await radu.page.locator(`[data-presentation="${states.drawn.uid}"]`).click();
    for (const person of [radu, mei]) {
      await until(`${person.login} sees the other state`, async () =>
        (await person.pane(0).getAttribute('data-presentation')) === states.drawn.uid);
      const shown = await shownByDcmtk(images[0], states.drawn.bytes); // without shutters, which dcmp2pgm leaves out
      const middles = await middlesOn(person, shown);
      const greys = await greysAt(person, middles.map(({ part }) => part));
      middles.forEach(({ pixel: [x, y] }, at) => {
        const seen = x > 2 * BLOCK && x < 8 * BLOCK && y > BLOCK && y < 7 * BLOCK;
        const theirs = seen ? shown.grey[y * shown.width + x] : 0;
        assert.ok(Math.abs(greys[at] - theirs) <= 2, `${person.login} at ${x}, ${y}: ${greys[at]}, not ${theirs}`);
      });
      assert.match(
        await person.pane(0).innerText(),
        /Not shown of the presentation state: compound drawings|nicht gezeigt: zusammengesetzte Zeichnungen/,
      );
      const glass = await person.pane(0).locator('.glass').boundingBox();
      const scale = Math.min(glass.width / COLUMNS, glass.height / ROWS);
      const stated = person.pane(0).locator('.drawing.stated');
      assert.equal(await stated.locator('text').textContent(), 'Herd <b>rechts</b>');
      const line = await stated.locator('polyline').first().getAttribute('points');
      const [[x, y]] = line.split(' ').map((one) => one.split(',').map(Number));
      assert.ok(Math.abs(x - glass.width / 2 - (3 * BLOCK - COLUMNS / 2) * scale) < 0.5, `${x}`);
      assert.ok(Math.abs(y - glass.height / 2 - (2 * BLOCK - ROWS / 2) * scale) < 0.5, `${y}`);
    }
    await looksWell(radu, 'presentation-state');
  });

  step('of the next image it says nothing, which is said; and without it all is as it was', async () => {
    await radu.press('ArrowDown');
    await mei.pane(0).getByText('DRAWN sagt nichts über dieses Bild.').waitFor();
    assert.equal(await mei.pane(0).locator('.drawing.stated').count(), 0);
    await radu.press('ArrowUp');
    await mei.pane(0).locator('.drawing.stated').waitFor();
    await radu.page.getByRole('button', { name: 'Without presentation state' }).click();
    await until('it is gone', async () => (await mei.pane(0).getAttribute('data-presentation')) === null);
    assert.equal(await mei.pane(0).locator('.shutter').count(), 0);
  });
});
