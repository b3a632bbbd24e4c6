// An administrator runs organisations: makes one, invites a doctor by a link that works once, gives a role, looks into
// the record, throws somebody out; and sees nothing clinical on the way.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { looksWell } from './support/looks.mjs';
import { openBrowser, Person, PHONE } from './support/person.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** Whoever is thrown out sees nothing after that. */
const OUT_MS = 1000;
const PASSWORD = 'four words in rows';

story('an administrator runs organisations', (step, scene) => {
  let admin, doctor, link;

  const button = (name) => admin.page.getByRole('button', { name, exact: true });
  const dialog = (name) => admin.page.getByRole('dialog', { name });
  const part = (name) => admin.page.locator('.sections').getByRole('link', { name }).click();
  const inTree = (name) => admin.page.locator('.tree').getByRole('button', { name, exact: true });

  /** Somebody the server does not know yet, before a page of theirs. */
  const stranger = async (login, name, look) => {
    const context = await (await openBrowser()).newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...look });
    const person = new Person(scene.server.url, { login, name, password: PASSWORD }, context, await context.newPage());
    scene.people.push(person);
    return person;
  };
  const invites = async (name, role) => {
    await button('Invite a person').click();
    const sheet = dialog('Invite a person');
    await sheet.locator('input[name=whom]').fill(name);
    if (role) await sheet.locator(`input[name=${role}]`).check();
    await isAccessible(admin);
    await sheet.getByRole('button', { name: 'Make the link' }).click();
    const shown = await sheet.locator('input[name=link]').inputValue();
    await isAccessible(admin);
    await admin.picture('administration-link');
    await sheet.getByRole('button', { name: 'Close' }).last().click();
    await sheet.waitFor({ state: 'detached' });
    return shown;
  };

  step('the administration says what it waits for, and when the server is away', async () => {
    admin = await scene.person('administrator');
    let hold;
    const held = new Promise((resolve) => (hold = resolve));
    await admin.page.route('**/api/organisations', async (route) => {
      await held;
      await route.abort();
    });
    await admin.page.getByRole('link', { name: 'Administration' }).click();
    await admin.page.getByText('Loading…').first().waitFor();
    hold();
    await admin.page.getByText('The server could not be reached').waitFor();
    await looksWell(admin, 'administration-away', [360]);
    await admin.page.unroute('**/api/organisations');
    await button('Try again').click();
    await admin.page.getByRole('heading', { name: 'All organisations' }).waitFor();
  });

  step('an organisation is made under the root, and is empty', async () => {
    await button('New organisation under it').click();
    await dialog('New organisation under it').locator('input[name=organisation]').fill('Practice Weber');
    await isAccessible(admin);
    await dialog('New organisation under it').getByRole('button', { name: 'Save' }).click();
    await admin.page.getByRole('heading', { name: 'Practice Weber' }).waitFor();
    await admin.page.getByText('Nobody belongs here yet').waitFor();
    await looksWell(admin, 'administration-empty');
    await inTree('All organisations').click();
    await button('Rename').click();
    await dialog('Rename the organisation').locator('input[name=organisation]').fill('University Hospital');
    await dialog('Rename the organisation').getByRole('button', { name: 'Save' }).click();
    await admin.page.getByRole('heading', { name: 'University Hospital' }).waitFor();
    await admin.page.locator('[data-person]').first().waitFor();
    await looksWell(admin, 'administration-people');
    await inTree('Practice Weber').click();
  });

  step('a doctor is invited by a link and accepts on a telephone', async () => {
    link = await invites('Dr Weber', 'referrer');
    assert.match(link, /\/invitation#[\w-]{86}$/);
    await admin.page.getByText('open until').waitFor();
    doctor = await stranger('weber', 'Dr Paula Weber', { viewport: PHONE, hasTouch: true });
    const asked = [];
    doctor.page.on('request', (request) => asked.push(request.url()));
    await doctor.page.goto(link);
    await doctor.page.getByRole('heading', { name: 'Practice Weber invites you' }).waitFor();
    await looksWell(doctor, 'administration-invitation', [360, 1440]);
    await doctor.page.locator('input[name=name]').fill(doctor.name);
    await doctor.page.locator('input[name=username]').fill('anna');
    await doctor.page.locator('input[name=password]').fill(PASSWORD);
    await doctor.page.getByRole('button', { name: 'Accept and sign in' }).click();
    await doctor.page.getByText('Somebody has this user name already').waitFor();
    await doctor.page.locator('input[name=username]').fill(doctor.login);
    await doctor.page.getByRole('button', { name: 'Accept and sign in' }).click();
    await doctor.page.locator('[data-line=live]').waitFor();
    assert.equal(new URL(doctor.page.url()).pathname, '/');
    const token = link.split('#')[1];
    assert.ok(asked.every((url) => !new URL(url).search.includes(token) && !new URL(url).pathname.includes(token)));
  });

  step('the link does not work twice, and a wrong or withdrawn one says so in words', async () => {
    const late = await stranger('late', 'Late', { viewport: PHONE, locale: 'de-DE' });
    const isTold = async (address, word) => {
      await late.page.goto('about:blank');
      await late.page.goto(address);
      await late.page.locator(`[data-invitation=${word}]`).waitFor();
      await looksWell(late, `link-${word}`, [360]);
    };
    await isTold(link, 'used');
    await isTold(`${link.slice(0, -2)}AA`, 'not_found');
    const other = await invites('Somebody else');
    await button('Call back the invitation of Somebody else').click();
    await isTold(other, 'withdrawn');
    await late.leave();
    scene.people.splice(scene.people.indexOf(late), 1);
  });

  step('a role is given, and is there in the window that is open', async () => {
    await admin.page.reload();
    await inTree('Practice Weber').click();
    const row = admin.page.locator('[data-person=weber]');
    await row.getByText('Specialist, Referrer').waitFor();
    await row.getByRole('button', { name: /Roles of/ }).click();
    const sheet = dialog('Roles of Dr Paula Weber');
    await sheet.locator('input[name=coordinator]').check();
    await isAccessible(admin);
    await admin.picture('administration-roles');
    await sheet.getByRole('button', { name: 'Save' }).click();
    await row.getByText('Coordinator').waitFor();
    await doctor.page.locator('a[href="/cases/new"]').click();
    await doctor.page.locator('form').waitFor();
  });

  step('the last administrator cannot be taken away', async () => {
    await inTree('University Hospital').click();
    await admin.page.locator('[data-person=administrator]').getByRole('button', { name: /Roles of/ }).click();
    const sheet = dialog(/Roles of/);
    await sheet.locator('input[name=administrator]').uncheck();
    await sheet.getByRole('button', { name: 'Save' }).click();
    await sheet.getByText('Nobody else could administer this').waitFor();
    await sheet.getByRole('button', { name: 'Close' }).click();
  });

  step('how cases stand is shown, and nothing of their patients', async () => {
    const anna = await scene.person('anna');
    const clinical = await anna.page.locator('a[href^="/cases/"]').evaluateAll((links) =>
      links.flatMap((one) => [...one.querySelectorAll('.title')].map((title) => title.textContent)),
    );
    await anna.leave();
    scene.people.splice(scene.people.indexOf(anna), 1);
    assert.ok(clinical.length > 0);
    const answers = [];
    admin.page.on('response', (response) => {
      if (/\/cases/.test(response.url())) answers.push(response.text().catch(() => ''));
    });
    await part('Consent');
    await admin.page.locator('[data-case]').first().waitFor();
    await looksWell(admin, 'administration-cases');
    const said = [await admin.page.locator('main').innerText(), ...(await Promise.all(answers))].join('\n');
    for (const words of clinical) assert.ok(!said.includes(words), `it says ${words}`);
    await inTree('Practice Weber').click();
    await admin.page.getByText('no cases yet').waitFor();
    await inTree('University Hospital').click();
    await admin.page.locator('[data-case]').first().getByRole('button').click();
    await admin.page.getByRole('button', { name: 'Search' }).waitFor();
    assert.match(await admin.page.locator('input[name=case]').inputValue(), /^[0-9a-f-]{36}$/);
    await looksWell(admin, 'administration-record-of-case', [1440]);
  });

  step('how the backup fares is shown', async () => {
    await part('Backup and keys');
    await admin.page.getByText('There is no backup').waitFor();
    await looksWell(admin, 'administration-system');
    const day = Date.now() - 3 * 60_000;
    const body = { configured: true, well: false, behindMs: 180_000, heldBytes: 2.4e7, incomplete: 1 };
    const times = { firstBase: day - 9e8, lastBase: day - 9e6, lastLog: day, lastImage: day - 9e5 };
    await admin.page.route('**/api/backup', (route) => route.fulfill({ json: { ...body, ...times } }));
    await admin.page.reload();
    await admin.page.getByText('behind by 3 minutes').waitFor();
    await looksWell(admin, 'administration-system-full');
    await admin.page.unrouteAll();
  });

  step('the keys are turned while people work, and the older one is gone', async () => {
    await admin.page.getByText('Key 1', { exact: true }).waitFor();
    await admin.page.getByRole('button', { name: 'Turn the keys' }).click();
    await admin.page.getByText('Key 2', { exact: true }).waitFor();
    await admin.page.getByText('Key 1', { exact: true }).waitFor({ state: 'detached' });
    await admin.page.getByRole('button', { name: 'Turn the keys' }).waitFor();
    await looksWell(admin, 'administration-keys-turned');
  });

  step('the doctor is thrown out, and their page is signed out within a second', async () => {
    await part('People');
    await inTree('Practice Weber').click();
    await admin.page.locator('[data-person=weber]').getByRole('button', { name: /signed in/ }).click();
    const sheet = dialog('Where Dr Paula Weber is signed in');
    const end = sheet.getByRole('button', { name: /Sign out/ });
    await end.waitFor();
    await looksWell(admin, 'administration-sessions', [1440, 360]);
    const out = doctor.page.locator('input[name=username]').waitFor().then(() => Date.now());
    const begun = Date.now();
    await end.click();
    const took = (await out) - begun;
    assert.ok(took <= OUT_MS, `signed out after ${took} ms`);
    await sheet.getByText('Nowhere now').waitFor();
    await sheet.getByRole('button', { name: 'Close' }).click();
  });

  step('who is something elsewhere, too, is a name and a role to the practice, which may end that', async () => {
    await part('People');
    await inTree('Practice Weber').click();
    await admin.page.locator('[data-person=weber]').getByRole('button', { name: /Roles of/ }).click();
    const roles = dialog('Roles of Dr Paula Weber');
    await roles.locator('input[name=administrator]').check();
    await roles.getByRole('button', { name: 'Save' }).click();
    await admin.page.locator('[data-person=weber]').getByText('Administrator').waitFor();
    const visit = await invites('Dr Locum', 'specialist');
    const locum = await stranger('locum', 'Dr Locum', {});
    await locum.page.goto(visit);
    await locum.page.locator('input[name=name]').fill(locum.name);
    await locum.page.locator('input[name=username]').fill(locum.login);
    await locum.page.locator('input[name=password]').fill(PASSWORD);
    await locum.page.getByRole('button', { name: 'Accept and sign in' }).click();
    await locum.page.locator('[data-line=live]').waitFor();
    const me = await locum.page.evaluate(() => fetch('/api/me').then((answer) => answer.json()));
    const root = '00000000-0000-0000-0000-000000000000';
    const status = await admin.page.evaluate(
      ([path]) =>
        fetch(path, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ roles: 'specialist' }),
        }).then((answer) => answer.status),
      [`/api/organisations/${root}/people/${me.user.id}/roles`],
    );
    assert.equal(status, 204);
    await doctor.signIn();
    await doctor.page.goto(`${scene.server.url}/administration`);
    const row = doctor.page.locator('[data-person="Dr Locum"]');
    await row.getByText('Also belongs to an organisation').waitFor();
    assert.equal(await row.getByRole('button').count(), 1);
    await looksWell(doctor, 'administration-elsewhere');
    const language = doctor.page.locator('header select');
    await language.selectOption('de');
    await doctor.page.getByText('Gehört auch zu einer Organisation').waitFor();
    await looksWell(doctor, 'administration-elsewhere-german', [360, 1440]);
    await language.selectOption('en');
    await row.getByRole('button').click();
    const sheet = doctor.page.getByRole('dialog', { name: /End what Dr Locum is here/ });
    await isAccessible(doctor);
    await doctor.picture('administration-let-go');
    await sheet.getByRole('button', { name: 'End it here' }).click();
    await row.waitFor({ state: 'detached' });
    await locum.page.locator('[data-line=live]').waitFor();
  });

  step('the record is searched by person and time, and finds it', async () => {
    await part('Record');
    await inTree('Practice Weber').click();
    await admin.page.locator('.accesses tbody tr').first().waitFor();
    await admin.page.locator('form[role=search] select').selectOption({ label: 'Dr Paula Weber' });
    await button('Search').click();
    await until('only the doctor is listed', async () => {
      const rows = await admin.page.locator('.accesses tbody tr').allInnerTexts();
      return rows.length > 0 && rows.every((row) => row.includes('Dr Paula Weber'));
    });
    await admin.page.locator('.accesses').getByText('Sign-in', { exact: true }).first().waitFor();
    await admin.page.locator('.accesses').getByText('Sign-out', { exact: true }).first().waitFor();
    await looksWell(admin, 'administration-record');
    await admin.page.locator('input[name=to]').fill('2020-01-01T00:00');
    await button('Search').click();
    await admin.page.getByText('Nothing was written down that fits').waitFor();
    await admin.page.locator('input[name=case]').fill('12');
    await button('Search').click();
    await admin.page.getByText('This is no number of a case').waitFor();
  });

  step('an account is closed after a proof, and is on no list any more', async () => {
    await part('People');
    await inTree('University Hospital').click();
    const row = admin.page.locator('[data-person=omar]');
    await row.getByRole('button', { name: /signed in/ }).click();
    await dialog(/signed in/).getByRole('button', { name: 'Close this account' }).click();
    const sheet = dialog(/Close the account of/);
    await sheet.locator('input[name=password]').fill(admin.password);
    await looksWell(admin, 'administration-closing', [1440, 360]);
    await sheet.getByRole('button', { name: 'Go on' }).click();
    await row.waitFor({ state: 'detached' });
    const status = await admin.page.evaluate(async (password) => {
      const answer = await fetch('/api/sign-in', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ login: 'omar', password, bearer: true }),
      });
      return answer.status;
    }, (await scene.server.people()).get('omar').password);
    assert.equal(status, 401);
  });
});
