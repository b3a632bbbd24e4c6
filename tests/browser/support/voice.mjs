// A person's second window without a screen: the client's own connection, run here. For words that no
// button says, and to speak at a moment that a test chooses.
import { randomUUID } from 'node:crypto';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { require } from './packages.mjs';

const CLIENT = fileURLToPath(new URL('../../../clients/web', import.meta.url));
const SECOND_WINDOW = 1;

/** A TypeScript module of the client with all it imports, ready to run. */
async function moduleOf(path) {
  const { build } = await import(pathToFileURL(require.resolve('vite')).href);
  const { output } = await build({
    root: CLIENT,
    configFile: false,
    logLevel: 'error',
    build: { ssr: path, write: false, minify: false },
  });
  return import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);
}

let client;
const clientModules = () =>
  (client ??= Promise.all([moduleOf('src/connection/connection.ts'), moduleOf('src/protocol/index.ts')]));

async function post(url, headers, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: body === undefined ? '' : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  return response.json();
}

function socketTo(address, events) {
  const WebSocket = require('ws');
  const socket = new WebSocket(address, 'consilium.1');
  socket.binaryType = 'arraybuffer';
  socket.on('open', () => events.opened());
  socket.on('message', (bytes) => events.received(new Uint8Array(bytes)));
  socket.on('close', (code) => events.closed(code));
  socket.on('error', () => undefined);
  return {
    send: (bytes) => socket.readyState === WebSocket.OPEN && socket.send(bytes),
    close: () => socket.close(),
  };
}

export class Voice {
  static async of(server, login) {
    const [[{ Connection }, { encodeUp, decodeDown }], people] = await Promise.all([clientModules(), server.people()]);
    const { password } = people.get(login);
    const { token, user } = await post(`${server.url}/api/sign-in`, {}, { login, password, bearer: true });
    const bearer = { Authorization: `Bearer ${token}` };
    const connection = new Connection({
      ticket: async () => (await post(`${server.url}/api/tickets`, bearer)).ticket,
      connect: (ticket, events) => socketTo(`${server.url.replace('http', 'ws')}/ws?ticket=${ticket}`, events),
      encode: encodeUp,
      decode: decodeDown,
      now: () => Date.now(),
      after: (milliseconds, run) => {
        const timer = setTimeout(run, milliseconds);
        return () => clearTimeout(timer);
      },
      random: Math.random,
      commandId: randomUUID,
      client: 'a voice of the tests',
      window: SECOND_WINDOW,
    });
    connection.start();
    return new Voice(connection, user, bearer, server.url, password);
  }

  constructor(connection, user, bearer, url, password) {
    this.connection = connection;
    this.user = user;
    this.url = url;
    this.password = password;
    /** Headers of its requests over HTTP. */
    this.bearer = bearer;
  }

  /** Opens a board or case; resolves with its snapshot. */
  async open(kind, id) {
    return new Promise((resolve, reject) => {
      const nothing = () => undefined;
      this.channel = this.connection.open(kind, id, {
        opened: nothing,
        event: nothing,
        notice: nothing,
        snapshot: resolve,
        ended: (reason) => reject(new Error(`the ${kind} ended: ${reason}`)),
      });
    });
  }

  /** Says something durable; throws when it is refused. */
  async command(ask) {
    const outcome = await this.connection.command(this.channel, ask);
    if (outcome.outcome !== 'accepted') throw new Error(`${ask.type} was ${outcome.reason ?? outcome.outcome}`);
  }

  /** Opens the window for signing in a meeting, which is the proof of the first signature, too. */
  async stepUp(board) {
    const { password } = this;
    const { token } = await post(`${this.url}/api/step_up`, this.bearer, { password, board, sign: true });
    this.bearer.Authorization = `Bearer ${token}`;
  }

  /** Before one signature in that window. */
  async prove() {
    return post(`${this.url}/api/prove`, this.bearer, { password: this.password });
  }

  leave() {
    this.connection.stop();
  }
}
