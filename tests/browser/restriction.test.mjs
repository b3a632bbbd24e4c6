// A case that is kept and not used (GDPR 18), and copies of what is kept (GDPR 15, 20), held to `unzip`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { looksWell } from './support/looks.mjs';
import { LOGS } from './support/server.mjs';
import { story } from './support/story.mjs';

/** A restriction reaches open windows within this. */
const RESTRICTED_MS = 1000;

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

/** The archive that a button brings, judged whole by another program: its path. */
async function archive(person, page, name) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name: /^(Go on|Weiter)$/ }).click(),
  ]);
  const path = join(LOGS, `${name}.zip`);
  await download.saveAs(path);
  assert.match(execFileSync('unzip', ['-t', path], { encoding: 'utf8' }), /No errors detected/);
  return path;
}

const unpacked = (path, file) =>
  execFileSync('unzip', ['-p', path, file], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

story('a case is kept and not used', (step, scene) => {
  let anna, clara, mei, patientCase, given, others, consent;

  step('a board has a case open, and who coordinates it looks at who may see it', async () => {
    [anna, clara, mei] = await scene.board(['anna', 'clara', 'mei']);
    await anna.press('KeyN');
    await Promise.all([clara, mei].map((person) => person.sees()));
    const board = await scene.voice('anna');
    const { items, openItem } = await board.open('board', anna.openId);
    ({ patientCase } = items.find(({ item }) => item === openItem));
    const names = [];
    for (const { patientCase: id } of items) {
      const record = await scene.voice('clara');
      const { subject } = await record.open('patient_case', id);
      names.push({ id, given: subject.name.split('^')[1] });
    }
    given = names.find(({ id }) => id === patientCase).given;
    others = names.filter(({ id }) => id !== patientCase).map((one) => one.given);
    consent = Object.assign(Object.create(clara), { page: await clara.context.newPage() });
    await consent.page.goto(`${clara.url}/cases/${patientCase}/consent`);
    await consent.page.locator('[data-restricted=false]').waitFor();
  });

  step('restricted with a reason, pixels and words are gone from everybody else within a second', async () => {
    await consent.page.getByRole('button', { name: 'Restrict its use' }).click();
    const sheet = consent.page.getByRole('dialog');
    await sheet.getByLabel('Reason').fill('The findings are contested');
    await looksWell(consent, 'restriction-asked');
    const windows = [anna, mei].map(({ page }) => emptied(page, given));
    await sheet.getByRole('button', { name: 'Restrict now' }).click();
    const restricted = Date.now();
    const took = Math.max(...(await Promise.all(windows))) - restricted;
    assert.ok(took <= RESTRICTED_MS, `it took ${took} ms`);
    await consent.page.locator('[data-restricted=true]').waitFor();
    await looksWell(consent, 'restriction-in-force');
  });

  step('the board is told in words, and what was fetched before is refused', async () => {
    await mei.page.getByText('The use of this case is restricted').first().waitFor();
    await looksWell(mei, 'restriction-at-the-board');
    const status = await mei.page.evaluate(
      (id) => fetch(`/api/cases/${id}/display-sets`).then((answer) => answer.status),
      patientCase,
    );
    assert.equal(status, 404);
  });

  step('who coordinates the case still sees it, reads why, and writes nothing', async () => {
    await clara.sees();
    const own = await clara.context.newPage();
    await own.goto(`${clara.url}/cases/${patientCase}`);
    await own.getByText('The findings are contested').waitFor();
    await looksWell(Object.assign(Object.create(clara), { page: own }), 'restriction-case');
    await own.close();
    const record = await scene.voice('clara');
    await record.open('patient_case', patientCase);
    await assert.rejects(record.command({ type: 'PostMessage', text: 'late' }), /was restricted/);
  });

  step('somebody of the treatment who opens it is told why it is not there', async () => {
    const page = await mei.context.newPage();
    await page.goto(`${mei.url}/cases/${patientCase}`);
    await page.locator('.nowhere').getByText('The use of this case is restricted').waitFor();
    await page.close();
  });

  step('a copy of the case takes a proof, and holds all of it and nothing of another', async () => {
    await consent.page.getByRole('button', { name: 'Download a copy' }).click();
    const dialog = consent.page.getByRole('dialog', { name: 'Is it you?' });
    await dialog.locator('input[name=password]').fill(clara.password);
    const path = await archive(clara, consent.page, 'copy-of-a-case');
    const texts = [unpacked(path, 'data.json'), unpacked(path, 'data.html')];
    for (const text of texts) {
      assert.match(text, new RegExp(given));
      assert.match(text, /The findings are contested/);
      for (const other of others.filter((one) => one !== given)) assert.doesNotMatch(text, new RegExp(`\\^${other}`));
    }
    const data = JSON.parse(texts[0]);
    assert.equal(data.case, patientCase);
    assert.ok(data.events.some(({ type }) => type === 'UseRestricted'));
    assert.ok(data.files.length > 0 && data.files.every(({ leftOut }) => !leftOut));
    const listed = execFileSync('unzip', ['-Z1', path], { encoding: 'utf8' }).trim().split('\n');
    assert.deepEqual(new Set(listed), new Set(['data.json', 'data.html', ...data.files.map((one) => one.path)]));
  });

  step('the readable copy is a page to print that asks for nothing', async () => {
    const html = unpacked(join(LOGS, 'copy-of-a-case.zip'), 'data.html');
    const page = await clara.context.newPage();
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.setContent(html);
    await page.getByRole('heading', { name: 'Copy of a case' }).waitFor();
    assert.deepEqual(asked, []);
    await looksWell(Object.assign(Object.create(clara), { page }), 'copy-of-a-case');
    await page.close();
  });

  step('lifted, everybody sees it again', async () => {
    await consent.page.getByRole('button', { name: 'Lift the restriction' }).click();
    const sheet = consent.page.getByRole('dialog');
    await sheet.getByLabel('Reason').fill('Settled');
    await sheet.getByRole('button', { name: 'Lift now' }).click();
    await consent.page.locator('[data-restricted=false]').waitFor();
    await Promise.all([anna, mei].map((person) => person.sees()));
  });

  step('one takes a copy of one\'s own data, in one\'s own language', async () => {
    const dora = await scene.guest('omar', { locale: 'de-DE' });
    await dora.signIn();
    await dora.page.locator('.top .own').click();
    await dora.page.getByRole('heading', { name: 'Ihre Daten' }).waitFor();
    await looksWell(dora, 'copy-account');
    await dora.page.getByRole('button', { name: 'Kopie herunterladen' }).click();
    await dora.page.getByRole('dialog').locator('input[name=password]').fill(dora.password);
    const path = await archive(dora, dora.page, 'copy-of-oneself');
    const html = unpacked(path, 'data.html');
    assert.match(html, /Kopie Ihrer Daten/);
    assert.match(html, new RegExp(dora.name));
    const data = JSON.parse(unpacked(path, 'data.json'));
    assert.equal(data.state.login, dora.login);
    assert.ok(data.signIns.length > 0 && data.accesses.length > 0);
  });
});
