// What ends when access ends: the socket, the pixels, the words.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { story } from './support/story.mjs';

/** A revocation holds on open sockets within this. */
const REVOKED_MS = 1000;
const CLOSE_OUTDATED = 4501;

const countFrames = (page) => {
  const seen = { count: 0 };
  page.on('request', (request) => {
    if (request.url().includes('/frames/')) seen.count += 1;
  });
  return seen;
};

story('what ends when access ends', (step, scene) => {
  let anna, mei, radu, looked;

  step('who is removed by the chair loses pixels and words within a second', async () => {
    [anna, radu, mei] = await scene.board(['anna', 'radu', 'mei']);
    await anna.press('KeyN');
    await Promise.all([radu, mei].map((person) => person.sees()));
    const chair = await scene.voice('anna');
    const { members } = await chair.open('board', anna.openId);
    const { user } = members.find(({ name }) => name === mei.name);
    const gone = mei.page.evaluate(
      () =>
        new Promise((resolve) => {
          const look = () => {
            const rest = document.querySelector('[data-pane], canvas') ?? /cranium/i.test(document.body.innerText);
            if (rest) requestAnimationFrame(look);
            else resolve(Date.now());
          };
          look();
        }),
    );
    await chair.command({ type: 'RemoveMember', user });
    const removed = Date.now();
    const took = (await gone) - removed;
    assert.ok(took <= REVOKED_MS, `it took ${took} ms`);
  });

  step('their page says that access was taken back, and asking again gives nothing', async () => {
    await mei.page.getByText(/taken back/i).waitFor();
    await mei.page.reload();
    await mei.page.getByText(/do not have access/i).waitFor();
    assert.equal(await mei.page.locator('[data-pane]').count(), 0);
    assert.doesNotMatch(await mei.page.locator('body').innerText(), /cranium/i);
  });

  step('nobody else notices', async () => {
    await anna.sees(await radu.sees());
    await anna.lineIs('live');
  });

  step('who signs out in one window is out in the other one, without an image', async () => {
    const other = await radu.context.newPage();
    await other.goto(radu.url);
    await other.locator('[data-line=live]').waitFor();
    await other.getByRole('button', { name: /sign out/i }).click();
    await Promise.all([radu.page, other].map((page) => page.locator('input[name=username]').waitFor()));
    await radu.page.getByText(/signed out/i).waitFor();
    assert.equal(await radu.page.locator('[data-pane], canvas').count(), 0);
    await other.close();
    const status = await radu.page.evaluate(() => fetch('/api/me').then((answer) => answer.status));
    assert.equal(status, 401);
  });

  step('no image was kept: after signing in again they are fetched anew', async () => {
    const frames = countFrames(radu.page);
    await radu.page.locator('input[name=username]').fill(radu.login);
    await radu.page.locator('input[name=password]').fill(radu.password);
    await radu.page.locator('button[type=submit]').click();
    await radu.sees(await anna.sees());
    assert.ok(frames.count > 0);
  });

  step('who coordinates a case reads who looked at it, and when', async () => {
    const chair = await scene.voice('anna');
    const { items, openItem } = await chair.open('board', anna.openId);
    looked = items.find(({ item }) => item === openItem).patientCase;
    const page = await anna.context.newPage();
    await page.goto(`${anna.url}/cases/${looked}/accesses`);
    const row = page.locator('.accesses tr', { hasText: radu.name });
    await row.filter({ hasText: /images/i }).first().waitFor();
    await row.filter({ hasText: /record of the case/i }).first().waitFor();
    await isAccessible({ ...anna, page });
    await page.close();
  });

  step('to a member that record is not there', async () => {
    const page = await radu.context.newPage();
    await page.goto(`${radu.url}/cases/${looked}/accesses`);
    await page.getByText(/there is nothing here/i).waitFor();
    await page.close();
  });

  step('an administrator finds who signed in, and follows a case', async () => {
    const keeper = await scene.guest('administrator');
    await keeper.signIn();
    await keeper.page.getByRole('link', { name: /who looked/i }).click();
    await keeper.page.locator('.accesses tr', { hasText: /sign-in/i }).first().waitFor();
    await isAccessible(keeper);
    await keeper.page.getByLabel(/person/i).selectOption({ label: radu.name });
    await keeper.page.locator('.accesses tr', { hasText: anna.name }).first().waitFor({ state: 'detached' });
    await keeper.page.locator(`.accesses a[href="/cases/${looked}/accesses"]`).first().click();
    await keeper.page.getByRole('heading', { name: /who looked at this case/i }).waitFor();
    await keeper.leave();
  });

  step('a page that the server finds too old says to reload, and does not knock again', async () => {
    const sockets = [];
    const omar = await scene.guest('omar');
    await omar.page.routeWebSocket(/\/ws/, (socket) => {
      sockets.push(socket);
      socket.connectToServer();
    });
    await omar.signIn();
    assert.equal(sockets.length, 1);
    await sockets[0].close({ code: CLOSE_OUTDATED, reason: '' });
    await omar.isTold(/reload/i);
    assert.equal(await omar.line().getAttribute('data-line'), 'outdated');
    assert.equal(sockets.length, 1);
  });

  step('a server that stops says when to come back, and everybody does', async () => {
    await scene.server.end();
    await anna.isTold(/reconnecting/i);
    await scene.server.start();
    await anna.lineIs('live');
    await anna.sees();
  });
});
