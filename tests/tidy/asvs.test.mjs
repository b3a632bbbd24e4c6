// The table of security requirements is worth what its tests are: each that it names is there.

import { test } from 'node:test';
import { files, none, read } from './tree.mjs';

const TABLE = 'tests/ASVS.md';
const ROW = /^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+) \|$/;
const SHOWN = /`(tests\/[\w./-]+)` "([^"]+)"/g;
const REASON = /^(not met|does not apply): .+/;

const rows = () =>
  read(TABLE)
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.match(ROW) ?? [line]);

/** A test of C is listed where they are run; a step or a test of Node says its sentence. */
const has = (path, name) =>
  path.endsWith('.c')
    ? new RegExp(`cmocka_unit_test\\w*\\(\\s*${name}\\b`).test(read(path))
    : read(path).replaceAll("\\'", "'").includes(`'${name}'`);

test('every row of the table of requirements names a test that is there, or says why not', () => {
  const known = new Set(files);
  none(
    rows().flatMap(([row, number, , shown]) => {
      if (number === undefined) return [`no row: ${row}`];
      if (REASON.test(shown)) return [];
      const tests = [...shown.matchAll(SHOWN)];
      const documents = [...shown.matchAll(/`([\w/.-]+\.(?:md|c|policy))`/g)].filter(([, path]) => known.has(path));
      return [
        ...(tests.length + documents.length === 0 ? [`${number}: nothing shows it`] : []),
        ...tests.filter(([, path]) => !known.has(path)).map(([, path]) => `${number}: ${path} is not there`),
        ...tests
          .filter(([, path, name]) => known.has(path) && !has(path, name))
          .map(([, path, name]) => `${number}: ${path} has no "${name}"`),
      ];
    }),
    `Say in ${TABLE} which test shows it now, or that it is not met and why.`,
  );
});

test('no requirement stands in the table twice', () => {
  const numbers = rows().map(([, number]) => number);
  none(
    numbers.filter((number, index) => numbers.indexOf(number) !== index),
    'Make one row of them.',
  );
});

const isClient = (path) => /^clients\/web\/src\/.*\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path);
const clientWith = (pattern) => files.filter((path) => isClient(path) && pattern.test(read(path)));

test('the web client writes no HTML of its own', () => {
  none(
    clientWith(/dangerouslySetInnerHTML|\.(inner|outer)HTML\s*=|insertAdjacentHTML|document\.write/),
    'Text that becomes HTML becomes script: let React write it.',
  );
});

/** What they keep: a language, folded columns, when somebody last did something, and under a hash the address of an
 * upload that was broken off. */
const KEEPERS = /^clients\/web\/src\/(board\/workspace|words\/index|connection\/(presence|resumable))\.tsx?$/;

test('the web client keeps nothing in the browser but its own settings', () => {
  none(
    clientWith(/localStorage|sessionStorage|indexedDB|caches\.open/).filter((path) => !KEEPERS.test(path)),
    'Nothing of a patient may stay in a browser: keep it in memory, or on the server.',
  );
});
