// The real server on a data folder of its own, with the demonstration loaded. Loading happens once a
// run: each story gets a copy of that folder, so no story sees what another one did.
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './waiting.mjs';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const BUILD = process.env.CONSILIUM_BUILD_DIR ?? join(TOP, 'build/dev');
const SERVER = join(BUILD, 'server/consilium');
const DEMO = join(BUILD, 'clients/native/consilium-demo');
const WEB = process.env.CONSILIUM_WEB ?? join(TOP, 'clients/web/dist');
/** Where servers' own words and pictures of failed pages go. */
export const LOGS = join(TOP, 'build/log/browser');
/** A server under sanitizers on a busy machine. */
const START_MS = 60_000;
const END_MS = 30_000;

const portOf = (listener) => listener.address().port;

/** Ports that nobody has now: the server keeps its own over restarts. */
async function freePorts(count) {
  const listeners = await Promise.all(
    Array.from({ length: count }, () => {
      const listener = createServer();
      return new Promise((resolve, reject) => {
        listener.on('error', reject);
        listener.listen(0, '127.0.0.1', () => resolve(listener));
      });
    }),
  );
  const ports = listeners.map(portOf);
  await Promise.all(listeners.map((listener) => new Promise((done) => listener.close(done))));
  return ports;
}

const ended = (child) =>
  new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });

/** Makes a folder that an unprivileged PostgreSQL may walk through. */
async function newFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-'));
  await chmod(folder, 0o755);
  return folder;
}

let template;

/** The folder of a server that loaded the demonstration and ended well. */
function demonstration() {
  template ??= (async () => {
    const folder = await newFolder();
    const server = await new Server(folder, 'demonstration').start();
    try {
      const loader = spawn(DEMO, ['--url', server.url, '--data', server.data], { stdio: 'ignore' });
      const { code } = await ended(loader);
      if (code !== 0) throw new Error(`consilium-demo ended with ${code}`);
      await server.end();
    } catch (error) {
      await server.abandon();
      throw error;
    }
    return folder;
  })();
  return template;
}

/** After the last story. */
export async function forgetDemonstration() {
  const folder = await template?.catch(() => undefined);
  if (folder) await rm(folder, { recursive: true, force: true });
}

/** A server of one story: started, with the demonstration in it. */
export async function demonstrationServer(name, options = []) {
  const folder = await newFolder();
  const made = await demonstration();
  // Copied with owners: the cluster belongs to the user that PostgreSQL runs as.
  const { code } = await ended(spawn('cp', ['-a', join(made, 'data'), folder]));
  if (code !== 0) throw new Error('the demonstration could not be copied');
  return new Server(folder, name, options).start();
}

export class Server {
  /** `options` of the command line, beside those that every server here has. */
  constructor(folder, name, options = []) {
    this.folder = folder;
    this.name = name;
    this.options = options;
    this.hired = []; // whom a story made, as people() gives them
    this.data = join(folder, 'data');
  }

  async start() {
    this.ports ??= await freePorts(2);
    const [port, admin] = this.ports;
    this.port = port;
    this.url = `http://localhost:${port}`;
    await mkdir(LOGS, { recursive: true });
    this.child = spawn(
      SERVER,
      ['--data', this.data, '--port', `${port}`, '--admin', `127.0.0.1:${admin}`, '--web', WEB, ...this.options],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.child.stderr.pipe(createWriteStream(join(LOGS, `${this.name}.server.log`), { flags: 'a' }));
    this.over = ended(this.child);
    let fate;
    void this.over.then((how) => (fate = how));
    await until('the server is ready', async () => {
      if (fate) throw new Error(`the server ended with ${fate.code ?? fate.signal}`);
      return (await fetch(`${this.url}/readyz`)).ok;
    }, START_MS);
    return this;
  }

  /** People of the demonstration, and whom a story made, by login, with their passwords. */
  async people() {
    const { people } = JSON.parse(await readFile(join(this.data, 'demo.json'), 'utf8'));
    const first = JSON.parse(await readFile(join(this.data, 'bootstrap.json'), 'utf8'));
    const administrator = { ...first, name: 'Administrator' };
    return new Map([...people, administrator, ...this.hired].map((person) => [person.login, person]));
  }

  /** As if the machine had lost it: no word to anybody. */
  async kill() {
    this.child.kill('SIGKILL');
    await this.over;
  }

  /** Drains and stops, and complains when the sanitizers found something. */
  async end() {
    this.child.kill('SIGTERM');
    const stop = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    const { code, signal } = await this.over;
    clearTimeout(stop);
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal}; see ${LOGS}`);
  }

  /** Whatever happened: nothing stays behind, the database included. */
  async abandon() {
    this.child?.kill('SIGKILL');
    await this.over;
    const file = join(this.data, 'postgres/cluster/postmaster.pid');
    const text = await readFile(file, 'utf8').catch(() => '');
    const database = Number(text.split('\n')[0]);
    if (database > 1) {
      try {
        process.kill(database, 'SIGQUIT');
      } catch {
        // It was gone already.
      }
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
