// A slide under the microscope on the stage: the same place at the same magnification for everybody, with the
// colours it says it has, and the label that carries a name only for who asks for it.
import assert from 'node:assert/strict';
import { looksWell } from './support/looks.mjs';
import { RED_MARK, SLIDE_MM, slideFiles } from './support/slides.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const LARGE_AND_SHARP = { viewport: { width: 1500, height: 900 }, deviceScaleFactor: 2 };
/** As the demonstration's first case knows them. */
const PATIENT = ['--name', 'DEMO^Cranium', '--id', 'DEMO-0001', '--birth-date', '19710314', '--sex', 'F'];
const isBlue = ([red, green, blue]) => blue > 180 && green < 90 && red < 90;
const isRed = ([red, green, blue]) => red > 180 && green < 90 && blue < 90;

/** Colour of the screen at a place of a pane's glass, given as parts of it. */
async function colorAt(person, x, y) {
  const at = await person.on(0, x, y);
  const picture = await person.page.screenshot({ clip: { x: at.x, y: at.y, width: 1, height: 1 } });
  return person.page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    context.drawImage(image, 0, 0);
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }, picture.toString('base64'));
}

const isPainted = async (person) => (await person.pane(0).getAttribute('data-status')) === 'painted';

story('a slide on the stage', (step, scene) => {
  let anna, radu, mei, voice, patientCase;

  const send = async (options) => {
    for (const file of await slideFiles(scene, options)) {
      const answer = await fetch(`${voice.url}/api/cases/${patientCase}/uploads`, {
        method: 'POST',
        headers: voice.bearer,
        body: file,
      });
      assert.equal(answer.status, 201);
    }
  };

  /** Where a place of the slide falls on a glass that shows all of it, in parts. */
  const whole = async (person, { x, y }) => {
    const { width, height } = await person.pane(0).locator('.glass').boundingBox();
    const scale = Math.min(width / SLIDE_MM.width, height / SLIDE_MM.height);
    return [
      0.5 + ((x - SLIDE_MM.width / 2) * scale) / width,
      0.5 + ((y - SLIDE_MM.height / 2) * scale) / height,
    ];
  };

  step('its files come into the case as one slide', async () => {
    [anna, radu] = await scene.board(['anna', 'radu']);
    mei = await (await scene.person('mei', LARGE_AND_SHARP)).openBoard();
    voice = await scene.voice('anna');
    const { items } = await voice.open('board', anna.openId);
    [{ patientCase }] = items;
    await send(PATIENT);
    await anna.press('KeyN');
    await radu.page.locator('[data-floor=mine]').waitFor();
    await radu.sees();
  });

  step('its label is not listed before somebody asks for it', async () => {
    await radu.tab(/case/i);
    await radu.page.locator('.series', { hasText: 'slide' }).waitFor();
    assert.equal(await radu.page.locator('.series', { hasText: 'label' }).count(), 0);
    await radu.page.getByRole('button', { name: 'Show the label' }).click();
    await radu.page.locator('.series', { hasText: 'label' }).waitFor();
    await radu.page.getByRole('button', { name: 'Hide labels' }).click();
  });

  step('everybody sees it, whatever the size of their glass', async () => {
    await radu.page.locator('.series', { hasText: 'slide' }).click();
    for (const person of [radu, mei, anna]) {
      await until(`the red mark is where it belongs for ${person.login}`, async () => {
        return (await isPainted(person)) && isRed(await colorAt(person, ...(await whole(person, RED_MARK))));
      });
    }
    await radu.page.locator('[data-sees="3/3"]').waitFor();
  });

  step('whose it is, how large it is shown and whether its colours are right stands on it', async () => {
    const words = (await mei.pane(0).innerText()).replace(/\s+/g, ' ');
    assert.match(words, /Cranium/);
    assert.match(words, /about [\d.]+×/);
    assert.match(words, /colours by its ICC profile/);
    assert.match(words, /mm|µm/);
  });

  step('a pointer is at the same place of it', async () => {
    const [x, y] = await whole(radu, RED_MARK);
    await radu.moveTo(0, x, y, 3);
    const there = await whole(mei, RED_MARK);
    const { width, height } = await mei.pane(0).locator('.glass').boundingBox();
    await until('the pointer is on the mark', async () => {
      const found = (await mei.pointers(0)).find(({ text }) => text.startsWith('Ionescu'));
      return found && Math.hypot(found.x - there[0] * width, found.y - there[1] * height) < 2;
    });
  });

  step('coming nearer and turning are followed', async () => {
    const times = async (person) => Number(/about ([\d.]+)×/.exec(await person.pane(0).innerText())?.[1]);
    const before = await times(mei);
    const [x, y] = await whole(radu, RED_MARK);
    await radu.moveTo(0, x, y);
    for (let notch = 0; notch < 8; notch += 1) await radu.page.mouse.wheel(0, -50);
    await until('the mark stays under the hand', async () => {
      return (await isPainted(radu)) && isRed(await colorAt(radu, x, y));
    });
    await until('the others come as much nearer', async () => {
      return (await isPainted(mei)) && (await times(mei)) > 4 * before;
    });
    await radu.press('KeyR');
    await mei.pane(0).getByText(/rotated/i).waitFor();
    await radu.press('Space');
    await looksWell(mei, 'slide');
  });

  step('one whose tiles stand in order, without places, has its own profile: red and blue change places', async () => {
    await send([...PATIENT, '--full', '--swapped']);
    await radu.page.locator('.series', { hasText: 'Swapped colours' }).click();
    for (const person of [radu, mei]) {
      await until(`the red mark is blue for ${person.login}`, async () => {
        return (await isPainted(person)) && isBlue(await colorAt(person, ...(await whole(person, RED_MARK))));
      });
    }
    await mei.pane(0).getByText(/colours by its ICC profile/).waitFor();
  });

  step('two glasses in one series and one frame of reference are two slides', async () => {
    await send([...PATIENT, '--pair']);
    const glasses = radu.page.locator('.series', { hasText: 'Two glasses' });
    await until('both are listed', async () => (await glasses.count()) === 2);
    const named = [];
    for (const number of [1, 2]) {
      await glasses.filter({ hasText: `slide ${number} of 2` }).click();
      for (const person of [radu, mei]) {
        const glass = await until(`${person.login} reads which glass it is`, async () => {
          const said = /Two glasses · DEMO-26-1 ([AB])/.exec(await person.pane(0).innerText())?.[1];
          return said && !named.includes(said) && said;
        });
        const isMark = glass === 'A' ? isRed : isBlue;
        await until(`the mark of glass ${glass} is on the screen of ${person.login}`, async () => {
          return (await isPainted(person)) && isMark(await colorAt(person, ...(await whole(person, RED_MARK))));
        });
        if (person === mei) named.push(glass);
      }
    }
    assert.deepEqual(named.sort(), ['A', 'B']);
    await looksWell(radu, 'slide-glasses');
  });
});
