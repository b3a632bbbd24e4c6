// From nothing to signed minutes: a coordinator prepares a meeting of four cases, five people hold it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isAccessible } from './support/accessible.mjs';
import { Heard } from './support/heard.mjs';
import { demonstrationImages } from './support/images.mjs';
import { story } from './support/story.mjs';
import { table } from './support/tables.mjs';
import { until } from './support/waiting.mjs';

const DESK = { width: 1440, height: 900 };
const CASES = [
  { family: 'Okafor', given: 'Ada', id: 'P-1', question: 'Resect or irradiate?', folder: 'brain', born: '1972-09-02' },
  { family: 'Haddad', given: 'Eva', id: 'P-2', question: 'Stable or not?', folder: 'spine', born: '1958-01-21' },
  { family: 'Silva', given: 'Marta', id: 'P-3', question: 'Is a biopsy needed?' },
  { family: 'Weber', given: 'Lena', id: 'P-4', question: 'Is there time for this one?' },
];
const nameOf = ({ family, given }) => `${family}, ${given}`;
const RECOMMENDATION = '=Resection of the right frontal lesion, then "adjuvant" therapy';

const names = (person) => person.page.locator('.agenda .item .name').allInnerTexts();
const item = (person, { family }) => person.page.locator('.agenda .item', { hasText: family });
const recommendation = (person) => person.page.locator('[data-field=recommendation] textarea');
const nowIs = (people, { family }) =>
  Promise.all(people.map((person) => person.page.locator('.agenda .item.now .name', { hasText: family }).waitFor()));

/** What the English words call what `support/heard` counts. */
const OUTCOMES = {
  decided: 'decided',
  deferred: 'deferred',
  not_discussed: 'not discussed',
  standard: 'standard of care',
};
/** A number with one decimal, and a millisecond that was cut off. */
const A_TENTH_ROUNDED = 0.051;
const yes = (value) => (value === undefined ? '' : value ? 'yes' : 'no');

const caseRow = ([, patient, id, , , ...rest]) => [patient, id, ...rest];

function countedRow({ patient, patientId, outcome, reason, unready, decision, votes, images }) {
  const count = (choice) => (decision ? String(votes.filter((one) => one.choice === choice).length) : '');
  return [
    patient,
    patientId,
    OUTCOMES[outcome],
    reason,
    unready,
    decision?.side ?? '',
    decision ? decision.recommendation.replace(/^[=+@-]/, "'$&") : '',
    count('agree'),
    count('dissent'),
    count('abstain'),
    decision?.signer ?? '',
    decision?.signedAt ? new Date(decision.signedAt / 1000).toISOString() : '',
    decision?.signedAt ? 'holds' : '',
    images.join('; '),
  ];
}

story('a meeting from nothing to signed minutes', (step, scene) => {
  let anna, clara, radu, mei, omar, everybody, folders, board, heard;

  step('the coordinator makes a series with its people and its template', async () => {
    folders = await demonstrationImages(scene, { brain: 'Okafor^Ada', spine: 'Haddad^Eva' });
    clara = await scene.person('clara', { viewport: DESK });
    const { page } = clara;
    const { user } = await page.evaluate(() => fetch('/api/me').then((answer) => answer.json()));
    assert.deepEqual([user.administrator, user.coordinator], [false, true]);
    await page.getByRole('link', { name: 'New series' }).click();
    await page.getByLabel('Name of the board').fill('Thoracic board');
    const people = await scene.server.people();
    for (const [login, role, discipline] of [
      ['anna', 'chair', 'Neurosurgery'],
      ['radu', 'member', 'Radiology'],
      ['mei', 'member', 'Oncology'],
      ['omar', 'observer', ''],
    ]) {
      const { name } = people.get(login);
      await page.getByLabel('Add a person').selectOption({ label: name });
      await page.getByLabel(`Role: ${name}`).selectOption(role);
      await page.getByLabel(`Discipline: ${name}`).fill(discipline);
    }
    await page.getByLabel(/^Core disciplines/).fill('Neurosurgery\nRadiology\nPathology');
    await page.getByLabel(/^Members vote/).check();
    await page.getByRole('checkbox', { name: 'Guideline' }).uncheck();
    await page.getByRole('checkbox', { name: 'Pathology' }).uncheck();
    await isAccessible(clara);
    await page.getByRole('button', { name: 'Create the series' }).click();
    await page.getByText('No meetings yet').waitFor();
    await isAccessible(clara);
  });

  step('a folder chosen in the page is stored, and what does not belong there is kept unopened', async () => {
    for (const one of CASES) {
      const { page } = clara;
      await page.goto(`${clara.url}/cases/new`);
      await page.getByLabel('Family name').fill(one.family);
      await page.getByLabel('Given name').fill(one.given);
      await page.getByLabel('Born').fill(one.born ?? '1960-06-15');
      await page.getByLabel('Patient id').fill(one.id);
      await page.getByLabel('The question in a line').fill(one.question);
      if (one === CASES[0]) await isAccessible(clara);
      await page.getByRole('button', { name: 'Create the case' }).click();
      await page.getByRole('button', { name: 'Choose a folder' }).waitFor();
      one.case = new URL(page.url()).pathname.split('/')[2];
      if (!one.folder) continue;
      await page.locator('input[type=file]').first().setInputFiles(join(folders, one.folder));
      await page.locator('[data-upload=done]').waitFor();
      const said = await page.locator('[data-upload]').innerText();
      assert.match(said, /[1-9]\d* files? stored, 0 known already, 0 refused/);
      assert.match(said, /1 other file kept and not opened/);
      if (one === CASES[0]) await isAccessible(clara);
    }
  });

  step('a meeting is made from the series and gets its cases, ordered with the keyboard', async () => {
    const { page } = clara;
    await page.goto(clara.url);
    await page.getByRole('link', { name: 'Thoracic board' }).click();
    await page.getByRole('button', { name: 'Make the meeting' }).click();
    await page.locator('.place.board [data-line=live]').waitFor();
    board = clara.openId;
    for (const one of CASES) {
      await page.getByRole('button', { name: 'Add a case' }).click();
      const sheet = page.getByRole('dialog');
      await sheet.getByLabel('Case').selectOption(one.case);
      await sheet.getByRole('button', { name: 'Add a case' }).click();
      await item(clara, one).waitFor();
    }
    const third = item(clara, CASES[2]).getByRole('button');
    await third.focus();
    await clara.press('Alt+ArrowUp');
    await until('it moved', async () => (await names(clara)).indexOf(nameOf(CASES[2])) === 1);
    await clara.press('Alt+ArrowUp');
    await until('it moved', async () => (await names(clara)).indexOf(nameOf(CASES[2])) === 0);
    await clara.press('Alt+ArrowDown');
    await until('it moved back', async () => (await names(clara)).indexOf(nameOf(CASES[2])) === 1);
    await isAccessible(clara);
  });

  step('everybody sees what each case lacks, and sees it go when it is written', async () => {
    everybody = [anna, radu, mei, omar] = await Promise.all(
      ['anna', 'radu', 'mei', 'omar'].map((login) => scene.guest(login, { viewport: DESK })),
    );
    heard = new Heard(anna.page);
    await Promise.all(everybody.map((person) => person.signIn()));
    everybody.push(clara);
    for (const person of [anna, radu, mei, omar]) {
      await person.page.getByRole('link', { name: 'Thoracic board' }).and(
        person.page.locator(`[href="/boards/${board}"]`),
      ).click();
      await person.page.locator('.place.board [data-line=live]').waitFor();
    }
    const lacks = item(anna, CASES[0]);
    await lacks.getByText('Missing: Question to the board, Stage').waitFor();
    await item(anna, CASES[2]).getByText('Missing: Question to the board, Stage, Images').waitFor();
    const { page } = clara;
    await page.goto(`${clara.url}/cases/${CASES[0].case}`);
    for (const [line, text] of [
      ['Question to the board', 'Resect or irradiate the frontal lesion?'],
      ['Stage', 'cT1 cN0 cM0'],
    ]) {
      await page.getByRole('button', { name: `Write: ${line}` }).click();
      await page.getByRole('textbox', { name: line }).fill(text);
      await clara.press('Control+Enter');
      await page.locator('.card-line .said', { hasText: text }).waitFor();
    }
    await lacks.locator('.ready').waitFor();
    assert.match(await page.locator('.case-card .who').innerText(), /Okafor, Ada\s+\d\d years/);
  });

  step('a note is for its author alone', async () => {
    const note = clara.page.getByLabel(/^My note/);
    await note.fill('ask about the brother');
    await note.blur();
    await clara.page.goto(`${clara.url}/boards/${board}`);
    await clara.page.locator('.place.board [data-line=live]').waitFor();
    await anna.press('KeyN');
    await nowIs(everybody, CASES[0]);
    assert.equal(await clara.page.getByLabel(/^My note/).inputValue(), 'ask about the brother');
    assert.equal(await radu.page.getByLabel(/^My note/).inputValue(), '');
  });

  step('N on an undecided case asks in one line, and Escape leaves everything as it is', async () => {
    await anna.press('KeyN');
    await anna.page.locator('.step-line', { hasText: 'is undecided' }).waitFor();
    await isAccessible(anna);
    await anna.press('Escape');
    await anna.page.locator('.step-line').waitFor({ state: 'detached' });
    await nowIs(everybody, CASES[0]);
  });

  step('what one begins to write stays until it is sent or dropped', async () => {
    await radu.press('KeyT');
    await radu.page.keyboard.type('what I thought of Okafor');
    await radu.press('Escape');
    assert.equal(await recommendation(radu).inputValue(), 'what I thought of Okafor');
  });

  step('the chair records, votes are cast, and a changed text tells who voted on the older one', async () => {
    const { page } = anna;
    await anna.press('KeyT');
    await page.keyboard.type('Resection of the left frontal lesion');
    await page.getByRole('radio', { name: 'right' }).check();
    await page.getByRole('button', { name: 'Add a task' }).click();
    await page.getByLabel('What has to be done').fill('Book the theatre');
    await page.getByLabel('Who', { exact: true }).selectOption({ label: mei.name });
    await anna.press('Control+Enter');
    await page.locator('[data-decision=recorded]').waitFor();
    await mei.press('KeyT');
    await mei.page.locator('[data-vote=dissent]').click();
    await mei.page.getByLabel('Reason for the dissent').fill('chemotherapy first');
    await mei.press('Enter');
    await page.getByText('1 dissent').waitFor();
    await recommendation(anna).fill(RECOMMENDATION);
    await anna.press('Control+Enter');
    await page.getByText(/older text: .*Tanaka/).waitFor();
    await mei.page.locator('[data-vote=agree]').click();
    await page.getByText('1 agree').waitFor();
    await isAccessible(anna);
  });

  step('who wrote something else meanwhile sees both texts and loses none', async () => {
    const theirs = radu.page.locator('.theirs');
    await theirs.getByText(RECOMMENDATION).waitFor();
    assert.equal(await recommendation(radu).inputValue(), 'what I thought of Okafor');
    await radu.page.getByRole('button', { name: 'Take theirs' }).click();
    assert.equal(await recommendation(radu).inputValue(), RECOMMENDATION);
  });

  step('a key image is marked with one key', async () => {
    await radu.sees();
    await radu.page.locator('.images').click({ position: { x: 5, y: 300 } });
    await radu.press('KeyK');
    await radu.page.getByText(/Marked for the minutes/).waitFor();
  });

  step('a case that is not ready is opened with a reason only, and a step can be taken back', async () => {
    await anna.page.locator('.board-top h1').click();
    await anna.press('KeyN');
    const line = anna.page.locator('.step-line', { hasText: 'Silva, Marta is not ready' });
    await line.waitFor();
    await isAccessible(anna);
    await anna.page.keyboard.type('the patient is here today');
    await anna.press('Enter');
    await nowIs(everybody, CASES[2]);
    await anna.press('KeyU');
    await nowIs(everybody, CASES[0]);
    await anna.press('KeyN');
    await anna.page.keyboard.type('the patient is here today');
    await anna.press('Enter');
    await nowIs(everybody, CASES[2]);
  });

  step('it is deferred with a digit, and the next one is not ready either', async () => {
    await mei.press('KeyT');
    await mei.page.keyboard.type('what I thought of Silva');
    await anna.press('KeyN');
    await anna.press('KeyD');
    await anna.press('Digit1');
    await anna.page.locator('.step-line', { hasText: 'Haddad, Eva is not ready' }).waitFor();
    await anna.page.keyboard.type('images only');
    await anna.press('Enter');
    await nowIs(everybody, CASES[1]);
    await item(clara, CASES[2]).getByText('Pathology missing').waitFor();
  });

  step('a draft stays with its case: not on the next one, and there again when one looks', async () => {
    const field = recommendation(mei);
    await mei.tab('Decision');
    assert.equal(await field.inputValue(), '');
    await item(mei, CASES[2]).getByRole('button').focus();
    await mei.press('Enter');
    await mei.page.getByRole('menuitem', { name: 'Look at this case' }).click();
    await mei.tab('Decision');
    assert.equal(await field.inputValue(), 'what I thought of Silva');
    await mei.page.locator('.mark').click();
    await mei.page.locator(`[href="/boards/${board}"]`).click();
    await nowIs([mei], CASES[1]);
  });

  step('somebody without a device is ticked in', async () => {
    await clara.tab(/people/i);
    await clara.page.getByRole('button', { name: 'Tick somebody in' }).click();
    await clara.page.getByLabel('Name', { exact: true }).fill('Dr. Olga Path');
    await clara.page.getByLabel('Discipline', { exact: true }).fill('Pathology');
    await clara.press('Enter');
    await anna.tab(/people/i);
    await anna.page.getByText('Dr. Olga Path').waitFor();
    await isAccessible(clara);
  });

  step('the meeting does not close while something is unsigned, and names it', async () => {
    await anna.page.getByRole('button', { name: 'End meeting' }).first().click();
    const sheet = anna.page.getByRole('dialog');
    await sheet.getByText('Not signed yet: Okafor, Ada').waitFor();
    assert.ok(await sheet.getByRole('button', { name: 'End meeting' }).isDisabled());
    await isAccessible(anna);
    await anna.press('Escape');
  });

  step('patient and side are read back, and the signature is for that text', async () => {
    await anna.page.locator('[data-to-sign]').click();
    const read = anna.page.locator('.read-back');
    await read.getByText('P-1').waitFor();
    assert.equal(await read.locator('[data-side]').getAttribute('data-side'), 'right');
    assert.equal(await read.locator('[data-warning]').count(), 0);
    await isAccessible(anna);
    await anna.signs();
    await anna.page.getByText('Everything that was decided is signed').waitFor();
    await anna.press('Escape');
    await item(anna, CASES[0]).getByText('decided').waitFor();
  });

  step('it ends with the last case and its reason, and by one digit with what still waits', async () => {
    await anna.page.getByRole('button', { name: 'End meeting' }).first().click();
    const sheet = anna.page.getByRole('dialog');
    await sheet.getByText('Not discussed: Weber, Lena').waitFor();
    await sheet.getByLabel('Reason', { exact: true }).selectOption({ label: 'Out of time' });
    const ends = sheet.getByRole('button', { name: 'End meeting' });
    assert.ok(await ends.isDisabled(), 'nobody said why it was not discussed');
    await isAccessible(anna);
    await anna.press(`Digit${await sheet.getByRole('button', { name: 'Out of time' }).locator('kbd').innerText()}`);
    await sheet.locator('button.primary:focus').waitFor();
    await anna.press('Enter');
    await Promise.all(everybody.map((person) => person.page.getByText('The meeting is over').waitFor()));
  });

  step('the minutes and their tables say what happened', async () => {
    await clara.page.goto(`${clara.url}/boards/${board}/minutes`);
    await clara.page.locator('[data-minutes=ready]').waitFor();
    await isAccessible(clara);
    const text = await clara.page.locator('main').innerText();
    assert.match(text, /1 decided, 0 as standard of care, 1 deferred, 2 not discussed/);
    assert.match(text, /Discussed though not ready: the patient is here today/);
    assert.match(text, /Book the theatre · .*Tanaka/);
    const [, ...cases] = await table(clara, /Cases/);
    assert.deepEqual(
      cases.map(([, patient, id, , , outcome, reason, unready]) => [patient, id, outcome, reason, unready]),
      [
        ['Okafor, Ada', 'P-1', 'decided', '', ''],
        ['Silva, Marta', 'P-3', 'deferred', 'Pathology missing', 'the patient is here today'],
        ['Haddad, Eva', 'P-2', 'not discussed', 'Out of time', 'images only'],
        ['Weber, Lena', 'P-4', 'not discussed', 'Out of time', ''],
      ],
    );
    const [, , , , , , , , side, said, agree, dissent, , signer] = cases[0];
    assert.deepEqual([side, said, agree, dissent, signer], ['right', `'${RECOMMENDATION}`, '1', '0', anna.name]);
    const [, ...people] = await table(clara, /Attendance/);
    const present = people.filter((row) => row[4] === 'yes').map((row) => row.slice(0, 3));
    assert.deepEqual(present, [
      ['Neurosurgery', 'yes', anna.name],
      ['Radiology', 'yes', radu.name],
      ['Pathology', 'yes', 'Dr. Olga Path'],
      ['Oncology', 'no', mei.name],
      ['', 'no', clara.name],
      ['', 'no', omar.name],
    ]);
  });

  step('minutes and tables equal what the events of the chair\'s line add up to', async () => {
    const counted = heard.recount(board);
    const [, ...cases] = await table(clara, /Cases/);
    assert.deepEqual(cases.map(caseRow), counted.cases.map(countedRow));
    for (const [place, { planned, used }] of counted.cases.entries()) {
      assert.equal(Number(cases[place][3]), planned);
      assert.ok(Math.abs(Number(cases[place][4]) - used) <= A_TENTH_ROUNDED, `${cases[place][4]} is ${used}`);
    }
    const [, ...people] = await table(clara, /Attendance/);
    const sorted = (rows) => rows.map((row) => row.join(' | ')).sort();
    assert.deepEqual(
      sorted(people.map(([discipline, core, name, , present, , vote]) => [discipline, core, name, present, vote])),
      sorted(
        counted.attendance.map(({ discipline, core, name, present, vote }) => [
          discipline,
          yes(core),
          name,
          yes(present),
          yes(vote),
        ]),
      ),
    );
    for (const one of counted.cases) {
      const paper = clara.page.locator(`[data-case="${one.item}"]`);
      const text = await paper.innerText();
      for (const words of [one.patient, OUTCOMES[one.outcome], one.reason, one.unready, one.decision?.recommendation])
        assert.ok(text.includes(words ?? ''), `${one.patient}: ${words}`);
      assert.ok(Math.abs(Number(/([\d.]+) min of/.exec(text)[1]) - one.used) <= A_TENTH_ROUNDED, text);
      assert.equal(text.includes('Signed by'), one.decision?.signer !== undefined);
      assert.ok(text.includes(one.decision?.signer ?? ''));
    }
    const totals = await clara.page.locator('main').innerText();
    const all = counted.cases.reduce((sum, one) => sum + one.used, 0);
    assert.ok(Math.abs(Number(/discussed · ([\d.]+) min of/.exec(totals)[1]) - all) <= A_TENTH_ROUNDED, totals);
  });

  step('the task is on the worklist of its owner', async () => {
    await mei.page.goto(mei.url);
    await mei.page.locator('#tasks').waitFor();
    await mei.page.getByText('Book the theatre').waitFor();
    await isAccessible(mei);
  });
});
