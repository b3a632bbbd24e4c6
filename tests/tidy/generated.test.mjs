// Generated code is committed, so that the server builds with a C compiler alone and reviews see it.
// The price is that it could drift from its schema; here it cannot.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { none, top } from './tree.mjs';

// Option of the generator -> the folder it writes when the option is not given.
const FOLDERS = {
  '--out-c': 'protocol/generated',
  '--out-ts': 'clients/web/src/protocol/generated',
  '--out-frames': 'tests/support/frames',
};

/** The corpus of frames lies beside what reads it; the other folders hold printed files alone. */
const isPrinted = (path) => !path.includes(FOLDERS['--out-frames']) || path.endsWith('.frames');

function filesBelow(folder) {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path).isFile() && isPrinted(path))
    : [];
}

test('generated code is what the schemas say', () => {
  const fresh = mkdtempSync(join(tmpdir(), 'consilium-generated-'));
  try {
    const into = Object.entries(FOLDERS).flatMap(([option, folder]) => [option, join(fresh, folder)]);
    execFileSync(process.execPath, ['protocol/generate.mjs', ...into], { cwd: top, stdio: 'pipe' });
    const names = (root) =>
      Object.values(FOLDERS).flatMap((folder) => filesBelow(join(root, folder)).map((path) => relative(root, path)));
    const committed = names(top);
    const generated = names(fresh);
    none(generated.length > 0 ? [] : [fresh], 'The generator wrote nothing into the folder it was given.');
    none(
      [...new Set([...committed, ...generated])].filter(
        (name) =>
          !committed.includes(name) ||
          !generated.includes(name) ||
          !readFileSync(join(top, name)).equals(readFileSync(join(fresh, name))),
      ),
      'Never edit these: run node protocol/generate.mjs and commit what it wrote.',
    );
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
});
