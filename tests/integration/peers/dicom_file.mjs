// DICOM files as small or as large as a test wants them (PS3.10 7): explicit little endian, secondary capture.

const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);

function element(group, number, vr, value) {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1');
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([vr === 'UI' ? 0 : 0x20])]);
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(even.length, 8);
  else head.writeUInt16LE(even.length, 6);
  return Buffer.concat([head, even]);
}

const u16 = (value) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

function file(sopClass, uid, dataset) {
  const meta = Buffer.concat([
    element(2, 0x0001, 'OB', Buffer.from([0, 1])),
    element(2, 0x0002, 'UI', sopClass),
    element(2, 0x0003, 'UI', uid),
    element(2, 0x0010, 'UI', '1.2.840.10008.1.2.1'),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(meta.length);
  const head = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), element(2, 0, 'UL', length), meta]);
  return Buffer.concat([head, dataset]);
}

export const MULTI_FRAME = '1.2.840.10008.5.1.4.1.1.7.2';

// `pixels` may be left out: then only what stands before them is made, for somebody who sends as many bytes after it.
export function dicomFile({ study, series, uid, pixels, ...said }) {
  const { patient = {}, rows = 64, columns = 64, frames = 1, number = 1 } = said;
  const size = rows * columns * 2 * frames;
  const optional = (tag, vr, value) => (value === undefined ? [] : [element(0x10, tag, vr, value)]);
  const pixelHead = Buffer.alloc(12);
  pixelHead.writeUInt16LE(0x7fe0, 0);
  pixelHead.writeUInt16LE(0x0010, 2);
  pixelHead.write('OW', 4, 'latin1');
  pixelHead.writeUInt32LE(size, 8);
  const dataset = Buffer.concat([
    element(8, 0x16, 'UI', MULTI_FRAME),
    element(8, 0x18, 'UI', uid),
    element(8, 0x60, 'CS', 'OT'),
    ...optional(0x10, 'PN', patient.name),
    ...optional(0x20, 'LO', patient.id),
    ...optional(0x30, 'DA', patient.birthDate),
    ...optional(0x40, 'CS', patient.sex),
    element(0x20, 0x0d, 'UI', study),
    element(0x20, 0x0e, 'UI', series),
    element(0x20, 0x13, 'IS', String(number)),
    element(0x28, 0x02, 'US', u16(1)),
    element(0x28, 0x04, 'CS', 'MONOCHROME2'),
    element(0x28, 0x08, 'IS', String(frames)),
    element(0x28, 0x10, 'US', u16(rows)),
    element(0x28, 0x11, 'US', u16(columns)),
    element(0x28, 0x100, 'US', u16(16)),
    element(0x28, 0x101, 'US', u16(12)),
    element(0x28, 0x102, 'US', u16(11)),
    element(0x28, 0x103, 'US', u16(0)),
    pixelHead,
  ]);
  const head = file(MULTI_FRAME, uid, dataset);
  return pixels === undefined ? head : Buffer.concat([head, pixels]);
}

// A DICOMDIR (PS3.10 8) that names files by their path and UID; offsets are zero, as nobody reads them.
export function dicomDirectory(files) {
  const records = files.map(({ path, uid }) => {
    const inside = Buffer.concat([
      element(4, 0x1400, 'UL', Buffer.alloc(4)),
      element(4, 0x1410, 'US', u16(0xffff)),
      element(4, 0x1420, 'UL', Buffer.alloc(4)),
      element(4, 0x1430, 'CS', 'IMAGE'),
      element(4, 0x1500, 'CS', path.split('/').join('\\')),
      element(4, 0x1510, 'UI', MULTI_FRAME),
      element(4, 0x1511, 'UI', uid),
      element(4, 0x1512, 'UI', '1.2.840.10008.1.2.1'),
    ]);
    const item = Buffer.alloc(8);
    item.writeUInt16LE(0xfffe, 0);
    item.writeUInt16LE(0xe000, 2);
    item.writeUInt32LE(inside.length, 4);
    return Buffer.concat([item, inside]);
  });
  const dataset = Buffer.concat([
    element(4, 0x1130, 'CS', 'CD'),
    element(4, 0x1200, 'UL', Buffer.alloc(4)),
    element(4, 0x1202, 'UL', Buffer.alloc(4)),
    element(4, 0x1212, 'US', u16(0)),
    element(4, 0x1220, 'SQ', Buffer.concat(records)),
  ]);
  return file('1.2.840.10008.1.3.10', '1.2.826.0.1.3680043.10.99.1', dataset);
}

let counter = 0;
export const freshUid = () => `2.25.${process.pid}${Date.now()}${(counter += 1)}`;
