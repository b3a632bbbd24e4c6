// What a coordinator orders by hand: the agenda, the views of a case, a case for another meeting, files.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dicomFile, freshUid } from '../integration/peers/dicom_file.mjs';
import { openArchives, prepareArchives, startOrthanc } from '../support/archive/archive.mjs';
import { isAccessible } from './support/accessible.mjs';
import { demonstrationImages } from './support/images.mjs';
import { looksWell } from './support/looks.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** Listed before the server starts, there when a step opens them. */
const folder = mkdtempSync(join(tmpdir(), 'consilium-archives-'));
const archives = await prepareArchives(folder);

const DESK = { viewport: { width: 1440, height: 900 } };
const item = (person, text) => person.page.locator('.agenda .item', { hasText: text });
const order = (person) => person.page.locator('.agenda .item .name').allInnerTexts();
const titles = (person) => person.page.locator('.column.left .view-row .series > span').allInnerTexts();

/** Everybody's list is this one. */
const allRead = (people, list, wanted) =>
  until(`everybody reads ${wanted.join('; ')}`, async () => {
    const lists = await Promise.all(people.map(list));
    return lists.every((one) => JSON.stringify(one) === JSON.stringify(wanted));
  });

/** `names` with the one at `from` put at `to`. */
function moved(names, from, to) {
  const rest = names.filter((_, place) => place !== from);
  rest.splice(to, 0, names[from]);
  return rest;
}

story('what is ordered by hand', (step, scene) => {
  let anna, clara, radu, everybody, cases, views;

  step('a case dragged to another place is there for everybody', async () => {
    everybody = [anna, clara, radu] = await scene.board(['anna', 'clara', 'radu'], DESK);
    cases = await until('four patients are named', async () => {
      const all = await order(clara);
      return all.length === 4 && all.every((one) => one.includes(',')) && all;
    });
    // Nothing grows or shrinks any more above what is taken up.
    await item(clara, cases[0]).getByText('Images on all 3 screens').waitFor();
    // A browser begins to drag after the first moves; what is under it is told where it is on the next one.
    const from = await item(clara, cases[2]).locator('.name').boundingBox();
    const to = await item(clara, cases[0]).locator('.name').boundingBox();
    await clara.page.mouse.move(from.x + 5, from.y + 5);
    await clara.page.mouse.down();
    await clara.page.mouse.move(to.x + 5, to.y + 5, { steps: 5 });
    await clara.page.mouse.move(to.x + 8, to.y + 5);
    await clara.page.locator('[data-drop=above]').waitFor();
    await clara.page.mouse.up();
    cases = moved(cases, 2, 0);
    await allRead(everybody, order, cases);
  });

  step('and with the keys it goes on', async () => {
    await item(clara, cases[0]).getByRole('button').focus();
    await clara.press('Alt+ArrowDown');
    await allRead(everybody, order, (cases = moved(cases, 0, 1)));
    await clara.press('Alt+ArrowDown');
    await allRead(everybody, order, (cases = moved(cases, 1, 2)));
  });

  step('who does not steer can drag nothing', async () => {
    assert.equal(await radu.page.locator('.agenda .item[draggable=true]').count(), 0);
    await item(radu, cases[0]).getByRole('button').focus();
    await radu.press('Alt+ArrowDown');
    await clara.press('Alt+ArrowUp');
    await allRead(everybody, order, (cases = moved(cases, 2, 1)));
  });

  step('prepared views are put in another order, and everybody has that one', async () => {
    await anna.page.locator('.board-top h1').click();
    await anna.press('KeyN');
    await Promise.all(everybody.map((person) => person.sees()));
    views = await until('three views are there', async () => {
      const all = await titles(clara);
      return all.length === 3 && all;
    });
    await clara.page.locator('.column.left').getByRole('button', { name: `Move up: ${views[2]}` }).click();
    await allRead(everybody, titles, (views = moved(views, 2, 1)));
  });

  step('the presenter steps through them with two keys, and all screens go along', async () => {
    await radu.page.locator('[data-floor=mine]').waitFor();
    await radu.page.locator('.board-top h1').click();
    const shown = (person) =>
      person.page.locator('.column.left .view-row [aria-current=true] > span').allInnerTexts();
    for (const [key, place] of [['Period', 0], ['Period', 1], ['Period', 2], ['Comma', 1], ['Comma', 0]]) {
      await radu.press(key);
      await allRead(everybody, shown, [views[place]]);
      // The presenter's own image may still change when the title has: all come to one.
      await until('all screens show one image', async () => {
        const [first, ...others] = await Promise.all(everybody.map((person) => person.slice()));
        return first && others.every((other) => other === first);
      });
    }
  });

  step('a case that another meeting took says so, and is not offered to be opened again', async () => {
    await anna.page.locator('.board-top h1').click();
    await anna.press('KeyN');
    await anna.page.locator('.step-line').waitFor();
    await anna.press('KeyD');
    await anna.press('Digit1');
    await item(anna, cases[0]).getByText('deferred').waitFor();
    const { page } = clara;
    const board = clara.openId;
    await page.goto(clara.url);
    await page.locator('a[href^="/series/"]:not([href$=new])').first().click();
    await page.getByRole('button', { name: 'Make the meeting' }).click();
    await page.locator('.place.board [data-line=live]').waitFor();
    await page.goto(`${clara.url}/boards/${board}`);
    const menu = item(clara, cases[0]).getByRole('button');
    await menu.focus();
    await clara.press('Enter');
    await page.getByRole('menuitem', { name: 'Open this case' }).waitFor();
    await page.getByRole('menuitem', { name: 'Move to another meeting' }).click();
    await page.getByRole('button', { name: 'Move it there' }).click();
    await Promise.all(
      everybody.map((person) => item(person, cases[0]).getByText('handed over to another meeting').waitFor()),
    );
    await menu.focus();
    await clara.press('Enter');
    await page.getByRole('menuitem', { name: 'Look at this case' }).waitFor();
    assert.equal(await page.getByRole('menuitem', { name: 'Open this case' }).count(), 0);
    await clara.press('Escape');
  });

  step('a folder dropped on the page is stored, and what does not belong there is named with why', async () => {
    const folders = await demonstrationImages(scene);
    const { page } = clara;
    await page.goto(`${clara.url}/cases/new`);
    for (const [label, text] of [
      ['Family name', 'Demo'],
      ['Given name', 'Spine'],
      ['Born', '1958-01-21'],
      ['Patient id', 'P-1'],
      ['The question in a line', 'Stable or not?'],
    ])
      await page.getByLabel(label).fill(text);
    await page.getByRole('button', { name: 'Create the case' }).click();
    await page.locator('.drop').waitFor();
    const box = await page.locator('.drop').boundingBox();
    const at = { x: box.x + box.width / 2, y: box.y + 20 };
    // As the desktop does it: a real folder in the browser's own hands, not an event of the page.
    const devtools = await clara.context.newCDPSession(page);
    const data = { items: [], files: [join(folders, 'spine')], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'])
      await devtools.send('Input.dispatchDragEvent', { type, ...at, data });
    await page.locator('[data-upload=done]').waitFor();
    const said = await page.locator('[data-upload]').innerText();
    assert.match(said, /[1-9]\d* files? stored, 0 known already, 0 refused/);
    assert.match(said, /1 other file kept and not opened/);
    await isAccessible(clara);
    // The same once more as an archive, which goes the way that can be broken off and go on.
    execFileSync('zip', ['-q', '-r', 'spine.zip', 'spine'], { cwd: folders });
    const archive = { items: [], files: [join(folders, 'spine.zip')], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'])
      await devtools.send('Input.dispatchDragEvent', { type, ...at, data: archive });
    await page.getByText(/0 files stored, [1-9]\d* known already, 0 refused/).waitFor();
    assert.match(await page.locator('[data-upload]').innerText(), /1 other file kept and not opened/);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => /upload/.test(key))), []);
    await page.getByRole('link', { name: 'Open the case' }).click();
    await clara.sees();
  });

  step('a study of another archive is found by what the case knows, and fetched', async () => {
    const orthanc = await startOrthanc();
    const { line, close } = await openArchives(archives, orthanc.port);
    scene.onEnd(() => {
      close();
      orthanc.end();
      rmSync(folder, { recursive: true });
    });
    const study = freshUid();
    const patient = { name: 'Demo^Spine', id: 'P-1', birthDate: '19580121', sex: 'F' };
    const pixels = Buffer.alloc(256 * 256 * 2);
    for (const series of [freshUid(), freshUid()])
      for (const number of [1, 2, 3]) {
        const image = { study, series, uid: freshUid(), number, patient, rows: 256, columns: 256, pixels };
        await orthanc.store(dicomFile(image));
      }
    const { page } = clara;
    const place = page.locator('.from-archive');
    await page.goto(`${page.url().split('?')[0]}/images`);
    await place.waitFor();
    assert.equal(await place.getByLabel('Name', { exact: true }).inputValue(), 'Demo, Spine');
    assert.equal(await place.getByLabel('Born').inputValue(), '1958-01-21');
    for (const [name, word] of [['Another token', /ask the administrator/i], ['Away', /does not answer/]]) {
      await place.getByLabel('Archive', { exact: true }).selectOption(name);
      await place.getByRole('button', { name: 'Search' }).click();
      await place.getByRole('alert').filter({ hasText: word }).waitFor();
    }
    await place.getByLabel('Archive', { exact: true }).selectOption('Radiology (other hospital)');
    await place.getByRole('button', { name: 'Search' }).click();
    await place.getByText('1 study found').waitFor();
    const held = new Promise((resume) => Object.assign(line, { holdAt: 400_000, held: resume }));
    await place.locator('.studies').getByRole('button', { name: /^Fetch/ }).click();
    await held;
    await place.getByText(/^[1-5] of 6 images$/).waitFor();
    await looksWell(clara, 'archive');
    line.holdAt = 0;
    line.release();
    await place.locator('[data-fetch=done]').waitFor();
    assert.match(await place.locator('[data-fetch]').innerText(), /6 images stored, 0 known already/);
    await place.locator('.studies').getByText('All of it is in the case').waitFor();
    await page.evaluate(() => localStorage.setItem('consilium.language', 'de'));
    await page.reload();
    await place.getByText('6 Bilder gespeichert, 0 schon bekannt').waitFor();
    await place.getByRole('button', { name: 'Suchen' }).click();
    await place.getByText('Ist ganz im Fall').waitFor();
    await looksWell(clara, 'archive-de');
    await page.evaluate(() => localStorage.setItem('consilium.language', 'en'));
  });
}, ['--archives', archives.list]);
