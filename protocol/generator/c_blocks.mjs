// The C of one record or message, and of one list or map: declarations and definitions.
import { comment, fill, guarded, members, signature } from './c_layout.mjs';
import { snake, upper } from './names.mjs';
import {
  bounds,
  containerName,
  copyStatement,
  cType,
  declarations,
  differs,
  equalExpression,
  initialiser,
  isDeep,
  readExpression,
  usesArena,
  writeExpression,
} from './c_types.mjs';

const READER = 'struct reader *reader';
const WRITER = 'struct writer *writer';
const ARENA = 'struct arena *arena';

export function enumDeclaration(block) {
  const prefix = upper(block.name);
  const lines = block.members.map((entry) => [
    `${prefix}_${entry.name.toUpperCase()} = ${entry.number},`,
    entry.doc,
  ]);
  return [
    ...(block.doc ? [comment(block.doc)] : []),
    `enum ${snake(block.name)} {`,
    members(lines),
    '};',
    `#define ${prefix}_COUNT ${block.members.length}`,
  ].join('\n');
}

export function structDeclaration(block) {
  const lines = block.fields.flatMap(declarations);
  if (lines.length === 0) {
    lines.push(['uint8_t nothing;', 'Has no fields; C wants one.']);
  }
  return [
    ...(block.doc ? [comment(block.doc)] : []),
    `struct ${snake(block.name)} {`,
    members(lines),
    '};',
  ].join('\n');
}

export function functionDeclarations(block) {
  const name = snake(block.name);
  const type = `struct ${name}`;
  return [
    `extern const ${type} ${name}_default;`,
    signature(`bool ${name}_read`, [READER, ARENA, `${type} *ret`], ';'),
    signature(`void ${name}_write`, [WRITER, `const ${type} *from`], ';'),
    signature(`void ${name}_copy`, [ARENA, `${type} *ret`, `const ${type} *from`], ';'),
    signature(`bool ${name}_equal`, [`const ${type} *a`, `const ${type} *b`], ';'),
  ].join('\n');
}

export function enumRead(block) {
  const name = snake(block.name);
  return [
    signature(`bool ${name}_read`, [READER, `enum ${name} *ret`], ' {'),
    '    uint8_t number;',
    guarded([`!reader_enum(reader, ${upper(block.name)}_COUNT, &number)`], 'return false;'),
    `    *ret = (enum ${name})number;`,
    '    return true;',
    '}',
  ].join('\n');
}

function readField(field, index) {
  const { type, name } = field;
  if (field.id) {
    return guarded(
      ['(count == 0', '!reader_uuid(reader, &ret->command_id)', 'uuid_is_zero(ret->command_id))'],
      'return false;',
    )
      .replaceAll(' &&', ' ||')
      .replace('((', '(')
      .replace(')) {', ') {');
  }
  if (type.base === 'reserved') {
    return guarded([`count > ${index}`, '!reader_skip(reader, 1)'], 'return false;');
  }
  const some = type.base === 'optional' ? [`reader_some(reader, &ret->has_${name})`] : [];
  const value = type.base === 'optional' ? type.item : type;
  return guarded(
    [`count > ${index}`, ...some, `!${readExpression(value, `&ret->${name}`)}`],
    'return false;',
  );
}

function defaultDefinition(block) {
  const name = snake(block.name);
  const head = `const struct ${name} ${name}_default = `;
  const value = initialiser(block);
  return head.length + value.length < 100 ? `${head}${value};` : `${head}{\n    ${value.slice(1)};`;
}

export function structRead(block) {
  const name = snake(block.name);
  const known = block.fields.length;
  return [
    defaultDefinition(block),
    '',
    signature(`bool ${name}_read`, [READER, ARENA, `struct ${name} *ret`], ' {'),
    '    uint32_t count;',
    guarded(['!reader_fields(reader, &count)'], 'return false;'),
    `    *ret = ${name}_default;`,
    ...(block.fields.some((field) => usesArena(field.type)) ? [] : ['    (void)arena;']),
    ...block.fields.map(readField),
    known === 0
      ? '    return reader_skip(reader, count);'
      : `    return count <= ${known} || reader_skip(reader, count - ${known});`,
    '}',
  ].join('\n');
}

/** How many fields must be written: those after the last that differs from its default need not be. */
function countFunction(block) {
  const name = snake(block.name);
  const lines = [`static uint32_t ${name}_count(const struct ${name} *from) {`];
  const least = block.fields[0]?.id ? 1 : 0;
  for (let i = block.fields.length - 1; i >= least; i--) {
    const condition = differs(block.fields[i]);
    if (condition !== null) {
      lines.push(guarded([condition], `return ${i + 1};`));
    }
  }
  if (lines.length === 1) {
    lines.push('    (void)from;');
  }
  return [...lines, `    return ${least};`, '}'].join('\n');
}

function writeField(field, index) {
  const { type, name } = field;
  if (type.base === 'reserved') {
    return guarded([`count > ${index}`], 'writer_nil(writer);');
  }
  const some = type.base === 'optional' ? [`writer_some(writer, from->has_${name})`] : [];
  const value = type.base === 'optional' ? type.item : type;
  const statement = `${writeExpression(value, `from->${name}`, `&from->${name}`)};`;
  if (field.id) {
    return `    ${statement}`;
  }
  return guarded([`count > ${index}`, ...some], statement);
}

export function structWrite(block) {
  const name = snake(block.name);
  if (block.fields.every((field) => field.type.base === 'reserved')) {
    return [
      signature(`void ${name}_write`, [WRITER, `const struct ${name} *from`], ' {'),
      '    (void)from;',
      '    writer_fields(writer, 0);',
      '}',
    ].join('\n');
  }
  return [
    countFunction(block),
    '',
    signature(`void ${name}_write`, [WRITER, `const struct ${name} *from`], ' {'),
    `    uint32_t count = ${name}_count(from);`,
    '    writer_fields(writer, count);',
    ...block.fields.map(writeField),
    '}',
  ].join('\n');
}

export function structCopy(block) {
  const name = snake(block.name);
  const type = `struct ${name}`;
  const deep = block.fields.filter((field) => isDeep(field.type));
  return [
    signature(`void ${name}_copy`, [ARENA, `${type} *ret`, `const ${type} *from`], ' {'),
    ...(deep.length === 0 ? ['    (void)arena;'] : []),
    '    *ret = *from;',
    ...deep.map(({ type: fieldType, name: field }) => {
      const optional = fieldType.base === 'optional';
      const statement = copyStatement(
        optional ? fieldType.item : fieldType,
        `from->${field}`,
        `ret->${field}`,
      );
      return optional ? guarded([`from->has_${field}`], statement) : `    ${statement}`;
    }),
    '}',
  ].join('\n');
}

export function structEqual(block) {
  const name = snake(block.name);
  const type = `struct ${name}`;
  const conditions = block.fields.flatMap(({ type: fieldType, name: field }) => {
    if (fieldType.base === 'reserved') {
      return [];
    }
    if (fieldType.base !== 'optional') {
      return [equalExpression(fieldType, `a->${field}`, `b->${field}`)];
    }
    const same = equalExpression(fieldType.item, `a->${field}`, `b->${field}`);
    return [`a->has_${field} == b->has_${field}`, `(!a->has_${field} || ${same})`];
  });
  return [
    signature(`bool ${name}_equal`, [`const ${type} *a`, `const ${type} *b`], ' {'),
    ...(conditions.length === 0
      ? ['    (void)a;', '    (void)b;', '    return true;']
      : [fill('    return ', conditions, ' && ', ';')]),
    '}',
  ].join('\n');
}

/** Parameters for the bounds of a container. */
function boundParameters(type) {
  const inner =
    type.base === 'map'
      ? ['uint32_t length_max']
      : bounds(type.item).map(() => 'uint32_t length_max');
  return ['uint32_t count_max', ...inner];
}

export function containerDeclaration(type) {
  const name = containerName(type);
  if (type.base === 'map') {
    return [
      `struct ${name}_entry {`,
      '    struct text key;',
      `    ${cType(type.value)}value;`,
      '};',
      '',
      `struct ${name} {`,
      '    uint32_t count;',
      `    struct ${name}_entry *entries;`,
      '};',
    ].join('\n');
  }
  return [`struct ${name} {`, '    uint32_t count;', `    ${cType(type.item)}*items;`, '};'].join(
    '\n',
  );
}

export function containerFunctions(type) {
  const name = containerName(type);
  const at = `struct ${name}`;
  return [
    signature(`bool ${name}_read`, [READER, ARENA, ...boundParameters(type), `${at} *ret`], ';'),
    signature(`void ${name}_write`, [WRITER, ...boundParameters(type), `const ${at} *from`], ';'),
    signature(`void ${name}_copy`, [ARENA, `${at} *ret`, `const ${at} *from`], ';'),
    signature(`bool ${name}_equal`, [`const ${at} *a`, `const ${at} *b`], ';'),
  ].join('\n');
}

/** A container's item or entry with its bounds as parameters rather than numbers. */
function withParameters(item) {
  return item.lengthMax === undefined ? item : { ...item, lengthMax: 'length_max' };
}

export function containerRead(type) {
  const name = containerName(type);
  const isMap = type.base === 'map';
  const [items, element] = isMap
    ? ['entries', `struct ${name}_entry `]
    : ['items', cType(type.item)];
  const reads = isMap
    ? [
        guarded(
          [
            '!reader_text(reader, length_max, &entries[i].key)',
            `!${readExpression(type.value, '&entries[i].value')}`,
            'has_key(entries, i)',
          ],
          'return false;',
        ).replaceAll(' &&', ' ||'),
      ]
    : [guarded([`!${readExpression(withParameters(type.item), '&items[i]')}`], 'return false;')];
  const hasKey = [
    `/* Whether the key of the last entry stands before it. */`,
    `static bool has_key(const struct ${name}_entry *entries, uint32_t last) {`,
    '    for (uint32_t i = 0; i < last; i++) {',
    '        if (text_equal(entries[i].key, entries[last].key)) {',
    '            return true;',
    '        }',
    '    }',
    '    return false;',
    '}',
    '',
  ]
    .join('\n')
    .replaceAll('has_key', `${name}_has_key`);
  return [
    ...(isMap ? [hasKey] : []),
    signature(
      `bool ${name}_read`,
      [READER, ARENA, ...boundParameters(type), `struct ${name} *ret`],
      ' {',
    ),
    '    uint32_t count;',
    guarded([`!reader_${isMap ? 'map' : 'list'}(reader, count_max, &count)`], 'return false;'),
    `    *ret = (struct ${name}){0};`,
    guarded(['count == 0'], 'return true;'),
    `    ${element}*${items} = arena_alloc(arena, count * sizeof *${items});`,
    guarded([`${items} == NULL`], 'return false;'),
    '    for (uint32_t i = 0; i < count; i++) {',
    ...reads.map((read) => read.replaceAll('has_key', `${name}_has_key`).replace(/^/gm, '    ')),
    '    }',
    `    *ret = (struct ${name}){count, ${items}};`,
    '    return true;',
    '}',
  ].join('\n');
}

export function containerWrite(type) {
  const name = containerName(type);
  const isMap = type.base === 'map';
  const writes = isMap
    ? [
        'writer_text(writer, length_max, from->entries[i].key);',
        `${writeExpression(type.value, 'from->entries[i].value', '&from->entries[i].value')};`,
      ]
    : [`${writeExpression(withParameters(type.item), 'from->items[i]', '&from->items[i]')};`];
  return [
    signature(
      `void ${name}_write`,
      [WRITER, ...boundParameters(type), `const struct ${name} *from`],
      ' {',
    ),
    `    writer_${isMap ? 'map' : 'list'}(writer, count_max, from->count);`,
    '    for (uint32_t i = 0; i < from->count; i++) {',
    ...writes.map((write) => `        ${write}`),
    '    }',
    '}',
  ].join('\n');
}

export function containerCopy(type) {
  const name = containerName(type);
  const isMap = type.base === 'map';
  const items = isMap ? 'entries' : 'items';
  const copies = [];
  if (isMap) {
    copies.push(copyStatement({ base: 'text' }, `from->${items}[i].key`, `ret->${items}[i].key`));
  } else if (isDeep(type.item)) {
    copies.push(copyStatement(type.item, 'from->items[i]', 'ret->items[i]'));
  }
  const loop =
    copies.length === 0
      ? []
      : [
          '    for (uint32_t i = 0; i < ret->count; i++) {',
          ...copies.map((copy) => `        ${copy}`),
          '    }',
        ];
  return [
    signature(
      `void ${name}_copy`,
      [ARENA, `struct ${name} *ret`, `const struct ${name} *from`],
      ' {',
    ),
    `    ret->${items} = arena_copy(arena, from->${items}, from->count * sizeof *from->${items});`,
    `    ret->count = ret->${items} == NULL ? 0 : from->count;`,
    ...loop,
    '}',
  ].join('\n');
}

export function containerEqual(type) {
  const name = containerName(type);
  const conditions =
    type.base === 'map'
      ? [
          'text_equal(a->entries[i].key, b->entries[i].key)',
          equalExpression(type.value, 'a->entries[i].value', 'b->entries[i].value'),
        ]
      : [equalExpression(type.item, 'a->items[i]', 'b->items[i]')];
  return [
    signature(`bool ${name}_equal`, [`const struct ${name} *a`, `const struct ${name} *b`], ' {'),
    '    bool same = a->count == b->count;',
    '    for (uint32_t i = 0; same && i < a->count; i++) {',
    fill('        same = ', conditions, ' && ', ';'),
    '    }',
    '    return same;',
    '}',
  ].join('\n');
}
