// Another hospital's archive: Debian's Orthanc behind a door of our own, which wants a bearer token and can cut the
// line, and an archive that means us ill.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ORTHANC = '/usr/sbin/Orthanc';
const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
const LOOK_MS = 50;
const START_MS = 60_000;
export const TOKEN = 'a-token.of~the/archive+==';
const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

/** Below the range that the kernel gives to clients, so that it is still free when it is opened later. */
export async function freePort() {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const listener = createListener();
    const free = await new Promise((resume) => {
      listener.on('error', () => resume(false));
      listener.listen(port, '127.0.0.1', () => resume(true));
    });
    await new Promise((closed) => listener.close(closed));
    if (free) return port;
  }
}

/** Empty, on loopback, in a folder of its own; ends with this process. */
export async function startOrthanc() {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-orthanc-'));
  const port = await freePort();
  const file = join(folder, 'orthanc.json');
  writeFileSync(
    file,
    JSON.stringify({
      HttpPort: port,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      DicomServerEnabled: false,
      StorageDirectory: join(folder, 'storage'),
      IndexDirectory: join(folder, 'index'),
      Plugins: [PLUGIN],
      KeepAlive: true,
      DicomWeb: { Enable: true },
    }),
  );
  const process_ = spawn(ORTHANC, [file], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const end = () => {
    process_.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', end);
  for (const until = Date.now() + START_MS; ; await pause(LOOK_MS)) {
    const answer = await fetch(`${url}/dicom-web/studies`).catch(() => undefined);
    if (answer?.ok) break;
    if (Date.now() > until || process_.exitCode !== null) throw new Error('Orthanc does not start');
  }
  const store = async (bytes) => {
    const answer = await fetch(`${url}/instances`, { method: 'POST', body: bytes });
    if (!answer.ok) throw new Error(`Orthanc answers ${answer.status}`);
  };
  return { url, port, store, end };
}

/**
 * A door to an archive: nobody without the token. `line.cutAt` ends each answer with images after so many bytes,
 * `line.cuts` times; `line.holdAt` stops there and goes no further until `line.release()`.
 */
function passOn(port, line) {
  return (asked, answer) => {
    line.asked.push(asked.url);
    if (asked.headers.authorization !== `Bearer ${TOKEN}`) {
      answer.writeHead(401).end();
      return;
    }
    const further = request({ port, host: '127.0.0.1', path: asked.url, headers: { accept: asked.headers.accept } });
    further.on('error', () => answer.destroy());
    further.on('response', (found) => {
      answer.writeHead(found.statusCode, found.headers);
      const images = /multipart/.test(found.headers['content-type'] ?? '');
      let sent = 0;
      const cuts = images && line.cuts > 0;
      if (cuts) line.cuts -= 1;
      found.on('data', (bytes) => {
        const left = cuts ? Math.max(0, line.cutAt - sent) : bytes.length;
        sent += bytes.length;
        if (bytes.length > left) {
          found.destroy();
          answer.write(bytes.subarray(0, left), () => answer.destroy());
          return;
        }
        answer.write(bytes);
        if (images && line.holdAt && sent >= line.holdAt) {
          found.pause();
          line.release = () => found.resume();
          line.held?.();
        }
      });
      found.on('end', () => answer.end());
      found.on('error', () => answer.destroy());
    });
    answer.on('close', () => further.destroy());
    further.end();
  };
}

/** Writes to who asks until they have had enough. */
function writeForEver(answer, bytes) {
  const go = () => {
    while (!answer.destroyed && answer.write(bytes));
  };
  answer.on('drain', go);
  answer.on('error', () => undefined);
  go();
}

const BOUNDARY = 'x';
const begin = (answer) =>
  answer.writeHead(200, { 'content-type': `multipart/related; type="application/dicom"; boundary=${BOUNDARY}` });
const part = (head = '') => `\r\n--${BOUNDARY}\r\nContent-Type: application/dicom\r\n${head}\r\n`;
const MIB = Buffer.alloc(1 << 20, 0x41);
const listed = JSON.stringify([
  { '00080018': { vr: 'UI', Value: ['1.2.3.3'] }, '0020000E': { vr: 'UI', Value: ['1.2.3.2'] } },
]);

/** What stands between /hostile/ and the next slash is how it means us ill. */
const ILL = {
  endless: (answer) => writeForEver(begin(answer), MIB),
  parts: (answer) => writeForEver(begin(answer), `${part()}AAAA`.repeat(1000)),
  flood: (answer) => writeForEver(begin(answer), Buffer.concat([Buffer.from(part()), MIB, MIB, MIB, MIB])),
  part: (answer) => {
    begin(answer).write(part());
    writeForEver(answer, MIB);
  },
  declared: (answer) => {
    begin(answer).write(part(`Content-Length: ${5 * 2 ** 30}\r\n`));
    writeForEver(answer, MIB);
  },
  head: (answer) => {
    answer.socket.write('HTTP/1.1 200 OK\r\nx: ');
    writeForEver(answer.socket, MIB);
  },
  heads: (answer) => {
    answer.socket.write('HTTP/1.1 200 OK\r\n');
    writeForEver(answer.socket, Buffer.from('x: y\r\n'.repeat(10000)));
  },
  elsewhere: (answer) => answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  lying: (answer) => answer.writeHead(200).end('[{"0020000D":{"vr":"UI","Value":["1.2.3"'),
  deep: (answer) => answer.writeHead(200).end('[{"0020000D":'.repeat(200_000)),
  json: (answer) => {
    answer.writeHead(200).write('[');
    writeForEver(answer, MIB);
  },
};

function meanIll(asked, answer) {
  const [, , kind, ...rest] = asked.url.split('/');
  const lists = /instances\?/.test(rest.join('/'));
  if (lists && /^(endless|parts|flood|part|declared)$/.test(kind)) {
    answer.writeHead(200).end(/offset=0/.test(asked.url) ? listed : '[]');
  } else {
    ILL[kind](answer);
  }
}

function certificate(folder) {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', '/CN=archive', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  { stdio: 'ignore' });
  return { cert, tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } };
}

/**
 * Everything that a list of archives needs, before there is a server that reads it: ports, tokens, a certificate.
 * `list` is the file for --archives.
 */
export async function prepareArchives(folder, { ill = [] } = {}) {
  mkdirSync(folder, { recursive: true });
  const [port, tlsPort] = [await freePort(), await freePort()];
  const keep = (name, text) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    chmodSync(path, 0o600);
    return path;
  };
  const token = keep('token', `${TOKEN}\n`);
  const { cert, tls } = certificate(folder);
  const plain = `http://127.0.0.1:${port}`;
  const of = (id, name, url, more = {}) => ({ id, name, url, tokenFile: token, ...more });
  const list = keep(
    'archives.json',
    JSON.stringify([
      of('radiology', 'Radiology (other hospital)', `${plain}/dicom-web/`),
      of('tls', 'By TLS', `https://127.0.0.1:${tlsPort}/dicom-web`, { caFile: cert }),
      of('unknown', 'Vouched for by nobody', `https://127.0.0.1:${tlsPort}/dicom-web`),
      of('refused', 'Another token', `${plain}/dicom-web`, { tokenFile: keep('other', 'other') }),
      of('away', 'Away', `http://127.0.0.1:1/dicom-web`),
      ...ill.map((kind) => of(kind, kind, `${plain}/hostile/${kind}`, { instanceMaxMiB: 8 })),
    ], null, 2),
  );
  return { list, port, tlsPort, tls };
}
export const KINDS_OF_ILL = Object.keys(ILL);

/** Opens what was prepared. */
export async function openArchives({ port, tlsPort, tls }, orthancPort) {
  const line = { asked: [], cuts: 0, cutAt: 0, holdAt: 0, held: undefined, release: () => undefined };
  const good = passOn(orthancPort, line);
  const answerAny = (asked, answer) => (asked.url.startsWith('/hostile/') ? meanIll : good)(asked, answer);
  const doors = [createServer(answerAny), createTlsServer(tls, answerAny)];
  await Promise.all(
    [port, tlsPort].map((each, at) => new Promise((open) => doors[at].listen(each, '127.0.0.1', open))),
  );
  const close = () => doors.forEach((door) => {
    door.closeAllConnections();
    door.close();
  });
  return { line, close };
}
