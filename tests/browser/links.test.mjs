// Links for one person: to one case, and to one case of a meeting, whose guest comes, takes part and is called back.
import assert from 'node:assert/strict';
import { looksWell } from './support/looks.mjs';
import { openBrowser, Person } from './support/person.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
/** Whoever is called back sees and hears nothing after that. */
const SILENT_MS = 1000;
const PASSWORD = 'four words in rows';
const card = (person, text) => person.page.locator('[data-guest]', { hasText: text });

story('a guest comes by a link', (step, scene) => {
  let anna, clara, guest, patients, link, patientCase;
  const heard = [];

  const dialog = (person) => person.page.getByRole('dialog');
  const button = (person, name) => person.page.getByRole('button', { name, exact: true });
  /** Somebody the server does not know yet. */
  const stranger = async (login, name, look) => {
    const context = await (await openBrowser()).newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...look });
    const person = new Person(scene.server.url, { login, name, password: PASSWORD }, context, await context.newPage());
    scene.people.push(person);
    return person;
  };
  const leaves = async (person) => {
    await person.leave();
    scene.people.splice(scene.people.indexOf(person), 1);
  };
  const inGerman = async (person, work) => {
    const { page } = person;
    await page.evaluate(() => localStorage.setItem('consilium.language', 'de'));
    await page.reload();
    await work();
    await page.evaluate(() => localStorage.setItem('consilium.language', 'en'));
    await page.reload();
  };
  /** Before the meeting, in the dialog of the board's links. */
  const makesGuest = async (name, patient) => {
    await dialog(anna).getByRole('button', { name: 'Make a link' }).click();
    await dialog(anna).getByLabel('Who is it for?').fill(name);
    await dialog(anna).getByRole('button', { name: 'Make the link' }).click();
    await dialog(anna).getByText('Choose at least one case').waitFor();
    await dialog(anna).getByRole('checkbox', { name: patient }).check();
    await looksWell(anna, 'guest-link-make');
    await dialog(anna).getByRole('button', { name: 'Make the link' }).click();
    const shown = await dialog(anna).locator('input[name=link]').inputValue();
    await looksWell(anna, 'guest-link-shown', [1440, 360]);
    await dialog(anna).getByRole('button', { name: 'Close' }).last().click();
    return shown;
  };

  step('the chair makes a link to one case of the meeting', async () => {
    [anna] = await scene.board(['anna'], DESK);
    const names = anna.page.locator('.agenda .item .name');
    patients = await until('four patients are named', async () => {
      const all = await names.allInnerTexts();
      return all.length === 4 && all.every((one) => one.includes(',')) && all;
    });
    await button(anna, 'Guests by a link').click();
    await dialog(anna).getByText('No link was made yet').waitFor();
    await looksWell(anna, 'guest-links-none', [1440, 360]);
    link = await makesGuest('Dr Outside', patients[1]);
    assert.match(link, /\/invitation#[\w-]{86}$/);
    await dialog(anna).getByText('not used yet').waitFor();
    await looksWell(anna, 'guest-links');
    await inGerman(anna, async () => {
      await button(anna, 'Gäste per Link').click();
      await dialog(anna).getByText('noch nicht benutzt').waitFor();
      await looksWell(anna, 'guest-links-german');
      await dialog(anna).getByRole('button', { name: 'Link erstellen' }).click();
      await looksWell(anna, 'guest-link-make-german', [1440, 360]);
    });
  });

  step('whoever opens it reads what it gives and until when, and is there', async () => {
    const german = await stranger('german', 'German', { ...DESK, locale: 'de-DE' });
    await german.page.goto(link);
    await german.page.getByText('Sie wirken als Gast an 1 Fall einer Sitzung mit').waitFor();
    await looksWell(german, 'guest-link-invitation-german');
    await leaves(german);
    guest = await stranger('outside', 'Dr Outside', DESK);
    guest.page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => heard.push({ at: Date.now(), payload: Buffer.from(payload) })),
    );
    await guest.page.goto(link);
    await guest.page.getByText('You take part in 1 case of one meeting').waitFor();
    await guest.page.getByText('It ends with the meeting').waitFor();
    await looksWell(guest, 'guest-link-invitation');
    await guest.page.locator('input[name=username]').fill(guest.login);
    await guest.page.locator('input[name=password]').fill(PASSWORD);
    await button(guest, 'Accept and sign in').click();
    await card(guest, 'The meeting has not begun.').waitFor();
    await card(guest, '1 case before yours.').waitFor();
    assert.equal(guest.openId, anna.openId);
  });

  step('it works once', async () => {
    const late = await stranger('late', 'Late', DESK);
    await late.page.goto(link);
    await late.page.locator('[data-invitation=used]').waitFor();
    await leaves(late);
  });

  step('they see their own case while it is open, and no other', async () => {
    await anna.press('KeyN');
    await anna.sees();
    await card(guest, 'Another case is being discussed.').waitFor();
    await anna.leaveUndecided();
    await anna.page.locator('.agenda .item.now .name', { hasText: patients[1] }).waitFor();
    await guest.sees(await anna.sees());
    await guest.page.locator('.agenda .item.now .name', { hasText: patients[1] }).waitFor();
    const said = await guest.page.locator('body').innerText();
    for (const place of [0, 2, 3]) assert.ok(!said.includes(patients[place]), patients[place]);
  });

  step('called back, they see and hear nothing within a second', async () => {
    await anna.tab(/people/i);
    await looksWell(anna, 'guest-links-people', [1440, 1024]);
    await anna.tab(/people/i);
    await button(anna, 'Guests by a link').click();
    await dialog(anna).getByText('used', { exact: false }).first().waitFor();
    await looksWell(anna, 'guest-links-used', [1440, 360]);
    const emptied = guest.page.evaluate(
      () =>
        new Promise((resolve) => {
          const look = () => {
            if (document.querySelector('[data-pane][data-status=painted]')) requestAnimationFrame(look);
            else resolve(Date.now());
          };
          look();
        }),
    );
    await button(anna, 'Call back the link for Dr Outside').click();
    const begun = Date.now();
    const took = (await emptied) - begun;
    assert.ok(took <= SILENT_MS, `it took ${took} ms`);
    await dialog(anna).getByText('called back').waitFor();
    await dialog(anna).getByRole('button', { name: 'Close' }).click();
    await anna.tab(/chat/i);
    await anna.say('They are gone now.');
    await until('it was said', async () => (await anna.messages()).includes('They are gone now.'));
    await guest.page.getByText('was taken back').waitFor();
    assert.ok(!Buffer.concat(heard.map(({ payload }) => payload)).includes('They are gone now.'));
    const status = await guest.page.evaluate(
      (id) => fetch(`/api/boards/${id}/invitations`).then((answer) => answer.status),
      anna.openId,
    );
    assert.equal(status, 404);
    await guest.page.goto(link);
    await guest.page.locator('[data-invitation=withdrawn]').waitFor();
  });

  step('who coordinates a case lists its links, makes one and calls it back', async () => {
    clara = await scene.person('clara', DESK);
    const board = await scene.voice('anna');
    const { items, openItem } = await board.open('board', anna.openId);
    ({ patientCase } = items.find(({ item }) => item === openItem));
    await clara.page.goto(`${clara.url}/cases/${patientCase}/consent`);
    const section = clara.page.getByRole('region', { name: 'Links to this case' });
    await section.getByText('No link was made yet').waitFor();
    await section.getByRole('button', { name: 'Make a link' }).click();
    await dialog(clara).getByLabel('Who is it for?').fill('Prof Second Opinion');
    await dialog(clara).getByLabel('What they are here').selectOption('specialist');
    await looksWell(clara, 'case-link-make');
    await dialog(clara).getByRole('button', { name: 'Make the link' }).click();
    const second = await dialog(clara).locator('input[name=link]').inputValue();
    await dialog(clara).getByRole('button', { name: 'Close' }).last().click();
    await section.getByText('Specialist: is asked for an opinion').waitFor();
    await looksWell(clara, 'case-links');
    await inGerman(clara, async () => {
      await clara.page.getByText('noch nicht benutzt').waitFor();
      await looksWell(clara, 'case-links-german');
    });
    const opened = await stranger('second', 'Prof Second Opinion', DESK);
    await opened.page.goto(second);
    await opened.page.getByText('You will see one case').waitFor();
    await section.getByRole('button', { name: 'Call back the link for Prof Second Opinion' }).click();
    await section.getByText('called back').waitFor();
    await opened.page.reload();
    await opened.page.locator('[data-invitation=withdrawn]').waitFor();
    await leaves(opened);
  });
});
