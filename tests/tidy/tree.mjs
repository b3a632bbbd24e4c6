// What the tidy tests read: the files of the project, and C and TypeScript without their prose.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = join(dirname(fileURLToPath(import.meta.url)), '../..');

// Every file git tracks or would track, so that what is ignored (builds, packages, data) is not read.
// The tree may belong to another user than the one who tests it, which git must be told is fine.
function listFiles() {
  const listed = execFileSync(
    'git',
    ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: top, encoding: 'utf8', maxBuffer: 64 << 20 },
  );
  return listed
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(top, path)) && statSync(join(top, path)).isFile())
    .sort();
}

export const files = listFiles();

export const read = (path) => readFileSync(join(top, path), 'utf8');
export const isGenerated = (path) => path.includes('/generated/') || path.endsWith('package-lock.json');
export const isC = (path) => /\.[ch]$/.test(path);
export const isScript = (path) => /\.(ts|tsx|mjs|js)$/.test(path);

const TEXT = new Set(
  '.c .h .ts .tsx .mjs .js .css .html .md .json .sql .schema .sh .txt .cmake .yml .svg'.split(' '),
);
export const isText = (path) => TEXT.has(extname(path)) || extname(path) === '' || path.startsWith('script/');

export const handWritten = files.filter((path) => !isGenerated(path));

// The code of C or TypeScript with comments and the inside of strings blanked; lines keep their numbers.
export function withoutProse(text) {
  const blank = (match) => match.replace(/[^\n]/g, ' ');
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g,
    blank,
  );
}

// Every match of `pattern` (global) in `text`, as [line number, match].
export function matchesByLine(text, pattern) {
  const found = [];
  text.split('\n').forEach((line, index) => {
    for (const match of line.matchAll(pattern)) found.push([index + 1, match]);
  });
  return found;
}

// Fails with each finding on a line of its own, after what to do about them.
export function none(findings, whatToDo) {
  if (findings.length === 0) return;
  const error = new Error(`${whatToDo}\n${findings.map((finding) => `  ${finding}`).join('\n')}`);
  error.stack = error.message;
  throw error;
}
