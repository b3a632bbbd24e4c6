// One person with a keyboard and nothing else: from signing in to signed minutes.
import assert from 'node:assert/strict';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** More than any page has places to stop at. */
const STOPS_MAX = 150;

/** Goes on with Tab until it stands on what this selects, as somebody does who reads where they are. */
async function reach({ page }, selector, text = '') {
  const stands = () =>
    page.evaluate(
      ([wanted, words]) => {
        const here = document.activeElement;
        return Boolean(here?.matches(wanted) && (here.textContent ?? '').includes(words));
      },
      [selector, text],
    );
  for (let stops = 0; stops < STOPS_MAX; stops++) {
    if (await stands()) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never comes to ${selector} ${text}`);
}

const now = (person, place) => person.page.locator(`.agenda .item.now .number`, { hasText: String(place) }).waitFor();

story('a meeting with the keyboard alone', (step, scene) => {
  let anna;

  step('one signs in and opens the board', async () => {
    anna = await scene.guest('anna', { viewport: { width: 1440, height: 900 } });
    const { page } = anna;
    await page.addInitScript(() => {
      window.pointed = 0;
      for (const kind of ['pointerdown', 'mousedown', 'touchstart', 'wheel'])
        addEventListener(kind, () => (window.pointed += 1), { capture: true, passive: true });
    });
    await page.goto(anna.url);
    await page.locator('input[name=username]:focus').waitFor();
    await page.keyboard.type(anna.login);
    await anna.press('Tab');
    await page.keyboard.type(anna.password);
    await anna.press('Enter');
    await page.locator('[data-line=live]').waitFor();
    await page.locator('a[href^="/boards/"]').first().waitFor();
    await reach(anna, 'a[href^="/boards/"]');
    await anna.press('Enter');
    await page.locator('.place.board [data-line=live]').waitFor();
  });

  step('opens the first case and records what is decided', async () => {
    const { page } = anna;
    await page.locator('.agenda .item .ready').first().waitFor();
    await anna.press('KeyN');
    await now(anna, 1);
    await anna.press('KeyT');
    await page.keyboard.type('Reconstruction with a made-to-measure implant');
    await reach(anna, 'input[type=radio][value=right]');
    await anna.press('Space');
    await anna.press('Control+Enter');
    await page.locator('[data-decision=recorded]').waitFor();
  });

  step('votes', async () => {
    await reach(anna, '[data-vote=agree]');
    await anna.press('Enter');
    await anna.page.getByText('1 agree').waitFor();
  });

  step('reads patient and side back and signs', async () => {
    await reach(anna, '[data-to-sign]');
    await anna.press('Enter');
    await anna.page.locator('.read-back [data-side=right]').waitFor();
    await anna.page.locator('input[name=signing-password]:focus').waitFor();
    await anna.page.keyboard.type(anna.password);
    await anna.press('Enter');
    await anna.page.getByText('Everything that was decided is signed').waitFor();
    await anna.press('Escape');
    await anna.page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  step('goes on, leaves one for later, passes one over, and opens one that is not ready', async () => {
    await anna.press('KeyN');
    await now(anna, 2);
    await anna.press('KeyN');
    await anna.page.locator('.step-line').waitFor();
    const open = anna.page.locator('.agenda .item.now .name');
    const left = await open.innerText();
    await anna.press('KeyL');
    await until('the third is open, and moved up', async () => (await open.innerText()) !== left);
    await now(anna, 2);
    await anna.leaveUndecided();
    await anna.page.locator('.step-line input:focus').waitFor();
    await anna.page.keyboard.type('the patient is here today');
    await anna.press('Enter');
    await now(anna, 3);
  });

  step('ends it with the reason for the last one, and a digit for what still waits', async () => {
    await reach(anna, 'button', 'End meeting');
    await anna.press('Enter');
    const dialog = anna.page.getByRole('dialog');
    await dialog.waitFor();
    await reach(anna, 'dialog select');
    await anna.press('ArrowUp'); // of the two that a case can end with, the first
    await until('it is deferred', async () => (await dialog.locator('select').first().inputValue()) === 'deferred');
    await anna.press('Digit1');
    await dialog.locator('button.primary:focus').waitFor();
    await anna.press('Enter');
    await anna.page.getByText('The meeting is over').waitFor();
  });

  step('and reads the signed minutes', async () => {
    const { page } = anna;
    await reach(anna, '.agenda header [aria-haspopup=menu]');
    await anna.press('Enter');
    const minutes = page.getByRole('menuitem', { name: /minutes/i });
    await minutes.waitFor();
    for (let stops = 0; stops < STOPS_MAX; stops++) {
      if (await minutes.evaluate((entry) => entry === document.activeElement)) break;
      await anna.press('ArrowDown');
    }
    await anna.press('Enter');
    await page.locator('[data-minutes=ready]').waitFor();
    const text = await page.locator('main').innerText();
    assert.match(text, /1 decided, 0 as standard of care, 2 deferred, 1 not discussed/);
    assert.ok(text.includes(`Signed by ${anna.name}`), text);
    assert.equal(await page.evaluate(() => window.pointed), 0, 'nothing was pointed at');
  });
});
