// script/results.awk is what the last line of script/test rests on.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../script/results.awk', import.meta.url));
const countOf = (...lines) =>
  execFileSync('awk', ['-f', script], { input: `${lines.join('\n')}\n`, encoding: 'utf8' }).trim();

test("ctest's closing line gives what failed and what is left of the total", () => {
  assert.equal(countOf('98% tests passed, 1 tests failed out of 50'), '49 1 0');
});

test("node's pass, fail and cancelled lines are added; what was skipped is named", () => {
  const named = '﹣ clang-tidy finds nothing (0.2ms) # only in a long run';
  const step = '  ﹣ (and the next step) (12.25ms) # SKIP';
  assert.equal(
    countOf('ℹ tests 9', named, step, 'ℹ pass 5', 'ℹ fail 1', 'ℹ cancelled 1', 'ℹ skipped 2'),
    '5 2 2; clang-tidy finds nothing; (and the next step)',
  );
});

test('what cmocka skipped is named, and a program that ran nothing else has not passed', () => {
  assert.equal(
    countOf(
      '100% tests passed, 0 tests failed out of 3',
      'skipped: a_disk_fills',
      'skipped: a_line',
      'ran nothing: integration.wire',
    ),
    '2 0 2; a_disk_fills; a_line',
  );
});

test("vitest's tests are counted, its files are not, in colour too", () => {
  assert.equal(countOf(' Test Files  1 failed | 2 passed (3)', '      Tests  1 failed | 11 passed (12)'), '11 1 0');
  assert.equal(countOf('\x1b[2m      Tests \x1b[22m \x1b[32m3 passed\x1b[39m (3)'), '3 0 0');
  assert.equal(countOf('      Tests  2 skipped | 11 passed (13)'), '11 0 2');
});

test("Playwright's summary is counted, with or without the time", () => {
  assert.equal(countOf('  1 failed', '    [chromium] > board.spec.ts:3', '  12 passed (1.2m)'), '12 1 0');
});

test('several runners in one suite add up', () => {
  assert.equal(countOf('100% tests passed, 0 tests failed out of 3', '2 passed, 1 failed'), '5 1 0');
});

test('a sentence that mentions what passed counts nothing', () => {
  assert.equal(countOf('the 3 passed through', 'No tests were found!!!', '[  PASSED  ] 4 test(s).'), '0 0 0');
});
