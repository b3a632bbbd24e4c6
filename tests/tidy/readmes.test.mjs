// A newcomer opens a folder and reads what it is for before any code.

import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { files, handWritten, isC, matchesByLine, none, read, top } from './tree.mjs';

const SUITES = /^tests\/(unit|simulation|integration|fuzz|browser|tidy)\//;
const folderOf = (path) => (dirname(path) === '.' ? '' : dirname(path));
const readmeOf = (folder) => join(folder, 'README.md');
const readmes = files.filter((path) => basename(path) === 'README.md');

// Folders of the map and of the next level that hold files themselves: protocol, server/gateway.
function foldersOfTheMap() {
  const folders = handWritten.map(folderOf).filter((folder) => folder.split('/').length <= 2);
  return [...new Set(folders)].filter((folder) => !folder.startsWith('.'));
}

// Folders whose few files the README above them explains.
const EXPLAINED_ABOVE = /^(script\/toolchain|protocol\/(schema|generator)|tests\/(unit|simulation|integration))$/;

test('every folder has a README that says what it is for', () => {
  none(
    foldersOfTheMap()
      .filter((folder) => !EXPLAINED_ABOVE.test(folder) && !existsSync(join(top, readmeOf(folder))))
      .map((folder) => readmeOf(folder)),
    'Write it: purpose in two lines, the files, what always holds, steps to add something, why it is so.',
  );
});

test('a README of a folder of C names each of its files', () => {
  const sources = handWritten.filter((path) => isC(path) && !SUITES.test(path));
  none(
    sources
      .filter((path) => existsSync(join(top, readmeOf(folderOf(path)))))
      .filter((path) => !read(readmeOf(folderOf(path))).includes(basename(path).replace(/\.[ch]$/, ''))),
    'Give the file a line in the README of its folder.',
  );
});

test('every file that a README points to exists', () => {
  const known = new Set(files);
  const stands = (folder, name) =>
    known.has(name) ||
    known.has(join(folder, name)) ||
    existsSync(join(top, name)) ||
    files.some((path) => path.endsWith(`/${name}`));
  none(
    readmes.flatMap((readme) =>
      matchesByLine(read(readme), /`((?:[\w.-]+\/)+[\w.-]+\.(?:c|h|mjs|ts|tsx|md|schema|sql))`/g)
        .filter(([, match]) => !match[1].includes('NAME') && !stands(folderOf(readme), match[1]))
        .map(([line, match]) => `${readme}:${line}: ${match[1]}`),
    ),
    'The file was moved or renamed: say where it is now.',
  );
});

test('the README of the project gives the two commands', () => {
  const text = files.includes('README.md') ? read('README.md') : '';
  none(
    ['script/server', 'script/test'].filter((command) => !text.includes(command)),
    'A newcomer starts with these two; README.md must name them.',
  );
});
