// Where everybody needs a second factor: who has none adds one before anything else, and is in then.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { codeOf } from './support/authenticator.mjs';
import { looksWell } from './support/looks.mjs';
import { story } from './support/story.mjs';

story('a second factor is asked of everybody', (step, scene) => {
  let anna, secret, codes;

  const arrives = async () => {
    await anna.page.goto(anna.url);
    await anna.page.locator('input[name=username]').fill(anna.login);
    await anna.page.locator('input[name=password]').fill(anna.password);
    await anna.page.locator('button[type=submit]').click();
  };

  step('who has none is shown one thing, and gets nothing else by asking for it', async () => {
    anna = await scene.guest('anna');
    await arrives();
    await anna.page.getByRole('heading', { name: 'One thing first' }).waitFor();
    await isAccessible(anna);
    const answers = await anna.page.evaluate(() =>
      Promise.all(['/api/people', '/api/tickets'].map((path) =>
        fetch(path, path === '/api/tickets' ? { method: 'POST', body: '' } : {}).then(({ status }) => status))));
    assert.deepEqual(answers, [403, 403]);
    await looksWell(anna, 'enrolment');
  });

  step('another window is shown the same, also after it is loaded again', async () => {
    await anna.page.reload();
    await anna.page.getByRole('heading', { name: 'One thing first' }).waitFor();
    await anna.page.goto(`${anna.url}/account`);
    await anna.page.getByRole('heading', { name: 'One thing first' }).waitFor();
  });

  step('a wrong code adds nothing', async () => {
    await anna.page.goto(anna.url);
    await anna.page.getByRole('button', { name: 'Add an authenticator app' }).click();
    const dialog = anna.page.getByRole('dialog', { name: 'Add an authenticator app' });
    secret = await dialog.locator('[data-secret]').getAttribute('data-secret');
    await dialog.locator('input[name=code]').fill('000000');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await dialog.getByText(/not right/).waitFor();
    await isAccessible(anna);
  });

  step('with an app and its paper they are in', async () => {
    const dialog = anna.page.getByRole('dialog', { name: 'Add an authenticator app' });
    await dialog.locator('input[name=code]').fill(codeOf(secret));
    await dialog.getByRole('button', { name: 'Add it' }).click();
    const paper = anna.page.getByRole('dialog', { name: 'Recovery codes' });
    await paper.waitFor();
    codes = await paper.locator('.codes code').allInnerTexts();
    assert.equal(codes.length, 10);
    await paper.getByRole('button', { name: 'I have kept them' }).click();
    await anna.page.locator('[data-line=live]').waitFor();
  });

  step('the next time the app is asked for, and nothing is to be added', async () => {
    await anna.page.getByRole('button', { name: 'Sign out', exact: true }).first().click();
    await arrives();
    await anna.page.getByRole('heading', { name: 'Second step' }).waitFor();
    await anna.page.locator('input[name=code]').fill(codes[0]);
    await anna.page.getByRole('button', { name: 'Continue' }).click();
    await anna.page.locator('[data-line=live]').waitFor();
    assert.equal(await anna.page.getByText('One thing first').count(), 0);
  });
}, ['--second-factor', 'required']);
