// Prints frames with what must become of them, so that every codec is held to the same bytes. It
// packs by itself, on purpose: it shares no code with the codecs it is the measure of.
//
//   same    NAME FRAME            is read, and written again byte for byte
//   reads   NAME FRAME > FRAME    is read, and written as the second
//   refused NAME FRAME            is malformed or over a bound
//
// A frame is hexadecimal; `61*300` is the byte 61 three hundred times. After ` ; ` it says why.

const ID = 'c410' + '0123456789abcdef0123456789abcdef';
const UNKNOWN_FIELDS = [
  '93c091a178c0',
  '81a16bc403010203',
  'd501aabb',
  'cb3ff0000000000000',
  'c0',
  'c70205abcd',
  'd3ffffffffffffffff',
];

/** A small generator of numbers, so that a corpus is the same wherever it is printed. */
function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

function hex(number, bytes) {
  return BigInt.asUintN(bytes * 8, BigInt(number))
    .toString(16)
    .padStart(bytes * 2, '0');
}

function float(number, bytes) {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 4) {
    view.setFloat32(0, number);
  } else {
    view.setFloat64(0, number);
  }
  return Buffer.from(view.buffer).toString('hex');
}

function integer(value) {
  const number = BigInt(value);
  if (number >= 0n) {
    if (number < 0x80n) {
      return hex(number, 1);
    }
    const width = [1, 2, 4, 8].find((bytes) => number < 1n << BigInt(bytes * 8));
    return { 1: 'cc', 2: 'cd', 4: 'ce', 8: 'cf' }[width] + hex(number, width);
  }
  if (number >= -32n) {
    return hex(number, 1);
  }
  const width = [1, 2, 4, 8].find((bytes) => number >= -(1n << BigInt(bytes * 8 - 1)));
  return { 1: 'd0', 2: 'd1', 4: 'd2', 8: 'd3' }[width] + hex(number, width);
}

function head(count, fix, fixMax, formats) {
  if (count <= fixMax) {
    return hex(fix + count, 1);
  }
  const widths = formats.length === 3 ? [1, 2, 4] : [2, 4];
  const index = widths.findIndex((bytes) => count < 2 ** (bytes * 8));
  return formats[index] + hex(count, widths[index]);
}

const textHead = (length) => head(length, 0xa0, 31, ['d9', 'da', 'db']);
const bytesHead = (length) => head(length, 0, -1, ['c4', 'c5', 'c6']);
const listHead = (count) => head(count, 0x90, 15, ['dc', 'dd']);
const mapHead = (count) => head(count, 0x80, 15, ['de', 'df']);
const times = (byte, count) => (count === 0 ? '' : ` ${byte}*${count} `);

const BITS = { u8: 8, u16: 16, u32: 32, u64: 64, i32: 32, i64: 64, time: 54, version: 53 };

function range(base) {
  const bits = BigInt(BITS[base]);
  if (base === 'time') {
    return [-(2n ** 53n) + 1n, 2n ** 53n - 1n];
  }
  return base.startsWith('i')
    ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
    : [0n, (1n << bits) - 1n];
}

/** An item of a list in as few bytes as there are. */
function least(type) {
  return (
    {
      text: 'a0',
      bytes: 'c400',
      record: '90',
      uuid: `c410${'00'.repeat(16)}`,
      bool: 'c2',
      f32: 'ca00000000',
      f64: 'cb0000000000000000',
    }[type.base] ?? '00'
  );
}

function packBlock(block, cells) {
  const written = cells.findLastIndex((cell) => cell !== null) + 1;
  return (
    listHead(written) +
    block.fields
      .slice(0, written)
      .map((field, i) => cells[i] ?? packDefault(field))
      .join('')
  );
}

function packDefault(field) {
  const { type, default: value } = field;
  switch (type.base) {
    case 'reserved':
    case 'optional':
      return 'c0';
    case 'bool':
      return value ? 'c3' : 'c2';
    case 'text':
      return textHead(Buffer.byteLength(value ?? '')) + Buffer.from(value ?? '').toString('hex');
    case 'f32':
      return `ca${float(value ?? 0, 4)}`;
    case 'f64':
      return `cb${float(value ?? 0, 8)}`;
    case 'list':
      return '90';
    case 'map':
      return '80';
    case 'record':
      return '90';
    case 'enum':
      return hex(
        value === undefined ? 0 : type.target.members.findIndex(({ name }) => name === value),
        1,
      );
    case 'bytes':
    case 'uuid':
      return least(type);
    default:
      return integer(value ?? 0);
  }
}

/** A value that is not the field's default, as large as the bounds allow. */
function packLargest(type) {
  switch (type.base) {
    case 'bool':
      return 'c3';
    case 'f32':
      return `ca${float(-3.4028234663852886e38, 4)}`;
    case 'f64':
      return `cb${float(-Number.MAX_VALUE, 8)}`;
    case 'uuid':
      return `c410${'ff'.repeat(16)}`;
    case 'text':
      return textHead(type.lengthMax) + times('7e', type.lengthMax);
    case 'bytes':
      return bytesHead(type.lengthMax) + times('80', type.lengthMax);
    case 'enum':
      return hex(type.target.members.length - 1, 1);
    case 'record':
      return packBlock(type.target, type.target.fields.map(largestCell));
    case 'list':
      return (
        listHead(type.countMax) + packLargest(type.item) + manyLeast(type.item, type.countMax - 1)
      );
    case 'map':
      return (
        mapHead(type.countMax) +
        Array.from({ length: type.countMax }, (_, i) => mapEntry(type, i)).join('')
      );
    case 'optional':
      return packLargest(type.item);
    default:
      return integer(range(type.base)[1]);
  }
}

function manyLeast(type, count) {
  const item = least(type);
  return item.length === 2 ? times(item, count) : item.repeat(count);
}

function mapEntry(type, index) {
  const key = String(index).slice(0, type.keyMax);
  return textHead(key.length) + Buffer.from(key).toString('hex') + packLargest(type.value);
}

/** Null where the largest happens to be the default. */
function largestCell(field) {
  const cell = field.type.base === 'reserved' ? null : packLargest(field.type);
  return cell === packDefault(field) ? null : cell;
}

function packRandom(type, random) {
  switch (type.base) {
    case 'bool':
      return random(2) ? 'c3' : 'c2';
    case 'f32':
      return `ca${float(Math.fround((random(2000001) - 1000000) / 64), 4)}`;
    case 'f64':
      return `cb${float((random(2 ** 31) - 2 ** 30) / 1000, 8)}`;
    case 'uuid':
      return `c410${Array.from({ length: 16 }, () => hex(random(256), 1)).join('')}`;
    case 'text': {
      const letters = ['a', 'Z', ' ', 'é', 'ß', '中', '😀', '\ufeff'];
      let text = '';
      for (let i = random(12); i > 0; i--) {
        const next = text + letters[random(letters.length)];
        text = Buffer.byteLength(next) <= type.lengthMax ? next : text;
      }
      return textHead(Buffer.byteLength(text)) + Buffer.from(text).toString('hex');
    }
    case 'bytes': {
      const length = random(Math.min(type.lengthMax, 9) + 1);
      return bytesHead(length) + Array.from({ length }, () => hex(random(256), 1)).join('');
    }
    case 'enum':
      return hex(random(type.target.members.length), 1);
    case 'record':
      return packBlock(
        type.target,
        type.target.fields.map((field) => randomCell(field, random)),
      );
    case 'list': {
      const count = random(Math.min(type.countMax, 3) + 1);
      return (
        listHead(count) +
        Array.from({ length: count }, () => packRandom(type.item, random)).join('')
      );
    }
    case 'map':
      return mapHead(1) + mapEntry(type, random(9));
    case 'optional':
      return random(3) === 0 ? 'c0' : packRandom(type.item, random);
    default: {
      const [low, high] = range(type.base);
      const bits = BigInt(random(2 ** 31)) * BigInt(random(2 ** 31)) * 4n;
      const shifted = bits >> BigInt(random(62));
      const value = low < 0n && random(2) ? -shifted : shifted;
      return integer(value < low ? low : value > high ? high : value);
    }
  }
}

/** Null stands for the default, which is left out at the end of a record. */
function randomCell(field, random) {
  if (field.type.base === 'reserved') {
    return null;
  }
  const cell = random(4) === 0 ? null : packRandom(field.type, random);
  return cell === packDefault(field) ? null : cell;
}

/** Packed values that a field must refuse, each with why. A record is gone into once in a corpus. */
function refusals(type, gone) {
  const wrong = [['c1', 'a byte that msgpack never uses']];
  const over = (base) => {
    const [low, high] = range(base);
    const values = [];
    if (high + 1n < 1n << 64n) {
      values.push([integer(high + 1n), `${base} one over`]);
    }
    if (low - 1n >= -(1n << 63n)) {
      values.push([integer(low - 1n), `${base} one under`]);
    }
    return [...values, ['c0', 'nil'], ['ca3f800000', 'a float']];
  };
  switch (type.base) {
    case 'reserved':
      return wrong;
    case 'bool':
      return [...wrong, ['01', 'a number for a bool'], ['c0', 'nil']];
    case 'f32':
      return [
        ['ca7f800000', 'infinite'],
        ['ca7fc00000', 'not a number'],
        ['cb3ff0000000000000', 'a float 64 for a float 32'],
        ['01', 'an integer'],
      ];
    case 'f64':
      return [
        ['cbfff0000000000000', 'infinite'],
        ['cb7ff8000000000000', 'not a number'],
        ['ca7f800000', 'infinite'],
        ['01', 'an integer'],
      ];
    case 'uuid':
      return [
        [`c40f${'11'.repeat(15)}`, '15 bytes'],
        [`c411${'11'.repeat(17)}`, '17 bytes'],
        [`b0${'31'.repeat(16)}`, 'a text'],
        ['c0', 'nil'],
      ];
    case 'text':
      return [
        [
          textHead(type.lengthMax + 1) + times('61', type.lengthMax + 1),
          `text<${type.lengthMax}> one over`,
        ],
        ['a1ff', 'no UTF-8'],
        ['a100', 'U+0000'],
        ['c40161', 'bytes for a text'],
        ['c0', 'nil'],
        ...(type.lengthMax >= 4
          ? [
              ['a2c080', 'overlong'],
              ['a3eda080', 'a surrogate'],
              ['a4f4908080', 'above U+10FFFF'],
              ['a2e4b8', 'cut UTF-8'],
            ]
          : []),
      ];
    case 'bytes':
      return [
        [
          bytesHead(type.lengthMax + 1) + times('61', type.lengthMax + 1),
          `bytes<${type.lengthMax}> one over`,
        ],
        ['a161', 'a text for bytes'],
      ];
    case 'enum':
      return [
        [hex(type.target.members.length, 1), `an unknown ${type.target.name}`],
        ['c0', 'nil'],
      ];
    case 'list':
      return [
        [
          listHead(type.countMax + 1) + manyLeast(type.item, type.countMax + 1),
          `a list over ${type.countMax}`,
        ],
        ['dd1a128f8f', 'a header of 437 million'],
        ...refusals(type.item, gone).map(([bytes, why]) => [`91${bytes}`, `in a list: ${why}`]),
      ];
    case 'map':
      return [
        [
          mapHead(type.countMax + 1) +
            Array.from({ length: type.countMax + 1 }, (_, i) => mapEntry(type, i)).join(''),
          `a map over ${type.countMax}`,
        ],
        [`82${mapEntry(type, 1)}${mapEntry(type, 1)}`, 'a key twice'],
        ['df1a128f8f', 'a header of 437 million'],
      ];
    case 'optional':
      return refusals(type.item, gone).filter(([bytes]) => bytes !== 'c0');
    case 'record': {
      const all = [
        ['c0', 'nil'],
        ['01', 'a number for a record'],
      ];
      if (gone.has(type.target)) {
        return all;
      }
      gone.add(type.target);
      return [...all, ...blockRefusals(type.target, gone)];
    }
    default:
      return [...wrong, ...over(type.base)];
  }
}

function blockRefusals(block, gone) {
  return block.fields.flatMap((field, index) => {
    const before = block.fields
      .slice(0, index)
      .map((other) => (other.id ? ID : packDefault(other)));
    return refusals(field.type, gone).map(([bytes, why]) => [
      listHead(index + 1) + before.join('') + bytes,
      `${field.name}: ${why}`,
    ]);
  });
}

function envelope(message, fields) {
  const tag = hex(message.tag, 1);
  switch (message.form) {
    case 'signal':
    case 'notice':
      return `9301${tag}${fields}`;
    case 'event':
      return `97cc80${tag}0705cf0006400000000000c410${'77'.repeat(16)}${fields}`;
    case 'snapshot':
      return `94cd1234${tag}00${fields}`;
    default:
      return `9401${tag}cd0100${fields}`;
  }
}

function messageLines(message, gone, seed) {
  const lines = [];
  const random = randomFrom(seed);
  const withId = (cells) => (message.fields[0]?.id ? [ID, ...cells.slice(1)] : cells);
  const line = (verdict, fields, why, then) => {
    const expected = then === undefined ? '' : ` > ${envelope(message, then)}`;
    const text = `${verdict} ${message.name} ${envelope(message, fields)}${expected} ; ${why}`;
    lines.push(text.replace(/ +/g, ' '));
  };
  const nothing = packBlock(message, withId(message.fields.map(() => null)));
  line('same', nothing, 'every default');
  const largest = packBlock(message, withId(message.fields.map(largestCell)));
  if (largest !== nothing) {
    line('same', largest, 'every bound');
  }
  for (let i = 0; i < 3 && message.fields.length > 0; i++) {
    line(
      'same',
      packBlock(message, withId(message.fields.map((field) => randomCell(field, random)))),
      'random',
    );
  }
  const defaults = message.fields.map((field) => (field.id ? ID : packDefault(field)));
  const all = listHead(defaults.length) + defaults.join('');
  if (all !== nothing) {
    line('reads', all, 'defaults that could be left out', nothing);
  }
  const more =
    listHead(defaults.length + UNKNOWN_FIELDS.length) + defaults.join('') + UNKNOWN_FIELDS.join('');
  line('reads', more, 'fields of a newer peer', nothing);
  line(
    'refused',
    listHead(defaults.length + 1) + defaults.join('') + 'c1',
    'a newer field that is malformed',
  );
  line('refused', `${nothing}c0`, 'a byte after it');
  line('refused', 'c0', 'no fields array');
  if (message.fields[0]?.id) {
    line('refused', '90', 'no command id');
    line('refused', `91c410${'00'.repeat(16)}`, 'a command id of zero');
  }
  blockRefusals(message, gone).forEach(([fields, why]) => line('refused', fields, why));
  return lines;
}

export function framesFile(schema) {
  const gone = new Set();
  const lines = [schema, ...schema.parts].flatMap((from) =>
    from.messages.flatMap((message) =>
      messageLines(message, gone, schema.number * 1000 + message.tag),
    ),
  );
  const title = [
    `# Generated by protocol/generate.mjs from schema/${schema.fileName}; do not edit. Frames of a ${schema.name} and`,
    '# what must become of them, for every codec: same = read and written again byte for byte; reads =',
    '# read, and written as what follows >; refused. 61*300 is the byte 61 three hundred times.',
  ];
  return { path: `${schema.name}.frames`, text: [...title, ...lines, ''].join('\n') };
}
