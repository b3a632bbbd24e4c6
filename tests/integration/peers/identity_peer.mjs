// Images of another patient on their way into a case, by each door there is; what is seen of them and what is not.
//
//     node identity_peer.mjs URL CASE STORY KEEPER MEMBER OBSERVER SET
//
// Tokens (the observer is masked), and the display set that a story before this one has named. Prints what is held,
// one line `held FOR STUDY PATIENT IMAGES SEEN` each (PATIENT is - when there is none), `set NAME` of a display set
// that was looked at, and ends with status 0 when everything was as it should be.
import assert from 'node:assert/strict';
import { dicomFile } from './dicom_file.mjs';

const [url, patientCase, story, ...rest] = process.argv.slice(2);
const tokens = rest.slice(0, 3);
const setBefore = rest[3];
const base = `${url}/api/cases/${patientCase}`;
const eva = { name: 'MUSTER^EVA', id: 'DISC-17', birthDate: '19600102', sex: 'F' }; // another hospital's number
const max = { name: 'Beispiel^Max', id: 'B-1', birthDate: '19700203', sex: 'M' };
const [KEEPER, MEMBER, OBSERVER] = [0, 1, 2];

const ask = (who, path, options = {}) =>
  fetch(path.startsWith('http') ? path : base + path, {
    ...options,
    headers: { authorization: `Bearer ${tokens[who]}`, ...options.headers },
  });
const json = async (who, path, status = 200) => {
  const answer = await ask(who, path);
  assert.equal(answer.status, status, path);
  return answer.json();
};

const uid = (study, number) => `2.25.4.${study}.1.${number}`;
function file(patient, study, number, grey = 0, side = 64) {
  const uids = { study: `2.25.4.${study}`, series: `2.25.4.${study}.1`, uid: uid(study, number) };
  return dicomFile({
    ...uids, number, patient, rows: side, columns: side, pixels: Buffer.alloc(side * side * 2, grey),
  });
}

async function post(bytes, expected) {
  const headers = { 'content-type': 'application/dicom' };
  const answer = await ask(MEMBER, '/uploads', { method: 'POST', body: bytes, headers });
  const { outcome, reason } = await answer.json();
  assert.deepEqual([answer.status, outcome, reason], expected);
}
const STORED = [201, 'stored', undefined];
const HELD = [202, 'held', 'patient'];
const ANOTHER_CONTENT = [202, 'held', 'content'];

async function resumable(bytes) {
  const tus = { 'tus-resumable': '1.0.0' };
  const headers = { ...tus, 'upload-length': String(bytes.length), 'upload-metadata': 'filename YQ==' };
  const made = await ask(MEMBER, '/resumable', { method: 'POST', body: '', headers });
  assert.equal(made.status, 201);
  const where = new URL(made.headers.get('location'), url).href;
  const content = { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
  assert.equal((await ask(MEMBER, where, { method: 'PATCH', body: bytes, headers: content })).status, 204);
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const told = await json(MEMBER, where);
    if (told.state === 'done') return told;
    await new Promise((resume) => setTimeout(resume, 30));
  }
  return assert.fail('not done in time');
}

async function stow(bytes) {
  const head = Buffer.from('--b\r\nContent-Type: application/dicom\r\n\r\n');
  const answer = await ask(MEMBER, '/dicom-web/studies', {
    method: 'POST',
    body: Buffer.concat([head, bytes, Buffer.from('\r\n--b--\r\n')]),
    headers: { 'content-type': 'multipart/related; type="application/dicom"; boundary=b' },
  });
  return { status: answer.status, body: await answer.json() };
}

const studies = async (who) =>
  (await json(who, '/dicom-web/studies')).map((one) => one['0020000D'].Value[0]).sort();
const sets = async (who) => JSON.stringify(await json(who, '/display-sets'));

async function sayHeld() {
  const list = await json(KEEPER, '/held');
  for (const one of list.studies)
    process.stdout.write(`held ${one.heldFor} ${one.study} ${one.patient || '-'} ${one.images} ${one.seen}\n`);
  return list;
}

/** Whatever shows pixels of an image and of its display set. */
function pictures(study, set) {
  const image = `/instances/${uid(study, 1)}`;
  const rooted = `/dicom-web/studies/2.25.4.${study}/series/2.25.4.${study}.1${image}`;
  const octets = { headers: { accept: 'multipart/related; type="application/octet-stream"' } };
  return [
    [`${image}/frames/1`], [`${image}/rendered/1`], [`${image}/thumbnail`], [`${rooted}/rendered`],
    [`${rooted}/frames/1`, octets],
    ...(set ? [[`/display-sets/${set}/thumbnail`], [`/display-sets/${set}/preview/2`]] : []),
  ];
}

async function isNowhere(study, set) {
  for (const who of [KEEPER, MEMBER, OBSERVER]) {
    assert.ok(!(await sets(who)).includes(`2.25.4.${study}"`), 'not among the display sets');
    assert.ok(!(await studies(who)).includes(`2.25.4.${study}`), 'not found');
    const dicom = { headers: { accept: 'multipart/related; type="application/dicom"' } };
    const instance = uid(study, 1);
    const paths = [
      [`/series/2.25.4.${study}.1/metadata`], [`/documents/${instance}`],
      [`/dicom-web/studies/2.25.4.${study}/metadata`], [`/dicom-web/studies/2.25.4.${study}`, dicom],
      ...pictures(study, set),
    ];
    for (const [path, options] of paths) {
      const { status } = await ask(who, path, options);
      // Observers who are masked get no files at all.
      assert.ok(status === 404 || (who === OBSERVER && status === 403), `${path} ${status}`);
    }
    assert.equal((await ask(who, `/dicom-web/studies/2.25.4.${study}/series`)).status, 204);
  }
}

const stories = {
  async arriving() {
    await post(file(eva, 1, 1), STORED);
    await post(file({}, 1, 2), STORED); // says nothing of a patient
    await post(file(max, 2, 1), HELD);
    await post(file(max, 2, 1), HELD);
    const { files, problems } = await resumable(file(max, 2, 2));
    assert.equal(files.held, 1);
    assert.deepEqual([problems[0].outcome, problems[0].reason], ['held', 'patient']);
    const { status, body } = await stow(file(max, 2, 3));
    assert.equal(status, 202);
    const [warned] = body['00081199'].Value;
    assert.equal(warned['00081155'].Value[0], uid(2, 3));
    assert.equal(warned['00081196'].Value[0], 0xb0c0);
    assert.equal(warned['00081190'], undefined);
    assert.equal(body['00081198'], undefined);
    await isNowhere(2);
    const list = await sayHeld();
    assert.deepEqual(list.case, { name: 'Muster^Eva', birthDate: '1960-01-02', sex: 'F', patientId: 'M-1' });
    assert.equal(list.studies.length, 1);
    const [held] = list.studies;
    assert.deepEqual(held.says, { name: max.name, birthDate: max.birthDate, sex: 'M', patientId: 'B-1' });
    assert.deepEqual(held.differs, ['name', 'birthDate', 'sex', 'patientId']);
    assert.deepEqual([held.images, held.series.length, held.series[0].images], [3, 1, 3]);
    assert.ok(Math.abs(held.sentAt - Date.now()) < 60_000 && held.sentBy.length === 36);
    for (const who of [MEMBER, OBSERVER]) assert.equal((await ask(who, '/held')).status, 404);
  },

  async joined() {
    assert.deepEqual((await sayHeld()).studies, []);
    for (const who of [KEEPER, MEMBER]) {
      assert.deepEqual(await studies(who), ['2.25.4.1', '2.25.4.2']);
      const metadata = await json(who, '/dicom-web/studies/2.25.4.2/metadata');
      assert.deepEqual(metadata.map((one) => one['00100010'].Value[0].Alphabetic), [max.name, max.name, max.name]);
    }
    const told = JSON.stringify(await json(OBSERVER, '/dicom-web/studies/2.25.4.2/metadata'));
    assert.ok(!told.includes('Beispiel') && told.includes(uid(2, 1)));
    await post(file(max, 2, 4, 0, 2048), STORED); // the same study and the same person; for a long while on the line
    await post(file({ ...max, name: 'Beispiel^Moritz' }, 2, 5), HELD); // his twin, perhaps
    await post(file(max, 3, 1), HELD); // another study
    await isNowhere(3);
    await sayHeld();
  },

  async list() {
    await sayHeld();
  },

  async more() {
    await post(file(max, 3, 2), HELD); // after the list was read
  },

  /** Its index row is damaged: it says nothing, and is decided of like any other. */
  async damaged() {
    const list = await sayHeld();
    const held = list.studies.find((one) => one.study === '2.25.4.3');
    assert.deepEqual(held.says, { name: '', birthDate: '', sex: '', patientId: '' });
    assert.deepEqual([held.images, list.more], [1, false]);
    await isNowhere(3);
  },

  async removed() {
    const list = await sayHeld();
    assert.deepEqual(list.studies.map((one) => one.study), ['2.25.4.2']);
    await isNowhere(3);
    await post(file(max, 3, 1), HELD); // sent once more, it is asked once more
  },

  /** Whatever is remembered of a picture is remembered now. */
  async lookedAt() {
    const { displaySets } = await json(KEEPER, '/display-sets');
    const [{ displaySet }] = displaySets.filter((one) => JSON.stringify(one).includes(`"${uid(2, 1)}"`));
    for (const who of [KEEPER, MEMBER])
      for (const [path, options] of pictures(2, displaySet))
        assert.equal((await ask(who, path, options)).status, 200, path);
    process.stdout.write(`set ${displaySet}\n`);
    await sayHeld();
  },

  /** The join was taken back: whoever saw them does not any more, by whichever door. */
  async again() {
    await isNowhere(2, setBefore);
    const list = await sayHeld();
    const held = list.studies.find((one) => one.study === '2.25.4.2' && one.images > 1);
    assert.deepEqual([held.heldFor, held.images, held.says.name], ['patient', 4, max.name]);
    await post(file(max, 2, 6), HELD); // the same study and the same person
  },

  async joinedAgain() {
    for (const who of [KEEPER, MEMBER]) {
      const metadata = await json(who, '/dicom-web/studies/2.25.4.2/metadata');
      assert.equal(metadata.length, 5);
    }
    assert.equal((await ask(MEMBER, `/instances/${uid(2, 1)}/frames/1`)).status, 200);
    await sayHeld();
  },

  async contents() {
    await post(file(eva, 1, 1, 7), ANOTHER_CONTENT);
    await post(file(max, 1, 1, 9), HELD); // of another patient comes first
    const list = await sayHeld();
    const held = list.studies.find((one) => one.heldFor === 'content');
    assert.deepEqual([held.study, held.patient, held.images], ['2.25.4.1', '', 1]);
    assert.ok(held.shown.sentAt <= held.sentAt);
    const shown = await ask(KEEPER, `/instances/${uid(1, 1)}/frames/1`);
    assert.equal(Buffer.from(await shown.arrayBuffer())[0], 0, 'the first one goes on being shown');
  },

  async discarded() {
    const list = await sayHeld();
    assert.ok(!list.studies.some((one) => one.heldFor === 'content'));
    assert.equal((await ask(KEEPER, `/instances/${uid(1, 1)}/frames/1`)).status, 200);
  },
};

await stories[story]();
