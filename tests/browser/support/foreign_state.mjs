// A presentation state as another maker's workstation writes it (PS3.3 A.33.1), and how DCMTK's dcmp2pgm shows an
// image by it: the reference for our glass.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { file, newUid } from './phantoms.mjs';

const run = promisify(execFile);
const GSPS = '1.2.840.10008.5.1.4.1.1.11.1';
export const CT = '1.2.840.10008.5.1.4.1.1.2';

const images = (uids) => ['SQ', uids.map((uid) => ({ '00081150': ['UI', CT], '00081155': ['UI', uid] }))];

/** `more` says what the state says, element by element; the rest is what every state has. */
export function foreignState({ patient, study, series, uids, label, description, more }) {
  const uid = newUid();
  const bytes = file({
    '00080005': ['CS', 'ISO_IR 192'],
    '00080012': ['DA', '20260505'],
    '00080013': ['TM', '100000'],
    '00080016': ['UI', GSPS],
    '00080018': ['UI', uid],
    '00080020': ['DA', '20261101'],
    '00080060': ['CS', 'PR'],
    '00080070': ['LO', 'Another Maker'],
    '00081115': ['SQ', [{ '0020000E': ['UI', series], '00081140': images(uids) }]],
    '00100010': ['PN', patient.name],
    '00100020': ['LO', patient.id],
    '00100030': ['DA', patient.birthDate],
    '00100040': ['CS', patient.sex],
    '0020000D': ['UI', study],
    '0020000E': ['UI', newUid()],
    '00200011': ['IS', '88'],
    '00200013': ['IS', '1'],
    '00281052': ['DS', '-1024'],
    '00281053': ['DS', '1'],
    '00281054': ['LO', 'HU'],
    '00700041': ['CS', 'N'],
    '00700042': ['US', 0],
    '00700080': ['CS', label],
    '00700081': ['LO', description],
    '00700082': ['DA', '20260505'],
    '00700083': ['TM', '100000'],
    '00700084': ['PN', 'Other^Olga'],
    '20500020': ['CS', 'IDENTITY'],
    ...more,
  });
  return { uid, bytes };
}

/** One displayed area of all images, in pixels from 1. */
export const area = (topLeft, bottomRight, spacing, more = { '00700100': ['CS', 'SCALE TO FIT'] }) => [
  'SQ',
  [{ '00700052': ['SL', topLeft], '00700053': ['SL', bottomRight], '00700101': ['DS', spacing.map(String)], ...more }],
];

export const window = (center, width) => [
  'SQ',
  [{ '00281050': ['DS', String(center)], '00281051': ['DS', String(width)] }],
];

/** Grey values row by row, as DCMTK shows the image by the state. */
export async function shownByDcmtk(image, state) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-state-'));
  try {
    const [from, by, to] = ['image.dcm', 'state.dcm', 'out.pgm'].map((name) => join(folder, name));
    await writeFile(from, image);
    await writeFile(by, state);
    await run('dcmp2pgm', ['-q', '-p', by, from, to]);
    const pgm = await readFile(to);
    const [head] = /^P5\s+(#.*\n)*\d+ \d+\s+\d+\s/.exec(pgm.toString('latin1'));
    const [, width, height] = /(\d+) (\d+)\s+\d+\s$/.exec(head);
    return { width: Number(width), height: Number(height), grey: pgm.subarray(head.length) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
