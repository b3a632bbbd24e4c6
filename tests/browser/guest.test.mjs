// A guest: takes part in one case of a meeting, and of the others is told numbers only.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
/** What the agenda says of each case, without how far its images are, which says nothing of the patient. */
const agendaOf = ({ page }) =>
  page.locator('.agenda .item').evaluateAll((items) =>
    items.map((item) => {
      const bare = item.cloneNode(true);
      bare.querySelector('.readiness')?.remove();
      return bare.textContent;
    }),
  );
const card = (person, text) => person.page.locator('[data-guest]', { hasText: text });

story('a guest takes part in one case of four', (step, scene) => {
  let anna, rosa, patients;
  const heard = [];

  step('the chair adds a guest, who has no case until one is ticked', async () => {
    [anna] = await scene.board(['anna'], DESK);
    const { page } = anna;
    const names = page.locator('.agenda .item .name');
    patients = await until('four patients are named', async () => {
      const all = await names.allInnerTexts();
      return all.length === 4 && all.every((one) => one.includes(',')) && all;
    });
    await page.getByRole('button', { name: /change members/i }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Role', { exact: true }).selectOption('guest');
    const { name } = (await scene.server.people()).get('rosa');
    await sheet.getByLabel('Add a person').selectOption({ label: name });
    await sheet.getByText('this guest reads numbers only').waitFor();
    await isAccessible(anna);
    await sheet.getByRole('checkbox', { name: patients[1] }).click(); // ticked once the server says so
    await sheet.getByText('this guest reads numbers only').waitFor({ state: 'detached' });
    for (const [place, patient] of patients.entries())
      assert.equal(await sheet.getByRole('checkbox', { name: patient }).isChecked(), place === 1, patient);
    await anna.press('Escape');
  });

  step('before the meeting the guest reads how many cases come before theirs', async () => {
    rosa = await scene.guest('rosa', DESK);
    rosa.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(payload)));
    await rosa.signIn();
    await rosa.page.locator('a[href^="/boards/"]').first().click();
    await card(rosa, 'The meeting has not begun.').waitFor();
    await card(rosa, '1 case before yours.').waitFor();
    await card(rosa, '4 cases wait in all.').waitFor();
    await isAccessible(rosa);
  });

  step('while another case is open they read that, and how many wait', async () => {
    await anna.press('KeyN');
    await anna.sees();
    await card(rosa, 'Another case is being discussed.').waitFor();
    await card(rosa, 'Your case is next.').waitFor();
    await card(rosa, '3 cases wait in all.').waitFor();
    await anna.tab(/chat/i);
    await anna.say('A word about the first.');
    await until('it was said', async () => (await anna.messages()).includes('A word about the first.'));
    await anna.page.locator('.board-top h1').click();
  });

  step('when theirs opens they see its images, and no other name', async () => {
    await anna.leaveUndecided();
    await anna.page.locator('.agenda .item.now .name', { hasText: patients[1] }).waitFor();
    await rosa.sees(await anna.sees());
    await rosa.page.locator('.agenda .item.now .name', { hasText: patients[1] }).waitFor();
    const lines = await agendaOf(rosa);
    assert.deepEqual([lines.length, lines.filter((line) => /ready|min|DEMO/.test(line)).length], [4, 1], lines.join());
    await isAccessible(rosa);
  });

  step('they point and write like everybody', async () => {
    await rosa.moveTo(0, 0.4, 0.4);
    await rosa.page.keyboard.down('KeyP');
    await rosa.moveTo(0, 0.5, 0.4, 4);
    await until('the guest points', async () => (await anna.pointers()).some(({ text }) => text === 'Lind'));
    await rosa.page.keyboard.up('KeyP');
    await rosa.tab(/chat/i);
    await anna.tab(/chat/i);
    await rosa.say('She was well in May.');
    await until('the chair reads it', async () => (await anna.messages()).includes('She was well in May.'));
  });

  step('when it closes they are back to numbers at once, without an image', async () => {
    await anna.page.locator('.board-top h1').click();
    await anna.leaveUndecided();
    await anna.page.locator('.agenda .item.now .name', { hasText: patients[2] }).waitFor();
    await card(rosa, 'Another case is being discussed.').waitFor();
    await card(rosa, 'Your case is no longer waiting.').waitFor();
    assert.equal(await rosa.page.locator('[data-pane], .agenda, [role=tab]').count(), 0);
    await anna.tab(/chat/i);
    await anna.say('A word about the third.');
    await until('it was said', async () => (await anna.messages()).includes('A word about the third.'));
    await isAccessible(rosa);
  });

  step('and were never told a name, a message or an image of another case', async () => {
    // What the line said when the third opened came before it says that the fourth has.
    await anna.page.locator('.board-top h1').click();
    await anna.leaveUndecided();
    await anna.page.locator('.step-line', { hasText: 'not ready' }).waitFor();
    await anna.page.keyboard.type('the patient is here today');
    await anna.press('Enter');
    await card(rosa, '0 cases wait in all.').waitFor();
    const told = Buffer.concat(heard.map((payload) => Buffer.from(payload))).toString('utf8');
    const given = (patient) => patient.split(', ').at(-1);
    assert.ok(told.includes(given(patients[1])), 'of their own they were');
    assert.ok(told.includes('She was well in May.'), 'of their own they were');
    // The first is a patient of this referrer's own, whose name their worklist says; not what was said of them.
    const secrets = patients.slice(2).map(given);
    for (const secret of [...secrets, 'A word about the first', 'A word about the third'])
      assert.ok(!told.includes(secret), `the line said ${secret}`);
  });
});
