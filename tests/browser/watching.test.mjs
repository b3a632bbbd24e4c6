// Those who only watch: a referrer, an observer, and a member who looks for themselves.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const windowOf = async (person) =>
  /W \S+ L \S+/.exec(await person.pane().locator('.lower-right').innerText())?.[0];

story('those who only watch', (step, scene) => {
  let anna, radu, mei, omar, rosa, slice;
  const heard = [];

  step('a referrer reads at once that the case is being discussed', async () => {
    rosa = await scene.guest('rosa');
    rosa.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(payload)));
    await rosa.signIn();
    await rosa.page.locator('article[data-status=scheduled]').waitFor();
    [anna, radu, mei, omar] = await scene.board(['anna', 'radu', 'mei', 'omar']);
    await anna.press('KeyN');
    await rosa.page.locator('article[data-status=in_discussion]').waitFor();
  });

  step('an observer sees what the presenter shows', async () => {
    await radu.page.locator('[data-floor=mine]').waitFor();
    await radu.sees();
    slice = await radu.scroll(2);
    await omar.sees(slice);
    await omar.isTold(/read only/i);
  });

  step('an observer is offered neither the floor nor pointing, and their keys for it do nothing', async () => {
    assert.equal(await omar.page.getByRole('button', { name: /floor|^point/i }).count(), 0);
    await omar.press('KeyG');
    await omar.moveTo(0, 0.4, 0.4);
    await omar.page.keyboard.down('KeyP');
    await omar.moveTo(0, 0.5, 0.4, 4);
    await mei.page.keyboard.down('KeyP');
    await mei.moveTo(0, 0.5, 0.6, 4);
    // Mei's pointer was moved later: once it is there, Omar's would be.
    const shown = await until('a pointer is there', async () => {
      const pointers = await anna.pointers();
      return pointers.some(({ text }) => text === 'Tanaka') && pointers;
    });
    await mei.page.keyboard.up('KeyP');
    await omar.page.keyboard.up('KeyP');
    assert.deepEqual(shown.map(({ text }) => text).sort(), ['Ionescu', 'Tanaka']);
    await anna.page.locator('[data-floor=held]').waitFor();
  });

  step('an observer reads the chat and cannot write, and what they draw stays nowhere', async () => {
    await omar.tab(/chat/i);
    assert.equal(await omar.page.locator('.writing').count(), 0);
    await omar.press('KeyD');
    await omar.drag(0, [0.3, 0.3], [0.5, 0.5]);
    await radu.tab(/chat/i);
    await radu.say('A word to all.');
    await until('the observer reads it', async () => (await omar.messages()).includes('A word to all.'));
    await until('nothing is drawn', async () => (await omar.page.locator('[data-annotation]').count()) === 0);
    assert.equal(await radu.page.locator('[data-annotation]').count(), 0);
  });

  step('who has an own window goes on following the slices', async () => {
    const shared = await windowOf(radu);
    await mei.drag(0, [0.5, 0.5], [0.6, 0.6]);
    const own = await until('the window is another', async () => {
      const now = await windowOf(mei);
      return now !== shared && now;
    });
    slice = await radu.scroll(2);
    await mei.sees(slice);
    assert.equal(await windowOf(mei), own);
    assert.equal(await windowOf(radu), shared, 'the presenter is not disturbed');
    await mei.page.locator('[data-following=follow]').waitFor();
  });

  step('who scrolls leaves the presenter, who is not disturbed', async () => {
    const own = await mei.scroll(-6);
    await mei.page.locator('[data-following=own]').waitFor();
    assert.equal(await radu.slice(), slice);
    assert.equal(await omar.slice(), slice);
    slice = await radu.scroll(1);
    await omar.sees(slice);
    assert.equal(await mei.slice(), own, 'an own view stays');
  });

  step('F brings back to what everybody sees', async () => {
    await mei.press('KeyF');
    await mei.sees(slice);
    assert.equal(await windowOf(mei), await windowOf(radu));
  });

  step('the referrer sees the end of it live, without reloading', async () => {
    await anna.press('KeyT');
    await anna.page.keyboard.type('Reconstruction with a made-to-measure implant');
    await anna.press('Control+Enter');
    await anna.page.locator('[data-decision=recorded]').waitFor();
    await anna.press('KeyN');
    await rosa.page.locator('article[data-status=discussed]').waitFor();
  });

  step('and was never told a name, a message or an image of it', async () => {
    const told = Buffer.concat(heard.map((payload) => Buffer.from(payload))).toString('latin1');
    assert.ok(told.length > 0);
    const text = await rosa.page.locator('body').innerText();
    for (const secret of ['Berg', 'Neumann', 'Ionescu', 'Tanaka', 'Haddad', 'A word to all', '2.25.']) {
      assert.ok(!told.includes(secret), `the line said ${secret}`);
      assert.ok(!text.includes(secret), `the page said ${secret}`);
    }
    const status = await rosa.page.evaluate(async () => {
      const id = document.querySelector('article h2').id.replace('case-', '');
      return (await fetch(`/api/cases/${id}/display-sets`)).status;
    });
    assert.equal(status, 404);
  });
});

story('a screen in the hall', (step, scene) => {
  let anna, wall, slice;

  step('it shows a code before it is anybody, without a finding', async () => {
    [anna] = await scene.board(['anna']);
    wall = await scene.guest('omar', { viewport: { width: 1440, height: 810 } });
    await wall.page.goto(`${wall.url}/display`);
    await wall.page.locator('.code').waitFor();
    await isAccessible(wall);
  });

  step('once the chair has typed its code it shows the stage and nothing else', async () => {
    await anna.press('KeyN');
    slice = await anna.sees();
    const code = await wall.page.locator('.code').innerText();
    await anna.tab(/people/i);
    await anna.page.getByRole('button', { name: /pair a screen/i }).click();
    await anna.page.getByLabel(/code on the screen/i).fill(code.toLowerCase());
    await anna.page.getByRole('button', { name: /^pair$/i }).click();
    await wall.sees(slice);
    for (const selector of ['[role=tab]', '.column', '.tool', '.writing'])
      assert.equal(await wall.page.locator(selector).count(), 0, selector);
    await isAccessible(wall);
  });

  step('it follows the presenter', async () => {
    await anna.press('KeyG');
    await anna.page.locator('[data-floor=mine]').waitFor();
    slice = await anna.scroll(2);
    await wall.sees(slice);
  });

  step('taken off the board it shows nothing of it within a second', async () => {
    await anna.page.getByRole('button', { name: /change members/i }).click();
    const began = Date.now();
    await anna.page.getByRole('button', { name: /^remove: display/i }).click();
    await wall.page.locator('[data-pane]').first().waitFor({ state: 'detached' });
    assert.ok(Date.now() - began < 1500, 'and a little for the browsers');
  });
});
