// An observer of a board that does not tell its observers who the patients are, beside a member of it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isAccessible } from './support/accessible.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
const OBSERVER = 3;
const MEMBER = 2;

/** All that a person is told: the frames of their line, and what HTTP answers about cases. */
class Told {
  constructor(page) {
    this.parts = [];
    this.bodies = [];
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => this.parts.push(Buffer.from(payload)));
    });
    page.on('response', (response) => {
      if (/\/api\/cases\/.*(metadata|display-sets|documents|files)/.test(response.url()))
        this.bodies.push(response.body().catch(() => Buffer.alloc(0)));
    });
  }

  async text() {
    return Buffer.concat([...this.parts, ...(await Promise.all(this.bodies))]).toString('utf8');
  }
}

const names = (person) => person.page.locator('.agenda .item .name').allInnerTexts();
const whose = (person) => person.pane().locator('.identity').innerText();

story('an observer who is not told who the patients are', (step, scene) => {
  let anna, omar, voice, board, cases, patients, toldAnna, toldOmar, observer;

  step('the coordinator makes a meeting that keeps the patients from its observers', async () => {
    [anna] = await scene.board(['anna'], DESK);
    const usual = new URL(anna.page.url()).pathname.split('/').at(-1);
    voice = await scene.voice('clara');
    const { title, members, items, template } = await voice.open('board', usual);
    observer = members.find((one) => one.role === OBSERVER);
    await voice.command({ type: 'RemoveMember', user: observer.user });
    cases = items.map((one) => one.patientCase);
    patients = [];
    for (const id of cases) patients.push((await voice.open('patient_case', id)).subject);
    board = randomUUID();
    await voice.open('board', board);
    await voice.command({
      type: 'CreateBoard',
      title: `${title}, with students`,
      startsAt: Date.now() * 1000,
      members,
      series: '00000000-0000-0000-0000-000000000000',
      organisation: '00000000-0000-0000-0000-000000000000',
      hangings: [],
      template: { ...template, maskObservers: true },
      cutOffAt: 0,
    });
    for (const item of items) {
      const { patientCase, plannedSeconds, presenter } = item;
      await voice.command({ type: 'AddItem', patientCase, plannedSeconds, presenter });
    }
  });

  step('a member reads names on the agenda, the observer beside them numbers', async () => {
    toldAnna = new Told(anna.page);
    await anna.page.goto(`${anna.url}/boards/${board}`);
    omar = await scene.guest('omar', DESK);
    toldOmar = new Told(omar.page);
    await omar.signIn();
    await omar.openBoard();
    assert.ok(omar.page.url().endsWith(board), 'the other board has let them go');
    await until('the member reads four names', async () => {
      const all = await names(anna);
      return all.length === 4 && all.every((one) => one.includes(','));
    });
    await until('the observer reads four numbers', async () => {
      return (await names(omar)).join() === 'Case 1,Case 2,Case 3,Case 4';
    });
  });

  step('on the images the member reads the name, the observer the number with age and sex', async () => {
    await anna.press('KeyN');
    await omar.sees(await anna.sees());
    const [family] = patients[0].name.split('^');
    assert.ok((await whose(anna)).includes(family), await whose(anna));
    assert.match(await whose(omar), /^Case 1\s+\d+ years · (male|female) · /);
    await omar.page.locator('.case-card .who', { hasText: 'Case 1' }).waitFor();
    await omar.page.locator('.case-card', { hasText: 'not told who the patients are' }).waitFor();
    await isAccessible(omar);
  });

  step('they follow the card and not the conversation', async () => {
    await anna.tab(/chat/i);
    await anna.say('She was well in May.');
    await until('it was said', async () => (await anna.messages()).includes('She was well in May.'));
    assert.equal(await omar.page.getByRole('tab', { name: /chat/i }).count(), 0);
  });

  step('a document is refused with a reason, and images are not', async () => {
    const answers = await omar.page.evaluate(async (ids) => {
      const found = [];
      for (const id of ids) {
        const { displaySets } = await (await fetch(`/api/cases/${id}/display-sets`)).json();
        for (const { kind, seriesUid, instances } of displaySets) {
          const [{ sopInstanceUid }] = instances;
          const path = kind === 'document' ? `documents/${sopInstanceUid}` : `series/${seriesUid}/metadata`;
          const answer = await fetch(`/api/cases/${id}/${path}`);
          found.push({ kind, status: answer.status, text: await answer.text() });
        }
      }
      return found;
    }, cases);
    const documents = answers.filter(({ kind }) => kind === 'document');
    const images = answers.filter(({ kind }) => kind !== 'document');
    assert.ok(documents.length > 0 && images.length > 0);
    for (const { status, text } of documents) {
      assert.equal(status, 403);
      assert.equal(JSON.parse(text).error, 'masked');
    }
    for (const { status, text } of images) {
      assert.equal(status, 200);
      assert.ok(JSON.parse(text)[0]['00280010'], 'what draws an image is there');
    }
  });

  step('another file is listed for who is told who the patient is, and for nobody else', async () => {
    await anna.tab(/case/i);
    const kept = await anna.page.evaluate(
      async ([id, name]) => {
        const headers = { 'Upload-Metadata': `filename ${btoa(name)}`, 'Content-Type': 'application/octet-stream' };
        const answer = await fetch(`/api/cases/${id}/uploads`, { method: 'POST', headers, body: 'words' });
        return (await answer.json()).outcome;
      },
      [cases[0], `${patients[0].name.split('^')[0]}.txt`],
    );
    assert.equal(kept, 'kept');
    const files = (person) => person.page.getByRole('region', { name: 'Other files' });
    await files(anna).waitFor();
    const seen = await omar.page.evaluate(async (id) => {
      const answer = await fetch(`/api/cases/${id}/files`);
      return { status: answer.status, ...(await answer.json()) };
    }, cases[0]);
    assert.equal(seen.status, 403);
    assert.equal(seen.error, 'masked');
    await until('they read that it came', async () => {
      return /1 other file kept/.test((await omar.page.locator('[data-arrival]').allInnerTexts()).join());
    });
    assert.equal(await files(omar).count(), 0);
  });

  step('through a second case they were told no name, number or birth date', async () => {
    await anna.page.locator('.board-top h1').click();
    await anna.leaveUndecided();
    await anna.page.locator('.agenda .item.now').nth(0).waitFor();
    await omar.page.locator('.case-card .who', { hasText: 'Case 2' }).waitFor();
    await omar.sees(await anna.sees());
    const [toMember, toObserver] = [await toldAnna.text(), await toldOmar.text()];
    const page = await omar.page.locator('body').innerText();
    const title = await omar.page.title();
    assert.ok(toObserver.includes('00280010'), 'answers were heard');
    assert.ok(!toObserver.includes('She was well in May.'));
    assert.ok(toMember.includes('She was well in May.'));
    for (const { name, patientId, birthDate } of patients) {
      const [family, given] = name.split('^');
      for (const secret of [family, given, patientId, birthDate, birthDate.replaceAll('-', '')]) {
        assert.ok(secret !== '' && !toObserver.includes(secret), `they were told ${secret}`);
        assert.ok(!page.includes(secret) && !title.includes(secret), `the page says ${secret}`);
      }
      assert.ok(toMember.includes(name), 'a member is told');
    }
    for (const { patientId, birthDate } of patients.slice(0, 2)) {
      // Of cases that were open; of the others their worklist names them.
      assert.ok(toMember.includes(patientId) && toMember.includes(birthDate), 'a member is told');
    }
  });

  step('who becomes a member reads the name at once, and as an observer again no more', async () => {
    const [family] = patients[1].name.split('^');
    await voice.command({ type: 'AddMember', member: { ...observer, role: MEMBER } });
    await omar.page.locator('.pane .identity', { hasText: family }).first().waitFor();
    await omar.page.getByRole('tab', { name: /chat/i }).waitFor();
    await voice.command({ type: 'AddMember', member: observer });
    await omar.page.locator('.pane .identity', { hasText: 'Case 2' }).first().waitFor();
    await until('no name is left', async () => {
      const page = await omar.page.locator('body').innerText();
      return patients.every(({ name }) => !page.includes(name.split('^')[0]));
    });
  });
});
