// A file holds one idea, a function fits on a screen, a line is read without moving the head.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handWritten, isC, isScript, none, read } from './tree.mjs';

const FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 70;
const C_COLUMNS_MAX = 100;
const SCRIPT_COLUMNS_MAX = 120;

// Path -> why it may be longer. An entry that is no longer needed fails, too.
const LONGER_FILES = new Map([]);

// "path function" -> why it may be longer.
const LONGER_FUNCTIONS = new Map([]);

const isMeasured = (path) => isC(path) || isScript(path) || /\.(css|sql|schema|sh)$/.test(path);

function lineCount(text) {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

// The functions of formatted C: from a line in the first column that opens a parameter list to the
// closing brace in the first column. Structs and tables close with "};".
function functionsOf(text) {
  const lines = text.split('\n');
  const found = [];
  let start = -1;
  lines.forEach((line, index) => {
    if (/^[a-z_].*\(/i.test(line) && !/^(typedef|struct \w+ \{|enum|union)/.test(line)) start = index;
    if (start >= 0 && /;\s*$/.test(line) && !lines.slice(start, index + 1).some((each) => /\{\s*$/.test(each))) {
      start = -1;
    }
    if (line === '}' && start >= 0) {
      const name = lines[start].match(/([a-z_][a-z0-9_]*)\s*\(/i)?.[1] ?? '?';
      found.push({ name, line: start + 1, lines: index - start + 1 });
      start = -1;
    }
    if (line === '};') start = -1;
  });
  return found;
}

const tooWide = (path, columns) =>
  read(path)
    .split('\n')
    .flatMap((line, index) => ([...line].length > columns ? [`${path}:${index + 1}: ${[...line].length}`] : []));

test('the checks of this file see what they are for', () => {
  const sample = ['int a(void);', 'static int b(int x,', '             int y) {', '    c();', '}', ''].join('\n');
  assert.deepEqual(functionsOf(sample), [{ name: 'b', line: 2, lines: 4 }]);
  assert.deepEqual(functionsOf('static const struct x y = {\n    .z = f(1),\n};\n'), []);
  assert.equal(lineCount('a\nb\n'), 2);
});

test(`no file is longer than ${FILE_LINES_MAX} lines`, () => {
  const long = handWritten.filter((path) => isMeasured(path) && lineCount(read(path)) > FILE_LINES_MAX);
  none(
    long.filter((path) => !LONGER_FILES.has(path)).map((path) => `${path}: ${lineCount(read(path))}`),
    'Split the file by idea. If it truly is one, add it to LONGER_FILES here with the reason.',
  );
  none(
    [...LONGER_FILES.keys()].filter((path) => !long.includes(path)),
    'These are short enough now: take them out of LONGER_FILES.',
  );
});

test(`no C function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
  const long = handWritten.filter(isC).flatMap((path) =>
    functionsOf(read(path))
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ name, line, lines }) => ({ key: `${path} ${name}`, text: `${path}:${line}: ${name}: ${lines}` })),
  );
  none(
    long.filter(({ key }) => !LONGER_FUNCTIONS.has(key)).map(({ text }) => text),
    'Give its steps names of their own.',
  );
  none(
    [...LONGER_FUNCTIONS.keys()].filter((key) => !long.some((each) => each.key === key)),
    'These are short enough now: take them out of LONGER_FUNCTIONS.',
  );
});

test(`no line of C is wider than ${C_COLUMNS_MAX} columns`, () => {
  none(
    handWritten.filter(isC).flatMap((path) => tooWide(path, C_COLUMNS_MAX)),
    'Break the line: clang-format -i does code; comments and strings are by hand.',
  );
});

test(`no line of TypeScript is wider than ${SCRIPT_COLUMNS_MAX} columns`, () => {
  none(
    handWritten.filter(isScript).flatMap((path) => tooWide(path, SCRIPT_COLUMNS_MAX)),
    'Break the line.',
  );
});
