// A vote of somebody without a device, a task that nobody does, and what became of a recommendation.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { story } from './support/story.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
const TASK = 'Book the theatre';

story('what comes of a decision', (step, scene) => {
  let anna, clara, mei, patientCase;

  step('two people without a device are ticked in, one of them without a vote', async () => {
    [anna, clara, mei] = await scene.board(['anna', 'clara', 'mei'], DESK);
    await anna.press('KeyN');
    await anna.sees();
    const { page } = clara;
    await clara.tab(/people/i);
    for (const [name, discipline, votes] of [
      ['Dr. Olga Path', 'Pathology', true],
      ['Prof. Piet Ray', 'Radiotherapy', false],
    ]) {
      await page.getByRole('button', { name: 'Tick somebody in' }).click();
      await page.getByLabel('Name', { exact: true }).fill(name);
      await page.getByLabel('Discipline', { exact: true }).fill(discipline);
      await page.getByLabel('Has a vote').setChecked(votes);
      await page.getByRole('button', { name: 'Tick in', exact: true }).click();
      await page.locator('.on-site li', { hasText: name }).getByText(discipline).waitFor();
    }
    await mei.tab(/people/i);
    await mei.page.locator('.on-site li', { hasText: 'Dr. Olga Path' }).getByText('Pathology').waitFor();
    await mei.page.locator('.on-site li', { hasText: 'Prof. Piet Ray' }).getByText('no vote').waitFor();
  });

  step('their votes count for everybody, and who has none is asked for none', async () => {
    await anna.page.locator('.board-top h1').click();
    await anna.press('KeyT');
    await anna.page.keyboard.type('Biopsy of the right frontal lesion');
    await anna.page.getByRole('radio', { name: 'right' }).check();
    await anna.page.getByRole('button', { name: 'Add a task' }).click();
    await anna.page.getByLabel('What has to be done').fill(TASK);
    await anna.page.getByLabel('Who', { exact: true }).selectOption({ label: mei.name });
    await anna.press('Control+Enter');
    await anna.page.locator('[data-decision=recorded]').waitFor();
    await Promise.all([clara, mei].map((person) => person.tab('Decision')));
    const counts = (person) => person.page.locator('.votes h3');
    await counts(mei).filter({ hasText: '0 agree, 0 dissent' }).waitFor();
    const waiting = Number(/(\d+) not yet/.exec(await counts(mei).innerText())[1]);
    const { page } = clara;
    assert.equal(await page.getByRole('group', { name: 'Prof. Piet Ray' }).count(), 0);
    await page.getByRole('group', { name: 'Dr. Olga Path' }).locator('[data-vote=dissent]').click();
    await page.getByLabel('Reason for the dissent').fill('frozen section first');
    await clara.press('Enter');
    const counted = `0 agree, 1 dissent, 0 abstain, ${waiting - 1} not yet`;
    await Promise.all([anna, mei].map((person) => counts(person).filter({ hasText: counted }).waitFor()));
    await mei.page.locator('.dissent', { hasText: 'Dr. Olga Path: frozen section first' }).waitFor();
    await isAccessible(clara);
  });

  step('a task that its owner refuses is on the worklist of the coordinator', async () => {
    await anna.page.locator('[data-to-sign]').click();
    await anna.signs();
    await anna.page.getByText('Everything that was decided is signed').waitFor();
    await mei.page.goto(mei.url);
    await clara.page.goto(clara.url);
    await clara.page.locator('#boards').waitFor();
    await mei.page.getByText(TASK).click();
    await mei.page.waitForURL(/\/cases\//);
    patientCase = mei.openId;
    await mei.tab('Decision');
    await mei.page.getByRole('button', { name: 'Will not be done…' }).click();
    await mei.page.getByLabel('Why not').fill('no theatre before May');
    await mei.page.getByRole('button', { name: 'Refuse', exact: true }).click();
    await mei.page.locator('[data-task=refused]', { hasText: 'no theatre before May' }).waitFor();
    await clara.page.locator('.entry', { hasText: TASK }).getByText('refused').waitFor();
  });

  step('who opens it again there puts it back to its owner', async () => {
    await clara.page.getByText(TASK).click();
    await clara.page.waitForURL(/\/cases\//);
    assert.equal(clara.openId, patientCase);
    await clara.tab('Decision');
    await clara.page.locator('[data-task=refused]', { hasText: mei.name }).waitFor();
    await clara.page.getByRole('button', { name: 'Open again' }).click();
    await mei.page.locator('[data-task=open]').waitFor();
    await clara.page.goto(clara.url);
    await clara.page.locator('#boards').waitFor();
    assert.equal(await clara.page.getByText(TASK).count(), 0);
  });

  step('what became of the recommendation is recorded with its reason, and shown to others', async () => {
    const { page } = mei;
    await page.getByRole('button', { name: 'Otherwise' }).click();
    await page.getByLabel('Why', { exact: true }).fill('the patient declined a biopsy');
    await isAccessible(mei);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).waitFor({ state: 'detached' });
    await clara.page.goto(`${clara.url}/cases/${patientCase}`);
    await clara.tab('Decision');
    const after = clara.page.locator('.following');
    await after.getByRole('button', { name: 'Otherwise', pressed: true }).waitFor();
    assert.equal(await after.getByLabel('Why', { exact: true }).inputValue(), 'the patient declined a biopsy');
  });
});
