// Calls of C that cannot be used safely, or that take a decision away from the place that owns it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handWritten, isC, matchesByLine, none, read, withoutProse } from './tree.mjs';

// Call -> what to write instead, and where the call is at home.
const CALLS = {
  strcpy: { instead: 'memcpy with a length that was checked, or snprintf' },
  strcat: { instead: 'snprintf' },
  strncpy: { instead: 'memcpy: strncpy need not end its text' },
  sprintf: { instead: 'snprintf' },
  vsprintf: { instead: 'vsnprintf' },
  gets: { instead: 'fgets' },
  strtok: { instead: 'a walk with strcspn: strtok keeps hidden state' },
  alloca: { instead: 'an arena or a named bound' },
  atoi: { instead: 'strtol, which says when it failed' },
  atol: { instead: 'strtol, which says when it failed' },
  atof: { instead: 'strtod, which says when it failed' },
  // No shell may see our data; a test's command line is its own.
  system: { instead: 'posix_spawn or uv_spawn with an argument vector', home: /^tests\// },
  popen: { instead: 'posix_spawn or uv_spawn with an argument vector', home: /^tests\// },
  rand: { instead: 'the random that is handed over, or getrandom' },
  srand: { instead: 'the random that is handed over, or getrandom' },
  tmpnam: { instead: 'mkstemp' },
  mktemp: { instead: 'mkstemp' },
  // It allocates what a peer's header says before it has seen the bytes: 16 GiB from five of them.
  msgpack_unpack_next: { instead: 'the generated reader', home: /^tests\// },
  msgpack_unpack: { instead: 'the generated reader', home: /^tests\// },
  msgpack_unpacker_next: { instead: 'the generated reader', home: /^tests\// },
  // Its timers cost too much with many connections, and flow control inside RECEIVE spins over TLS.
  lws_sul_schedule: { instead: "the loop's own timers" },
  setlocale: { instead: 'nothing: numbers are written the same everywhere' },
};

const callsIn = (text) =>
  matchesByLine(withoutProse(text), /(?<!\.|->|\w)([a-z_][a-z0-9_]*)\s*\(/gi)
    .map(([line, match]) => [line, match[1]])
    .filter(([, name]) => Object.hasOwn(CALLS, name));

test('the check of this file sees what it is for', () => {
  assert.deepEqual(callsIn('/* gets( */ x = atoi (y);\n my_atoi(z); "gets("'), [[1, 'atoi']]);
});

test('no C calls what cannot be called safely', () => {
  none(
    handWritten.filter(isC).flatMap((path) =>
      callsIn(read(path))
        .filter(([, name]) => !CALLS[name].home?.test(path))
        .map(([line, name]) => `${path}:${line}: ${name}(): use ${CALLS[name].instead}`),
    ),
    'Each has a better way:',
  );
});
