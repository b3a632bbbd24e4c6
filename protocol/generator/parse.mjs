// Reads one schema file into a tree. Knows the language's grammar and nothing of what it means:
// names are resolved in link.mjs.

export class SchemaError extends Error {
  constructor(file, line, problem) {
    super(`${file}:${line}: ${problem}`);
  }
}

const CLASSES = ['command', 'signal', 'request', 'event', 'reply', 'notice', 'snapshot'];
const SCALARS = [
  'bool',
  'u8',
  'u16',
  'u32',
  'u64',
  'i32',
  'i64',
  'f32',
  'f64',
  'uuid',
  'time',
  'version',
];
const UP = ['command', 'signal', 'request'];
const TYPE_NAME = /^[A-Z][A-Za-z0-9]*$/;
const FIELD_NAME = /^[a-z][a-z0-9_]*$/;

/** Lines with their numbers; a text in quotation marks that goes over several lines becomes one. */
function logicalLines(file, source) {
  const lines = [];
  let open = null;
  source.split('\n').forEach((text, index) => {
    const quotes = (text.match(/"/g) ?? []).length;
    if (open !== null) {
      open.text += ` ${text.trim()}`;
    } else if (text.trim() !== '') {
      lines.push({ number: index + 1, indented: /^\s/.test(text), text: text.trim() });
    }
    if (quotes % 2 === 1) {
      open = open === null ? lines.at(-1) : null;
    }
  });
  if (open !== null) {
    throw new SchemaError(file, open.number, 'a text in quotation marks is not closed');
  }
  return lines;
}

function parseNumber(fail, text, max, what) {
  if (!/^\d+$/.test(text ?? '') || Number(text) > max) {
    fail(`${what} must be a number from 0 to ${max}, not "${text ?? ''}"`);
  }
  return Number(text);
}

function parseBound(fail, text, what) {
  const bound = parseNumber(fail, text, 2 ** 28, what);
  if (bound === 0) {
    fail(`${what} must be at least 1`);
  }
  return bound;
}

function parseType(fail, text) {
  const map = /^map<text<(\d+)>,\s*([a-z0-9]+)>\[(\d+)\]$/.exec(text);
  if (map) {
    if (!SCALARS.includes(map[2])) {
      fail(`a map holds a scalar, not "${map[2]}"`);
    }
    return {
      base: 'map',
      keyMax: parseBound(fail, map[1], 'the length of a key'),
      value: { base: map[2] },
      countMax: parseBound(fail, map[3], 'the bound of a map'),
    };
  }
  const parts = /^([A-Za-z][A-Za-z0-9]*)(?:<(\d+)>)?(?:\[(\d+)\])?(\?)?$/.exec(text);
  if (!parts) {
    fail(`"${text}" is not a type`);
  }
  const [, name, length, count, optional] = parts;
  const sized = name === 'text' || name === 'bytes';
  if (sized !== (length !== undefined)) {
    fail(sized ? `${name} needs a bound: ${name}<N>` : `${name} takes no <N>`);
  }
  if (count !== undefined && optional) {
    fail('a list cannot be optional: an empty one says the same');
  }
  if (!sized && !SCALARS.includes(name) && !TYPE_NAME.test(name)) {
    fail(`there is no type "${name}"`);
  }
  const item = TYPE_NAME.test(name) ? { base: 'named', name } : { base: name };
  if (sized) {
    item.lengthMax = parseBound(fail, length, `the length of a ${name}`);
  }
  if (count !== undefined) {
    return { base: 'list', item, countMax: parseBound(fail, count, 'the bound of a list') };
  }
  return optional ? { base: 'optional', item } : item;
}

/** The smallest and largest whole number a default may be; those of 64 bits stay exact in Node. */
const WHOLE = {
  u8: [0, 2 ** 8 - 1],
  u16: [0, 2 ** 16 - 1],
  u32: [0, 2 ** 32 - 1],
  u64: [0, Number.MAX_SAFE_INTEGER],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  i64: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  time: [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  version: [0, Number.MAX_SAFE_INTEGER],
};

function parseNumberDefault(fail, base, text) {
  const value = Number(text);
  const [low, high] = WHOLE[base] ?? [-Infinity, Infinity];
  if (value < low || value > high || (base in WHOLE && !Number.isInteger(value))) {
    fail(`the default ${text} is not a whole number that ${base} holds`);
  }
  return value;
}

function parseDefault(fail, type, text) {
  const { base } = type;
  if (base === 'bool' && (text === 'true' || text === 'false')) {
    return text === 'true';
  }
  if (base === 'text' && /^"[^"\\]*"$/.test(text)) {
    if (Buffer.byteLength(text) - 2 > type.lengthMax) {
      fail(`the default ${text} is longer than ${type.lengthMax} bytes`);
    }
    return text.slice(1, -1);
  }
  if ((base in WHOLE || base === 'f32' || base === 'f64') && /^-?\d+(\.\d+)?$/.test(text)) {
    return parseNumberDefault(fail, base, text);
  }
  if (base === 'named' && FIELD_NAME.test(text)) {
    return text; // a member of an enum, looked up when names are
  }
  return fail(`a ${base} cannot have the default ${text}`);
}

function parseField(fail, line) {
  const parts = /^(\S+)\s+(map<[^>]*>,[^>]*>\[\d+\]|\S+)\s+"([^"]*)"(?:\s*=\s*(.+))?$/.exec(
    line.text,
  );
  if (!parts) {
    fail('a field is written: name type "what it is" [= default]');
  }
  const [, name, typeText, doc, defaultText] = parts;
  if (!FIELD_NAME.test(name)) {
    fail(`"${name}" is not a field's name: lower case and underscores`);
  }
  const type = parseType(fail, typeText);
  const field = { name, type, doc, line: line.number };
  if (defaultText !== undefined) {
    field.default = parseDefault(fail, type, defaultText.trim());
  }
  return field;
}

function parseMember(fail, line, expected) {
  const parts = /^([a-z][a-z0-9_]*)\s+(\d+)\s+"([^"]*)"$/.exec(line.text);
  if (!parts) {
    fail('a member is written: name number "what it means"');
  }
  if (Number(parts[2]) !== expected) {
    fail(`members are numbered from 0 without gaps: ${parts[1]} must be ${expected}`);
  }
  return { name: parts[1], number: expected, doc: parts[3], line: line.number };
}

/** The lines of a block, after its head. */
function parseBlock(file, block, lines) {
  lines.forEach((line, index) => {
    const fail = (problem) => {
      throw new SchemaError(file, line.number, problem);
    };
    const words = line.text.split(/\s+/);
    if (line.text.startsWith('"')) {
      if (index > 0 || !/^"[^"]*"$/.test(line.text)) {
        fail('the text that says what a block is stands alone, right under its head');
      }
      block.doc = line.text.slice(1, -1);
    } else if (block.form === 'enum') {
      block.members.push(parseMember(fail, line, block.members.length));
    } else if (words[0] === 'reserved' && words.length === 3 && !line.text.includes('"')) {
      const position = block.fields.length + (block.form === 'command' ? 1 : 0);
      if (parseNumber(fail, words[1], 255, 'a position') !== position) {
        fail(`the reserved field stands where it was: here is position ${position}`);
      }
      block.fields.push({ name: words[2], type: { base: 'reserved' }, doc: '', line: line.number });
    } else {
      block.fields.push(parseField(fail, line));
    }
  });
}

/** `command AddItem 2 does agenda rate 5/20`: the words after the tag, in any order. */
function parseMessageHead(fail, words, line) {
  const [form, name, tag] = words;
  const message = {
    form,
    name,
    line,
    doc: '',
    fields: [],
    does: null,
    roles: [],
    audiences: [],
    rate: 0,
    burst: 0,
    proved: false,
    automatic: false,
  };
  message.tag = parseNumber(fail, tag, 127, 'a tag');
  message.up = UP.includes(form);
  if (message.tag === 0 || message.tag < 64 !== message.up) {
    fail(`the tag of a ${form} must be ${message.up ? 'from 1 to 63' : 'from 64 to 127'}`);
  }
  let list = null;
  for (let i = 3; i < words.length; i++) {
    if (words[i] === 'by' && message.up) {
      list = message.roles;
    } else if (words[i] === 'does' && message.up && FIELD_NAME.test(words[i + 1] ?? '')) {
      message.does = words[++i];
      list = null;
    } else if (words[i] === 'to' && !message.up) {
      list = message.audiences;
    } else if (words[i] === 'rate' && message.up) {
      const rate = /^(\d+)\/(\d+)$/.exec(words[++i] ?? '');
      if (!rate) {
        fail('a rate is written: rate A_SECOND/AT_ONCE');
      }
      message.rate = parseNumber(fail, rate[1], 65535, 'a rate');
      message.burst = parseNumber(fail, rate[2], 65535, 'a burst');
      list = null;
    } else if (words[i] === 'proved' && form === 'command') {
      message.proved = true;
      list = null;
    } else if (words[i] === 'automatic' && message.up) {
      message.automatic = true;
      list = null;
    } else if (list !== null && FIELD_NAME.test(words[i])) {
      list.push(words[i]);
    } else {
      fail(`"${words[i]}" does not belong in the head of a ${form}`);
    }
  }
  const bySession = message.does !== null || message.roles.length === 0;
  if (message.up && bySession && message.burst === 0) {
    fail(`${name} needs a rate: rate A_SECOND/AT_ONCE`);
  }
  return message;
}

function parseHead(schema, fail, line) {
  const words = line.text.split(/\s+/);
  const [form, name] = words;
  if (form === 'include' && words.length === 2) {
    schema.includes.push({ name, line: line.number });
    return null;
  }
  if (form === 'reserved' && words.length === 3) {
    const tag = parseNumber(fail, words[1], 127, 'a tag');
    schema.reserved.push({ tag, name: words[2], line: line.number });
    return null;
  }
  const known = form === 'enum' || form === 'record' || CLASSES.includes(form);
  if (!known) {
    fail(`"${form}" does not begin a declaration`);
  }
  if (!TYPE_NAME.test(name ?? '')) {
    fail(`"${name ?? ''}" is not a name of a ${form}: write it LikeThis`);
  }
  if (CLASSES.includes(form)) {
    const message = parseMessageHead(fail, words, line.number);
    schema.messages.push(message);
    return message;
  }
  if (words.length > 2) {
    fail(`"${words[2]}" does not belong in the head of a ${form}`);
  }
  const block = { form, name, line: line.number, doc: '', fields: [], members: [] };
  (form === 'enum' ? schema.enums : schema.records).push(block);
  return block;
}

function parseTitle(file, line) {
  const parts = /^(?:actor ([a-z][a-z_]*) (\d+)|part ([a-z][a-z_]*))$/.exec(line?.text ?? '');
  if (!parts) {
    throw new SchemaError(
      file,
      line?.number ?? 1,
      'a schema begins: actor NAME NUMBER, or: part NAME',
    );
  }
  return {
    file,
    line: line.number,
    isActor: parts[1] !== undefined,
    name: parts[1] ?? parts[3],
    number: Number(parts[2] ?? 0),
    doc: '',
    includes: [],
    enums: [],
    records: [],
    messages: [],
    reserved: [],
  };
}

export function parseSchema(file, source) {
  const lines = logicalLines(file, source);
  const schema = parseTitle(file, lines.shift());
  if (lines[0]?.text.startsWith('"') && !lines[0].indented) {
    schema.doc = lines.shift().text.slice(1, -1);
  }
  while (lines.length > 0) {
    const head = lines.shift();
    const fail = (problem) => {
      throw new SchemaError(file, head.number, problem);
    };
    if (head.indented) {
      fail('a line that is set in belongs to a block, and there is none');
    }
    const end = lines.findIndex((line) => !line.indented);
    const body = lines.splice(0, end === -1 ? lines.length : end);
    const block = parseHead(schema, fail, head);
    if (block === null && body.length > 0) {
      throw new SchemaError(file, body[0].number, 'nothing can be set in under this line');
    }
    if (block !== null) {
      parseBlock(file, block, body);
    }
  }
  return schema;
}
