// DICOM files made of numbers (explicit little endian, PS3.10): a CT series, an ultrasound film. For what the
// demonstration has no images of: many slices of a usual size, many frames in one instance.
const MODALITIES = {
  CT: { sopClass: '1.2.840.10008.5.1.4.1.1.2' },
  US: { sopClass: '1.2.840.10008.5.1.4.1.1.3.1' },
};
const EXPLICIT = '1.2.840.10008.1.2.1';
const LONG = new Set(['OB', 'OW', 'UN', 'SQ', 'UT']);

function valueBytes(vr, value) {
  if (Buffer.isBuffer(value)) return value;
  if (vr === 'US') {
    const words = Buffer.alloc(2 * [value].flat().length);
    [value].flat().forEach((one, index) => words.writeUInt16LE(one, 2 * index));
    return words;
  }
  const text = [value].flat().join('\\');
  return Buffer.from(text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' '), 'latin1');
}

function element([group, number, vr, value]) {
  const bytes = valueBytes(vr, value);
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function file(sopClass, uid, elements) {
  const meta = Buffer.concat([
    [2, 1, 'OB', Buffer.from([0, 1])], [2, 2, 'UI', sopClass], [2, 3, 'UI', uid], [2, 0x10, 'UI', EXPLICIT],
    [2, 0x12, 'UI', '2.25.4711'],
  ].map(element));
  const length = Buffer.alloc(12);
  length.writeUInt16LE(2, 0);
  length.write('UL', 4, 'latin1');
  length.writeUInt16LE(4, 6);
  length.writeUInt32LE(meta.length, 8);
  const sorted = [...elements].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, ...sorted.map(element)]);
}

/** `patient` is { id, name, birthDate, sex } as the case has them. */
const headerOf = (modality, patient, root, uid, number) => [
  [8, 0x16, 'UI', MODALITIES[modality].sopClass], [8, 0x18, 'UI', uid], [8, 0x20, 'DA', '20261127'],
  [8, 0x60, 'CS', modality], [8, 0x103e, 'LO', `${modality} made of numbers`],
  [0x10, 0x10, 'PN', patient.name], [0x10, 0x20, 'LO', patient.id],
  [0x10, 0x30, 'DA', patient.birthDate.replaceAll('-', '')], [0x10, 0x40, 'CS', patient.sex],
  [0x20, 0x0d, 'UI', root], [0x20, 0x0e, 'UI', `${root}.1`], [0x20, 0x11, 'IS', '1'], [0x20, 0x13, 'IS', `${number}`],
];

/** Noise that is the same each time. */
function* noise(seed) {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield (state >>> 8) / 0x1000000;
  }
}

/** A round body with noise and edges: about as many bytes as a head when it is compressed. */
function ctPixels(slice, side) {
  const pixels = Buffer.alloc(side * side * 2);
  const random = noise(slice + 1);
  for (let at = 0; at < side * side; at += 1) {
    const [x, y] = [(at % side) - side / 2, Math.floor(at / side) - side / 2];
    const radius = Math.hypot(x, y) / side;
    const bone = radius > 0.36 && radius < 0.4 ? 900 : 0;
    const tissue = 1064 + bone + 40 * Math.sin(x / 23 + slice / 9) * Math.cos(y / 31);
    const grain = 8 * (random.next().value + random.next().value + random.next().value - 1.5);
    pixels.writeUInt16LE(radius > 0.4 ? 0 : Math.round(tissue + grain), 2 * at);
  }
  return pixels;
}

export function ctSlice(patient, index, side = 512) {
  const root = '2.25.174001';
  const uid = `${root}.1.${index + 1}`;
  const elements = [
    ...headerOf('CT', patient, root, uid, index + 1),
    [0x20, 0x32, 'DS', [-120, -120, index * 1.5]], [0x20, 0x37, 'DS', [1, 0, 0, 0, 1, 0]],
    [0x20, 0x52, 'UI', `${root}.9`],
    [0x18, 0x50, 'DS', '1.5'], [0x28, 0x30, 'DS', [240 / side, 240 / side]],
    [0x28, 2, 'US', 1], [0x28, 4, 'CS', 'MONOCHROME2'], [0x28, 0x10, 'US', side], [0x28, 0x11, 'US', side],
    [0x28, 0x100, 'US', 16], [0x28, 0x101, 'US', 12], [0x28, 0x102, 'US', 11], [0x28, 0x103, 'US', 0],
    [0x28, 0x1050, 'DS', '40'], [0x28, 0x1051, 'DS', '400'], [0x28, 0x1052, 'DS', '-1024'], [0x28, 0x1053, 'DS', '1'],
    [0x7fe0, 0x10, 'OW', ctPixels(index, side)],
  ];
  return file(MODALITIES.CT.sopClass, uid, elements);
}

/** A film in colour; each frame is filled with a grey that says its number, `greyOf(frame)`, frames from 1. */
export const greyOf = (frame) => 20 + (frame % 200);

export function ultrasoundFilm(patient, frames, rows, columns, rate = 30) {
  const root = '2.25.600001';
  const uid = `${root}.1.1`;
  const size = rows * columns * 3;
  const pixels = Buffer.alloc(frames * size);
  for (let frame = 0; frame < frames; frame += 1) pixels.fill(greyOf(frame + 1), frame * size, (frame + 1) * size);
  const elements = [
    ...headerOf('US', patient, root, uid, 1),
    [0x18, 0x40, 'IS', `${rate}`],
    [0x28, 2, 'US', 3], [0x28, 4, 'CS', 'RGB'], [0x28, 6, 'US', 0], [0x28, 8, 'IS', `${frames}`],
    [0x28, 0x10, 'US', rows], [0x28, 0x11, 'US', columns], [0x28, 0x100, 'US', 8], [0x28, 0x101, 'US', 8],
    [0x28, 0x102, 'US', 7], [0x28, 0x103, 'US', 0], [0x7fe0, 0x10, 'OB', pixels],
  ];
  return file(MODALITIES.US.sopClass, uid, elements);
}

/** Uploads as a coordinator or member of the case; says what the server answered of each. */
export async function upload(server, bearer, patientCase, files) {
  const outcomes = [];
  for (const bytes of files) {
    const headers = { ...bearer, 'Content-Type': 'application/octet-stream' };
    const address = `${server.url}/api/cases/${patientCase}/uploads`;
    const answer = await fetch(address, { method: 'POST', headers, body: bytes });
    outcomes.push({ status: answer.status, body: await answer.json() });
  }
  return outcomes;
}

/** Waits until the server has a small exact one of every frame of a display set. */
export async function hasPreviews(server, bearer, patientCase, displaySet) {
  const address = `${server.url}/api/cases/${patientCase}/display-sets/${displaySet}/preview/3`;
  const answer = await fetch(address, { headers: bearer });
  const bytes = await answer.arrayBuffer();
  if (!answer.ok) return false;
  const view = new DataView(bytes);
  let at = 12;
  for (let left = view.getUint32(8, true); left > 0; left -= 1) {
    const uid = view.getUint8(at);
    if (view.getUint32(at + 5 + uid, true) === 0) return false;
    at += 9 + uid;
  }
  return true;
}
