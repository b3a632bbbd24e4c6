// One word for one thing, and no name that could stand on anything.

import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { files, handWritten, isC, isScript, isText, matchesByLine, none, read, withoutProse } from './tree.mjs';

// Words that do not say what is in the box, and the one that the field uses for something else: a tumor
// board meets in a board.
const EMPTY_WORDS = new Set(
  'room rooms util utils utility utilities common helper helpers manager managers misc foo baz'.split(' '),
);
const EMPTY_FOLDERS = new Set([...EMPTY_WORDS, 'core', 'lib', 'src', 'include', 'data']);
const NUMBERED = /^(tmp|temp|data|foo|new|old)_?\d+$/i;

// Where a folder is called so by somebody else: Vite's web client.
const FOLDERS_OF_OTHERS = new Set(['clients/web/src']);

// Names that belong to the libraries we call, in the libraries' own words.
const LIBRARY_NAME = /^(lws|LWS|uv|UV|PQ|pq|msgpack|argon2|ARGON2|seccomp|EVP|OSSL|SSL|X509|BIO|ASN1|j_common)_?/;

// People without a device sit together in a room indeed, and board.schema says so.
const THE_ROOM = /(^|_)in_the_room(?=_|$)/;

const wordsOf = (name) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(THE_ROOM, '')
    .split(/[^a-z0-9]+/);

const isEmpty = (name) => NUMBERED.test(name) || wordsOf(name).some((word) => EMPTY_WORDS.has(word));

// The names in C, library names left out; the names that a script declares, since those it merely uses
// may be a library's.
function namesIn(path, text) {
  const code = withoutProse(text).replace(/^\s*#\s*include.*$/gm, '');
  const pattern = isC(path)
    ? /\b([a-z_][a-z0-9_]*)\b/gi
    : /\b(?:const|let|var|function|class|interface|type|enum)\s+([a-z_$][\w$]*)/gi;
  return matchesByLine(code, pattern)
    .map(([line, match]) => [line, match[1]])
    .filter(([, name]) => !isC(path) || !LIBRARY_NAME.test(name));
}

const inText = (paths, pattern) =>
  paths.flatMap((path) => matchesByLine(read(path), pattern).map(([line, match]) => `${path}:${line}: ${match[0]}`));

const here = 'tests/tidy/words.test.mjs';

test('the checks of this file see what they are for', () => {
  assert.ok(isEmpty('board_room') && isEmpty('fileUtils') && isEmpty('tmp2') && isEmpty('SessionManager'));
  assert.ok(!isEmpty('headroom') && !isEmpty('commonest') && !isEmpty('data') && !isEmpty('template'));
  assert.ok(!isEmpty('in_the_room_list') && !isEmpty('inTheRoom') && isEmpty('in_the_room_of_a_room'));
  assert.deepEqual(namesIn('a.c', '/* room */ int lws_util, x; // room\n'), [
    [1, 'int'],
    [1, 'x'],
  ]);
});

test('no file or folder has a name that says nothing', () => {
  const folders = new Set();
  for (const path of files) {
    const parts = path.split('/').slice(0, -1);
    parts.forEach((_, index) => folders.add(parts.slice(0, index + 1).join('/')));
  }
  none(
    [
      ...files.filter((path) => isEmpty(basename(path).replace(/\.[^.]*$/, ''))),
      ...[...folders].filter((path) => EMPTY_FOLDERS.has(basename(path)) && !FOLDERS_OF_OTHERS.has(path)),
    ],
    'Name it for what is in it that is nowhere else.',
  );
});

test('no name in the code is one that says nothing', () => {
  none(
    handWritten
      .filter((path) => (isC(path) || isScript(path)) && path !== here)
      .flatMap((path) =>
        namesIn(path, read(path))
          .filter(([, name]) => isEmpty(name))
          .map(([line, name]) => `${path}:${line}: ${name}`),
      ),
    'Name it for what it is: a board (never a room), or the thing it does for whom.',
  );
});

test('no type of ours ends in _t', () => {
  none(
    handWritten
      .filter(isC)
      .flatMap((path) =>
        matchesByLine(withoutProse(read(path)), /\b(?:struct|enum|union)\s+(\w+_t)\b|^typedef\b.*\b(\w+_t);/g).map(
          ([line, match]) => `${path}:${line}: ${match[1] ?? match[2]}`,
        ),
      ),
    'POSIX keeps _t for itself; write struct board, without a typedef.',
  );
});

test('nothing is left for later in a comment', () => {
  none(
    inText(
      handWritten.filter((path) => isText(path) && path !== here),
      /\b(TODO|FIXME|XXX|HACK)\b/g,
    ),
    'Do it, or open an issue that says why not.',
  );
});

test('the project speaks of itself alone: no path of anybody\'s machine, no address of a package registry', () => {
  const paths = files.filter((path) => (isText(path) || path.endsWith('.json')) && path !== here);
  none(
    inText(paths, /(?<![\w.])\/(?:work|root|home\/\w+)\/\S*|\/tmp\/build\S*|\bregistry\.npmjs\.org\b|"resolved": ".*/g),
    'Say it relative to the top of the tree. Locks: npm config omit-lockfile-registry-resolved=true.',
  );
});

test('every Markdown file that is spoken of exists', () => {
  const known = new Set(files.map((path) => basename(path)));
  none(
    handWritten
      .filter((path) => isText(path) && path !== here)
      .flatMap((path) =>
        matchesByLine(read(path), /\b([\w-]+\.md)\b/g)
          .filter(([, match]) => !known.has(match[1]))
          .map(([line, match]) => `${path}:${line}: ${match[1]}`),
      ),
    'Say the reason instead, or cite the standard.',
  );
});
