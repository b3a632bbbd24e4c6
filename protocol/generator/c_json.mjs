// What is kept as JSON, for people who ask for a copy of it: every field under the name it has in the schema.
import { source } from './c_files.mjs';
import { comment, signature } from './c_layout.mjs';
import { word } from './c_types.mjs';
import { camel, snake, upper } from './names.mjs';

const SCALARS = {
  bool: 'bool',
  u8: 'unsigned',
  u16: 'unsigned',
  u32: 'unsigned',
  u64: 'unsigned',
  version: 'unsigned',
  i32: 'integer',
  i64: 'integer',
  time: 'time',
  f32: 'real',
  f64: 'real',
  text: 'text',
  bytes: 'bytes',
  uuid: 'uuid',
};

const wordsOf = (type) => `${snake(type.target.name)}_words`;

/** Statements that write one value; `name` is C: a string literal, NULL in a list, or an expression. */
function write(type, name, value, address, depth) {
  const indent = '    '.repeat(depth);
  switch (type.base) {
    case 'enum':
      return [`${indent}json_writer_word(json, ${name}, ${wordsOf(type)}[${value}]);`];
    case 'record':
      return [
        `${indent}json_writer_open(json, ${name});`,
        `${indent}${word(type)}_json_fields(json, ${address});`,
        `${indent}json_writer_close(json);`,
      ];
    case 'list':
      return [
        `${indent}json_writer_open_list(json, ${name});`,
        `${indent}for (uint32_t i = 0; i < ${value}.count; i++) {`,
        ...write(type.item, 'NULL', `${value}.items[i]`, `&${value}.items[i]`, depth + 1),
        `${indent}}`,
        `${indent}json_writer_close_list(json);`,
      ];
    case 'map':
      return [
        `${indent}json_writer_open_list(json, ${name});`,
        `${indent}for (uint32_t i = 0; i < ${value}.count; i++) {`,
        `${indent}    json_writer_open(json, NULL);`,
        `${indent}    json_writer_text(json, "key", ${value}.entries[i].key);`,
        ...write(type.value, '"value"', `${value}.entries[i].value`, '', depth + 1),
        `${indent}    json_writer_close(json);`,
        `${indent}}`,
        `${indent}json_writer_close_list(json);`,
      ];
    default:
      return [`${indent}json_writer_${SCALARS[type.base]}(json, ${name}, ${value});`];
  }
}

function fieldLines(field) {
  const { type, name } = field;
  const at = `from->${name}`;
  const label = `"${camel(name)}"`;
  switch (type.base) {
    case 'reserved':
      return [];
    case 'optional':
      return [
        `    if (from->has_${name}) {`,
        ...write(type.item, label, at, `&${at}`, 2),
        '    }',
      ];
    default:
      return write(type, label, at, `&${at}`, 1);
  }
}

function fieldsFunction(block) {
  const type = snake(block.name);
  const lines = block.fields.flatMap(fieldLines);
  return [
    signature(
      `void ${type}_json_fields`,
      ['struct json_writer *json', `const struct ${type} *from`],
      ' {',
    ),
    ...(lines.length === 0 ? ['    (void)json;', '    (void)from;'] : lines),
    '}',
  ].join('\n');
}

function wordTable(block) {
  const type = snake(block.name);
  const lines = block.members.map(({ name }) => `    "${camel(name)}",`);
  return [`const char *const ${type}_words[] = {`, ...lines, '};'].join('\n');
}

/** By tag, of a message that goes down. */
function dispatch(schema) {
  const name = `bool ${schema.name}_json`;
  const parts = schema.parts.filter((part) => part.messages.length > 0);
  const rest = parts.map((part) => `${part.name}_json(tag, message, json)`).join(' || ') || 'false';
  const list = schema.messages.filter((message) => !message.up);
  const head = signature(
    name,
    ['uint8_t tag', 'const void *message', 'struct json_writer *json'],
    ' {',
  );
  if (list.length === 0) {
    const unused = rest === 'false' ? ['    (void)tag;', '    (void)message;', '    (void)json;'] : [];
    return [head, ...unused, `    return ${rest};`, '}'].join('\n');
  }
  const cases = list.flatMap((message) => [
    `    case ${upper(schema.name)}_${upper(message.name)}:`,
    `        json_writer_word(json, "type", "${message.name}");`,
    `        ${snake(message.name)}_json_fields(json, message);`,
    '        return true;',
  ]);
  return [head, '    switch (tag) {', ...cases, '    default:', `        return ${rest};`, '    }', '}'].join('\n');
}

const ABOUT_ALL =
  'Writes the fields of a message that goes down, its name as `type` first; false when there is no such tag.';

const speaks = (schema) => schema.isActor || schema.messages.length > 0;

function jsonHeader(schema) {
  const blocks = [...schema.records, ...schema.messages.filter((message) => !message.up)];
  const guard = `${schema.folder}/${schema.name}_json_h`.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
  const includes = ['protocol/json_writer.h', `${schema.folder}/${schema.name}.h`].sort();
  const words = schema.enums.map((block) => `extern const char *const ${snake(block.name)}_words[];`);
  const fields = blocks.map((block) =>
    signature(
      `void ${snake(block.name)}_json_fields`,
      ['struct json_writer *json', `const struct ${snake(block.name)} *from`],
      ';',
    ),
  );
  const all = speaks(schema)
    ? [
        `${comment(ABOUT_ALL)}\n` +
          signature(
            `bool ${schema.name}_json`,
            ['uint8_t tag', 'const void *message', 'struct json_writer *json'],
            ';',
          ),
      ]
    : [];
  return [
    `/* Generated by protocol/generate.mjs from schema/${schema.fileName}; do not edit. */`,
    `#ifndef ${guard}`,
    `#define ${guard}`,
    '',
    includes.map((include) => `#include "${include}"`).join('\n'),
    '',
    [...(words.length > 0 ? [words.join('\n')] : []), ...(fields.length > 0 ? [fields.join('\n')] : []), ...all].join(
      '\n\n',
    ),
    '',
    '#endif',
    '',
  ].join('\n');
}

function jsonSource(schema) {
  const blocks = [...schema.records, ...schema.messages.filter((message) => !message.up)];
  const includes = [schema, ...schema.parts].map(({ folder, name }) => `${folder}/${name}_json.h`).sort();
  const parts = [
    ...schema.enums.map(wordTable),
    ...blocks.map(fieldsFunction),
    ...(speaks(schema) ? [dispatch(schema)] : []),
  ];
  const banner = `/* Generated by protocol/generate.mjs from schema/${schema.fileName}; do not edit. */`;
  return source(banner, [includes], parts);
}

export function jsonFiles(schema) {
  return [
    { path: `${schema.name}_json.h`, text: jsonHeader(schema) },
    { path: `${schema.name}_json.c`, text: jsonSource(schema) },
  ];
}
