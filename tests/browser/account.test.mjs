// One's own account: a second factor is added, asked for, replaced by paper, by a passkey; a device is thrown out.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { addDevice, codeOf } from './support/authenticator.mjs';
import { looksWell } from './support/looks.mjs';
import { PHONE } from './support/person.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** Whoever is thrown out sees nothing after that. */
const OUT_MS = 1000;

story('one has an account of one\'s own', (step, scene) => {
  let anna, elsewhere, secret, codes, device;

  const button = (name) => anna.page.getByRole('button', { name, exact: true });
  const proves = async (code) => {
    const dialog = anna.page.getByRole('dialog', { name: 'Is it you?' });
    await dialog.locator('input[name=password]').fill(anna.password);
    if (code) await dialog.locator('input[name=code]').fill(code);
    await dialog.getByRole('button', { name: 'Go on' }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  const keepsCodes = async () => {
    const dialog = anna.page.getByRole('dialog', { name: 'Recovery codes' });
    await dialog.waitFor();
    await isAccessible(anna);
    const shown = await dialog.locator('.codes code').allInnerTexts();
    await dialog.getByRole('button', { name: 'I have kept them' }).click();
    await dialog.waitFor({ state: 'detached' });
    return shown;
  };
  const out = async () => {
    await anna.page.getByRole('button', { name: 'Sign out', exact: true }).first().click();
    await anna.page.locator('input[name=username]').waitFor();
  };
  const givesPassword = async (person) => {
    await person.page.locator('input[name=username]').fill(person.login);
    await person.page.locator('input[name=password]').fill(person.password);
    await person.page.locator('button[type=submit]').click();
  };
  const givesCode = async (person, code) => {
    await person.page.locator('input[name=code]').fill(code);
    await person.page.getByRole('button', { name: 'Continue' }).click();
  };
  const isIn = (person) => person.page.locator('[data-line=live]').waitFor();
  const looksAtAccount = async () => {
    await anna.page.locator('.top .own').click();
    await anna.page.getByRole('heading', { name: 'Your account' }).waitFor();
  };

  step('an authenticator app is added by its first code, after a proof', async () => {
    anna = await scene.person('anna');
    await looksAtAccount();
    await anna.page.locator('[data-current=true]').waitFor();
    await isAccessible(anna);
    await button('Add an authenticator app').click();
    await proves();
    const dialog = anna.page.getByRole('dialog', { name: 'Add an authenticator app' });
    secret = await dialog.locator('[data-secret]').getAttribute('data-secret');
    await dialog.locator('svg.qr').waitFor();
    await isAccessible(anna);
    await anna.picture('account-app');
    await dialog.locator('input[name=code]').fill('000000');
    await dialog.getByRole('button', { name: 'Add it' }).click();
    await dialog.getByText(/not right/).waitFor();
    await dialog.locator('input[name=code]').fill(codeOf(secret));
    await dialog.getByRole('button', { name: 'Add it' }).click();
    codes = await keepsCodes();
    assert.equal(codes.length, 10);
    await anna.page.locator('[data-factor=code]').waitFor();
    await looksWell(anna, 'account');
  });

  step('from then on the password opens half a door, and the code the rest', async () => {
    await out();
    await givesPassword(anna);
    await anna.page.getByRole('heading', { name: 'Second step' }).waitFor();
    await isAccessible(anna);
    await anna.picture('account-second');
    await givesCode(anna, '000000');
    await anna.page.getByText(/not right/).waitFor();
    await givesCode(anna, codeOf(secret, 1));
    await isIn(anna);
  });

  step('a code of the paper works once', async () => {
    await out();
    await givesPassword(anna);
    await givesCode(anna, codes[0].toLowerCase());
    await isIn(anna);
    await out();
    await givesPassword(anna);
    await givesCode(anna, codes[0]);
    await anna.page.getByText(/was used already/).waitFor();
    await givesCode(anna, codes[1]);
    await isIn(anna);
  });

  step('a passkey is added, and signs in without a password', async () => {
    device = await addDevice(anna);
    await looksAtAccount();
    await button('Add a passkey').click();
    await proves(codes[2]);
    await anna.page.locator('[data-factor=passkey]').waitFor();
    await out();
    await button('Sign in with a passkey').click();
    await isIn(anna);
  });

  step('a passkey whose person was not seen is no sign-in, but a second step', async () => {
    await out();
    await device.verifies(false);
    await button('Sign in with a passkey').click();
    await anna.page.locator('.problem').filter({ hasText: /./ }).waitFor();
    await givesPassword(anna);
    await button('Use a passkey').click();
    await isIn(anna);
    await device.verifies(true);
  });

  step('a copy of a passkey that is behind is refused, and written down', async () => {
    const [kept] = await device.passkeys();
    await out();
    await device.drop(kept.credentialId);
    await device.put({ ...kept, signCount: 0 });
    await button('Sign in with a passkey').click();
    await anna.page.getByText(/not known here/).waitFor();
    const looker = await scene.person('administrator');
    const { accesses } = await looker.page.evaluate(async () => (await fetch('/api/accesses')).json());
    assert.ok(accesses.some(({ action, refused }) => action === 'passkey_copy' && refused));
    await looker.leave();
    await device.drop(kept.credentialId);
    await device.put({ ...kept, signCount: kept.signCount + 10 });
    await button('Sign in with a passkey').click();
    await isIn(anna);
  });

  step('another device of hers is listed, and is thrown out within a second', async () => {
    elsewhere = await scene.guest('anna', { viewport: PHONE });
    await elsewhere.page.goto(elsewhere.url);
    await isAccessible(elsewhere);
    await elsewhere.picture('account-sign-in-360');
    await givesPassword(elsewhere);
    await givesCode(elsewhere, codes[3]);
    await isIn(elsewhere);
    await anna.page.reload();
    await until('both are listed', async () => (await anna.page.locator('[data-current]').count()) >= 2);
    const thrown = elsewhere.page.locator('input[name=username]').waitFor().then(() => Date.now());
    const asked = Date.now();
    await anna.page.locator('[data-current=false] button').first().click();
    assert.ok((await thrown) - asked < OUT_MS, 'it took longer than a second');
    await elsewhere.page.getByText(/You were signed out/).waitFor();
    await until('one is left', async () => (await anna.page.locator('[data-current=false]').count()) === 0);
  });

  step('another password is taken, and the old one is worth nothing', async () => {
    await anna.page.locator('input[name=new-password]').fill('four words in a row');
    await button('Change password').click();
    await proves(codes[4]);
    await anna.page.getByText(/password was changed/).waitFor();
    await givesPassword(elsewhere);
    await elsewhere.page.getByText(/not right/).waitFor();
    elsewhere.password = 'four words in a row';
    await givesPassword(elsewhere);
    await elsewhere.page.getByRole('heading', { name: 'Second step' }).waitFor();
  });
});
