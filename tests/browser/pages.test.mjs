// Every page, for everybody: accessible, on its own, with the keyboard, on a phone.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isAccessible as isClean } from './support/accessible.mjs';
import { PHONE } from './support/person.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

story('every page', (step, scene) => {
  let anna, radu, mei;

  step('the sign-in page has no serious finding, and refuses a wrong password in words', async () => {
    anna = await scene.guest('anna');
    await anna.page.goto(anna.url);
    await anna.page.locator('input[name=username]').waitFor();
    await isClean(anna);
    await anna.page.locator('input[name=username]').fill('anna');
    // Hidden while it is typed, and known to managers of passwords for what it is.
    await anna.page.locator('input[name=password][type=password][autocomplete=current-password]').fill('not this one');
    await anna.page.locator('button[type=submit]').click();
    await anna.page.getByText(/not right/i).waitFor();
    await isClean(anna);
  });

  step('a page that is asked for again is there again', async () => {
    await anna.page.reload();
    await anna.page.locator('input[name=username]').waitFor();
  });

  step('the worklist and the form for a board and its people have none', async () => {
    await anna.signIn();
    await isClean(anna);
    const clara = await scene.person('clara'); // she prepares boards, so she is offered the form
    await clara.page.getByRole('button', { name: /new board/i }).click();
    await clara.page.locator('dialog fieldset, [role=dialog] fieldset').first().waitFor();
    await isClean(clara);
    await clara.leave();
  });

  step('a referrer\'s page has none', async () => {
    const rosa = await scene.person('rosa');
    await rosa.page.locator('article[data-status]').waitFor();
    await isClean(rosa);
    await rosa.leave();
  });

  step('a board has none, before its first case and with it', async () => {
    await anna.openBoard();
    await isClean(anna);
    radu = await scene.person('radu');
    await radu.openBoard();
    await anna.press('KeyN');
    await Promise.all([anna, radu].map((person) => person.sees()));
    await anna.page.locator('[data-banner]').waitFor({ state: 'detached' });
    await isClean(anna);
    await anna.tab(/people/i);
    await isClean(anna);
    await anna.tab(/chat/i);
    await isClean(anna);
  });

  step('a sheet stays in sight when the column that it came from has no more room', async () => {
    const { page } = anna;
    const usual = page.viewportSize();
    await page.locator('.agenda').getByRole('button', { name: 'Add a case' }).click();
    const sheet = page.getByRole('dialog', { name: 'Add a case' });
    await sheet.waitFor();
    await page.setViewportSize({ width: 1024, height: 768 });
    await page.locator('.column.left').waitFor({ state: 'hidden' });
    assert.ok(await sheet.isVisible(), 'a page that cannot be used, and nothing to close');
    await sheet.getByRole('button', { name: 'Close' }).click();
    await sheet.waitFor({ state: 'detached' });
    await page.setViewportSize(usual);
  });

  step('? lists the keys, without a finding', async () => {
    await anna.page.locator('.messages').focus();
    await anna.press('Shift+Slash');
    await anna.page.getByText('Raise or lower hand').waitFor();
    await isClean(anna);
    await anna.press('Escape');
    await anna.page.getByText('Raise or lower hand').waitFor({ state: 'hidden' });
  });

  step('keys are off while one writes', async () => {
    const shown = await anna.slice();
    const field = anna.page.locator('.writing textarea');
    await field.pressSequentially('no next case, nothing given up');
    await field.press('Shift+Digit1');
    assert.equal(await field.inputValue(), 'no next case, nothing given up!');
    await field.press('Enter');
    await until('it is said', async () => (await anna.messages()).length === 1);
    await anna.page.locator('[data-sees="2/2"]').waitFor();
    assert.equal(await anna.slice(), shown);
    assert.equal(await anna.page.locator('[aria-current=true] .name').innerText(), 'DEMO, Cranium');
  });

  step('a case of one\'s own has no finding', async () => {
    const clara = await scene.person('clara');
    await clara.page.locator('a[href^="/cases/"]').last().click();
    await clara.sees();
    await isClean(clara);
    await clara.leave();
  });

  step('an address of nothing says so to everybody, also to who may make something there', async () => {
    const clara = await scene.person('clara');
    for (const place of ['boards/ID', 'boards/ID/minutes', 'cases/ID', 'cases/ID/images', 'series/ID']) {
      await clara.page.goto(`${clara.url}/${place.replace('ID', randomUUID())}`);
      await clara.page.getByText('This is not there, or you do not have access.').waitFor();
    }
    await clara.leave();
  });

  step('a phone shows one image at a time, and nothing is wider than its screen', async () => {
    mei = await scene.person('mei', { viewport: PHONE, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
    await mei.page.locator('a[href^="/boards/"]').first().tap();
    await radu.press('Shift+Digit2');
    await Promise.all([0, 1, 2].map((pane) => radu.sees(undefined, pane)));
    await until('the phone paints', async () => (await mei.page.locator('[data-status=painted]').count()) === 1);
    assert.equal(await mei.page.locator('[data-pane]').count(), 1);
    await radu.page.locator('[data-sees="3/3"]').waitFor();
    const width = await mei.page.evaluate(() => document.scrollingElement.scrollWidth);
    assert.ok(width <= PHONE.width, `the page is ${width} px wide`);
    await isClean(mei);
  });

  step('a decision is written on the whole of a phone, under the name of the patient', async () => {
    const { page } = mei;
    await mei.page.getByRole('tab', { name: 'Decision' }).tap();
    const form = page.locator('.decision-form');
    await form.waitFor();
    const { height } = await page.locator('.column.right').boundingBox();
    assert.ok(height > PHONE.height * 0.8, `the form has ${height} px`);
    await page.locator('.decision-head', { hasText: 'DEMO, Cranium' }).waitFor();
    assert.equal(await page.locator('[data-pane]').first().isVisible(), false);
    const record = await page.getByRole('button', { name: 'Record decision' }).boundingBox();
    const field = await page.locator('[data-field=recommendation] textarea').boundingBox();
    assert.ok(field.y + field.height < record.y, 'what is written is covered by its button');
    await isClean(mei);
    await page.getByRole('button', { name: 'To the images' }).tap();
    await page.locator('[data-pane]').first().waitFor();
    assert.equal(await form.count(), 0);
  });

  step('a finger held on it points', async () => {
    await radu.press('Space');
    const at = await mei.on(0, 0.5, 0.5);
    const touch = await mei.context.newCDPSession(mei.page);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
    const pointing = async () => (await radu.pointers()).some(({ text }) => /tanaka/i.test(text));
    await until('the pointer is there', pointing);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await until('it is gone', async () => !(await pointing()));
  });
});
