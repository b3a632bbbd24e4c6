// One person through everything that takes the line away, with a colleague who stays to compare with.
import assert from 'node:assert/strict';
import { Cable } from './support/cable.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const sorted = (list) => [...list].sort();

story('one person through reload, network loss and a killed server', (step, scene) => {
  let radu, mei, slice, cable;

  /** Both are live, on the slice they were at, and hold these messages once each. */
  const backAtTheSamePlace = async (texts) => {
    await Promise.all([radu, mei].map((person) => person.lineIs('live')));
    await Promise.all([radu, mei].map((person) => person.sees(slice)));
    await until('both have every message once', async () => {
      const lists = await Promise.all([radu.messages(), mei.messages()]);
      return lists.every((list) => JSON.stringify(list) === JSON.stringify(texts));
    });
  };

  step('a case is on the stage, scrolled away from where it opened', async () => {
    const anna = await scene.person('anna');
    await anna.openBoard();
    cable = await Cable.lay(scene.server.port);
    scene.onEnd(() => cable.remove());
    radu = await scene.person('radu', { url: cable.url });
    mei = await scene.person('mei');
    await Promise.all([radu, mei].map((person) => person.openBoard()));
    await anna.press('KeyN');
    await radu.sees();
    await radu.page.locator('[data-floor=mine]').waitFor();
    slice = await radu.scroll(5);
    await mei.sees(slice);
    await Promise.all([radu, mei].map((person) => person.tab(/chat/i)));
    await radu.say('before');
    await backAtTheSamePlace(['before']);
    await anna.leave();
  });

  step('a reload comes back to the same board, case and slice, still presenting', async () => {
    await radu.page.reload();
    await radu.lineIs('live');
    await radu.sees(slice);
    await radu.page.locator('[data-floor=mine]').waitFor();
    await radu.tab(/chat/i);
    await backAtTheSamePlace(['before']);
  });

  step('without a network one reads that it reconnects, and what is not saved yet', async () => {
    cable.pull();
    await radu.context.setOffline(true);
    await radu.isTold(/reconnecting/i);
    await radu.say('while away');
    await radu.isTold(/not saved yet \(1\)/i);
    await until('it is marked as being sent', async () => {
      return /sending/.test(await radu.page.locator('.messages li.unsent').innerText());
    });
    assert.equal(await radu.slice(), slice, 'the image stays');
    assert.deepEqual(await mei.messages(), ['before']);
  });

  step('when it is back everything is saved by itself, once, and the place is the same', async () => {
    await mei.say('meanwhile');
    cable.plug();
    await radu.context.setOffline(false);
    await backAtTheSamePlace(['before', 'meanwhile', 'while away']);
    // That it was read is saved a moment later: only messages are to be unsaved in the next step.
    const marks = [radu, mei].map(({ page }) => page.getByRole('tab', { name: /chat/i }).locator('.badge'));
    await Promise.all(marks.map((badge) => badge.waitFor({ state: 'detached' })));
    await Promise.all([radu, mei].map((person) => person.isTold(/live · saved/i)));
  });

  step('when the server is killed both read so, and go on looking', async () => {
    await scene.server.kill();
    await Promise.all([radu, mei].map((person) => person.isTold(/reconnecting/i)));
    await Promise.all([radu.say('said by Radu'), mei.say('said by Mei')]);
    await Promise.all([radu, mei].map((person) => person.isTold(/not saved yet \(1\)/i)));
    assert.equal(await mei.slice(), slice);
  });

  step('when it runs again both are back by themselves, with nothing lost and nothing doubled', async () => {
    await scene.server.start();
    await Promise.all([radu, mei].map((person) => person.lineIs('live')));
    await until('both hold the same five messages', async () => {
      const [one, other] = await Promise.all([radu.messages(), mei.messages()]);
      return one.length === 5 && JSON.stringify(one) === JSON.stringify(other);
    });
    assert.deepEqual(sorted(await radu.messages()), sorted([
      'before', 'meanwhile', 'while away', 'said by Radu', 'said by Mei',
    ]));
    await Promise.all([radu, mei].map((person) => person.sees(slice)));
  });

  step('and the presenter drives again', async () => {
    await radu.page.locator('[data-floor=mine]').waitFor();
    await mei.sees(await radu.scroll(-1));
  });
});
