// One conversation with the server through npm's ws, which shares no code with us.
//
//     node ws_peer.mjs URL LOGIN PASSWORD CERTIFICATE CASE      CERTIFICATE is "" over plain HTTP
//
// Ends with status 0 when everything was as it should be, else with what was not on standard error.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { createRequire } from 'node:module';

const WebSocket = createRequire(new URL('../../../clients/web/package.json', import.meta.url))('ws');

const [url, login, password, certificate, patientCase] = process.argv.slice(2);
const trust = certificate === '' ? {} : { ca: readFileSync(certificate) };
const PATIENCE_MS = 10_000;

// As much of msgpack as is said here.
function pack(value) {
  if (Array.isArray(value)) return Buffer.concat([Buffer.of(0x90 | value.length), ...value.map(pack)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.of(0xc4, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([Buffer.of(0xa0 | value.length), Buffer.from(value)]);
  if (value < 128) return Buffer.of(value);
  const wide = Buffer.alloc(9, 0xcf);
  wide.writeBigUInt64BE(BigInt(value), 1);
  return wide;
}

function ask(path, body, token) {
  const request = url.startsWith('https') ? requestSecure : requestPlain;
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const asked = request(url + path, { method: 'POST', headers, ...trust }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => {
        assert.equal(answer.statusCode, 200, path);
        resolve(JSON.parse(Buffer.concat(pieces).toString()));
      });
    });
    asked.on('error', reject);
    asked.end(text);
  });
}

// The next message that begins with these small numbers, after it was found to have four members.
function expect(socket, ...head) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`nothing came that begins with ${head}`)), PATIENCE_MS);
    const look = (message, isBinary) => {
      assert.ok(isBinary, 'a text message');
      if (head.some((number, index) => message[index + 1] !== number)) return;
      assert.equal(message[0], 0x94);
      clearTimeout(late);
      socket.off('message', look);
      resolve(message);
    };
    socket.on('message', look);
  });
}

const once = (socket, event) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${event} came`)), PATIENCE_MS);
    socket.once(event, (...what) => {
      clearTimeout(late);
      resolve(what);
    });
  });

const { token } = await ask('/api/sign-in', { login, password, bearer: true });
const { ticket } = await ask('/api/tickets', undefined, token);
const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws?ticket=${ticket}`, ['consilium.1'], trust);
socket.on('error', (error) => {
  throw error;
});
await once(socket, 'open');
assert.equal(socket.protocol, 'consilium.1');
assert.equal(socket.extensions, '');

let answered = expect(socket, 0, 72, 1);
socket.send(pack([0, 1, 1, [1, 'ws']]));
await answered;

answered = expect(socket, 0, 73, 2);
const snapshot = expect(socket, 1);
socket.send(pack([0, 2, 2, [1, 2, Buffer.from(patientCase.replaceAll('-', ''), 'hex'), 0, 0]]));
await answered;
assert.equal((await snapshot)[3], 0, 'a snapshot has no number');

answered = expect(socket, 0, 74, 3);
socket.send(pack([0, 4, 3, [1234567890123]]));
assert.ok((await answered).includes(pack(1234567890123)));

// A message in pieces, and the protocol's own ping between them (RFC 6455 5.4).
const whole = pack([0, 4, 4, [7]]);
answered = expect(socket, 0, 74, 4);
const heard = once(socket, 'pong');
socket.send(whole.subarray(0, 2), { fin: false });
socket.ping('are you there');
socket.send(whole.subarray(2), { fin: true });
await answered;
assert.equal((await heard)[0].toString(), 'are you there');

const closed = once(socket, 'close');
socket.close(1000);
assert.equal((await closed)[0], 1000);
