// The TypeScript of one schema: types, and a reader and a writer for each.
import { camel, upper } from './names.mjs';

const TYPES = {
  bool: 'boolean',
  u64: 'bigint',
  i64: 'bigint',
  uuid: 'string',
  text: 'string',
  bytes: 'Uint8Array',
};

const membersName = (target) => `${upper(target.name)}_MEMBERS`;

export function tsType(type) {
  switch (type.base) {
    case 'enum':
    case 'record':
      return type.target.name;
    case 'list':
      return `${tsType(type.item)}[]`;
    case 'map':
      return `Map<string, ${tsType(type.value)}>`;
    case 'optional':
      return `${tsType(type.item)} | undefined`;
    default:
      return TYPES[type.base] ?? 'number';
  }
}

/** An expression that reads a value from `reader`. */
function readValue(type) {
  switch (type.base) {
    case 'enum':
      return `reader.enumMember(${membersName(type.target)})`;
    case 'record':
      return `read${type.target.name}(reader)`;
    case 'text':
      return `reader.text(${type.lengthMax})`;
    case 'bytes':
      return `reader.bytesValue(${type.lengthMax})`;
    case 'list':
      return `reader.list(${type.countMax}, ${readFunction(type.item)})`;
    case 'map':
      return `reader.map(${type.countMax}, ${type.keyMax}, ${readFunction(type.value)})`;
    case 'optional':
      return `reader.optional(${readFunction(type.item)})`;
    default:
      return `reader.${type.base}()`;
  }
}

function readFunction(type) {
  return type.base === 'record' ? `read${type.target.name}` : `(reader) => ${readValue(type)}`;
}

function writeValue(type, value) {
  switch (type.base) {
    case 'enum':
      return `writer.enumMember(${membersName(type.target)}, ${value})`;
    case 'record':
      return `write${type.target.name}(writer, ${value})`;
    case 'text':
      return `writer.text(${type.lengthMax}, ${value})`;
    case 'bytes':
      return `writer.bytesValue(${type.lengthMax}, ${value})`;
    case 'list':
      return `writer.list(${type.countMax}, ${value}, ${writeFunction(type.item)})`;
    case 'map':
      return `writer.map(${type.countMax}, ${type.keyMax}, ${value}, ${writeFunction(type.value)})`;
    case 'optional':
      return `writer.optional(${value}, ${writeFunction(type.item)})`;
    default:
      return `writer.${type.base}(${value})`;
  }
}

function writeFunction(type) {
  return type.base === 'record'
    ? `write${type.target.name}`
    : `(writer, value) => ${writeValue(type, 'value')}`;
}

/** The default of a field as a new value. */
function defaultValue({ type, default: value }) {
  switch (type.base) {
    case 'bool':
      return String(value ?? false);
    case 'u64':
    case 'i64':
      return `${value ?? 0}n`;
    case 'uuid':
      return 'ZERO_UUID';
    case 'text':
      return `'${(value ?? '').replaceAll("'", "\\'")}'`;
    case 'bytes':
      return 'new Uint8Array(0)';
    case 'enum':
      return `'${value ?? type.target.members[0].name}'`;
    case 'record':
      return `default${type.target.name}()`;
    case 'list':
      return '[]';
    case 'map':
      return 'new Map()';
    case 'optional':
      return 'undefined';
    default:
      return String(value ?? 0);
  }
}

/** A condition that holds when a field is not its default. */
function differs(field) {
  const at = `from.${camel(field.name)}`;
  switch (field.type.base) {
    case 'optional':
      return `${at} !== undefined`;
    case 'list':
    case 'bytes':
      return `${at}.length !== 0`;
    case 'map':
      return `${at}.size !== 0`;
    case 'record':
      return `count${field.type.target.name}(${at}) !== 0`;
    case 'bool':
      return field.default ? `!${at}` : at;
    default:
      return `${at} !== ${defaultValue(field)}`;
  }
}

function docLine(text, indent) {
  return text ? [`${indent}/** ${text} */`] : [];
}

function wrappedDoc(text, indent) {
  const lines = [];
  let line = `${indent}/**`;
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 4 > 100) {
      lines.push(line);
      line = `${indent} *`;
    }
    line += ` ${word}`;
  }
  return text ? [...lines, `${line} */`] : [];
}

const isMessage = (block) => block.tag !== undefined;
const real = (block) => block.fields.filter(({ type }) => type.base !== 'reserved');

function enumText(block) {
  const name = membersName(block);
  return [
    ...wrappedDoc(block.doc, ''),
    `export const ${name} = [`,
    ...block.members.flatMap((member) => [...docLine(member.doc, '    '), `    '${member.name}',`]),
    '] as const;',
    `export type ${block.name} = (typeof ${name})[number];`,
  ].join('\n');
}

function interfaceText(block) {
  const fields = real(block).flatMap((field) => {
    const mark = field.type.base === 'optional' ? '?' : '';
    return [
      ...wrappedDoc(field.doc, '    '),
      `    ${camel(field.name)}${mark}: ${tsType(field.type)};`,
    ];
  });
  const type = isMessage(block) ? [`    type: '${block.name}';`] : [];
  return [
    ...wrappedDoc(block.doc, ''),
    `export interface ${block.name} {`,
    ...type,
    ...fields,
    '}',
  ].join('\n');
}

function defaultText(block) {
  const type = isMessage(block) ? [`        type: '${block.name}',`] : [];
  return [
    `export function default${block.name}(): ${block.name} {`,
    '    return {',
    ...type,
    ...real(block).map((field) => `        ${camel(field.name)}: ${defaultValue(field)},`),
    '    };',
    '}',
  ].join('\n');
}

function readField(field, index) {
  return `count > ${index} ? ${readValue(field.type)} : ${defaultValue(field)}`;
}

function readText(block) {
  const known = block.fields.length;
  const type = isMessage(block) ? [`        type: '${block.name}',`] : [];
  const entries = block.fields.map((field, index) => {
    if (field.type.base === 'reserved') {
      return null;
    }
    return `        ${camel(field.name)}: ${readField(field, index)},`;
  });
  const skips = block.fields.some(({ type: { base } }) => base === 'reserved');
  const head = `export function read${block.name}(reader: Reader): ${block.name} {`;
  if (skips) {
    return readWithGaps(block, head);
  }
  const id = block.fields[0]?.id ? ['    requireId(value.commandId);'] : [];
  return [
    head,
    '    const count = reader.fields();',
    `    const value: ${block.name} = {`,
    ...type,
    ...entries,
    '    };',
    ...id,
    `    reader.skip(count - ${known});`,
    '    return value;',
    '}',
  ].join('\n');
}

/** A reserved field is stepped over where it stands, so the fields are read one by one. */
function readWithGaps(block, head) {
  const reads = block.fields.map((field, index) =>
    field.type.base === 'reserved'
      ? `    reader.skip(count > ${index} ? 1 : 0);`
      : `    const ${camel(field.name)}: ${tsType(field.type)} = ${readField(field, index)};`,
  );
  const names = real(block).map(({ name }) => camel(name));
  const type = isMessage(block) ? [`type: '${block.name}'`] : [];
  return [
    head,
    '    const count = reader.fields();',
    ...reads,
    ...(block.fields[0]?.id ? ['    requireId(commandId);'] : []),
    `    reader.skip(count - ${block.fields.length});`,
    `    return { ${[...type, ...names].join(', ')} };`,
    '}',
  ].join('\n');
}

function writeText(block) {
  const least = block.fields[0]?.id ? 1 : 0;
  const conditions = block.fields.map((field) => {
    if (field.id) {
      return 'true';
    }
    return field.type.base === 'reserved' ? 'false' : differs(field);
  });
  const from = conditions.every((condition) => !condition.includes('from')) ? '_from' : 'from';
  const lines = block.fields
    .map((field, index) => {
      if (field.type.base === 'reserved') {
        return [`    if (count > ${index}) {`, '        writer.nil();', '    }'];
      }
      const statement = `${writeValue(field.type, `from.${camel(field.name)}`)};`;
      return index < least
        ? ['    requireId(from.commandId);', `    ${statement}`]
        : [`    if (count > ${index}) {`, `        ${statement}`, '    }'];
    })
    .flat();
  return [
    `export function count${block.name}(${from}: ${block.name}): number {`,
    ...(conditions.length === 0
      ? ['    return 0;']
      : [
          '    return countFields(',
          ...conditions.map((condition) => `        ${condition},`),
          '    );',
        ]),
    '}',
    '',
    `export function write${block.name}(writer: Writer, from: ${block.name}): void {`,
    `    const count = count${block.name}(from);`,
    '    writer.fields(count);',
    ...lines,
    '}',
  ].join('\n');
}

/** A comment may name a type that the code does without. */
const withoutComments = (code) => code.replace(/\/\*\*.*?\*\//gs, '');

/** Names that a schema's file takes from the file of another. */
function imports(schema, body) {
  const code = withoutComments(body);
  return schema.parts.flatMap((part) => {
    const blocks = [...part.enums, ...part.records, ...part.messages];
    const words = (list) => list.filter((word) => new RegExp(`\\b${word}\\b`).test(code)).sort();
    const types = words(blocks.map(({ name }) => name));
    const values = words([
      ...part.enums.map(membersName),
      ...blocks.flatMap(({ name }) =>
        ['read', 'write', 'count', 'default'].map((verb) => verb + name),
      ),
    ]);
    const names = [...values, ...types.map((name) => `type ${name}`)];
    return names.length === 0 ? [] : [importLine(names, `./${part.name}`)];
  });
}

export function importLine(names, from) {
  const line = `import { ${names.join(', ')} } from '${from}';`;
  return line.length <= 100
    ? line
    : ['import {', ...names.map((name) => `    ${name},`), `} from '${from}';`].join('\n');
}

export function tsSchemaFile(schema) {
  const held = new Set(
    schema.messages.flatMap(({ fields }) => fields.map(({ type }) => type.target)).filter(Boolean),
  );
  const withDefault = (block) => !isMessage(block) || held.has(block);
  const body = [
    ...schema.enums.map(enumText),
    ...[...schema.records, ...schema.messages].flatMap((block) => [
      interfaceText(block),
      ...(withDefault(block) ? [defaultText(block)] : []),
      readText(block),
      writeText(block),
    ]),
  ].join('\n\n');
  const used = (names) => names.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  const head = [
    `// Generated by protocol/generate.mjs from schema/${schema.fileName}; do not edit.`,
  ];
  const reader = used(['Reader']);
  const writer = used(['Writer']);
  const values = used(['requireId', 'ZERO_UUID']);
  if (reader.length > 0) {
    head.push(`import type { Reader } from '${schema.codec}/reader';`);
  }
  if (values.length > 0) {
    head.push(importLine(values, `${schema.codec}/values`));
  }
  if (writer.length > 0) {
    head.push(`import { countFields, type Writer } from '${schema.codec}/writer';`);
  }
  return {
    path: `${schema.name}.ts`,
    text: `${[...head, ...imports(schema, body)].join('\n')}\n\n${body}\n`,
  };
}
