// Images of known geometry and content, written element by element in Explicit VR Little Endian, and sent into
// a case as a person's browser does.
const CT = '1.2.840.10008.5.1.4.1.1.2';
const ENHANCED_CT = '1.2.840.10008.5.1.4.1.1.2.1';
const MR = '1.2.840.10008.5.1.4.1.1.4';
const ENCAPSULATED_PDF = '1.2.840.10008.5.1.4.1.1.104.1';
const ULTRASOUND = '1.2.840.10008.5.1.4.1.1.6.1';
const ULTRASOUND_FILM = '1.2.840.10008.5.1.4.1.1.3.1';
const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
const ROOT = '1.2.826.0.1.3680043.8.498.77';
const LONG = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);

let serial = 0;
/** A name that no other phantom of this run has. */
export const newUid = () => `${ROOT}.${process.pid}.${Date.now() % 1e9}.${(serial += 1)}`;

function element(tag, vr, value) {
  let bytes = Buffer.isBuffer(value) ? value : undefined;
  if (!bytes && vr === 'US') {
    bytes = Buffer.alloc(2 * [value].flat().length);
    [value].flat().forEach((one, at) => bytes.writeUInt16LE(one, 2 * at));
  } else if (!bytes && vr === 'UL') {
    bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
  } else if (!bytes && vr === 'SL') {
    bytes = Buffer.alloc(4 * [value].flat().length);
    [value].flat().forEach((one, at) => bytes.writeInt32LE(one, 4 * at));
  } else if (!bytes && vr === 'FL') {
    bytes = Buffer.alloc(4 * [value].flat().length);
    [value].flat().forEach((one, at) => bytes.writeFloatLE(one, 4 * at));
  } else if (!bytes && vr === 'FD') {
    bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
  } else if (!bytes && vr === 'SQ') {
    bytes = Buffer.concat(value.map((item) => Buffer.concat([itemHead(dataset(item).length), dataset(item)])));
  }
  bytes ??= Buffer.from([value].flat().join('\\'), 'latin1');
  if (bytes.length % 2 === 1) bytes = Buffer.concat([bytes, Buffer.from(vr === 'UI' || LONG.has(vr) ? '\0' : ' ')]);
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, 'latin1');
  if (LONG.has(vr)) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function itemHead(length) {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(0xfffe, 0);
  head.writeUInt16LE(0xe000, 2);
  head.writeUInt32LE(length, 4);
  return head;
}

/** `{ tag: [vr, value] }`, in ascending order of tags. */
const dataset = (elements) =>
  Buffer.concat(
    Object.entries(elements)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([tag, [vr, value]]) => element(tag, vr, value)),
  );

/** A whole file of such elements. */
export function file(elements) {
  const meta = dataset({
    '00020001': ['OB', Buffer.from([0, 1])],
    '00020002': ['UI', elements['00080016'][1]],
    '00020003': ['UI', elements['00080018'][1]],
    '00020010': ['UI', '1.2.840.10008.1.2.1'],
  });
  const length = element('00020000', 'UL', meta.length);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, dataset(elements)]);
}

/** `pixels(column, row, frame)` gives the stored value, 0 to 65535. */
function pixelData(columns, rows, frames, pixels) {
  const data = Buffer.alloc(2 * columns * rows * frames);
  let at = 0;
  for (let frame = 0; frame < frames; frame += 1) {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        data.writeUInt16LE(pixels(column, row, frame), at);
        at += 2;
      }
    }
  }
  return data;
}

function image(made) {
  const { sopClass, modality, study, series, number, description, columns, rows, pixels, patient } = made;
  const { frames = 1, date = '20261101' } = made;
  return {
    '00080005': ['CS', 'ISO_IR 192'],
    '00080016': ['UI', sopClass],
    '00080018': ['UI', newUid()],
    '00080020': ['DA', date],
    '00080060': ['CS', modality],
    '0008103E': ['LO', description],
    '00100010': ['PN', patient.name],
    '00100020': ['LO', patient.id],
    '00100030': ['DA', patient.birthDate],
    '00100040': ['CS', patient.sex],
    '0020000D': ['UI', study],
    '0020000E': ['UI', series],
    '00200011': ['IS', '1'],
    '00200013': ['IS', String(number)],
    '00280002': ['US', 1],
    '00280004': ['CS', 'MONOCHROME2'],
    '00280010': ['US', rows],
    '00280011': ['US', columns],
    '00280100': ['US', 16],
    '00280101': ['US', 16],
    '00280102': ['US', 15],
    '00280103': ['US', 0],
    ...(frames > 1 && { '00280008': ['IS', String(frames)] }),
    '7FE00010': ['OW', pixelData(columns, rows, frames, pixels)],
  };
}

/** A single picture of 16 x 16 pixels in a series of its own; `more` are attributes beside those of every image. */
export const still = ({ patient, description, pixels, more, side = 16 }) =>
  file({
    ...image({
      sopClass: SECONDARY_CAPTURE,
      modality: 'OT',
      study: newUid(),
      series: newUid(),
      number: 1,
      description,
      columns: side,
      rows: side,
      patient,
      pixels,
    }),
    ...more,
  });

/** What there is of a patient without a pixel: a series of its own, of this class and modality. */
export function withoutPixels({ patient, description, sopClass, modality }) {
  const of = { sopClass, modality, description, patient, study: newUid(), series: newUid(), number: 1 };
  const made = image({ ...of, columns: 1, rows: 1, pixels: () => 0 });
  return file(Object.fromEntries(Object.entries(made).filter(([tag]) => !/^(0028|7FE0)/.test(tag))));
}

const text = (numbers) => numbers.map((number) => String(Number(number.toFixed(8))));

/**
 * A CT series of single slices, or an MR one. `place(slice)` gives position; `axes` and `spacing` (row, column) are
 * all slices'. Stored values are Hounsfield units + 1024, if there are any and where `slope` is 1.
 */
export function ctSeries(series) {
  const { patient, description, slices, columns, rows, axes, spacing, place, pixels, date } = series;
  const { window = [0, 2048], slope = '1', modality = 'CT' } = series;
  const own = { study: newUid(), series: newUid(), frame: newUid() };
  return Array.from({ length: slices }, (_, slice) =>
    file({
      ...image({
        sopClass: modality === 'MR' ? MR : CT,
        modality,
        study: own.study,
        series: own.series,
        number: slice + 1,
        description,
        columns,
        rows,
        patient,
        date,
        pixels: (column, row) => pixels(column, row, slice),
      }),
      '00200032': ['DS', text(place(slice))],
      '00200037': ['DS', text(axes)],
      '00200052': ['UI', own.frame],
      '00280030': ['DS', text(spacing)],
      '00281050': ['DS', String(window[0])],
      '00281051': ['DS', String(window[1])],
      '00281052': ['DS', '-1024'],
      '00281053': ['DS', slope],
    }),
  );
}

/** An enhanced CT: place, plane and pixel size are each frame's own. */
export function enhancedCt({ patient, description, columns, rows, frames, pixels }) {
  const one = (tag, vr, value) => ({ [tag]: [vr, value] });
  return file({
    ...image({
      sopClass: ENHANCED_CT,
      modality: 'CT',
      study: newUid(),
      series: newUid(),
      number: 1,
      description,
      columns,
      rows,
      frames: frames.length,
      patient,
      pixels,
    }),
    '00200052': ['UI', newUid()],
    52009229: ['SQ', [one('00289145', 'SQ', [{ '00281052': ['DS', '-1024'], '00281053': ['DS', '1'] }])]],
    52009230: [
      'SQ',
      frames.map(({ position, axes, spacing }) => ({
        '00209113': ['SQ', [one('00200032', 'DS', text(position))]],
        '00209116': ['SQ', [one('00200037', 'DS', text(axes))]],
        '00289110': ['SQ', [one('00280030', 'DS', text(spacing))]],
      })),
    ],
  });
}

/** An ultrasound image, or a film of `frames`, whose one region says how many cm a pixel is. */
export function ultrasound({ patient, description, columns, rows, frames = 1, deltaX, deltaY, pixels, rate }) {
  return file({
    ...image({
      sopClass: frames > 1 ? ULTRASOUND_FILM : ULTRASOUND,
      modality: 'US',
      study: newUid(),
      series: newUid(),
      number: 1,
      description,
      columns,
      rows,
      frames,
      patient,
      pixels,
    }),
    ...(rate && { '00180040': ['IS', String(rate)] }),
    '00186011': [
      'SQ',
      [
        {
          '00186012': ['US', 1],
          '00186014': ['US', 1],
          '00186018': ['UL', 0],
          '0018601A': ['UL', 0],
          '0018601C': ['UL', columns - 1],
          '0018601E': ['UL', rows - 1],
          '00186024': ['US', 3],
          '00186026': ['US', 3],
          '0018602C': ['FD', deltaX],
          '0018602E': ['FD', deltaY],
        },
      ],
    ],
  });
}

/** A PDF of one square page, all of it of one colour: red, green and blue from 0 to 1. */
function pdfPage(color) {
  const painted = `${color.join(' ')} rg 0 0 200 200 re f`;
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>',
    `<</Length ${painted.length}>>stream\n${painted}\nendstream`,
  ];
  let pdf = '%PDF-1.4\n';
  let table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  objects.forEach((object, at) => {
    table += `${String(pdf.length).padStart(10, '0')} 00000 n \n`;
    pdf += `${at + 1} 0 obj${object}\nendobj\n`;
  });
  const end = `trailer<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${pdf.length}\n%%EOF\n`;
  return Buffer.from(pdf + table + end, 'latin1');
}

/** A report that came as DICOM: a PDF in an envelope (PS3.3 A.45.1). */
export function encapsulatedPdf({ patient, description, color }) {
  return file({
    '00080005': ['CS', 'ISO_IR 192'],
    '00080016': ['UI', ENCAPSULATED_PDF],
    '00080018': ['UI', newUid()],
    '00080020': ['DA', '20261101'],
    '00080060': ['CS', 'DOC'],
    '0008103E': ['LO', description],
    '00100010': ['PN', patient.name],
    '00100020': ['LO', patient.id],
    '00100030': ['DA', patient.birthDate],
    '00100040': ['CS', patient.sex],
    '0020000D': ['UI', newUid()],
    '0020000E': ['UI', newUid()],
    '00200011': ['IS', '1'],
    '00200013': ['IS', '1'],
    '00280301': ['CS', 'YES'],
    '00420010': ['ST', description],
    '00420011': ['OB', pdfPage(color)],
    '00420012': ['LO', 'application/pdf'],
  });
}

/** Sends files into a case with the cookies of the person's page; all must be stored. */
export async function sendImages(person, patientCase, files) {
  for (const bytes of files) {
    const answer = await person.page.evaluate(
      async ({ address, encoded }) => {
        const body = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
        const response = await fetch(address, { method: 'POST', body });
        return { status: response.status, said: await response.text() };
      },
      { address: `/api/cases/${patientCase}/uploads`, encoded: bytes.toString('base64') },
    );
    if (answer.status !== 201) throw new Error(`the image was not taken: ${answer.status} ${answer.said}`);
  }
}
