// Dependencies point one way: protocol <- actors <- server. A client speaks the protocol and knows no
// more. What decides (actors, and the server's logic that the simulator links) does no I/O.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { files, isC, matchesByLine, none, read, withoutProse } from './tree.mjs';

const code = files.filter(isC);
const under = (...folders) => code.filter((path) => folders.some((folder) => path.startsWith(folder)));

// Every include in `text` that `pattern` matches, as "line: header".
function includes(text, pattern) {
  return matchesByLine(text, /^\s*#\s*include\s+[<"]([^">]+)[">]/g)
    .filter(([, match]) => pattern.test(match[1]))
    .map(([line, match]) => `${line}: ${match[1]}`);
}

// A call through a member (clock->time()) is the very interface that keeps the world out.
function calls(text, pattern) {
  return matchesByLine(withoutProse(text), /(?<!\.|->|\w)([a-z_][a-z0-9_]*)\s*\(/gi)
    .filter(([, match]) => pattern.test(match[1]))
    .map(([line, match]) => `${line}: ${match[1]}()`);
}

const inEach = (paths, look) => paths.flatMap((path) => look(read(path)).map((found) => `${path}:${found}`));

const LOOP_HEADERS = /^(uv|libwebsockets|libpq-fe)\.h$/;
const anyOf = (words) => `(${words.trim().split(/\s+/).join('|')})`;
const WORLD_FILES = anyOf(`uv libwebsockets libpq-fe pthread threads time fcntl unistd poll signal dirent
  stdio argon2 seccomp`);
const WORLD_HEADERS = new RegExp(`^${WORLD_FILES}\\.h$|^${anyOf('sys netinet arpa net openssl linux')}/`);
const WORLD_CALLS = new RegExp(
  `^${anyOf(`clock_gettime gettimeofday time clock localtime gmtime rand random srand getrandom getenv f?printf
    puts fputs fopen socket send recv read write open close exit abort`)}$`,
);

// Threads exist in one place of actors/, behind an interface that the simulator replaces.
const MAY_USE_THREADS = /^actors\/runtime\/scheduler\.[ch]$/;

// The part of the server that the simulator links: server/CMakeLists.txt names it. keys.c is of it
// because sealing is, though it also reads the keys that lie in files.
const READS_A_FILE = /^server\/store\/(keys|generation_secret)\.[ch]$/;
function simulatedServer() {
  const build = read('server/CMakeLists.txt');
  const prefixes = ['server/node/'];
  for (const [, folder, names] of build.matchAll(/^set\((store|gateway)_core ([^)]*)\)/gm)) {
    for (const name of names.split(/\s+/)) prefixes.push(`server/${folder}/${name}.`);
  }
  return under(...prefixes).filter((path) => !READS_A_FILE.test(path));
}

test('the checks of this file see what they are for', () => {
  const sample = '#include <uv.h>\n  #include "server/log.h"\n/* time(NULL) */ int a = time(NULL);\nworld->time();\n';
  assert.deepEqual(includes(sample, LOOP_HEADERS), ['1: uv.h']);
  assert.deepEqual(includes(sample, /^server\//), ['2: server/log.h']);
  assert.deepEqual(calls(sample, WORLD_CALLS), ['3: time()']);
  assert.match('sys/socket.h', WORLD_HEADERS);
  assert.doesNotMatch('stdint.h', WORLD_HEADERS);
});

test('protocol includes nothing of actors, server or clients', () => {
  none(
    inEach(under('protocol/'), (text) => includes(text, /^(actors|server|clients)\//)),
    'protocol/ stands alone. Move what it needs down into it, or the caller up.',
  );
});

test('actors includes nothing of server or clients', () => {
  none(
    inEach(under('actors/'), (text) => includes(text, /^(server|clients)\//)),
    'actors/ knows protocol/ only. What it needs of the world comes in as a parameter or an interface.',
  );
});

test('clients includes nothing of actors or server', () => {
  none(
    inEach(under('clients/'), (text) => includes(text, /^(actors|server)\//)),
    'A client knows what is said (protocol/), not how it is answered.',
  );
});

test('nothing but tests includes tests', () => {
  none(
    inEach(under('protocol/', 'actors/', 'server/', 'clients/', 'bench/'), (text) =>
      includes(text, /^tests\/(?!support\/)/),
    ),
    'Move what is shared into the module it belongs to, or into tests/support.',
  );
});

test('protocol and actors use no socket, SQL, clock or thread', () => {
  const paths = under('protocol/', 'actors/').filter((path) => !MAY_USE_THREADS.test(path));
  none(
    inEach(paths, (text) => [...includes(text, WORLD_HEADERS), ...calls(text, WORLD_CALLS)]),
    'Time, randomness and I/O are parameters here, so that the simulator can be the world.',
  );
});

test('the logic that the simulator links does no I/O of its own', () => {
  none(
    inEach(simulatedServer(), (text) => [
      ...includes(text, LOOP_HEADERS),
      ...includes(text, /^(pthread|threads|fcntl|poll|sys\/socket)\.h$/),
      ...calls(text, /^(clock_gettime|gettimeofday|time|getrandom|rand|random)$/),
    ]),
    'Let the caller hand over time, randomness and bytes; I/O belongs to the gateway or to postgres.c.',
  );
});

test('our headers are included by their path from the top of the tree', () => {
  const known = new Set(files);
  none(
    inEach(code, (text) =>
      matchesByLine(text, /^\s*#\s*include\s+"([^"]+)"/g)
        .filter(([, match]) => !known.has(match[1]))
        .map(([line, match]) => `${line}: "${match[1]}"`),
    ),
    'Write #include "server/store/journal.h", so that a reader and the layering tests see where it comes from.',
  );
});
