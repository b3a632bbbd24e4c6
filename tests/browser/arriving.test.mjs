// One sends images over a thin line that breaks, others have the case open and wait; what is no image is kept beside.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAccessible } from './support/accessible.mjs';
import { Cable } from './support/cable.mjs';
import { looksWell } from './support/looks.mjs';
import { ctSlice } from './support/made_images.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const SLICES = 12;
const SIDE = 192;
const BYTES_A_SECOND = 50_000;
const NOTES = 'ECOG 1, as said on the telephone';
// Written backwards it would be read as "photoexe.png".
const TURNED = 'photo\u202egnp.exe';
const LONG = `${'a very long name '.repeat(10)}.docx`;
const DESK = { viewport: { width: 1440, height: 900 } };

const line = (person) => person.page.locator('[data-arrival]');
const numbers = async (person) => {
  const text = await line(person).innerText();
  const [, done, files, percent] = /(\d+) of (\d+) files?, (\d+)\s%/.exec(text) ?? [];
  return { text, done: Number(done), files: Number(files), percent: Number(percent) };
};
const state = async (person) => (await line(person).count()) === 1 && line(person).getAttribute('data-arrival');
const becomes = (person, wanted) =>
  until(`${person.login} reads that it is ${wanted}`, async () => (await state(person)) === wanted);
const files = (person) => person.page.getByRole('region', { name: /Other files|Andere Dateien/ });

story('one sends images, and others wait for them', (step, scene) => {
  let radu, mei, anna, cable, folder, id;

  step('who has the case open reads how many are arriving, and how far it is', async () => {
    const voice = await scene.voice('clara');
    const [chair] = await scene.board(['anna'], DESK);
    anna = chair;
    const board = new URL(anna.page.url()).pathname.split('/').at(-1);
    id = (await voice.open('board', board)).items[0].patientCase;
    const { subject } = await voice.open('patient_case', id);
    const patient = { ...subject, id: subject.patientId };
    folder = await mkdtemp(join(tmpdir(), 'consilium-arriving-'));
    scene.onEnd(() => rm(folder, { recursive: true }));
    for (let slice = 0; slice < SLICES; slice += 1)
      await writeFile(join(folder, `slice${slice}`), ctSlice(patient, slice, SIDE));
    await writeFile(join(folder, 'notes.txt'), NOTES);
    await writeFile(join(folder, TURNED), 'MZ');
    await writeFile(join(folder, LONG), 'words');
    cable = await Cable.lay(scene.server.port);
    scene.onEnd(() => cable.remove());
    radu = await scene.guest('radu', { url: cable.url });
    mei = await scene.person('mei', DESK);
    await mei.page.goto(`${mei.url}/cases/${id}`);
    await mei.lineIs('live');
    assert.equal(await line(mei).count(), 0);
    await radu.signIn(`/cases/${id}/images`);
    await radu.page.locator('.drop').waitFor();
    cable.rate = BYTES_A_SECOND;
    await radu.page.locator('input[webkitdirectory]').setInputFiles(folder);
    await becomes(mei, 'receiving');
    const first = await numbers(mei);
    assert.equal(first.files, SLICES + 3, first.text);
    await until('more of them have come', async () => (await numbers(mei)).percent > first.percent);
    const shown = await mei.page.evaluate(() => document.body.innerText);
    assert.match(shown, new RegExp(`of ${SLICES + 3} files`), 'they still come');
    assert.doesNotMatch(shown, /slice\d/, 'no file is named while it comes');
    await isAccessible(mei);
  });

  step('who comes in the middle reads it at once, on the board too', async () => {
    await anna.press('KeyN');
    await line(anna).waitFor({ timeout: 3000 });
    assert.equal((await numbers(anna)).files, SLICES + 3);
  });

  step('when the line breaks they read that the sender is waited for, and then it goes on', async () => {
    const before = await numbers(mei);
    cable.pull();
    await Promise.all([becomes(mei, 'waiting'), becomes(anna, 'waiting')]);
    assert.match(await line(mei).innerText(), /waiting for the sender/);
    assert.equal(await line(mei).locator('progress').count(), 0, 'no bar that does not move');
    await looksWell(mei, 'arriving-waiting');
    cable.plug();
    await becomes(mei, 'receiving');
    await until('more of them have come', async () => (await numbers(mei)).percent > before.percent);
    await looksWell(mei, 'arriving');
  });

  step('it ends with what arrived, and the images and files are there without a reload', async () => {
    cable.rate = undefined;
    await becomes(mei, 'arrived');
    assert.match(await line(mei).innerText(), /12 images arrived, 3 other files kept/);
    await mei.page.getByRole('button', { name: /CT made of numbers/ }).waitFor();
    await files(mei).waitFor();
    await radu.page.locator('[data-upload=done]').waitFor();
    await until('the line goes', async () => (await line(mei).count()) === 0);
  });

  step('other files are named safely, said to be unopened, and saved as they came', async () => {
    const list = await files(mei).innerText();
    assert.match(list, /Nobody here has opened them/);
    assert.match(list, /photognp\.exe/);
    assert.ok(!list.includes('\u202e'));
    assert.match(list, /…[^\n]*\.docx/);
    assert.match(list, /32 byte · .*Radu/);
    const [saved] = await Promise.all([
      mei.page.waitForEvent('download'),
      files(mei).getByRole('link', { name: /notes\.txt/ }).click(),
    ]);
    assert.equal(await readFile(await saved.path(), 'utf8'), NOTES);
    assert.equal(saved.suggestedFilename(), 'notes.txt');
    await looksWell(mei, 'other-files');
    const told = await radu.page.locator('[data-upload]').innerText();
    assert.match(told, /Kept with the case and not opened\s[^]*notes\.txt/);
    await looksWell(radu, 'upload-kept');
  });

  step('what its sender stops goes at once, and is not waited for', async () => {
    cable.rate = BYTES_A_SECOND / 2;
    execFileSync('zip', ['-q', '-0', '-r', 'again.zip', '.'], { cwd: folder });
    await radu.page.locator('input[type=file]:not([webkitdirectory])').setInputFiles(join(folder, 'again.zip'));
    await becomes(mei, 'receiving');
    assert.equal((await numbers(mei)).files, 1);
    await radu.page.getByRole('button', { name: 'Stop' }).click();
    await until('the line goes', async () => (await line(mei).count()) === 0);
  });

  step('it is said in German as well', async () => {
    const gerda = await scene.person('mei', { ...DESK, locale: 'de-DE' });
    await gerda.page.goto(`${gerda.url}/cases/${id}`);
    await gerda.lineIs('live');
    await files(gerda).waitFor();
    cable.rate = undefined;
    await radu.page.locator('[data-upload=done]').waitFor();
    cable.rate = BYTES_A_SECOND;
    await radu.page.locator('input[type=file]:not([webkitdirectory])').setInputFiles(join(folder, 'again.zip'));
    const german = /Bilder kommen an: 0 von 1 Datei, \d+ %/;
    await until('it is read', async () => german.test((await line(gerda).allInnerTexts()).join()));
    await looksWell(gerda, 'arriving-de');
    await radu.page.getByRole('button', { name: 'Stop' }).click();
  });
});
