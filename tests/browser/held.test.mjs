// A disc of somebody else in the wrong case: it is held, who coordinates the case looks and decides, and whoever has
// the case open follows.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { looksWell } from './support/looks.mjs';
import { ctSlice, ultrasoundFilm } from './support/made_images.mjs';
import { LOGS } from './support/server.mjs';
import { story } from './support/story.mjs';

/** What somebody decided is on everybody's list within this. */
const SHOWN_MS = 1000;
const DESK = { viewport: { width: 1440, height: 900 } };
const CT = /CT made of numbers/;
const US = /US made of numbers/;

const series = (person, name) => person.page.locator('button.series', { hasText: name });
const speak = (person, language) =>
  person.page.evaluate((wanted) => localStorage.setItem('consilium.language', wanted), language);

/** When a series came onto a person's list, by the page's own clock; begun before it can be there. */
const appears = (person, words) =>
  person.page.evaluate(
    (pattern) =>
      new Promise((resolve) => {
        const look = () => {
          const names = [...document.querySelectorAll('button.series')].map((one) => one.innerText);
          if (names.some((name) => new RegExp(pattern).test(name))) resolve(Date.now());
          else requestAnimationFrame(look);
        };
        look();
      }),
    words,
  );

story('images of another patient', (step, scene) => {
  let clara, mei, patientCase, folder, subject;

  step('a member sends a disc whose images say somebody else, and is told that they wait', async () => {
    [clara, mei] = await Promise.all([scene.person('clara', DESK), scene.person('mei', DESK)]);
    const voice = await scene.voice('clara');
    await mei.openBoard();
    const { items } = await voice.open('board', mei.openId);
    ({ patientCase } = items[0]);
    ({ subject } = await voice.open('patient_case', patientCase));
    folder = join(LOGS, 'held');
    await mkdir(folder, { recursive: true });
    const roe = { id: 'R-77', name: 'ROE^JANE', birthDate: '1938-11-05', sex: 'F' };
    const married = { ...subject, id: 'KH2-9', name: subject.name.replace(/^[^^]*/, 'Doe') };
    const files = [
      ['1.dcm', ctSlice(roe, 0, 64)],
      ['2.dcm', ctSlice(roe, 1, 64)],
      ['film.dcm', ultrasoundFilm(married, 2, 32, 32)],
    ];
    for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
    await mei.page.goto(`${mei.url}/cases/${patientCase}/images`);
    await mei.page.locator('input[type=file]').nth(1).setInputFiles(files.map(([name]) => join(folder, name)));
    await mei.page.locator('[data-upload=done]').waitFor();
    assert.equal(await mei.page.locator('[data-waiting]').getAttribute('data-waiting'), '3');
    assert.equal(await mei.page.locator('.held-card').count(), 0, 'who sends them does not decide');
    await looksWell(mei, 'held-upload');
  });

  step('the coordinator has it on the worklist, and reads what the case and the images say', async () => {
    const entry = clara.page.locator(`a[href="/cases/${patientCase}/held"]`);
    await entry.waitFor();
    assert.match(await entry.innerText(), /Images of another patient\?/);
    await looksWell(clara, 'held-worklist');
    await entry.click();
    const card = clara.page.locator('.held-card', { hasText: 'ROE' });
    await card.waitFor();
    assert.equal(await clara.page.locator('.held-card').count(), 2);
    assert.match(await card.innerText(), /CT · .*2 images[\s\S]*Sent by /);
    const birth = card.locator('[data-field=birthDate]');
    assert.match(await birth.innerText(), new RegExp(`${subject.birthDate}\\s+1938-11-05\\s+differs`));
    // Another hospital's number differs, and is not what it was held for.
    assert.match(await clara.page.locator('.held-card', { hasText: 'Doe' }).innerText(), /KH2-9\s+differs/);
    await looksWell(clara, 'held-page');
    await speak(clara, 'de');
    await clara.page.reload();
    await clara.page.getByRole('button', { name: 'Derselbe Patient: übernehmen' }).first().waitFor();
    await looksWell(clara, 'held-page-de');
    await speak(clara, 'en');
  });

  step('nothing of them is on anybody’s list, and the case says so to who decides', async () => {
    await mei.page.goto(`${mei.url}/cases/${patientCase}`);
    await clara.page.goto(`${clara.url}/cases/${patientCase}`);
    await clara.page.locator('.held-banner').waitFor();
    await Promise.all([clara, mei].map((person) => person.page.locator('button.series').first().waitFor()));
    for (const person of [clara, mei])
      for (const name of [CT, US]) assert.equal(await series(person, name).count(), 0);
    assert.equal(await mei.page.locator('.held-banner').count(), 0);
    await looksWell(clara, 'held-banner');
    await clara.page.getByRole('button', { name: 'Look at them' }).click();
    await clara.page.locator('.held-card').first().waitFor();
    await looksWell(clara, 'held-sheet');
  });

  step('the coordinator confirms one of them, and a member sees it within a second', async () => {
    const card = clara.page.locator('.held-card', { hasText: 'Doe' });
    await card.getByRole('button', { name: 'Same patient: join' }).click();
    const sure = clara.page.getByRole('dialog').last();
    // What is confirmed stands there line by line: two of one name differ in something else.
    assert.match(await sure.locator('[data-field=name]').innerText(), /Cranium\s+Doe, Cranium\s+differs/);
    assert.equal(await sure.locator('[data-field]').count(), 4);
    await looksWell(clara, 'held-join');
    const seen = appears(mei, US.source);
    const pressed = Date.now();
    await sure.getByRole('button', { name: 'Yes, it is the same patient' }).click();
    const took = (await seen) - pressed;
    assert.ok(took <= SHOWN_MS, `it took ${took} ms`);
    await card.waitFor({ state: 'detached' });
  });

  step('the other one is removed with a reason, and the page says nothing of it any more', async () => {
    const { page } = clara;
    const card = page.locator('.held-card', { hasText: 'ROE' });
    await card.getByRole('button', { name: 'Not this patient: remove' }).click();
    await page.getByLabel('Reason').fill('The disc of the patient before');
    await looksWell(clara, 'held-remove');
    await page.getByRole('button', { name: 'Remove 2 images' }).click();
    await card.waitFor({ state: 'detached' });
    await page.getByText('Nothing waits for a decision.').waitFor();
    await clara.page.goto(`${clara.url}/cases/${patientCase}/held`);
    await page.getByText('A study of another patient was removed: 2 images').waitFor();
    // Who it was says the record of this case no more: it is somebody else.
    assert.ok(!(await page.locator('main').innerText()).includes('ROE'));
    await page.getByText(/The disc of the patient before/).waitFor();
    await looksWell(clara, 'held-decided');
    await page.goto(clara.url);
    await page.locator('#boards').waitFor();
    assert.equal(await page.locator(`a[href="/cases/${patientCase}/held"]`).count(), 0);
    assert.equal(await series(mei, CT).count(), 0);
  });

  step('the coordinator takes the join back, and the member does not see it any more within a second', async () => {
    const { page } = clara;
    await page.goto(`${clara.url}/cases/${patientCase}/held`);
    await page.getByRole('button', { name: 'Take this back' }).click();
    await page.getByLabel('Reason').fill('It is her sister');
    await looksWell(clara, 'held-again');
    assert.equal(await series(mei, US).count(), 1);
    const pressed = Date.now();
    await page.getByRole('button', { name: 'Hold them again' }).click();
    await series(mei, US).waitFor({ state: 'detached' });
    const took = Date.now() - pressed;
    assert.ok(took <= SHOWN_MS, `it took ${took} ms`);
    await page.locator('.held-card', { hasText: 'Doe' }).waitFor();
    await page.getByText('had been joined, and is held again').waitFor();
    await speak(clara, 'de');
    await page.reload();
    await page.getByText('wird wieder zurückgehalten').waitFor();
    await looksWell(clara, 'held-again-de');
    await speak(clara, 'en');
  });
});
