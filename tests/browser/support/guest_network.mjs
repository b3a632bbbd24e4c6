// A laptop that leaves the cable for a hospital's guest network. Its browser always asks the same relay; on the
// cable the relay hands bytes straight to the server, afterwards they go between two network namespaces through
// tests/support/wire, whose losses and delays the kernel's own TCP has to live with.
import { spawn } from 'node:child_process';
import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const BUILD = process.env.CONSILIUM_BUILD_DIR ?? join(TOP, 'build/dev');
const WIRE = join(BUILD, 'tests/support/wire/wire');
/** A guest network as tests/integration/test_system_bad_line.c has it. */
const CONDITIONS = '--seed 5 --delay 150 --jitter 50 --loss 5 --rate 1000 --queue 200'.split(' ');
const NEAR = '10.77.0.1';

/** Runs in a namespace: what comes to one address goes to another; a path is a socket of the file system. */
const RELAY = `
const { connect, createServer } = require('node:net');
const at = (text) => (text.startsWith('/') ? { path: text } : { host: text.split(':')[0], port: +text.split(':')[1] });
const [from, to] = process.argv.slice(1).map(at);
process.stdin.resume().on('end', () => process.exit());
createServer((near) => {
  const far = connect(to);
  for (const [one, other] of [[near, far], [far, near]]) {
    one.pipe(other);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}).listen(from, () => console.log('ready'));
`;

/** Why there can be no such line here, or undefined. */
export async function whyNoGuestNetwork() {
  const { code, said } = await outcome(['unshare', '--net', 'test', '-w', '/dev/net/tun']);
  return code === 0 ? undefined : `network namespaces with TUN are not allowed: ${said}`;
}

async function outcome([program, ...args]) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes) => (said += bytes));
  const [code] = await once(child, 'close').catch((error) => [error.message]);
  return { code, said };
}

export class GuestNetwork {
  /** `port` is the server's, a folder for sockets the caller's; `conditions` of another line, as wire takes them. */
  static async begin(port, folder, conditions = CONDITIONS) {
    const network = new GuestNetwork(port);
    try {
      const sides = await Promise.all([network.side(), network.side()]);
      const [near, far] = sides.map(({ pid }) => `/proc/${pid}/ns/net`);
      network.wire = await network.ready(WIRE, [...conditions, near, far]);
      const [inside, outside] = [join(folder, 'server'), join(folder, 'laptop')];
      await network.listen(createServer((socket) => network.join(socket, { port, host: 'localhost' })), inside);
      await network.relay(near, `${NEAR}:${port}`, inside);
      await network.relay(far, outside, `${NEAR}:${port}`);
      network.far = { path: outside };
      const listener = createServer((socket) => network.join(socket, network.way));
      await network.listen(listener, 0, 'localhost');
      network.url = `http://localhost:${listener.address().port}`;
    } catch (error) {
      await network.end();
      throw error;
    }
    return network;
  }

  constructor(port) {
    this.way = { port, host: 'localhost' };
    this.children = [];
    this.listeners = [];
    this.sockets = new Set();
  }

  async listen(listener, ...where) {
    this.listeners.push(listener);
    listener.listen(...where);
    await once(listener, 'listening');
  }

  join(near, way) {
    const far = connect(way);
    for (const [one, other] of [[near, far], [far, near]]) {
      this.sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
  }

  /** A process that stands for a namespace. */
  side() {
    return this.ready('unshare', ['--net', 'sh', '-c', 'echo ready; exec cat']);
  }

  relay(namespace, from, to) {
    return this.ready('nsenter', [`--net=${namespace}`, process.execPath, '-e', RELAY, from, to]);
  }

  /** Started, once it says so. It ends with its standard input, and so with us however that happens. */
  async ready(program, args) {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.push(child);
    const said = await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    if (!String(said[0]).startsWith('ready')) throw new Error(`${program} did not begin`);
    return child;
  }

  /** Off the cable: what is open is gone, what is opened next goes over the bad line. */
  leaveCable() {
    this.way = this.far;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Nothing passes until it is mended. */
  cut() {
    this.wire.kill('SIGSTOP');
  }

  mend() {
    this.wire.kill('SIGCONT');
  }

  async end() {
    for (const listener of this.listeners) listener.close();
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const over = once(child, 'close');
        child.kill('SIGKILL');
        await over;
      }),
    );
  }
}
