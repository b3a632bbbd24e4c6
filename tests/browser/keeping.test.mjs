// A case is held by who keeps the record, and erased while a board has it open: said before, at once, for good.
import assert from 'node:assert/strict';
import { isAccessible } from './support/accessible.mjs';
import { looksWell } from './support/looks.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

/** Nobody sees pixels or words of an erased case after that. */
const GONE_MS = 1000;
/** Images, key and the older generation of the tenant's key are destroyed. */
const DESTROYED_MS = 50_000;
const DESK = { viewport: { width: 1440, height: 900 } };

story('a case is held, and erased', (step, scene) => {
  let admin, anna, clara, mei, patientCase, number, given;

  const button = (person, name) => person.page.getByRole('button', { name, exact: true });
  const dialog = () => admin.page.getByRole('dialog');
  const inGerman = async (work) => {
    await admin.page.evaluate(() => localStorage.setItem('consilium.language', 'de'));
    await admin.page.reload();
    await work();
    await admin.page.evaluate(() => localStorage.setItem('consilium.language', 'en'));
    await admin.page.reload();
  };

  step('an administrator finds a case by its number, and nothing of its patient', async () => {
    [anna, clara, mei] = await scene.board(['anna', 'clara', 'mei'], DESK);
    await anna.press('KeyN');
    await Promise.all([anna, mei].map((person) => person.sees()));
    const board = await scene.voice('anna');
    const { items, openItem } = await board.open('board', anna.openId);
    ({ patientCase } = items.find(({ item }) => item === openItem));
    number = patientCase.slice(0, 8);
    const { subject } = await (await scene.voice('clara')).open('patient_case', patientCase);
    given = subject.name.split('^')[1];
    admin = await scene.person('administrator', DESK);
    await admin.page.goto(`${admin.url}/administration/cases`);
    await admin.page.getByRole('link', { name: `Keep or erase case ${number}` }).click();
    await admin.page.getByRole('heading', { name: `Case ${number}` }).waitFor();
    await admin.page.getByText('There is no legal hold').waitFor();
    assert.ok(!(await admin.page.locator('main').innerText()).includes(given));
    await looksWell(admin, 'keeping-free');
    await inGerman(async () => {
      await admin.page.getByText('Es gilt keine Löschsperre').waitFor();
      await looksWell(admin, 'keeping-free-german');
    });
  });

  step('they place a hold, and who coordinates the case reads it at once', async () => {
    await clara.page.goto(`${clara.url}/cases/${patientCase}/consent`);
    await clara.page.getByRole('heading', { name: /Who may see the case of/ }).waitFor();
    assert.equal(await clara.page.getByRole('region', { name: 'Keeping and erasing' }).count(), 0);
    await button(admin, 'Place a legal hold').click();
    await looksWell(admin, 'keeping-place', [1440, 360]);
    await dialog().getByLabel('Why it must be kept').fill('A claim was announced on 20 November');
    await dialog().getByRole('button', { name: 'Place a legal hold' }).click();
    await admin.page.getByText('This case must be kept.').waitFor();
    assert.ok(await button(admin, 'Erase this case').isDisabled());
    await looksWell(admin, 'keeping-held');
    const kept = clara.page.getByRole('region', { name: 'Keeping and erasing' });
    await kept.getByText('A claim was announced on 20 November').waitFor();
    await kept.getByText('Only an administrator or a privacy officer can lift it.').waitFor();
    assert.equal(await kept.getByRole('button').count(), 0);
    await looksWell(clara, 'keeping-held-coordinator');
  });

  step('the hold wins until it is lifted', async () => {
    const voice = await scene.voice('administrator');
    await voice.open('patient_case', patientCase);
    await assert.rejects(voice.command({ type: 'OrderErasure', reason: 'a mistake' }), /on_hold/);
    await button(admin, 'Lift the hold').click();
    await dialog().getByLabel('Why it need not be kept any more').fill('The claim was settled');
    await isAccessible(admin);
    await dialog().getByRole('button', { name: 'Lift the hold' }).click();
    await admin.page.getByText('There is no legal hold').waitFor();
    await clara.page.getByRole('region', { name: 'Keeping and erasing' }).waitFor({ state: 'detached' });
    await assert.rejects(voice.command({ type: 'OrderErasure', reason: 'a mistake' }), /unproved/);
  });

  step('before it is erased they read what goes, what stays, and that nobody can undo it', async () => {
    await inGerman(async () => {
      await button(admin, 'Diesen Fall löschen').click();
      await dialog().getByText('Das kann niemand rückgängig machen').waitFor();
      await dialog().locator('input[name=signing-password]').waitFor();
      await looksWell(admin, 'keeping-erase-german');
    });
    await button(admin, 'Erase this case').click();
    await dialog().getByText('Nobody can undo this').waitFor();
    await dialog().locator('input[name=signing-password]').waitFor();
    await looksWell(admin, 'keeping-erase');
    const now = dialog().locator('[data-sign-now]');
    assert.ok(await now.isDisabled());
    await dialog().getByLabel('Why it is erased').fill('As the patient asked');
    await dialog().locator('input[name=number]').fill('00000000');
    assert.ok(await now.isDisabled(), 'it is another number');
    await dialog().locator('input[name=number]').fill(number);
    await dialog().locator('input[name=signing-password]').fill('not the password');
    await now.click();
    await dialog().getByRole('alert').filter({ hasText: /\w/ }).waitFor();
    await mei.sees(await anna.sees());
  });

  step('erased while a board has it open, pixels and words are gone within a second', async () => {
    const emptied = [anna, mei].map(({ page }) =>
      page.evaluate(
        (name) =>
          new Promise((resolve) => {
            const look = () => {
              const left =
                document.querySelector('[data-pane][data-status=painted]') || document.body.innerText.includes(name);
              if (left) requestAnimationFrame(look);
              else resolve(Date.now());
            };
            look();
          }),
        given,
      ),
    );
    await dialog().locator('input[name=signing-password]').fill(admin.password);
    await dialog().locator('[data-sign-now]').click();
    await admin.page.getByText('This case is being erased').waitFor();
    const erased = Date.now();
    const took = Math.max(...(await Promise.all(emptied))) - erased;
    assert.ok(took <= GONE_MS, `it took ${took} ms`);
    await admin.picture('keeping-erasing');
  });

  step('its page says that it was erased, and nothing more, to everybody who had it', async () => {
    await clara.page.getByText('This case was erased. Nothing of it is left.').waitFor();
    assert.doesNotMatch(await clara.page.locator('main').innerText(), new RegExp(`${given}|${number}|address`));
    await looksWell(clara, 'keeping-erased-coordinator', [1440, 360]);
    await admin.page.getByText('This case was erased').waitFor({ timeout: DESTROYED_MS });
    await looksWell(admin, 'keeping-erased');
    await admin.page.reload();
    await admin.page.getByText('This is not there').waitFor();
    await admin.page.goto(`${admin.url}/administration/cases`);
    await admin.page.locator('[data-case]').first().waitFor();
    assert.equal(await admin.page.locator(`[data-case="${patientCase}"]`).count(), 0);
    await until('its slot on the agenda is empty', async () =>
      /erased/.test(await anna.page.locator('.agenda .item').first().innerText()),
    );
  });
});
