// OHIF, which is not ours, reads a case over our DICOMweb and makes drawings of its own out of our report.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ohifFor } from './support/ohif.mjs';
import { openBrowser } from './support/person.mjs';
import { story } from './support/story.mjs';
import { until } from './support/waiting.mjs';

const LABEL = 'Größte Läsion';
const DESK = { width: 1400, height: 900 };

/** How many pixels of the largest picture on the page are neither black nor transparent. */
const brightPixels = (page) =>
  page.evaluate(() => {
    const pictures = [...document.querySelectorAll('.cornerstone-canvas')];
    const [picture] = pictures.sort((a, b) => b.width * b.height - a.width * a.height);
    const copy = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
    copy.drawImage(picture, 0, 0);
    const { data } = copy.getImageData(0, 0, picture.width, picture.height);
    let bright = 0;
    for (let at = 0; at < data.length; at += 4) bright += data[at] > 40 && data[at + 3] > 0 ? 1 : 0;
    return bright / (data.length / 4);
  });

story('OHIF reads what was measured', (step, scene) => {
  let voice, patientCase, study, page, ohif;

  const ask = async (path) => {
    const headers = { ...voice.bearer, Accept: 'application/dicom+json' };
    const answer = await fetch(`${scene.server.url}/api/cases/${patientCase}${path}`, { headers });
    assert.ok(answer.ok, `${path} answered ${answer.status}`);
    return answer.status === 204 ? [] : answer.json();
  };

  /** Points of the middle slice, so many mm along its rows and columns. */
  const draw = (set, tool, value, label, ...places) => {
    const slice = set.instances[Math.floor(set.instances.length / 2)];
    const point = ([right, down]) => {
      const [x, y, z] = slice.position.map((from, axis) => {
        return from + right * set.orientation[axis] + down * set.orientation[axis + 3];
      });
      return { x, y, z };
    };
    const annotation = {
      annotation: randomUUID(),
      tool,
      displaySet: set.displaySet,
      image: { sopInstanceUid: slice.sopInstanceUid, frame: 1 },
      frameOfReferenceUid: set.frameOfReferenceUid,
      points: places.map(point),
      value,
      unit: 'mm',
      calibration: 'patient',
      label,
      second: 0,
      statistics: undefined,
    };
    return voice.command({ type: 'AddAnnotation', annotation });
  };

  step('somebody measures a lesion and points an arrow at it', async () => {
    const anna = await scene.person('anna');
    await anna.openBoard();
    await anna.press('KeyN');
    await anna.sees();
    const board = await scene.voice('anna');
    const { items, openItem } = await board.open('board', anna.openId);
    ({ patientCase } = items.find(({ item }) => item === openItem));
    voice = await scene.voice('anna');
    await voice.open('patient_case', patientCase);
    const { displaySets } = await ask('/display-sets');
    const set = displaySets.find(({ kind }) => kind === 'volume');
    study = set.studyUid;
    await draw(set, 'length', 50, LABEL, [80, 70], [110, 110]);
    await draw(set, 'arrow', 0, 'here', [90, 100], [120, 100]);
  });

  step('a moment later the study has a report', async () => {
    const [report] = await until('there is a report', async () => {
      const found = await ask(`/dicom-web/studies/${study}/series?Modality=SR`);
      return found.length > 0 && found;
    });
    const [document] = await ask(`/dicom-web/studies/${study}/series/${report['0020000E'].Value[0]}/metadata`);
    assert.equal(document['00080016'].Value[0], '1.2.840.10008.5.1.4.1.1.88.34');
  });

  step('OHIF opens the case, and lists the report', async () => {
    ohif = await ohifFor(scene, { url: scene.server.url, bearer: voice.bearer, patientCase });
    const context = await (await openBrowser()).newContext({ viewport: DESK, locale: 'en-GB' });
    scene.onEnd(() => context.close());
    page = await context.newPage();
    await page.goto(`${ohif.url}/viewer?StudyInstanceUIDs=${study}`);
    await page.getByText('Skip all').click();
    await page.getByText('Consilium: measurements').waitFor();
  });

  step('it makes measurements of its own out of it, with their words and length', async () => {
    await page.getByText('Consilium: measurements').dblclick();
    await page.getByText('Do you want to continue tracking measurements').waitFor();
    await page.getByText('Yes', { exact: true }).click();
    const rows = page.locator('[data-cy=trackedMeasurements-panel] [data-cy=data-row]');
    await until('both are listed', async () => {
      if ((await rows.count()) === 2) return true;
      await page.locator('[data-cy=trackedMeasurements-btn]').click({ timeout: 1000 });
      return false;
    });
    await rows.filter({ hasText: LABEL }).first().click();
    const panel = page.locator('[data-cy=trackedMeasurements-panel]');
    await panel.getByText('50.0 mm').waitFor();
    await panel.getByText('here').first().waitFor();
  });

  step('the slice that was measured is painted, and nothing was refused', async () => {
    await until('the head is seen', async () => (await brightPixels(page)) > 0.1);
    assert.deepEqual(ohif.refused, []);
  });
});
