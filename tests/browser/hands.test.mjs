// Images hung by hand: how somebody arranges them for one case is how the next one with the same modality opens, on
// every screen; and everything that is done with a mouse is done with fingers, on a telephone.
import assert from 'node:assert/strict';
import { Fingers } from './support/fingers.mjs';
import { looksWell } from './support/looks.mjs';
import { PHONE } from './support/person.mjs';
import { ctSeries, sendImages } from './support/phantoms.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const WIDE = { viewport: { width: 1500, height: 900 } };
const TOUCHED = { viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

story('hands on images', (step, scene) => {
  let anna, radu, mei, phone, fingers, cases;

  const shape = async (person) => ({
    panes: await person.page.locator('[data-pane]').count(),
    planes: (await person.page.locator('.lower-right').allInnerTexts()).map((text) => text.split(/\s/)[0]),
  });
  const opensWith = (people, panes) =>
    Promise.all(
      people.map((person) =>
        until(`${person.login} has ${panes} images`, async () => {
          const painted = await person.page.locator('[data-status=painted]').count();
          const all = await person.page.locator('[data-pane]').count();
          return all === panes && painted >= Math.min(panes, 3);
        }),
      ),
    );
  const window = async (person, pane = 0) => person.pane(pane).locator('.lower-right').innerText();
  const layout = async (name) => {
    await radu.page.getByRole('button', { name: 'Layout' }).click();
    await radu.page.getByRole('menuitem', { name }).click();
  };

  step('a case with CT is on the stage, and the next two have CT too', async () => {
    [anna, radu, mei] = await scene.board(['anna', 'radu', 'mei'], WIDE);
    const voice = await scene.voice('radu');
    const board = await voice.open('board', radu.openId);
    cases = board.items.map((item) => item.patientCase);
    for (const patientCase of cases.slice(1, 3)) {
      const { subject } = await voice.open('patient_case', patientCase);
      const patient = {
        name: subject.name,
        id: subject.patientId,
        birthDate: subject.birthDate.replaceAll('-', ''),
        sex: subject.sex,
      };
      const series = ctSeries({
        patient,
        description: 'Phantom',
        date: '20261120',
        slices: 6,
        columns: 64,
        rows: 64,
        axes: [1, 0, 0, 0, 1, 0],
        spacing: [1, 1],
        place: (slice) => [0, 0, 3 * slice],
        pixels: (column, row) => (column + row) * 8,
      });
      await sendImages(radu, patientCase, series);
    }
    await anna.press('KeyN');
    await opensWith([radu, mei], 2);
    await radu.page.locator('[data-floor=mine]').waitFor();
  });

  step('the presenter hangs three planes, in the lung window', async () => {
    await layout('Three planes');
    await opensWith([radu, mei], 4);
    await radu.press('Digit2');
    await until('the window is on both screens', async () => {
      return (await Promise.all([radu, mei].map((one) => window(one)))).every((text) => /1[,. ]?500/.test(text));
    });
  });

  step('the next case opens hung so on every screen, though nobody touched it', async () => {
    await anna.leaveUndecided();
    for (const person of [radu, mei]) await person.page.getByText('Phantom').first().waitFor();
    await opensWith([radu, mei], 4);
    assert.deepEqual((await shape(radu)).planes.slice(0, 3), ['Axial', 'Sagittal', 'Coronal']);
    assert.deepEqual(await shape(mei), await shape(radu));
    assert.match(await window(mei), /1[,. ]?500/);
    await radu.page.getByRole('button', { name: 'Layout' }).click();
    await radu.page.getByText('CT opens as it was arranged last on this board').waitFor();
    await radu.picture('hands-hung');
    await radu.press('Escape');
  });

  step('as it came: this case at once, and the one after it', async () => {
    await layout('Open CT as it comes');
    await opensWith([radu, mei], 1);
    await anna.leaveUndecided();
    await opensWith([radu, mei], 1);
    assert.doesNotMatch(await window(mei), /1[,. ]?500/);
    await mei.page.reload();
    await opensWith([mei], 1);
  });

  step('a telephone presents', async () => {
    phone = await scene.person('radu', TOUCHED);
    await phone.openBoard();
    await phone.sees();
    fingers = await Fingers.on(phone);
    await phone.page.locator('[data-floor=mine]').waitFor();
  });

  step('one finger scrolls, and every screen goes along', async () => {
    const before = await phone.place();
    await fingers.draw([[await fingers.at(0.5, 0.35), await fingers.at(0.5, 0.6)]]);
    await until('the telephone is further on', async () => (await phone.place()) > before);
    const place = await phone.place();
    await until('so is the other screen', async () => (await mei.place()) === place);
  });

  /** Screen pixels a millimetre, read off the scale bar. */
  const scaleOf = async (person) => {
    const bar = person.pane(0).locator('.scale');
    const width = await bar.locator('i').evaluate((line) => line.getBoundingClientRect().width);
    return width / Number.parseFloat(await bar.innerText());
  };
  /** The grey in the middle of the glass. */
  const middle = (person) =>
    person.page.evaluate(() => {
      const canvas = [...document.querySelectorAll('[data-pane="0"] .picture canvas')].find(
        (one) => one.width > 1 && getComputedStyle(one).display !== 'none',
      );
      const spot = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
      const context = spot.getContext('2d');
      context.drawImage(canvas, Math.round(canvas.width / 2), Math.round(canvas.height / 2), 1, 1, 0, 0, 1, 1);
      return context.getImageData(0, 0, 1, 1).data[0];
    });

  step('two fingers that part come nearer, by as much, on every screen', async () => {
    const before = await Promise.all([phone, mei].map(scaleOf));
    const [left, right, near, far] = await Promise.all(
      [[0.4, 0.5], [0.6, 0.5], [0.2, 0.5], [0.8, 0.5]].map(([x, y]) => fingers.at(x, y)),
    );
    await fingers.draw([[left, near], [right, far]]);
    await until('the telephone is three times as near', async () => {
      return Math.abs((await scaleOf(phone)) / before[0] - 3) < 0.25;
    });
    // What a telephone sees across is what the wide screen shows across its height.
    const grown = (await scaleOf(mei)) / before[1];
    assert.ok(grown > 2.5 && grown < 3.5, `the other screen is ${grown.toFixed(2)} times as near`);
  });

  step('two fingers that stay apart carry the image along', async () => {
    const before = await middle(phone);
    const way = [[0.35, 0.6], [0.65, 0.6], [0.15, 0.5], [0.45, 0.5]];
    const [left, right, leftEnd, rightEnd] = await Promise.all(way.map(([x, y]) => fingers.at(x, y)));
    const scale = await scaleOf(phone);
    await fingers.draw([[left, leftEnd], [right, rightEnd]], 12);
    // A pixel of the phantom is a millimetre, and 8 HU more than the one before, over a window of 2048.
    const moved = (left[0] - leftEnd[0] + left[1] - leftEnd[1]) / scale;
    const wanted = before + (moved * 8 * 256) / 2048;
    for (const person of [phone, mei]) {
      await until(`${person.login} sees the other place`, async () => Math.abs((await middle(person)) - wanted) <= 3);
    }
    assert.ok(moved > 5);
  });

  step('a finger held still points, and takes its pointer along when it leaves', async () => {
    await fingers.down(await fingers.at(0.5, 0.5));
    const there = async () => (await mei.pointers()).find(({ text }) => /ionescu/i.test(text));
    const pointer = await until('the pointer is there', there);
    const { width, height } = await mei.pane(0).locator('.glass').boundingBox();
    assert.ok(Math.hypot(pointer.x - width / 2, pointer.y - height / 2) < 3, 'in the middle, as the finger is');
    await fingers.up();
    await until('it is gone', async () => !(await there()));
  });

  step('a second finger takes back what the first had begun to draw', async () => {
    await phone.page.getByRole('button', { name: 'Length' }).click();
    const way = [[0.3, 0.5], [0.7, 0.5], [0.3, 0.55], [0.7, 0.55]];
    const [left, right, leftEnd, rightEnd] = await Promise.all(way.map(([x, y]) => fingers.at(x, y)));
    await fingers.draw([[left, leftEnd], [right, rightEnd]]);
    assert.equal(await phone.pane(0).locator('g[data-tool=length]').count(), 0);
    await fingers.draw([[left, right]]);
    await mei.pane(0).locator('g[data-tool=length]:not(.growing)').waitFor({ state: 'attached' });
    await phone.page.getByRole('button', { name: 'Window' }).first().click();
  });

  step('two taps make one of several viewports the only one, and bring the others back', async () => {
    // Said by the desk's screen just when the telephone's own drawing comes to rest: both come to it.
    await layout('Three planes');
    const pages = phone.page.locator('.turner button');
    const shows = async (panes) => {
      await opensWith([mei], panes);
      await until(`the telephone has ${panes} pages`, async () => ((await pages.count()) || 1) === panes);
    };
    await shows(4);
    const place = await fingers.at(0.5, 0.3);
    await fingers.tapTwice(place);
    await shows(1);
    await fingers.tapTwice(place);
    await shows(4);
    await looksWell(phone, 'hands-telephone');
  });
});
