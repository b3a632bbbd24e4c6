// One browser on a hospital's guest network, another on a cable: they end at the same stage.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { GuestNetwork, whyNoGuestNetwork } from './support/guest_network.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const missing = await whyNoGuestNetwork();
if (missing) test('one browser behind a bad line', { skip: missing }, () => undefined);
else
  story('one browser behind a bad line', (step, scene) => {
    let anna, radu, mei, network;

    const sameStage = async () => {
      const seen = await radu.sees();
      await Promise.all([mei, anna].map((person) => person.sees(seen)));
      await until('they hold the same messages', async () => {
        const [one, other] = await Promise.all([radu.messages(), mei.messages()]);
        return one.length > 0 && JSON.stringify(one) === JSON.stringify(other);
      });
    };

    step('a case is open for both while both have a cable', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'consilium-network-'));
      scene.onEnd(() => rm(folder, { recursive: true, force: true }));
      network = await GuestNetwork.begin(scene.server.port, folder);
      scene.onEnd(() => network.end());
      [anna, radu] = await scene.board(['anna', 'radu']);
      mei = await scene.person('mei', { url: network.url });
      await mei.openBoard();
      await anna.press('KeyN');
      await Promise.all([anna, radu, mei].map((person) => person.sees()));
      await radu.page.locator('[data-floor=mine]').waitFor();
      await Promise.all([radu, mei].map((person) => person.tab(/chat/i)));
      await radu.say('before');
      await sameStage();
    });

    step('on the guest network one is back by oneself, and follows', async () => {
      network.leaveCable();
      await mei.isTold(/reconnecting/i);
      await mei.lineIs('live');
      await radu.scroll(4);
      await mei.say('from the guest network');
      await sameStage();
      await mei.isTold(/live · saved/i); // the others may have read it before its answer is back
    });

    step('when nothing passes, what is written waits and nothing seen is lost', async () => {
      const seen = await mei.slice();
      network.cut();
      await radu.scroll(3);
      await radu.say('while nothing passed');
      await mei.say('said into nothing');
      await mei.isTold(/not saved yet \(1\)/i);
      assert.equal(await mei.slice(), seen);
    });

    step('when it passes again both are at the same stage, with every message once', async () => {
      network.mend();
      await mei.isTold(/live · saved/i);
      await sameStage();
      assert.deepEqual([...(await mei.messages())].sort(), [
        'before', 'from the guest network', 'said into nothing', 'while nothing passed',
      ]);
      await radu.scroll(-2);
      await sameStage();
    });
  });
