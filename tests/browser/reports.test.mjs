// What another maker's report says of an image is seen on it, with its words, its number and where it is from.
import assert from 'node:assert/strict';
import { foreignReport } from './support/foreign_report.mjs';
import { looksWell } from './support/looks.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const DESK = { viewport: { width: 1440, height: 900 } };
const LABEL = 'Rundherd links, größenprogredient';

story('reports of others', (step, scene) => {
  let anna, voice, patientCase, set, middle;
  const reported = () => anna.pane(0).locator('.drawing.reported');

  const ask = async (path, options = {}) => {
    const address = `${scene.server.url}/api/cases/${patientCase}${path}`;
    const answer = await fetch(address, { ...options, headers: { ...voice.bearer, ...options.headers } });
    assert.ok(answer.ok, `${path} answered ${answer.status}`);
    return answer.json();
  };

  step('a report of another maker is uploaded to a case', async () => {
    anna = await scene.person('anna', DESK);
    await anna.openBoard();
    const board = await scene.voice('anna');
    const { items } = await board.open('board', anna.openId);
    ({ patientCase } = items.find(({ item }) => item === 1) ?? items[0]);
    voice = await scene.voice('clara');
    const { subject } = await voice.open('patient_case', patientCase);
    const { displaySets } = await ask('/display-sets');
    set = displaySets.find(({ kind }) => kind === 'volume');
    middle = set.instances[Math.floor(set.instances.length / 2)];
    const [family, given] = subject.name.split('^');
    const bytes = await foreignReport({
      study: set.studyUid,
      patient: { id: subject.patientId, family, given },
      manufacturer: 'Another Maker',
      series: '2.25.4711',
      imageSeries: set.seriesUid,
      drawings: [
        {
          uid: '2.25.4712',
          label: LABEL,
          length: 42.5,
          image: middle.sopInstanceUid,
          points: [
            [60.5, 80.5],
            [100.5, 80.5],
          ],
        },
      ],
    });
    const headers = { 'Content-Type': 'application/dicom' };
    const answer = await ask('/uploads', { method: 'POST', headers, body: bytes });
    assert.equal(answer.outcome, 'stored');
  });

  step('the case lists what it says, and where it is from', async () => {
    await anna.press('KeyN');
    await anna.sees();
    const row = anna.page.getByRole('button', { name: LABEL });
    await row.waitFor();
    assert.match(await row.innerText(), /42\.5 mm/);
    assert.match(await row.innerText(), /from the report of Another Maker/);
    await row.click();
  });

  step('it is on that image, as long as the pixels say', async () => {
    await reported().waitFor();
    assert.match(await reported().locator('text').innerHTML(), /42\.5 mm · Rundherd links, größenprogredient/);
    const line = await reported().locator('polyline').getAttribute('points');
    const points = line.split(' ').map((one) => one.split(',').map(Number));
    const scale = anna.pane(0).locator('.scale');
    const px = await scale.locator('i').evaluate((line) => line.getBoundingClientRect().width);
    const length = Math.hypot(points[1][0] - points[0][0], points[1][1] - points[0][1]);
    const mm = (length / px) * Number.parseFloat(await scale.innerText());
    assert.ok(Math.abs(mm - 40 * set.pixelSpacing[1]) < 0.5, `${mm} mm`);
    await looksWell(anna, 'reports');
  });

  step('and on no other image, nor when it is switched off', async () => {
    await anna.press('ArrowDown');
    await until('the next slice has none', async () => (await reported().count()) === 0);
    await anna.press('ArrowUp');
    await reported().waitFor();
    await anna.page.getByLabel('Show on the images').uncheck();
    await until('it is gone', async () => (await reported().count()) === 0);
  });
});
