// Uploads by npm's tus-js-client, which shares no code with us, and by requests made by hand where the protocol's
// corners are.
//
//     node tus_peer.mjs URL LOGIN PASSWORD CERTIFICATE CASE STORY
//
// Ends with status 0 when everything was as it should be, else with what was not on standard error.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, deflateRawSync } from 'node:zlib';
import { dicomDirectory, dicomFile, freshUid } from './dicom_file.mjs';

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

async function frameOf(uid, frame) {
  const answer = await fetch(`${url}/api/cases/${patientCase}/instances/${uid}/frames/${frame}`, {
    headers: { authorization },
  });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

async function isStored({ uid, pixels }, frame = 1) {
  const size = 512 * 512 * 2;
  const stored = await frameOf(uid, frame);
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

// Whole in one request.
async function sendArchive(bytes, name = 'disc.zip') {
  const where = await make(bytes.length, name);
  assert.equal((await patch(where, 0, bytes)).status, 204);
  return outcomeOf(where);
}

// An archive as a program with bad intentions writes it: each entry says of itself what the caller wants.
function zipOf(entries, { count = entries.length } = {}) {
  const parts = [];
  const records = [];
  let at = 0;
  for (const entry of entries) {
    const { name, method = 8, data, flags = 0, size, crc = 0, offset, packed = data.length } = entry;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50, 0);
    record.writeUInt16LE(flags, 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(crc, 16);
    record.writeUInt32LE(packed, 20);
    record.writeUInt32LE(size, 24);
    record.writeUInt16LE(name.length, 28);
    record.writeUInt32LE(offset ?? at, 42);
    records.push(record, Buffer.from(name));
    if (offset === undefined) {
      parts.push(local, Buffer.from(name), data);
      at += 30 + name.length + data.length;
    }
  }
  const directory = Buffer.concat(records);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}

const reasonsOf = ({ problems }) => Object.fromEntries(problems.map(({ name, reason }) => [name, reason]));

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
    const most = 16 * 2 ** 30;
    const over = await ask(endpoint, 'POST', { 'upload-length': String(most + 1) }, '');
    assert.equal(over.status, 413);
    const why = { error: 'too_large', message: 'An upload may be 16 GiB at most: send it in several.' };
    assert.deepEqual(await over.json(), why);
    assert.equal((await ask(await make(most), 'DELETE')).status, 204);

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

  // Whoever starts this kills the server in the middle of what a checksum was promised for.
  async killed_checked() {
    const { bytes, ...picture } = image(10);
    const where = await make(bytes.length);
    const first = bytes.subarray(0, MIB);
    const rest = bytes.subarray(MIB);
    assert.equal((await patch(where, 0, first, { 'upload-checksum': digest('sha256', first) })).status, 204);
    const slow = new Readable({ read() {} });
    slow.push(rest.subarray(0, 3 * MIB));
    const begun = fetch(where, {
      method: 'PATCH',
      headers: {
        authorization,
        'tus-resumable': '1.0.0',
        'content-type': BODY,
        'upload-offset': String(MIB),
        'upload-checksum': digest('sha256', rest),
        'content-length': String(rest.length),
      },
      body: slow,
      duplex: 'half',
    });
    process.stdout.write(`sent ${MIB}\n`);
    await assert.rejects(begun);
    let offset = null;
    for (const end = Date.now() + PATIENCE_MS; offset === null && Date.now() < end; )
      offset = await offsetOf(where).catch(() => null);
    assert.equal(offset, String(MIB), 'what was acknowledged, and nothing that was not compared');
    assert.equal((await patch(where, MIB, rest, { 'upload-checksum': digest('sha1', rest) })).status, 204);
    await isStored(picture, 10);
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

  // A CD in an archive, as Debian's zip writes it: into a pipe (data descriptors) and with ZIP64.
  async disc() {
    const folder = mkdtempSync(join(tmpdir(), 'consilium-disc-'));
    const zip = (...options) => execFileSync('zip', ['-q', '-r', ...options], { cwd: folder, maxBuffer: 256 * MIB });
    try {
      for (const [round, options] of [['1', []], ['2', ['-fz']]]) {
        const study = freshUid();
        const images = Array.from({ length: 12 }, (_, index) => {
          const pixels = randomBytes(512 * 512 * 2);
          const uids = { study, series: `${study}.1`, uid: `${study}.1.${index + 1}` };
          const bytes = dicomFile({ ...uids, rows: 512, columns: 512, number: index + 1, pixels });
          return { ...uids, pixels, bytes, path: `IMAGES/I${index + 1}` };
        });
        mkdirSync(join(folder, round, 'IMAGES'), { recursive: true });
        // Two that the directory names were forgotten when the CD was written.
        for (const { path, bytes } of images.slice(0, 10)) writeFileSync(join(folder, round, path), bytes);
        writeFileSync(join(folder, round, 'DICOMDIR'), dicomDirectory(images));
        writeFileSync(join(folder, round, 'READ ME.TXT'), `For the doctor, round ${round}`);
        writeFileSync(join(folder, round, 'IMAGES', 'cut'), images[10].bytes.subarray(0, 4000));
        if (round === '1') {
          zip('inner.zip', '1/READ ME.TXT');
          writeFileSync(join(folder, 'secret'), 'a secret');
          zip('-P', 'word', '1/locked.zip', 'secret');
          zip('1.zip', '1');
        }
        const bytes = round === '1' ? readFileSync(join(folder, '1.zip')) : zip(...options, '-', round);
        const told = await sendArchive(bytes, `${round}.zip`);
        assert.equal(told.files.stored, 10, JSON.stringify(told));
        assert.deepEqual(told.index, { named: 12, missing: 2 });
        assert.equal(reasonsOf(told)[`${round}/IMAGES/cut`], 'truncated');
        for (const one of images.slice(0, 10)) await isStored(one);
        // The directory alone, as a page sends it out of a folder.
        const alone = await fetch(`${url}/api/cases/${patientCase}/uploads`, {
          method: 'POST',
          headers: { authorization },
          body: readFileSync(join(folder, round, 'DICOMDIR')),
        });
        assert.equal(alone.status, 200);
        assert.deepEqual(await alone.json(), { outcome: 'index', index: { named: 12, missing: 2 } });
        // A ZIP in a ZIP is a file like any other, and is not opened.
        assert.equal(told.files.kept, round === '1' ? 2 : 1);
      }
      const list = await (await fetch(`${url}/api/cases/${patientCase}/files`, { headers: { authorization } })).json();
      assert.deepEqual(list.files.map(({ name }) => name).sort(), ['1/READ ME.TXT', '1/locked.zip', '2/READ ME.TXT']);
      const { id } = list.files.find(({ name }) => name === '2/READ ME.TXT');
      const kept = await fetch(`${url}/api/cases/${patientCase}/files/${id}`, { headers: { authorization } });
      assert.match(kept.headers.get('content-disposition'), /^attachment; filename\*=UTF-8''READ%20ME.TXT$/);
      assert.equal(kept.headers.get('content-type'), 'application/octet-stream');
      assert.equal(await kept.text(), 'For the doctor, round 2');
      const locked = await sendArchive(readFileSync(join(folder, '1', 'locked.zip')), 'locked.zip');
      assert.deepEqual(reasonsOf(locked), { secret: 'encrypted' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },

  // What says too little, too much, or the same twice is refused by name, at once, and the rest goes on.
  async bombs() {
    const zeros = deflateRawSync(Buffer.alloc(8 * MIB));
    const begun = Date.now();
    const swollen = await sendArchive(zipOf([{ name: 'a', data: zeros, size: 2 ** 31 }]), 'swollen.zip');
    assert.deepEqual(reasonsOf(swollen), { 'swollen.zip': 'over_limit' });
    const twice = await sendArchive(
      zipOf([{ name: 'a', data: zeros, size: 8 * MIB }, { name: 'b', data: zeros, size: 8 * MIB, offset: 0 }]),
      'twice.zip',
    );
    assert.deepEqual(reasonsOf(twice), { 'twice.zip': 'malformed' });
    const text = Buffer.from('what it says');
    const right = { name: 'right', data: deflateRawSync(text), size: text.length, crc: crc32(text) };
    const some = await sendArchive(
      zipOf([
        { name: 'more than it says', data: zeros, size: 1000 },
        { name: 'less than it says', data: deflateRawSync(text), size: 5000, crc: crc32(text) },
        { name: 'another checksum', data: deflateRawSync(text), size: text.length },
        { name: 'packed otherwise', data: text, size: text.length, method: 12 },
        { name: 'larger than a file may be', data: text, size: 0xfffffff0 },
        { name: 'nothing', data: Buffer.alloc(0), size: 0, method: 0 },
        right,
      ]),
      'some.zip',
    );
    assert.deepEqual(reasonsOf(some), { 'some.zip': 'over_limit' });
    // More of them than qsort sorts without asking how much memory there is.
    const nothings = Array.from({ length: 64 }, (_, number) => `nothing ${number}`);
    const rest = await sendArchive(
      zipOf([
        { name: 'more than it says', data: zeros, size: 1000 },
        { name: 'less than it says', data: deflateRawSync(text), size: 5000, crc: crc32(text) },
        { name: 'another checksum', data: deflateRawSync(text), size: text.length },
        { name: 'packed otherwise', data: text, size: text.length, method: 12 },
        ...nothings.map((name) => ({ name, data: Buffer.alloc(0), size: 0, method: 0 })),
        right,
      ]),
    );
    assert.deepEqual(reasonsOf(rest), {
      'more than it says': 'damaged',
      'less than it says': 'damaged',
      'another checksum': 'damaged',
      'packed otherwise': 'unsupported',
      ...Object.fromEntries(nothings.map((name) => [name, 'empty'])),
    });
    assert.equal(rest.files.kept, 1);
    const cut = await sendArchive(zipOf([right]).subarray(0, 60), 'cut.zip');
    assert.deepEqual(reasonsOf(cut), { 'cut.zip': 'not_an_archive' });
    assert.ok(Date.now() - begun < 20_000, 'at once');
  },

  // 2 GiB and a little: nearly all of it zeros, made while they are sent. Whoever starts this kills the server in the
  // middle.
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
    const { stored, alreadyThere } = (await outcomeOf(where)).files;
    assert.equal(stored + alreadyThere, 1);
    // Here and there, and all that were on their way when the server was killed, or sent again.
    for (let number = 1; number <= frames; number += number < 1900 || number > 2300 ? 100 : 1) {
      frame.writeUInt32LE(number);
      assert.ok((await frameOf(uids.uid, number)).equals(frame), `frame ${number} is what was sent`);
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
