// The patient's word: who may see the case, taken back while a board has it open; and what an emergency opens.
import assert from 'node:assert/strict';
import { looksWell } from './support/looks.mjs';
import { PHONE } from './support/person.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** A withdrawal reaches open windows within this. */
const WITHDRAWN_MS = 1000;
const PASSWORD = 'a password for tests only';

/** Resolves with the time when nothing of the case is left on a page. */
const emptied = (page, words) =>
  page.evaluate(
    (pattern) =>
      new Promise((resolve) => {
        const look = () => {
          const pixels = document.querySelector('[data-pane][data-status=painted]');
          if (pixels || new RegExp(pattern, 'i').test(document.body.innerText)) requestAnimationFrame(look);
          else resolve(Date.now());
        };
        look();
      }),
    words,
  );

story("the patient's consent", (step, scene) => {
  let anna, clara, mei, paula, keeper, patientCase, record, given;

  /** Made by the administrator; signs in at a window of their own. */
  async function newcomer(login, name, rights, look) {
    const answer = await keeper.page.evaluate(
      async (person) => {
        const made = await fetch('/api/people', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(person),
        });
        return { status: made.status, ...(await made.json()) };
      },
      { login, name, password: PASSWORD, ...rights },
    );
    assert.equal(answer.status, 201);
    scene.server.hired.push({ login, name, password: PASSWORD });
    const person = await scene.guest(login, look);
    person.id = answer.id;
    return person;
  }

  step('a board discusses a case, and its patient has an account', async () => {
    keeper = await scene.person('administrator');
    paula = await newcomer('paula', 'Paula Patient', {}, { viewport: PHONE, hasTouch: true });
    [anna, clara, mei] = await scene.board(['anna', 'clara', 'mei']);
    await anna.press('KeyN');
    await Promise.all([clara, mei].map((person) => person.sees()));
    const board = await scene.voice('anna');
    const { items, openItem } = await board.open('board', anna.openId);
    ({ patientCase } = items.find(({ item }) => item === openItem));
    record = await scene.voice('clara');
    const { subject } = await record.open('patient_case', patientCase);
    given = subject.name.split('^')[1]; // the family is that of all demonstrations
    const member = { name: paula.name, discipline: '', votes: false, signs: false, masked: false, until: 0, proxy: 0 };
    await record.command({ type: 'GrantAccess', member: { ...member, user: paula.id, role: 10 } });
  });

  step('the patient reads on a phone who sees the case, and why', async () => {
    await paula.signIn();
    await paula.page.getByRole('heading', { name: 'Your case', exact: true }).waitFor();
    await looksWell(paula, 'consent-home');
    await paula.page.getByRole('link', { name: 'Who may see it' }).click();
    await paula.page.locator('[data-standing=not_asked]').waitFor();
    const treating = paula.page.getByRole('region', { name: /treat you/ });
    await treating.getByText(clara.name).waitFor();
    const others = paula.page.getByRole('region', { name: /with your consent/ });
    for (const one of [anna, mei]) await others.getByText(one.name).waitFor();
    await looksWell(paula, 'consent-not-asked');
  });

  step('before it is taken back it is said who loses access and who keeps it by law', async () => {
    await paula.page.getByRole('button', { name: 'I do not want this' }).click();
    const sheet = paula.page.getByRole('dialog');
    const [loses, keeps] = await sheet.locator('.viewers').allInnerTexts();
    assert.match(loses, new RegExp(mei.name));
    assert.match(loses, new RegExp(anna.name));
    assert.doesNotMatch(loses, new RegExp(clara.name));
    assert.match(keeps, new RegExp(clara.name));
    await looksWell(paula, 'consent-withdraw');
  });

  step('withdrawn while the board has the case open, pixels and words are gone within a second', async () => {
    const windows = [anna, mei].map(({ page }) => emptied(page, given));
    await paula.page.getByRole('button', { name: 'Withdraw now' }).click();
    const withdrawn = Date.now();
    const took = Math.max(...(await Promise.all(windows))) - withdrawn;
    assert.ok(took <= WITHDRAWN_MS, `it took ${took} ms`);
    await paula.page.locator('[data-standing=none]').waitFor();
    await paula.page.getByRole('region', { name: /see nothing of it now/ }).getByText(mei.name).waitFor();
  });

  step('what was fetched before is refused now, and who treats the patient goes on', async () => {
    const status = await mei.page.evaluate(
      (id) => fetch(`/api/cases/${id}/display-sets`).then((answer) => answer.status),
      patientCase,
    );
    assert.equal(status, 404);
    await clara.sees();
  });

  step('the patient agrees again, and everybody sees the case again', async () => {
    await paula.page.getByRole('button', { name: 'I agree' }).click();
    const form = paula.page.locator('form.give');
    await looksWell(paula, 'consent-give');
    await form.getByRole('button', { name: 'I agree' }).click();
    await paula.page.locator('[data-standing=given]').first().waitFor();
    await Promise.all([anna, mei].map((person) => person.sees()));
  });

  step('the words that were read are kept, with their version, and match what was kept of them', async () => {
    await paula.page.reload();
    const standing = paula.page.locator('[data-standing=given]').first();
    await standing.getByText('What was read').click();
    await standing.locator('blockquote', { hasText: /withdraw this at any time/ }).waitFor();
    await standing.getByText('Version 1, en').waitFor();
    assert.equal(await paula.page.getByText('do not match').count(), 0);
  });

  step('who keeps the case writes down a consent on paper for the patient', async () => {
    const page = await clara.context.newPage();
    await page.goto(`${clara.url}/cases/${patientCase}/consent`);
    const standing = page.locator('[data-standing=given]').first();
    await standing.getByText(/given here by the patient/).waitFor();
    await looksWell(Object.assign(Object.create(clara), { page }), 'consent-kept');
    await standing.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw now' }).click();
    await page.getByRole('button', { name: 'Write down a consent' }).click();
    await page.getByLabel('On whose word').fill('signed on paper');
    await page.getByLabel('What they may see').selectOption('nameless');
    await page.getByRole('button', { name: 'Write down a consent' }).click();
    await page.getByText(/Written down on .*: signed on paper/).waitFor();
    await page.getByText('images and findings, without a name', { exact: false }).first().waitFor();
    await paula.page.getByText(/Written down on .*: signed on paper/).waitFor();
    await mei.sees();
    await until('nobody but the treating team is told the name', async () => {
      return !new RegExp(given, 'i').test(await mei.page.locator('main').innerText());
    });
    await page.close();
  });

  step('who has no access is told nothing, and in an emergency may look for half an hour', async () => {
    const dora = await newcomer('dora', 'Dora Duty', { coordinator: true });
    await dora.signIn();
    await dora.page.goto(`${dora.url}/cases/${patientCase}`);
    await dora.page.getByText(/do not have access/i).waitFor();
    await dora.page.getByRole('button', { name: 'Emergency access' }).click();
    await looksWell(dora, 'emergency-asked');
    await dora.page.getByLabel('Why it cannot wait').fill('Unconscious, bleeding from the head');
    await dora.page.getByRole('button', { name: 'Open for 30 minutes' }).click();
    await dora.sees();
    const banner = dora.page.getByText(/Emergency access for half an hour/);
    for (const width of [1440, 360]) {
      await dora.page.setViewportSize({ width, height: 900 });
      const [words, image] = await Promise.all([banner, dora.pane()].map((one) => one.boundingBox()));
      assert.ok(words.height < 80 && image.y >= words.y + words.height && image.height > 300, 'both are seen');
    }
    await looksWell(dora, 'emergency-open');
  });

  step('the treating team and the patient are told at once, with name and reason', async () => {
    const page = await clara.context.newPage();
    await page.goto(clara.url);
    await page.locator('.entry', { hasText: 'Unconscious, bleeding from the head' }).getByText('Dora Duty').waitFor();
    await page.close();
    const seen = paula.page.getByRole('region', { name: 'Seen in an emergency' });
    await seen.getByText('Dora Duty').waitFor();
    await seen.getByText('Unconscious').waitFor();
    await looksWell(paula, 'consent-emergency');
  });

  step('all that was looked at is marked in the record', async () => {
    await paula.page.getByRole('link', { name: 'Who has looked' }).click();
    const rows = paula.page.locator('.accesses tr', { hasText: 'Dora Duty' });
    await rows.filter({ hasText: 'Record of the case' }).getByText('Emergency access').waitFor();
    await rows.filter({ hasText: 'Images' }).getByText('Emergency access').first().waitFor();
    await rows.filter({ hasText: 'Access in an emergency asked for' }).first().waitFor();
    await looksWell(paula, 'consent-accesses');
  });
});
