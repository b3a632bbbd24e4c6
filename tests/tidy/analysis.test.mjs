// clang-tidy over all hand-written C, by .clang-tidy. It takes minutes, so it belongs to the long run.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { handWritten, none, top } from './tree.mjs';

const build = process.env.CONSILIUM_BUILD_DIR ?? join(top, 'build/dev');
const skip = process.env.CONSILIUM_TEST_LONG ? false : 'only in script/test --long';

test('clang-tidy finds nothing in hand-written C', { skip }, () => {
  const commands = join(build, 'compile_commands.json');
  none(existsSync(commands) ? [] : [commands], 'Build first: cmake --preset dev && cmake --build --preset dev');
  const known = new Set(handWritten);
  const sources = JSON.parse(readFileSync(commands, 'utf8'))
    .map(({ file }) => relative(top, file))
    .filter((path) => known.has(path));
  const { stdout, error } = spawnSync('clang-tidy', ['--quiet', '-p', build, ...new Set(sources)], {
    cwd: top,
    encoding: 'utf8',
    maxBuffer: 256 << 20,
  });
  none(error ? [error.message] : [], 'script/bootstrap --test installs clang-tidy.');
  none(
    [...new Set(stdout.split('\n').filter((line) => /: error: /.test(line)))].map((line) =>
      line.replace(`${top}/`, ''),
    ),
    'Each says what it is about; change the code, or .clang-tidy with a reason.',
  );
});
