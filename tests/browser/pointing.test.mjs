// A pointer points at the same place of the patient on every screen, whatever its size and sharpness, or
// at nothing.
import assert from 'node:assert/strict';
import { looksWell } from './support/looks.mjs';
import { sendImages } from './support/phantoms.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const LARGE_AND_SHARP = { viewport: { width: 1500, height: 820 }, deviceScaleFactor: 2 };
/** Rounding of the wire, of boxes and of the glide. */
const CLOSE_PX = 2;

async function glassOf(person, pane) {
  const { width, height } = await person.pane(pane).locator('.glass').boundingBox();
  return { width, height };
}

/** Screen pixels a millimetre, read off the scale bar. */
async function scaleOf(person, pane) {
  const bar = person.pane(pane).locator('.scale');
  const width = await bar.locator('i').evaluate((line) => line.getBoundingClientRect().width);
  return width / Number.parseFloat(await bar.innerText());
}

/** The pointer of Radu on somebody's pane once it has come to rest there. */
async function restingPointer(person, pane) {
  let last;
  return until(`a pointer rests on pane ${pane} of ${person.login}`, async () => {
    const found = (await person.pointers(pane)).find(({ text }) => text.startsWith('Ionescu'));
    const rests = found && last && Math.hypot(found.x - last.x, found.y - last.y) < 0.1;
    last = found;
    return rests && found;
  });
}

/** Exif with orientation 6: its top is at the right (JEITA CP-3451 4.6.4). */
const ORIENTATION_6 = Buffer.from(
  'ffe100224578696600004d4d002a00000008000101120003000000010006000000000000',
  'hex',
);

/** In the page: a JPEG of a red and a blue half, a PNG of a green and a blue one. */
async function picturesOfHalves() {
  const make = async (left, type) => {
    const canvas = new OffscreenCanvas(640, 320);
    const context = canvas.getContext('2d');
    context.fillStyle = left;
    context.fillRect(0, 0, 320, 320);
    context.fillStyle = 'rgb(0 0 255)';
    context.fillRect(320, 0, 320, 320);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type, quality: 1 })).arrayBuffer())];
  };
  return { jpeg: await make('rgb(255 0 0)', 'image/jpeg'), png: await make('rgb(0 255 0)', 'image/png') };
}

const documentSets = (person, patientCase) =>
  person.page.evaluate(async (id) => {
    const { displaySets } = await (await fetch(`/api/cases/${id}/display-sets`)).json();
    return displaySets.filter(({ kind }) => kind === 'document').map(({ displaySet }) => displaySet);
  }, patientCase);

/** What colours meet in the middle of the page on somebody's second pane, and how. */
const halvesOf = (person) =>
  person.pane(1).locator('canvas.pages').evaluate((canvas) => {
    const context = canvas.getContext('2d');
    const near = Math.min(canvas.width, canvas.height) / 10;
    const at = (x, y) => {
      const [red, green, blue, alpha] = context.getImageData(canvas.width / 2 + x, canvas.height / 2 + y, 1, 1).data;
      const name = [red > 240 && 'red', green > 240 && 'green', blue > 240 && 'blue'].filter(Boolean).join(' ');
      return alpha < 255 || name === 'red green blue' ? 'white' : name;
    };
    const corners = [at(-near, -near), at(near, -near), at(-near, near), at(near, near)];
    if (corners[0] === corners[2] && corners[1] === corners[3]) return `${corners[0]} beside ${corners[1]}`;
    return corners[0] === corners[1] && corners[2] === corners[3] ? `${corners[0]} above ${corners[2]}` : 'white';
  });

story('pointers on every kind of image', (step, scene) => {
  let anna, radu, mei;

  /**
   * Radu points at (x, y) of a pane; on Mei's other glass it must lie as many millimetres from the
   * middle of the image, in the same direction.
   */
  const pointsAtTheSamePlace = async (pane, x, y) => {
    await radu.moveTo(pane, x, y, 3);
    const [here, there] = [await glassOf(radu, pane), await glassOf(mei, pane)];
    const enlarged = (await scaleOf(mei, pane)) / (await scaleOf(radu, pane));
    const wanted = {
      x: there.width / 2 + (x - 0.5) * here.width * enlarged,
      y: there.height / 2 + (y - 0.5) * here.height * enlarged,
    };
    const pointer = await restingPointer(mei, pane);
    const away = Math.hypot(pointer.x - wanted.x, pointer.y - wanted.y);
    assert.ok(away <= CLOSE_PX, `${away.toFixed(1)} px beside the place`);
    return pointer;
  };

  const everybodySees = async (panes) => {
    for (const person of [radu, mei]) {
      await until(`${person.login} has ${panes} images`, async () => {
        return (await person.page.locator('[data-status=painted]').count()) === panes;
      });
    }
    await radu.page.locator('[data-sees="3/3"]').waitFor();
  };

  step('two screens of other sizes and sharpness show the same case', async () => {
    anna = await scene.person('anna');
    radu = await scene.person('radu');
    mei = await scene.person('mei', LARGE_AND_SHARP);
    await Promise.all([anna, radu, mei].map((person) => person.openBoard()));
    await anna.press('KeyN');
    await Promise.all([radu, mei].map((person) => person.sees()));
    await radu.page.locator('[data-floor=mine]').waitFor();
  });

  step('beside a prior the pointer is on the current study, and never on the prior', async () => {
    await radu.press('Shift+Digit1');
    await everybodySees(2);
    await pointsAtTheSamePlace(0, 0.4, 0.6);
    assert.deepEqual(await mei.pointers(1), []);
    assert.deepEqual(await radu.pointers(1), []);
  });

  step('on the prior it is on the prior, and never on the current study', async () => {
    await pointsAtTheSamePlace(1, 0.6, 0.4);
    assert.deepEqual(await mei.pointers(0), []);
  });

  step('on a plane cut through the volume it is at the same place', async () => {
    await radu.press('Shift+Digit2');
    await everybodySees(3);
    await pointsAtTheSamePlace(2, 0.45, 0.55);
    await pointsAtTheSamePlace(1, 0.55, 0.45);
  });

  step('on an oblique plane, too, and the planes it misses do not show it', async () => {
    const voice = await scene.voice('radu');
    const { stage } = await voice.open('board', radu.openId);
    const [axial, coronal, sagittal] = stage.layout.viewports;
    const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const oblique = {
      ...coronal,
      plane: { ...coronal.plane, normal: { x: s, y: c, z: 0 }, up: { x: 0, y: 0, z: 1 } },
    };
    await voice.command({
      type: 'SettleStage',
      layout: { ...stage.layout, viewports: [axial, oblique, sagittal], savedView: undefined },
    });
    await Promise.all([radu, mei].map((person) => person.pane(1).getByText('Oblique').waitFor()));
    await everybodySees(3);
    await pointsAtTheSamePlace(1, 0.3, 0.4);
    await pointsAtTheSamePlace(1, 0.7, 0.6);
    const elsewhere = await mei.pointers(2);
    assert.ok(elsewhere.every(({ text }) => /mm away/.test(text)), 'off the plane it says how far');
    voice.leave();
  });

  step('on a radiograph, which has no space, it is at the same pixel', async () => {
    await radu.press('Shift+Digit3');
    await everybodySees(2);
    await pointsAtTheSamePlace(0, 0.35, 0.6);
    assert.deepEqual(await mei.pointers(1), []);
  });

  step('and on a page of the report', async () => {
    const at = { x: 0.5, y: 0.5 };
    await radu.moveTo(1, at.x, at.y, 3);
    const glass = await glassOf(mei, 1);
    // The one of the pane before may rest here for a moment.
    await until('the pointer is in the middle of the page', async () => {
      const pointer = await restingPointer(mei, 1);
      return Math.hypot(pointer.x - glass.width / 2, pointer.y - glass.height / 2) <= CLOSE_PX;
    });
    assert.deepEqual(await mei.pointers(0), []);
  });

  step('pictures kept as documents have their pixels and the same places, turned as the camera noted', async () => {
    const { jpeg, png } = await radu.page.evaluate(picturesOfHalves);
    const turned = Buffer.concat([Buffer.from(jpeg.slice(0, 2)), ORIENTATION_6, Buffer.from(jpeg.slice(2))]);
    const patientCase = await radu.page.evaluate(() =>
      /cases\/([0-9a-f-]{36})\/display-sets/.exec(
        performance.getEntriesByType('resource').map(({ name }) => name).join(' '),
      )?.[1],
    );
    const before = await documentSets(radu, patientCase);
    await sendImages(radu, patientCase, [Buffer.from(png), turned]);
    const sets = (await documentSets(radu, patientCase)).filter((set) => !before.includes(set));
    assert.equal(sets.length, 2);
    const shownBefore = new Set();
    for (const displaySet of sets) {
      const voice = await scene.voice('radu');
      const { stage } = await voice.open('board', radu.openId);
      const [first, second] = stage.layout.viewports;
      const shown = { ...second, displaySet, page: 1, image: undefined };
      await voice.command({
        type: 'SettleStage',
        layout: { ...stage.layout, viewports: [first, shown], savedView: undefined },
      });
      voice.leave();
      const seen = [];
      for (const person of [radu, mei]) {
        seen.push(
          await until(`a picture is on the glass of ${person.login}`, async () => {
            if ((await person.pane(1).getAttribute('data-status')) !== 'painted') return false;
            const halves = await halvesOf(person);
            return !halves.startsWith('white') && !shownBefore.has(halves) && halves;
          }),
        );
      }
      assert.equal(seen[0], seen[1]);
      shownBefore.add(seen[0]);
      await looksWell(radu, `pointing-${seen[0].replaceAll(' ', '-')}`);
    }
    assert.deepEqual([...shownBefore].sort(), ['green beside blue', 'red above blue']);
    const glass = await glassOf(mei, 1);
    await radu.moveTo(1, 0.5, 0.5, 3);
    await until('the pointer is in the middle of the picture', async () => {
      const pointer = await restingPointer(mei, 1);
      return Math.hypot(pointer.x - glass.width / 2, pointer.y - glass.height / 2) <= CLOSE_PX;
    });
  });

  step('a pointer that goes away is gone everywhere', async () => {
    await radu.page.mouse.move(5, 5);
    await until('nobody sees it', async () => (await mei.pointers(1)).length === 0);
  });
});
