// Three people at three browsers through a board of three cases.
import assert from 'node:assert/strict';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** Headers and pixels of a case's images. */
const FETCHED = /^\/api\/cases\/[^/]+\/.*(metadata|frames\/\d+)$/;
const MILLIMETRES = /^\d+[.,]\d mm/;

const bannerSays = (people, name) =>
  Promise.all(people.map((person) => person.page.locator('[data-banner]', { hasText: name }).waitFor()));

/** What the banner has said by the first frame that shows an image. */
const bannerOverTheFirstImage = ({ page }) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        let said = ''; // where images take longer than the banner stays, it goes as they come
        const look = () => {
          said = document.querySelector('[data-banner]')?.textContent || said;
          if (document.querySelector('[data-status=painted]')) resolve(said);
          else requestAnimationFrame(look);
        };
        look();
      }),
  );

/** Waits until all of them see one image, another than `before`. */
const togetherAfter = (people, before, number = 0) =>
  until('everybody sees one image', async () => {
    const [first, ...others] = await Promise.all(people.map((person) => person.slice(number)));
    return first && first !== before && others.every((other) => other === first) && first;
  });

const floorOf = (person) => person.page.locator('[data-floor]').getAttribute('data-floor');

story('three people through a board of three cases', (step, scene) => {
  let anna, radu, mei, everybody, slice, holder, driver, fetched;
  const addresses = [];

  step('the chair opens the first case with N, and a banner names the patient on every screen', async () => {
    [anna, radu, mei] = everybody = await scene.board(['anna', 'radu', 'mei']);
    mei.page.on('request', (request) => addresses.push(new URL(request.url()).pathname));
    const overImages = Promise.all(everybody.map(bannerOverTheFirstImage));
    await anna.press('KeyN');
    for (const said of await overImages) assert.match(said, /cranium/i, 'no image before the name');
  });

  step('everybody sees the same slice, and the presenter reads that 3 of 3 see it', async () => {
    slice = await togetherAfter(everybody);
    await radu.page.locator('[data-floor=mine]').waitFor();
    await radu.page.locator('[data-sees="3/3"]').waitFor();
  });

  step('a scroll of the presenter takes everybody along', async () => {
    slice = await radu.scroll(3);
    await Promise.all(everybody.map((person) => person.sees(slice)));
  });

  step('the pointer of the presenter stands on every other screen, named and in one colour', async () => {
    await radu.moveTo(0, 0.3, 0.4, 3);
    const [one, other] = await Promise.all(
      [anna, mei].map((person) =>
        until('a pointer is there', async () => (await person.pointers()).find(({ text }) => /ionescu/i.test(text))),
      ),
    );
    assert.match(one.color, /^#|rgb|var/);
    assert.equal(one.color, other.color);
    assert.equal((await radu.pointers()).length, 0, 'nobody sees their own');
  });

  step('another one points only while they hold P', async () => {
    await mei.moveTo(0, 0.6, 0.6);
    await mei.page.keyboard.down('KeyP');
    await mei.moveTo(0, 0.62, 0.6, 2);
    const pointing = async () => (await anna.pointers()).some(({ text }) => /tanaka/i.test(text));
    await until('the pointer of Dr. Tanaka is there', pointing);
    await mei.page.keyboard.up('KeyP');
    await until('it is gone', async () => !(await pointing()));
  });

  step('a length is seen while it is drawn, and stays with its value on every screen', async () => {
    await radu.press('KeyD');
    await radu.moveTo(0, 0.35, 0.5);
    await radu.page.mouse.down();
    await radu.moveTo(0, 0.6, 0.5, 4);
    await mei.page.locator('.drawing.growing').waitFor();
    await radu.page.mouse.up();
    const texts = await Promise.all(
      everybody.map(async (person) => {
        const drawing = person.page.locator('[data-annotation]:not(.growing)');
        await drawing.waitFor();
        return drawing.locator('text').textContent();
      }),
    );
    assert.match(texts[0], MILLIMETRES);
    assert.equal(new Set(texts).size, 1);
    await radu.press('Escape');
  });

  step('a chat message is counted as unread until it is looked at', async () => {
    await radu.tab(/chat/i);
    await radu.say('The defect is frontal, at the right.');
    const badge = mei.page.getByRole('tab', { name: /chat/i }).locator('.badge');
    await until('one is unread', async () => (await badge.innerText()) === '1');
    await mei.tab(/chat/i);
    assert.deepEqual(await mei.messages(), ['The defect is frontal, at the right.']);
    await badge.waitFor({ state: 'detached' });
  });

  step('the floor is asked for and handed over', async () => {
    await mei.press('KeyG');
    await radu.tab(/people/i);
    const row = radu.page.locator('.people li', { hasText: 'Tanaka' });
    await until('the holder reads who asks', async () => /asks/.test(await row.innerText()));
    await row.getByRole('button').first().click();
    await mei.page.locator('[data-floor=mine]').waitFor();
    await radu.page.locator('[data-following=follow]').waitFor();
    slice = await mei.scroll(-2);
    await Promise.all(everybody.map((person) => person.sees(slice)));
  });

  step('of two who ask at once for a free floor one wins, the same one for all', async () => {
    await mei.press('KeyG');
    await Promise.all(everybody.map((person) => person.page.locator('[data-floor=free]').waitFor()));
    await Promise.all([radu.press('KeyG'), mei.press('KeyG')]);
    holder = await until('one of them holds it, and the other one waits', async () => {
      const floors = await Promise.all([floorOf(radu), floorOf(mei)]);
      return floors.includes('held') && [radu, mei][floors.indexOf('mine')];
    });
    const told = anna.page.locator('[data-floor=held]');
    assert.ok((await told.innerText()).includes(holder.name.split(' ').at(-1)));
  });

  step('the chair gives it to the other one instead', async () => {
    driver = holder === radu ? mei : radu;
    await anna.tab(/people/i);
    const row = anna.page.locator('.people li', { hasText: driver.name });
    await row.getByRole('button').first().click();
    await driver.page.locator('[data-floor=mine]').waitFor();
    await holder.page.locator('[data-following=follow]').waitFor();
  });

  step('who looks at something of their own is not counted as seeing this', async () => {
    await anna.scroll(4);
    await anna.page.locator('[data-following=own]').waitFor();
    await driver.scroll(1);
    await driver.page.locator('[data-sees="2/3"]').waitFor();
    await anna.press('KeyF');
    await driver.page.locator('[data-sees="3/3"]').waitFor();
  });

  step('a view prepared before the meeting is recalled on every screen with one key', async () => {
    await driver.press('Shift+Digit1');
    await Promise.all(everybody.map((person) => person.page.getByText('Axial 73 / 108', { exact: true }).waitFor()));
    await Promise.all(everybody.map((person) => person.page.getByText('Axial 75 / 108', { exact: true }).waitFor()));
    await driver.page.locator('[data-sees="3/3"]').waitFor();
    assert.notEqual(await togetherAfter(everybody, undefined, 0), await togetherAfter(everybody, undefined, 1));
  });

  step('the second case is on every screen before it is opened', async () => {
    await Promise.all(everybody.map(({ page }) => page.locator('.agenda li').nth(1).locator('.ready').waitFor()));
    fetched = addresses.filter((address) => FETCHED.test(address)).at(-1).split('/')[3];
    addresses.length = 0;
  });

  step('with N everybody is at the second case, and the chat of the first stays with the first', async () => {
    await anna.leaveUndecided();
    await bannerSays(everybody, /brain/i);
    await togetherAfter(everybody, slice);
    await radu.page.locator('[data-floor=mine]').waitFor();
    await mei.tab(/chat/i);
    await mei.page.locator('.messages').waitFor();
    assert.deepEqual(await mei.messages(), []);
    assert.equal(await mei.page.locator('[data-annotation]').count(), 0);
  });

  step('nothing that was there before is fetched again', () => {
    const again = addresses.filter((address) => FETCHED.test(address) && address.split('/')[3] === fetched);
    assert.deepEqual(again, []);
  });

  step('and at the third, with identity from its own images on every screen', async () => {
    slice = await radu.slice();
    await anna.leaveUndecided();
    await bannerSays(everybody, /spine/i);
    await togetherAfter(everybody, slice);
    for (const person of everybody) assert.match(await person.pane().locator('.identity').innerText(), /spine/i);
    await radu.page.locator('[data-sees="3/3"]').waitFor();
  });
});
