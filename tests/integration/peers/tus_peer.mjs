// Uploads by npm's tus-js-client, which shares no code with us, and by requests made by hand where the protocol's
// corners are.
//
//     node tus_peer.mjs URL LOGIN PASSWORD CERTIFICATE CASE STORY
//
// Ends with status 0 when everything was as it should be, else with what was not on standard error.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { dicomFile, freshUid } from './dicom_file.mjs';

const tus = createRequire(new URL('../../../clients/web/package.json', import.meta.url))('tus-js-client');

const [url, login, password, , patientCase, story] = process.argv.slice(2);
const endpoint = `${url}/api/cases/${patientCase}/resumable`;
const PATIENCE_MS = 60_000;
const MIB = 1 << 20;
const BODY = 'application/offset+octet-stream';

const signIn = await fetch(`${url}/api/sign-in`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ login, password, bearer: true }),
});
assert.equal(signIn.status, 200);
const authorization = `Bearer ${(await signIn.json()).token}`;

const ask = (where, method, headers = {}, body = undefined) =>
  fetch(where, { method, headers: { authorization, 'tus-resumable': '1.0.0', ...headers }, body });
const offsetOf = async (where) => (await ask(where, 'HEAD')).headers.get('upload-offset');
const nameOf = (name) => `filename ${Buffer.from(name).toString('base64')}`;
const digest = (kind, bytes) => `${kind} ${createHash(kind).update(bytes).digest('base64')}`;

async function make(size, name = 'a file') {
  const made = await ask(endpoint, 'POST', { 'upload-length': String(size), 'upload-metadata': nameOf(name) }, '');
  assert.equal(made.status, 201);
  assert.match(made.headers.get('upload-expires'), /GMT$/);
  return new URL(made.headers.get('location'), url).href;
}

const patch = (where, offset, body, headers = {}) =>
  ask(where, 'PATCH', { 'content-type': BODY, 'upload-offset': String(offset), ...headers }, body);

async function outcomeOf(where, state = 'done') {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    const answer = await ask(where, 'GET');
    assert.equal(answer.status, 200);
    const told = await answer.json();
    if (told.state === state) return told;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  return assert.fail('not done in time');
}

function image(frames, extra = {}) {
  const pixels = randomBytes(512 * 512 * 2 * frames);
  const uids = { study: freshUid(), series: freshUid(), uid: freshUid() };
  return { ...uids, pixels, bytes: dicomFile({ ...uids, rows: 512, columns: 512, frames, pixels, ...extra }) };
}

async function isStored({ uid, pixels }, frame = 1) {
  const answer = await fetch(`${url}/api/cases/${patientCase}/instances/${uid}/frames/${frame}`, {
    headers: { authorization },
  });
  assert.equal(answer.status, 200);
  const size = 512 * 512 * 2;
  const stored = Buffer.from(await answer.arrayBuffer());
  assert.ok(stored.equals(pixels.subarray((frame - 1) * size, frame * size)), 'the frame is what was sent');
}

// tus-js-client as a page uses it, until it has succeeded.
function upload(source, size, options = {}) {
  let sent = 0;
  return new Promise((resolve, reject) => {
    const one = new tus.Upload(source, {
      endpoint,
      uploadSize: size,
      chunkSize: 4 * MIB,
      retryDelays: Array(60).fill(250),
      headers: { authorization },
      metadata: { filename: 'one file' },
      onProgress: (bytes) => {
        if (bytes - sent > 8 * MIB) {
          sent = bytes;
          process.stdout.write(`sent ${bytes}\n`);
        }
      },
      onError: reject,
      onSuccess: () => resolve(one.url),
      ...options,
    });
    one.start();
  });
}

const stories = {
  // The rules of the protocol, one request each.
  async rules() {
    const options = await fetch(endpoint, { method: 'OPTIONS' });
    assert.equal(options.status, 204);
    assert.equal(options.headers.get('tus-version'), '1.0.0');
    for (const one of ['creation', 'checksum', 'termination', 'expiration'])
      assert.ok(options.headers.get('tus-extension').split(',').includes(one), one);
    assert.equal(options.headers.get('tus-checksum-algorithm'), 'sha256,sha1');
    assert.ok(Number(options.headers.get('tus-max-size')) >= 4 * 1024 * MIB);

    const unsaid = { authorization, 'upload-length': '1' };
    const unversioned = await fetch(endpoint, { method: 'POST', headers: unsaid, body: '' });
    assert.equal(unversioned.status, 412);
    assert.equal((await ask(endpoint, 'POST', {}, '')).status, 400);
    assert.equal((await ask(endpoint, 'POST', { 'upload-length': String(2 ** 50) }, '')).status, 413);

    const { bytes, ...picture } = image(1);
    const where = await make(bytes.length);
    assert.equal(await offsetOf(where), '0');
    assert.equal((await patch(where, 1, bytes)).status, 409);
    assert.equal((await ask(where, 'PATCH', { 'upload-offset': '0' }, bytes)).status, 415);
    assert.equal((await patch(where, 0, Buffer.concat([bytes, bytes]))).status, 413);
    const half = bytes.subarray(0, 100_001);
    const wrong = await patch(where, 0, half, { 'upload-checksum': digest('sha1', bytes) });
    assert.equal(wrong.status, 460);
    assert.equal(await offsetOf(where), '0');
    assert.equal((await patch(where, 0, half, { 'upload-checksum': 'crc32 abcd' })).status, 400);
    const right = await patch(where, 0, half, { 'upload-checksum': digest('sha256', half) });
    assert.equal(right.status, 204);
    assert.equal(right.headers.get('upload-offset'), '100001');
    const rest = bytes.subarray(100_001);
    const last = await patch(where, 100_001, rest, { 'upload-checksum': digest('sha1', rest) });
    assert.equal(last.status, 204);
    assert.equal(last.headers.get('upload-offset'), String(bytes.length));
    // It is in the case when that is said.
    await isStored(picture);
    assert.equal((await outcomeOf(where)).files.stored, 1);
    assert.equal(await offsetOf(where), String(bytes.length));

    const given = await make(1000);
    assert.equal((await patch(given, 0, bytes.subarray(0, 500))).status, 204);
    assert.equal((await ask(given, 'DELETE')).status, 204);
    assert.equal((await ask(given, 'HEAD')).status, 404);
    assert.equal((await patch(given, 500, bytes.subarray(0, 500))).status, 404);

    const whole = image(1);
    const at_once = await ask(
      endpoint,
      'POST',
      { 'upload-length': String(whole.bytes.length), 'content-type': 'application/offset+octet-stream' },
      whole.bytes,
    );
    assert.equal(at_once.status, 201);
    assert.equal(at_once.headers.get('upload-offset'), String(whole.bytes.length));
    await isStored(whole);

    const other = new URL(where).pathname.split('/').pop();
    assert.equal((await fetch(`${url}/api/cases/${patientCase}/resumable/${other}`)).status, 401);
  },

  // Whoever starts this kills the server in the middle.
  async killed() {
    const picture = image(96);
    const where = await upload(picture.bytes, picture.bytes.length);
    const told = await outcomeOf(where);
    assert.equal(told.files.stored + told.files.alreadyThere, 1);
    for (const frame of [1, 50, 96]) await isStored(picture, frame);
  },

  // A connection that is dead and that nobody has noticed is no obstacle for the next one.
  async half_open() {
    const { bytes, ...picture } = image(8);
    const where = await make(bytes.length);
    const gone = new AbortController();
    const slow = new Readable({ read() {} });
    slow.push(bytes.subarray(0, 3 * MIB));
    const begun = fetch(where, {
      method: 'PATCH',
      headers: {
        authorization,
        'tus-resumable': '1.0.0',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': '0',
        'content-length': String(bytes.length),
      },
      body: slow,
      duplex: 'half',
      signal: gone.signal,
    }).catch(() => undefined);
    let offset = 0;
    for (const end = Date.now() + PATIENCE_MS; offset === 0 && Date.now() < end; )
      offset = Number(await offsetOf(where));
    assert.ok(offset > 0 && offset <= 3 * MIB, 'what had come is kept');
    assert.equal((await patch(where, offset, bytes.subarray(offset))).status, 204);
    await isStored(picture);
    gone.abort();
    await begun;
  },

  // 2 GiB and a little: nearly all of it zeros, made while they are sent.
  async large() {
    const frames = 4100;
    const uids = { study: freshUid(), series: freshUid(), uid: freshUid() };
    const head = dicomFile({ ...uids, rows: 512, columns: 512, frames });
    const frame = Buffer.alloc(512 * 512 * 2);
    const size = head.length + frames * frame.length;
    assert.ok(size > 2 ** 31);
    async function* pieces() {
      yield head;
      for (let i = 1; i <= frames; i += 1) {
        frame.writeUInt32LE(i);
        yield Buffer.from(frame);
      }
    }
    const where = await upload(Readable.from(pieces()), size, { chunkSize: 64 * MIB });
    assert.equal((await outcomeOf(where)).files.stored, 1);
    for (const number of [1, 4100]) {
      const pixels = Buffer.alloc(number * frame.length);
      pixels.writeUInt32LE(number, (number - 1) * frame.length);
      await isStored({ uid: uids.uid, pixels }, number);
    }
  },
};

const run = stories[story];
assert.ok(run, 'a story of that name');
try {
  await run();
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}
process.exit(0);
