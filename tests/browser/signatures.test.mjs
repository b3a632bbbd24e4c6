// Signing: once everything one has, then one thing for each signature of the meeting; what is bound to its text, and
// what is added below it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { isAccessible } from './support/accessible.mjs';
import { addDevice, codeOf } from './support/authenticator.mjs';
import { looksWell } from './support/looks.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
const refusal = (asked) => asked.then(() => 'accepted', (error) => error.message);

/** A byte of what the server says, on its way to one page: `from` becomes `to`, which is as long. */
async function distort(person, from, to) {
  await person.page.routeWebSocket(/\/ws/, (page) => {
    const server = page.connectToServer();
    server.onMessage((message) => {
      if (typeof message === 'string') return page.send(message);
      const at = message.indexOf(from);
      if (at >= 0) message.write(to, at);
      return page.send(message);
    });
  });
}

story('signatures', (step, scene) => {
  let anna, mei, chair, board, items, secret;

  const dialog = () => anna.page.getByRole('dialog');
  const field = () => dialog().locator('input[name=signing-password]');
  const form = (state) => dialog().locator(`[data-signing=${state}]`);
  const pictures = (name) => looksWell(anna, `signing-${name}`);
  const records = async ({ patientCase, item }, words, meeting = board) => {
    const voice = await scene.voice('radu');
    await voice.open('patient_case', patientCase);
    await voice.command({
      type: 'RecordDecision',
      decision: randomUUID(),
      board: meeting,
      item,
      based: 0,
      fields: [{ key: 'recommendation', value: words }],
      side: 'right',
      tasks: [],
    });
  };
  const looksAt = async (person, { patientCase }) => {
    await person.page.goto(`${person.url}/cases/${patientCase}`);
    await person.tab('Decision');
  };

  step('three decisions of one meeting wait for their signatures', async () => {
    anna = await scene.person('anna', DESK);
    await anna.openBoard();
    board = anna.openId;
    ({ items } = await (await scene.voice('radu')).open('board', board));
    for (const [index, item] of items.slice(0, 3).entries()) await records(item, `Resection number ${index + 1}`);
    await anna.page.locator('[data-to-sign]', { hasText: '3' }).click();
    await anna.page.locator('.read-back').getByText('Resection number 1').waitFor();
  });

  step('the first signature takes everything the account has, and a wrong password signs nothing', async () => {
    await form('first').waitFor();
    assert.equal(await field().evaluate((one) => one === document.activeElement), true);
    await isAccessible(anna);
    await pictures('first');
    await field().fill('not the password');
    await anna.press('Enter');
    await dialog().getByText(/That is not right/).waitFor();
    assert.equal(await field().inputValue(), '');
    assert.equal(await field().evaluate((one) => one === document.activeElement), true);
    await isAccessible(anna);
    await anna.page.keyboard.type(anna.password);
    await anna.press('Enter');
    await anna.page.locator('.read-back').getByText('Resection number 2').waitFor();
  });

  step('what fails on the way is said in words, and nothing is signed by it', async () => {
    await form('open').waitFor();
    const json = (status, error, headers = {}) => ({ status, headers, json: { error, message: error } });
    const failures = [
      ['/api/prove', (route) => route.abort(), 'The server could not be reached. Nothing has changed.'],
      ['/api/prove', (route) => route.fulfill(json(429, 'too_many_attempts', { 'Retry-After': '30' })), '30'],
      ['/api/prove', (route) => route.fulfill(json(403, 'step_up_needed')), 'is over, or is that of another meeting'],
    ];
    for (const [path, answer, words] of failures) {
      await anna.page.route(`**${path}`, answer);
      await field().fill(anna.password);
      await anna.press('Enter');
      await dialog().getByRole('alert').filter({ hasText: words }).waitFor();
      assert.equal(await field().inputValue(), '');
      await anna.page.unroute(`**${path}`);
    }
    await form('first').waitFor(); // it was said that the window is over
    await anna.press('Escape');
    await anna.page.locator('[data-to-sign]', { hasText: '2' }).click();
  });

  step('the next one takes one thing', async () => {
    await form('open').waitFor();
    await isAccessible(anna);
    await pictures('next');
    await field().fill(anna.password);
    await anna.press('Enter');
    await anna.page.locator('.read-back').getByText('Resection number 3').waitFor();
    await anna.press('Escape');
  });

  step('who has proved nothing signs nothing, whatever they send', async () => {
    const [, , third] = items;
    const asked = (snapshot) => ({
      type: 'SignDecision',
      decision: snapshot.decisions.at(-1).decision,
      revision: 1,
      patientId: snapshot.subject.patientId,
      side: 'right',
      meaning: 'approved',
      content: new Uint8Array(32),
    });
    const member = await scene.voice('radu');
    const shown = await member.open('patient_case', third.patientCase);
    assert.match(await refusal(member.command(asked(shown))), /not_permitted/);
    chair = await scene.voice('anna'); // another sign-in of the same person
    const snapshot = await chair.open('patient_case', third.patientCase);
    assert.match(await refusal(chair.command(asked(snapshot))), /unproved/);
    await assert.rejects(chair.prove(), /403/);
    await chair.stepUp(board);
    assert.match(await refusal(chair.command(asked(snapshot))), /changed/); // what it says it was shown is nothing
    assert.match(await refusal(chair.command(asked(snapshot))), /unproved/); // a proof is for one signature
  });

  step('another tab of the same sign-in needs one thing in this meeting, and everything in another', async () => {
    const usual = await chair.open('board', board);
    const other = randomUUID();
    const clara = await scene.voice('clara');
    await clara.open('board', other);
    await clara.command({
      type: 'CreateBoard',
      title: 'Another meeting',
      startsAt: Date.now() * 1000,
      members: usual.members,
      series: '00000000-0000-0000-0000-000000000000',
      organisation: '00000000-0000-0000-0000-000000000000',
      hangings: [],
      template: usual.template,
      cutOffAt: 0,
    });
    const [{ patientCase }] = items;
    const [{ user: presenter }] = usual.members;
    await clara.command({ type: 'AddItem', patientCase, plannedSeconds: 180, presenter });
    await until('the case knows of the other meeting', async () => {
      const asked = records({ ...items[0], item: 1 }, 'Resection elsewhere', other);
      return (await refusal(asked)) === 'accepted';
    });
    const tab = await anna.context.newPage();
    for (const [meeting, state] of [[board, 'open'], [other, 'first']]) {
      await tab.goto(`${anna.url}/boards/${meeting}`);
      await tab.locator('[data-to-sign]').click();
      await tab.locator(`[data-signing=${state}]`).waitFor();
    }
    await tab.close();
  });

  step('everybody reads who signed, as what, when, and that it is still what was signed', async () => {
    mei = await scene.person('mei', DESK);
    await looksAt(mei, items[0]);
    const signed = mei.page.locator('[data-decision=signed], .earlier article').first();
    await signed.locator('[data-signature=sound]').waitFor();
    const text = await signed.locator('[data-signature=sound]').innerText();
    assert.match(text, new RegExp(`Signed by ${anna.name} \\(.*chair of the board\\) on .*\\d\\d:\\d\\d: approved`));
    await isAccessible(mei);
  });

  step('one flipped byte on its way is said to be another text than was signed', async () => {
    const omar = await scene.person('omar', DESK);
    await distort(omar, 'Resection number 1', 'Rezection number 1');
    await looksAt(omar, items[0]);
    const broken = omar.page.locator('[data-signature=broken]');
    await broken.getByText('This signature does not match what is shown').waitFor();
    await omar.page.getByText('Rezection number 1').waitFor();
    await isAccessible(omar);
    await looksWell(omar, 'signature-broken');
    await omar.page.goto(`${omar.url}/boards/${board}/minutes`);
    await omar.page.locator('[data-minutes=ready]').waitFor();
    await omar.page.locator(`[data-case="${items[0].item}"] [data-signature=broken]`).waitFor();
    await omar.page.locator(`[data-case="${items[1].item}"] [data-signature=sound]`).waitFor();
  });

  step('an addendum is signed, too, and stands below what it is added to', async () => {
    await looksAt(anna, items[0]);
    await anna.page.locator('[data-add-addendum]').first().click();
    assert.ok(await dialog().locator('[data-sign-now]').isDisabled());
    await dialog().locator('textarea').fill('HER2 came back positive.');
    await form('open').waitFor();
    await isAccessible(anna);
    await pictures('addendum');
    await field().fill('not the password');
    await dialog().locator('[data-sign-now]').click();
    await dialog().getByText(/That is not right/).waitFor();
    assert.equal(await dialog().locator('textarea').inputValue(), 'HER2 came back positive.');
    await anna.signs();
    await dialog().waitFor({ state: 'detached' });
    for (const person of [anna, mei]) {
      const added = person.page.locator('[data-addendum]', { hasText: 'HER2 came back positive.' });
      await added.locator('[data-signature=sound]', { hasText: 'written as an addendum' }).waitFor();
    }
    await mei.page.locator('[data-signature=sound]', { hasText: ': approved' }).first().waitFor();
    assert.equal(await mei.page.locator('[data-add-addendum]').count(), 0);
  });

  step('with an app, the window takes password and code, and a passkey signs with one touch', async () => {
    const device = await addDevice(anna);
    const button = (name) => anna.page.getByRole('button', { name, exact: true });
    const proves = async (code) => {
      const sheet = anna.page.getByRole('dialog', { name: 'Is it you?' });
      await sheet.locator('input[name=password]').fill(anna.password);
      if (code) await sheet.locator('input[name=code]').fill(code);
      await sheet.getByRole('button', { name: 'Go on' }).click();
      await sheet.waitFor({ state: 'detached' });
    };
    await anna.page.goto(`${anna.url}/account`);
    await button('Add an authenticator app').click();
    await proves();
    const adding = anna.page.getByRole('dialog', { name: 'Add an authenticator app' });
    secret = await adding.locator('[data-secret]').getAttribute('data-secret');
    await adding.locator('input[name=code]').fill(codeOf(secret, -1));
    await adding.getByRole('button', { name: 'Add it' }).click();
    await button('I have kept them').click();
    await button('Add a passkey').click();
    await until('the passkey was added', async () => (await device.passkeys()).length === 1);
    await anna.page.locator('[data-factor=passkey]').waitFor();
    await anna.page.goto(`${anna.url}/boards/${board}`);
    await anna.page.locator('[data-to-sign]').click();
    await anna.page.locator('.read-back').getByText('Resection number 3').waitFor();
    await form('open').waitFor();
    await isAccessible(anna);
    await pictures('passkey');
    assert.equal(await dialog().locator('[data-sign-passkey]').evaluate((one) => one === document.activeElement), true);
    await anna.press('Enter');
    await anna.page.getByText('Everything that was decided is signed').waitFor();
  });
});
