// A benchmark is run by hand and rots in between: what it says to the server and looks for on the page changes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const BENCH = fileURLToPath(new URL('../../bench/bench_paint.mjs', import.meta.url));

test('the bench of painted cases still finds its way through a meeting', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [BENCH, '--quick']);
  const { value, circumstances } = JSON.parse(stdout);
  assert.ok(value > 0);
  assert.match(circumstances, / 2 openings, .* 0 images not prefetched/);
});
