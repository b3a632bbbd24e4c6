// A database knows which migrations it had by their order: one that comes later sorts last, or every database
// between is refused as "of another version" (server/store/migrate.c).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { handWritten, none, top } from './tree.mjs';

// As in tree.mjs.
const GIT = ['-c', 'safe.directory=*'];
const FOLDER = 'server/store/migrations';

// Came after a larger number, while no database was kept from one commit to the next.
const CAME_LATE = new Set(['0005_sign_in', '0012_image_copies', '0013_uploads']);

const nameOf = (path) => path.slice(FOLDER.length + 1).replace(/\.sql$/, '');
const numberOf = (name) => Number(name.slice(0, 4));

/** Commits, the oldest first: what each added that is still there. */
function additions(present) {
  const said = execFileSync(
    'git',
    [...GIT, 'log', '--reverse', '--topo-order', '--format=%x00', '--diff-filter=A', '--name-only', '--', FOLDER],
    { cwd: top, encoding: 'utf8' },
  );
  return said
    .split('\0')
    .map((names) => names.split('\n').filter((path) => path.startsWith(FOLDER)).map(nameOf))
    .map((names) => names.filter((name) => present.has(name)))
    .filter((names) => names.length > 0);
}

/** Names that came when a larger number was there already. */
function late(commits) {
  let largest = 0;
  const found = new Set();
  for (const names of commits) {
    for (const name of names) if (numberOf(name) <= largest && !found.has(name)) found.add(name);
    largest = Math.max(largest, ...names.map(numberOf));
  }
  return [...found];
}

const migrations = handWritten.filter((path) => path.startsWith(`${FOLDER}/`) && path.endsWith('.sql')).map(nameOf);

test('the checks of this file see what they are for', () => {
  assert.deepEqual(late([['0001_a'], ['0003_c'], ['0002_b']]), ['0002_b']);
  assert.deepEqual(late([['0001_a', '0002_b'], ['0003_c']]), []);
});

test('a migration has a number of its own', () => {
  none(migrations.filter((name) => !/^\d{4}_[a-z_]+$/.test(name)), 'Call it NNNN_words.sql.');
  none(
    migrations.filter((name, at) => migrations.findIndex((other) => numberOf(other) === numberOf(name)) !== at),
    'Take the next number.',
  );
});

test('a new migration sorts last', () => {
  const present = new Set(migrations);
  const tracked = additions(present);
  const known = new Set(tracked.flat());
  const unfinished = migrations.filter((name) => !known.has(name));
  none(
    late([...tracked, ...(unfinished.length > 0 ? [unfinished] : [])]).filter((name) => !CAME_LATE.has(name)),
    'Give it a number behind all that are there.',
  );
});
