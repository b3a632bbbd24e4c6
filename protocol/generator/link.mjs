// Looks names up, checks what holds over all schemas, puts records in the order they depend on
// each other, and computes how large a message can be.
import { SchemaError } from './parse.mjs';
import { C_KEYWORDS, snake } from './names.mjs';

const AUDIENCES = { clinical: 1, workflow: 2, status: 4, patient: 8, own: 16, identity: 32 };
const FRAME_SIZE_MAX = 64 * 1024 * 1024;
/** Room that a message's size leaves for the fields that a newer peer appends. */
const NEWER_FIELDS_SIZE = 256;
const TAKEN = new Set([
  'text',
  'bytes',
  'uuid',
  'encoded',
  'event_header',
  'message_rule',
  'turn',
  'reader',
  'writer',
  'arena',
  'arena_chunk',
  'frame',
  'tm',
  'stat',
  'timeval',
  'timespec',
  'iovec',
]);

function fail(schema, line, problem) {
  throw new SchemaError(schema.file, line, problem);
}

/** The named type inside a list or an optional. */
export function itemOf(type) {
  return type.item ?? type;
}

function resolve(schema, visible, holder, field) {
  const item = itemOf(field.type);
  if (item.base !== 'named') {
    return;
  }
  const found = visible.get(item.name);
  if (!found) {
    fail(
      schema,
      field.line,
      `there is no enum or record ${item.name} in this file or those it includes`,
    );
  }
  item.base = found.form;
  item.target = found;
  if (field.default === undefined) {
    return;
  }
  if (found.form !== 'enum' || !found.members.some((member) => member.name === field.default)) {
    fail(schema, field.line, `${item.name} has no member ${field.default}`);
  }
}

/** Depth first, so that a record comes after those it is made of. */
function dependencyOrder(schema) {
  const ordered = [];
  const state = new Map();
  const visit = (record, line) => {
    if (state.get(record) === 'open') {
      fail(schema, line, `record ${record.name} contains itself`);
    }
    if (state.has(record) || !schema.records.includes(record)) {
      return;
    }
    state.set(record, 'open');
    for (const field of record.fields) {
      const item = itemOf(field.type);
      if (item.base === 'record') {
        visit(item.target, field.line);
      }
    }
    state.set(record, 'done');
    ordered.push(record);
  };
  schema.records.forEach((record) => visit(record, record.line));
  return ordered;
}

/** Snapshots and replies may hold other messages' structs as fields: UserRecord holds a snapshot. */
function messageOrder(schema) {
  const rest = [...schema.messages];
  const ordered = [];
  while (rest.length > 0) {
    const index = rest.findIndex((message) =>
      message.fields.every((field) => !rest.includes(itemOf(field.type).target)),
    );
    if (index === -1) {
      fail(schema, rest[0].line, `${rest[0].name} contains itself`);
    }
    ordered.push(...rest.splice(index, 1));
  }
  return ordered;
}

function headSize(count, fix, byte) {
  if (count <= fix) {
    return 1;
  }
  if (byte && count < 256) {
    return 2;
  }
  return count < 65536 ? 3 : 5;
}

const SCALAR_SIZES = {
  bool: 1,
  u8: 2,
  u16: 3,
  u32: 5,
  u64: 9,
  i32: 5,
  i64: 9,
  f32: 5,
  f64: 9,
  uuid: 18,
  time: 9,
  version: 9,
  reserved: 1,
  enum: 2,
};

function sizeOf(type) {
  switch (type.base) {
    case 'text':
      return headSize(type.lengthMax, 31, true) + type.lengthMax;
    case 'bytes':
      return headSize(type.lengthMax, 0, true) + type.lengthMax;
    case 'record':
      return fieldsSize(type.target);
    case 'optional':
      return sizeOf(type.item);
    case 'list':
      return headSize(type.countMax, 15, false) + type.countMax * sizeOf(type.item);
    case 'map': {
      const key = headSize(type.keyMax, 31, true) + type.keyMax;
      return headSize(type.countMax, 15, false) + type.countMax * (key + sizeOf(type.value));
    }
    default:
      return SCALAR_SIZES[type.base];
  }
}

function fieldsSize(block) {
  return block.fields.reduce(
    (sum, field) => sum + sizeOf(field.type),
    headSize(block.fields.length, 15, false),
  );
}

function checkFields(schema, block) {
  const seen = new Set();
  for (const field of block.fields) {
    if (seen.has(field.name)) {
      fail(schema, field.line, `there are two fields ${field.name}`);
    }
    seen.add(field.name);
    if (
      C_KEYWORDS.has(field.name) ||
      (block.form === 'command' && field.name === 'command_id' && !field.id)
    ) {
      fail(schema, field.line, `${field.name} cannot be a field's name`);
    }
  }
}

function checkNames(schemas) {
  const owners = new Map();
  const claim = (schema, name, line) => {
    const other = owners.get(snake(name));
    if (other !== undefined || TAKEN.has(snake(name)) || C_KEYWORDS.has(snake(name))) {
      fail(schema, line, `the name ${name} is taken${other === undefined ? '' : ` by ${other}`}`);
    }
    owners.set(snake(name), `${schema.file}:${line}`);
  };
  for (const schema of schemas) {
    claim(schema, schema.name, schema.line);
    for (const block of [...schema.enums, ...schema.records, ...schema.messages]) {
      claim(schema, block.name, block.line);
    }
  }
}

function checkTags(schema) {
  const tags = new Map();
  const declared = [schema, ...schema.parts].flatMap((from) =>
    [...from.messages, ...from.reserved].map((entry) => ({ ...entry, from })),
  );
  for (const entry of declared) {
    const other = tags.get(entry.tag);
    if (other !== undefined) {
      fail(entry.from, entry.line, `tag ${entry.tag} is taken by ${other}`);
    }
    tags.set(entry.tag, entry.name);
  }
}

function checkMessage(schema, message) {
  if (message.roles.some((role) => role !== 'system')) {
    fail(schema, message.line, 'by names system alone; what a person does, the policy allows: does ACTION');
  }
  if (message.up && message.roles.length === 0 && !message.does && schema.name !== 'session') {
    fail(schema, message.line, `${message.name} needs its senders: does ACTION, or by system`);
  }
  for (const audience of message.audiences) {
    if (!(audience in AUDIENCES) && audience !== 'system') {
      fail(schema, message.line, `there is no audience ${audience}`);
    }
  }
  if (['event', 'snapshot'].includes(message.form) && message.audiences.length === 0) {
    fail(schema, message.line, `${message.name} needs its audience: to AUDIENCE...`);
  }
  message.audienceMask = message.audiences.reduce((mask, name) => mask | (AUDIENCES[name] ?? 0), 0);
  message.sizeMax = fieldsSize(message) + NEWER_FIELDS_SIZE;
  if (message.sizeMax > FRAME_SIZE_MAX) {
    fail(
      schema,
      message.line,
      `${message.name} can be ${message.sizeMax} bytes: over ${FRAME_SIZE_MAX}`,
    );
  }
}

export function linkSchemas(schemas) {
  const byName = new Map(schemas.map((schema) => [schema.name, schema]));
  checkNames(schemas);
  for (const schema of schemas) {
    schema.parts = schema.includes.map(({ name, line }) => {
      const part = byName.get(name);
      if (!part || part.isActor) {
        fail(schema, line, `there is no part ${name}`);
      }
      return part;
    });
    const visible = new Map();
    for (const from of [schema, ...schema.parts]) {
      for (const block of [...from.enums, ...from.records, ...from.messages]) {
        visible.set(
          block.name,
          block.form === 'enum' ? block : Object.assign(block, { schema: from }),
        );
      }
    }
    for (const message of schema.messages.filter(({ form }) => form === 'command')) {
      message.fields.unshift({
        name: 'command_id',
        type: { base: 'uuid' },
        doc: 'Made by the sender: a retry with the same id happens once.',
        line: message.line,
        id: true,
      });
    }
    for (const block of [...schema.records, ...schema.messages]) {
      checkFields(schema, block);
      block.fields.forEach((field) => resolve(schema, visible, block, field));
      block.fields.forEach(({ type }) => {
        const item = itemOf(type);
        if (item.target && item.base !== 'enum') {
          item.base = 'record';
        }
      });
    }
    schema.records = dependencyOrder(schema);
    schema.messages = messageOrder(schema);
  }
  for (const schema of schemas) {
    checkTags(schema);
    schema.messages.forEach((message) => checkMessage(schema, message));
  }
  return schemas;
}
