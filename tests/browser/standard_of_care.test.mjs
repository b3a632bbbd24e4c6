// What needs no discussion: marked while the meeting is prepared, confirmed by its chair in one go.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isAccessible } from './support/accessible.mjs';
import { Heard } from './support/heard.mjs';
import { story } from './support/story.mjs';
import { table } from './support/tables.mjs';
import { until } from './support/waiting.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
const WORDS = 'Standard of care, by the guideline';
const item = (person, name) => person.page.locator('.agenda .item', { hasText: name });
const order = (person) => person.page.locator('.agenda .item .name').allInnerTexts();
const confirmsOf = (person) => person.page.getByRole('button', { name: /^Confirm standard of care/ });
const refusal = (asked) => asked.then(() => 'accepted', (error) => error.message);

async function menu(person, name) {
  await item(person, name).getByRole('button').focus();
  await person.press('Enter');
  await person.page.getByRole('menuitem', { name: 'Look at this case' }).waitFor();
  return person.page.getByRole('menuitem');
}

async function mark(person, name) {
  await (await menu(person, name)).filter({ hasText: 'Mark as standard of care' }).click();
  await item(person, name).getByText('standard of care').waitFor();
}

story('standard of care', (step, scene) => {
  let anna, clara, radu, everybody, heard, voice, usual, board, patients, cases, items;

  step('the coordinator marks two cases, and everybody reads it in the agenda', async () => {
    everybody = await Promise.all(['anna', 'clara', 'radu'].map((login) => scene.guest(login, DESK)));
    [anna, clara, radu] = everybody;
    heard = new Heard(anna.page);
    await Promise.all(everybody.map(async (person) => (await person.signIn()).openBoard()));
    board = anna.openId;
    patients = await until('four patients are named', async () => {
      const all = await order(clara);
      return all.length === 4 && all.every((one) => one.includes(',')) && all;
    });
    for (const name of patients.slice(0, 3)) await mark(clara, name);
    await (await menu(clara, patients[2])).filter({ hasText: 'No standard of care after all' }).click();
    await Promise.all(
      everybody.map(async (person) => {
        for (const name of patients.slice(0, 2)) await item(person, name).getByText('standard of care').waitFor();
        await item(person, patients[2]).getByText('standard of care').waitFor({ state: 'detached' });
      }),
    );
  });

  step('the chair is offered to confirm them, and the coordinator is told who does', async () => {
    await confirmsOf(anna).filter({ hasText: '(2)' }).waitFor();
    await clara.page.getByText('2 cases wait for the chair to confirm standard of care').waitFor();
    assert.equal(await confirmsOf(clara).count(), 0);
    await isAccessible(clara);
  });

  step('a member can neither mark nor confirm, and what their line asks for is refused', async () => {
    assert.deepEqual(await (await menu(radu, patients[2])).allInnerTexts(), ['Look at this case']);
    await radu.press('Escape');
    assert.equal(await confirmsOf(radu).count(), 0);
    assert.equal(await radu.page.getByText('wait for the chair').count(), 0);
    const member = await scene.voice('radu');
    ({ items } = await member.open('board', board));
    const asked = { type: 'ConfirmStandard', items: items.slice(0, 2).map((one) => one.item), words: WORDS };
    assert.equal(await refusal(member.command(asked)), 'ConfirmStandard was not_permitted');
    voice = await scene.voice('clara');
    usual = await voice.open('board', board);
    assert.equal(await refusal(voice.command(asked)), 'ConfirmStandard was not_permitted');
    await item(anna, patients[0]).getByText('standard of care').waitFor();
  });

  step('a case that has a decision already is not in the list, which would be refused for it', async () => {
    const member = await scene.voice('radu');
    await mark(clara, patients[2]);
    await confirmsOf(anna).filter({ hasText: '(3)' }).waitFor();
    const { patientCase, item: number } = items[2];
    await member.open('patient_case', patientCase);
    await member.command({
      type: 'RecordDecision',
      decision: randomUUID(),
      board,
      item: number,
      based: 0,
      fields: [{ key: 'recommendation', value: 'Fixation' }],
      side: 'none',
      tasks: [],
    });
    await confirmsOf(anna).filter({ hasText: '(2)' }).waitFor();
  });

  step('the chair reads what is recorded, leaves one out, takes it in again and confirms both', async () => {
    await confirmsOf(anna).click();
    const sheet = anna.page.getByRole('dialog');
    await sheet.getByText(`Recommendation: ${WORDS}`).waitFor();
    await isAccessible(anna);
    await sheet.getByRole('checkbox', { name: patients[1] }).uncheck();
    await sheet.getByRole('button', { name: 'Confirm standard of care (1)' }).waitFor();
    await sheet.getByRole('checkbox', { name: patients[1] }).check();
    await sheet.getByRole('button', { name: 'Confirm standard of care (2)' }).waitFor();
    await anna.signs();
    await sheet.waitFor({ state: 'detached' });
    await Promise.all(
      everybody.flatMap((person) =>
        patients.slice(0, 2).map((name) => {
          return item(person, name).locator('.state .ready', { hasText: 'standard of care' }).waitFor();
        }),
      ),
    );
    assert.equal(await confirmsOf(anna).count(), 0);
  });

  step('each is recorded and signed in its case, as standard of care', async () => {
    cases = items.map((one) => one.patientCase);
    for (const patientCase of cases.slice(0, 2)) {
      await radu.page.goto(`${radu.url}/cases/${patientCase}`);
      await radu.tab('Decision');
      const said = radu.page.locator('[data-decision=signed], .earlier article').first();
      await said.getByText('Standard of care, confirmed without discussion').waitFor();
      await said.locator('[data-field=recommendation]', { hasText: WORDS }).waitFor();
      await said.getByText(`Signed by ${anna.name}`).waitFor();
    }
    await isAccessible(radu);
  });

  step('the first case that is opened is the first that was not confirmed', async () => {
    await anna.page.locator('.board-top h1').click();
    await anna.press('KeyN');
    await anna.page.locator('.agenda .item.now .name', { hasText: patients[2] }).waitFor();
  });

  step('the meeting ends with them, and its minutes say how many were not discussed', async () => {
    await anna.page.locator('[data-to-sign]').click();
    await anna.signs();
    await anna.page.getByText('Everything that was decided is signed').waitFor();
    await anna.press('Escape');
    await anna.page.getByRole('button', { name: 'End meeting' }).first().click();
    const sheet = anna.page.getByRole('dialog');
    await sheet.getByText(`Not discussed: ${patients[3]}`).waitFor();
    await anna.press('Digit1');
    await sheet.locator('button.primary:focus').waitFor();
    await anna.press('Enter');
    await anna.page.getByText('The meeting is over').waitFor();
    await clara.page.goto(`${clara.url}/boards/${board}/minutes`);
    await clara.page.locator('[data-minutes=ready]').waitFor();
    const paper = clara.page.locator('main');
    await paper.getByText('1 decided, 2 as standard of care, 0 deferred, 1 not discussed').waitFor();
    for (const number of [0, 1]) {
      const one = paper.locator(`[data-case="${items[number].item}"]`);
      await one.getByText('Standard of care, confirmed without discussion').waitFor();
      await one.getByText(`Signed by ${anna.name}`).waitFor();
    }
    await isAccessible(clara);
  });

  step('their table says the same, and so do the events of the chair\'s line', async () => {
    const [, ...rows] = await table(clara, /Cases/);
    const told = rows.map(([, patient, , , , outcome, , , side, said, , , , signer]) => [
      patient,
      outcome,
      side,
      said,
      signer,
    ]);
    assert.deepEqual(told, [
      [patients[0], 'standard of care', 'not said', WORDS, anna.name],
      [patients[1], 'standard of care', 'not said', WORDS, anna.name],
      [patients[2], 'decided', 'not applicable', 'Fixation', anna.name],
      [patients[3], 'not discussed', '', '', ''],
    ]);
    assert.deepEqual(
      heard.endings(board).map(({ outcome, used }) => [outcome, used > 0]),
      [['standard', false], ['standard', false], ['decided', true], ['not_discussed', false]],
    );
  });

  step('a board without words for it confirms none, and says why', async () => {
    const { title, members, template } = usual;
    const wordless = randomUUID();
    await voice.open('board', wordless);
    await voice.command({
      type: 'CreateBoard',
      title: `${title}, without words`,
      startsAt: Date.now() * 1000,
      members,
      series: '00000000-0000-0000-0000-000000000000',
      organisation: '00000000-0000-0000-0000-000000000000',
      hangings: [],
      template: { ...template, standardWords: '' },
      cutOffAt: 0,
    });
    await voice.command({ type: 'AddItem', patientCase: cases[3], plannedSeconds: 180, presenter: items[3].presenter });
    await Promise.all([anna, clara].map((person) => person.page.goto(`${person.url}/boards/${wordless}`)));
    await item(clara, patients[3]).waitFor();
    await mark(clara, patients[3]);
    await confirmsOf(anna).click();
    const sheet = anna.page.getByRole('dialog');
    await sheet.getByText('The template has no words for standard of care').waitFor();
    assert.ok(await sheet.getByRole('button', { name: 'Confirm standard of care (1)' }).isDisabled());
    await isAccessible(anna);
    const chair = await scene.voice('anna');
    const { items: waiting } = await chair.open('board', wordless);
    const asked = { type: 'ConfirmStandard', items: waiting.map((one) => one.item), words: '' };
    assert.equal(await refusal(chair.command(asked)), 'ConfirmStandard was bad_state');
    await anna.press('Escape');
    await item(anna, patients[3]).getByText('standard of care').waitFor();
    await anna.page.getByText('The meeting has not begun').waitFor();
  });
});
