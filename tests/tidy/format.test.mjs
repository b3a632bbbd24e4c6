// One layout for all C, so that a difference shows a change and never a taste.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { handWritten, isC, none, top } from './tree.mjs';

const VERSION = 14;
const run = (...options) => spawnSync('clang-format', options, { cwd: top, encoding: 'utf8', maxBuffer: 64 << 20 });

test(`clang-format is version ${VERSION}, Debian 12's`, () => {
  const { stdout } = run('--version');
  assert.match(stdout ?? '', new RegExp(`version ${VERSION}\\.`), 'script/bootstrap --test installs it');
});

test('all hand-written C is as clang-format lays it out', () => {
  const paths = handWritten.filter(isC);
  const { stderr } = paths.length > 0 ? run('--dry-run', '-Werror', ...paths) : { stderr: '' };
  const wrong = [...stderr.matchAll(/^(\S+?):(\d+):\d+: error/gm)].map(([, path]) => path);
  none([...new Set(wrong)], 'Run: clang-format -i FILE');
});
