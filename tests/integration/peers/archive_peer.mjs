// Another archive beside the server, and a coordinator who fetches from it.
//
//     node archive_peer.mjs prepare FOLDER               prints what the next call wants to know
//     node archive_peer.mjs run FOLDER URL LOGIN PASSWORD CASE OTHER_LOGIN SERVER_PROCESS CASE_OF_SOMEBODY
//
// The second prints "done STEP" after each step, "kill" and "stop" when the server is to be started again. Ends
// with status 0 when everything was as it should be, else with what was not on standard error.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS_OF_ILL, openArchives, prepareArchives, startOrthanc } from '../../support/archive/archive.mjs';
import { dicomFile, freshUid } from './dicom_file.mjs';

const [what, folder, url, login, password, ofNobody, other, serverProcess, ofSomebody] = process.argv.slice(2);
let patientCase = ofNobody;
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;
const EXTRA_KIB_MAX = 64 * 1024;
const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const notes = join(folder, 'prepared.json');

if (what === 'prepare') {
  const prepared = await prepareArchives(folder, { ill: KINDS_OF_ILL });
  writeFileSync(notes, JSON.stringify(prepared));
  process.exit(0);
}

const tokenOf = async (who) => {
  const answer = await fetch(`${url}/api/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: who, password, bearer: true }),
  });
  assert.equal(answer.status, 200);
  return `Bearer ${(await answer.json()).token}`;
};
const authorization = await tokenOf(login);
const ask = (path, method = 'GET', body = undefined, headers = {}) =>
  fetch(`${url}/api/cases/${patientCase}/${path}`, {
    method,
    headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}), ...headers },
    body: body && JSON.stringify(body),
  });
const search = (archive, keys) => ask(`archives/${archive}/search`, 'POST', keys);
const written = async (wanted, refused = false) => {
  const { accesses } = await (await ask('accesses')).json();
  return accesses.filter((one) => one.action === wanted && one.refused === refused).length;
};
const begin = async (archive, studyUid) => {
  const answer = await ask(`archives/${archive}/fetch`, 'POST', { studyUid });
  assert.equal(answer.status, 202, await answer.clone().text());
  return (await answer.json()).fetch;
};
const stateOf = async (fetched) => {
  const answer = await ask(`archive-fetches/${fetched}`).catch(() => undefined);
  return answer?.ok ? answer.json() : undefined;
};
async function until(fetched, wanted) {
  let told;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(LOOK_MS)) {
    told = await stateOf(fetched);
    if (told && wanted(told)) return told;
  }
  return assert.fail(`not in time: ${JSON.stringify(told)}`);
}
const over = (fetched) => until(fetched, ({ state }) => state === 'done' || state === 'broken');

function makeStudy(seriesCount, imageCount, side, name = 'Weiss^Erika') {
  const study = freshUid();
  const series = Array.from({ length: seriesCount }, freshUid);
  const images = series.flatMap((one) =>
    Array.from({ length: imageCount }, (_, at) => {
      const uids = { study, series: one, uid: freshUid() };
      const pixels = randomBytes(side * side * 2);
      const patient = { name, id: `P-${study.slice(-9)}`, birthDate: '19580214', sex: 'F' };
      return { ...uids, bytes: dicomFile({ ...uids, rows: side, columns: side, number: at + 1, pixels, patient }) };
    }),
  );
  return { study, images, patientId: `P-${study.slice(-9)}` };
}

async function isWhole({ images }) {
  for (const { study, series, uid, bytes } of images) {
    const answer = await ask(`dicom-web/studies/${study}/series/${series}/instances/${uid}`, 'GET', undefined, {
      accept: 'application/dicom; transfer-syntax=*',
    });
    assert.equal(answer.status, 200);
    assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(bytes), 'the bytes are those of the archive');
  }
}

const prepared = JSON.parse(readFileSync(notes, 'utf8'));
const orthanc = await startOrthanc();
const { line } = await openArchives(prepared, orthanc.port);
const store = async ({ images }) => {
  for (const { bytes } of images) await orthanc.store(bytes);
};

async function bytesStayTheSame() {
  const study = makeStudy(3, 4, 64);
  await store(study);
  const { archives } = await (await ask('archives')).json();
  assert.equal(archives[0].id, 'radiology');
  const answer = await search('radiology', { patientId: study.patientId, patientName: 'weiss^e*' });
  assert.equal(answer.status, 200, await answer.clone().text());
  const found = await answer.json();
  assert.deepEqual(
    found.studies.map((one) => [one.studyUid, one.patientName, one.birthDate, one.series, one.images, one.here]),
    [[study.study, 'Weiss^Erika', '19580214', 3, 12, 0]],
  );
  const told = await over(await begin('radiology', study.study));
  assert.equal(told.state, 'done');
  assert.deepEqual(told.files, { all: 12, done: 12, stored: 12, alreadyThere: 0, held: 0, kept: 0, refused: 0 });
  await isWhole(study);
  const before = await written('archive_search');
  for (let i = 0; i < 2; i++)
    assert.equal((await (await search('tls', { studyUid: study.study })).json()).studies[0].here, 12);
  assert.equal((await written('archive_search')) - before, 2, 'each search stands in the record of accesses');
  const again = await over(await begin('tls', study.study));
  assert.deepEqual([again.state, again.files.alreadyThere, again.files.stored], ['done', 12, 0]);
  assert.equal(await written('archive_fetch'), 1, 'who has a study fetched is written down');
  assert.ok(!line.asked.slice(-3).some((path) => /studies\/[\d.]+$/.test(path)), 'what is here is not fetched again');
}

async function otherSyntaxesStayAsTheyAre() {
  const files = '/usr/lib/python3/dist-packages/pydicom/data/test_files';
  for (const [name, uids] of [
    ['MR_small_RLE.dcm', ['1.3.6.1.4.1.5962.1.2.4.20040826185059.5457', '1.3.6.1.4.1.5962.1.3.4.1.20040826185059.5457',
      '1.3.6.1.4.1.5962.1.1.4.1.1.20040826185059.5457']],
  ]) {
    const bytes = readFileSync(`${files}/${name}`);
    await orthanc.store(bytes);
    assert.equal((await over(await begin('radiology', uids[0]))).state, 'done');
    await isWhole({ images: [{ study: uids[0], series: uids[1], uid: uids[2], bytes }] });
  }
}

async function aBrokenLineIsTakenUp() {
  const study = makeStudy(3, 4, 256);
  await store(study);
  Object.assign(line, { asked: [], cuts: 2, cutAt: 600_000 });
  const told = await over(await begin('radiology', study.study));
  assert.equal(told.state, 'done', JSON.stringify(told));
  assert.equal(told.files.stored, 12);
  const fetched = line.asked.filter((path) => !path.includes('?')).map((path) => path.split('/').length);
  assert.equal(fetched[0], 4, 'the study first');
  assert.ok(fetched.includes(6) && fetched.filter((depth) => depth === 4).length === 1, 'then what is missing');
  await isWhole(study);
}

async function wordsSayWhatIsWrong() {
  for (const [archive, word] of [
    ['away', 'archive_away'],
    ['refused', 'archive_token'],
    ['unknown', 'archive_certificate'],
    ['elsewhere', 'archive_elsewhere'],
    ['lying', 'archive_answer'],
    ['deep', 'archive_answer'],
    ['json', 'archive_answer'],
    ['head', 'archive_answer'],
    ['heads', 'archive_answer'],
  ]) {
    const answer = await search(archive, { patientId: 'P-1' });
    assert.deepEqual([archive, answer.status, (await answer.json()).error], [archive, 502, word]);
  }
  for (const keys of [{}, { patientName: '*' }, { studyUid: '../x' }, { patientId: 'P', birthDate: '1.1.58' }])
    assert.equal((await search('radiology', keys)).status, 400);
  assert.equal((await search('nobody', { patientId: 'P-1' })).status, 404);
  assert.equal((await ask('archives/radiology/fetch', 'POST', { studyUid: '1/../2' })).status, 400);
  for (const [archive, why] of [['refused', 'token'], ['elsewhere', 'elsewhere']]) {
    const told = await over(await begin(archive, '1.2.3'));
    assert.deepEqual([told.state, told.why], ['broken', why]);
  }
  for (let i = 0; i < 3; i++) {
    const several = await Promise.all([...Array(12).keys()].map((j) => begin('refused', `1.2.3.${i}.${j}`)));
    for (const one of several) await over(one);
  }
  const absent = await over(await begin('radiology', '1.2.3.4.5'));
  assert.deepEqual([absent.state, absent.why], ['broken', 'not_found']);
}

async function onlyWhoMay() {
  const theirs = await tokenOf(other);
  for (const [path, method, body] of [
    ['archives', 'GET'],
    ['archives/radiology/search', 'POST', { patientId: 'P-1' }],
    ['archives/radiology/fetch', 'POST', { studyUid: '1.2.3' }],
  ])
    assert.equal((await ask(path, method, body, { authorization: theirs })).status, 404, path);
  let refused;
  const counts = () => Promise.all(['archive_search', 'archive_fetch'].map((action) => written(action, true)));
  for (const end = Date.now() + PATIENCE_MS; `${refused}` !== '1,2' && Date.now() < end; await pause(LOOK_MS))
    refused = await counts();
  assert.deepEqual(refused, [1, 2], 'and so is who may not');
}

/** The most that the server has had in memory, in KiB. */
const peak = () => Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${serverProcess}/status`, 'utf8'))[1]);

const children = () =>
  readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id))
    .filter((id) => {
      const read = (what) => readFileSync(`/proc/${id}/${what}`, 'utf8');
      try {
        return / \S (\d+)/.exec(read('stat').split(')').pop())?.[1] === serverProcess && /-inges/.test(read('comm'));
      } catch {
        return false; // it has ended
      }
    })
    .map(Number);

/** While nothing is read no more is taken from the line than its bound. */
async function whatIsNotReadYetIsBounded() {
  for (const child of children()) process.kill(child, 'SIGSTOP');
  const fetched = await begin('flood', '1.2.3');
  const full = ({ bytes }) => bytes > 60 * 2 ** 20;
  await until(fetched, full);
  await pause(500); // as long as nobody stops it, hundreds of megabytes
  const { bytes } = await stateOf(fetched);
  assert.ok(bytes < 72 * 2 ** 20, `${bytes} bytes were taken`);
  assert.equal((await ask(`archive-fetches/${fetched}`, 'DELETE')).status, 204);
  for (const child of children()) process.kill(child, 'SIGCONT');
}

async function illWillCostsNoMemory() {
  writeFileSync(`/proc/${serverProcess}/clear_refs`, '5'); // the peak begins anew
  const before = peak();
  for (const archive of ['endless', 'parts', 'part', 'declared']) {
    const fetched = await begin(archive, '1.2.3');
    const told = await over(fetched);
    assert.equal(told.files.stored, 0);
    assert.ok(told.bytes < 200 * 2 ** 20, `${archive}: ${told.bytes} bytes were read`);
    assert.equal((await ask(`archive-fetches/${fetched}`, 'DELETE')).status, 204);
    assert.equal((await ask(`archive-fetches/${fetched}`)).status, 404);
  }
  await whatIsNotReadYetIsBounded();
  const extra = peak() - before;
  assert.ok(extra < EXTRA_KIB_MAX, `${extra} KiB more than before`);
}

async function itGoesOnAfter(end) {
  const study = makeStudy(2, 6, 256);
  await store(study);
  const held = new Promise((resume) => Object.assign(line, { holdAt: 500_000, held: resume, cuts: 0 }));
  const fetched = await begin('radiology', study.study);
  await held;
  await until(fetched, ({ files }) => files.stored > 0);
  process.stdout.write(`${end}\n`);
  line.holdAt = 0;
  const told = await over(fetched);
  assert.equal(told.state, 'done', JSON.stringify(told));
  assert.equal(told.files.stored + told.files.alreadyThere, 12);
  assert.ok(told.files.alreadyThere > 0, 'what was there is there');
  await isWhole(study);
}

async function anotherPatientWaits() {
  patientCase = ofSomebody;
  const study = makeStudy(1, 2, 64);
  await store(study);
  const told = await over(await begin('radiology', study.study));
  assert.deepEqual([told.state, told.files.held, told.files.stored], ['done', 2, 0]);
  assert.deepEqual(
    told.problems.map(({ outcome, reason }) => [outcome, reason]),
    [['held', 'patient'], ['held', 'patient']],
  );
  patientCase = ofNobody;
}

async function whoCancelsHasWhatCame() {
  const study = makeStudy(1, 8, 256);
  await store(study);
  const held = new Promise((resume) => Object.assign(line, { holdAt: 500_000, held: resume }));
  const fetched = await begin('radiology', study.study);
  assert.equal(await begin('radiology', study.study), fetched, 'it is on its way already');
  await held;
  assert.equal((await ask(`archive-fetches/${fetched}`, 'DELETE')).status, 204);
  line.holdAt = 0;
  assert.equal((await ask(`archive-fetches/${fetched}`)).status, 404);
  const told = await over(await begin('radiology', study.study));
  assert.equal(told.state, 'done');
  await isWhole(study);
}

for (const [name, step] of Object.entries({
  bytes: bytesStayTheSame,
  syntaxes: otherSyntaxesStayAsTheyAre,
  cut: aBrokenLineIsTakenUp,
  words: wordsSayWhatIsWrong,
  rights: onlyWhoMay,
  another: anotherPatientWaits,
  cancelled: whoCancelsHasWhatCame,
  ill: illWillCostsNoMemory,
  killed: () => itGoesOnAfter('kill'),
  stopped: () => itGoesOnAfter('stop'),
})) {
  await step();
  process.stdout.write(`done ${name}\n`);
}
process.exit(0);
