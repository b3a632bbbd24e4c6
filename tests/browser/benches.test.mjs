// A benchmark is run by hand and rots in between: what it says to the server and looks for on the page changes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const bench = (name) => fileURLToPath(new URL(`../../bench/${name}.mjs`, import.meta.url));

test('the bench of painted cases still finds its way through a meeting', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [bench('bench_paint'), '--quick']);
  const { value, circumstances } = JSON.parse(stdout);
  assert.ok(value > 0);
  assert.match(circumstances, / 2 openings, .* 0 images not prefetched/);
});

test('the bench of scrolling still reads pixels and words', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [bench('bench_scroll'), '--quick']);
  const [disagreed, painted] = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(disagreed.value, 0);
  assert.ok(painted.value > 0);
});
