// Waits until the server that script/server starts is ready, has the demo board loaded on the first
// start, and says where to go and who can sign in. Ends by itself when the server does.
//
// The loader is clients/native/demo: `consilium-demo --url URL --data DIR`. It signs in with
// DIR/bootstrap.json, may be stopped and started again at any point, and when everything is there
// writes DIR/demo.json, which is why the next start does not load again:
//   {"people": [{"login", "password", "name", "role"}]}

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const POLL_MS = 100;
const PATIENCE_MS = 15_000;
const LOADER = join(dirname(fileURLToPath(import.meta.url)), '../build/release/clients/native/consilium-demo');

const { values: options } = parseArgs({
  options: {
    server: { type: 'string' },
    url: { type: 'string' },
    data: { type: 'string' },
    demo: { type: 'string' },
  },
});

// An address that means "every interface" is listened on, never connected to.
const here = options.url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
const demoFile = join(options.data, 'demo.json');

const say = (text) => process.stderr.write(`${text}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function serverRuns() {
  try {
    process.kill(Number(options.server), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// Status and body of /readyz, or nothing while nobody listens. The certificate is not checked: the
// server is our own child on this machine, and its name need not be this machine's.
function readiness() {
  const { get } = here.startsWith('https:') ? https : http;
  return new Promise((resolve) => {
    const request = get(`${here}/readyz`, { rejectUnauthorized: false, timeout: 2000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode, body: body.trim() }));
      response.on('error', () => resolve(undefined));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

async function untilReady() {
  const started = Date.now();
  let nextWord = PATIENCE_MS;
  while (serverRuns()) {
    const answer = await readiness();
    if (answer?.status === 200) return true;
    if (Date.now() - started > nextWord) {
      say(`still waiting for the server: ${answer?.body ?? 'nothing answers'}`);
      nextWord += PATIENCE_MS;
    }
    await pause(POLL_MS);
  }
  return false;
}

function loadDemo() {
  return new Promise((resolve) => {
    // The certificate is not checked here either, and for the same reason.
    const loader = spawn(LOADER, ['--url', here, '--data', options.data, '--any-certificate'], {
      stdio: ['ignore', 'ignore', process.stderr],
    });
    const watch = setInterval(() => serverRuns() || loader.kill(), POLL_MS);
    loader.on('error', (error) => say(`consilium-demo: ${error.message}`));
    loader.on('close', (code) => {
      clearInterval(watch);
      resolve(code === 0);
    });
  });
}

function greet() {
  const lines = ['', `Consilium is at ${options.url}`];
  if (existsSync(demoFile)) {
    const { people } = JSON.parse(readFileSync(demoFile, 'utf8'));
    const width = Math.max(...people.map(({ login }) => login.length));
    lines.push('Sign in as one of the demo people, several at once in several browsers:');
    for (const { login, password, name, role } of people) {
      lines.push(`  ${login.padEnd(width)}  ${password}  ${name}, ${role}`);
    }
  }
  lines.push('Ctrl-C stops the server.', '');
  process.stdout.write(lines.join('\n'));
}

if (await untilReady()) {
  if (options.demo === 'yes' && !existsSync(demoFile)) {
    say('Loading the demo board ...');
    if (!(await loadDemo()) && serverRuns()) {
      say('The demo board is not complete; the next start of script/server goes on with it.');
    }
  }
  if (serverRuns()) greet();
}
