// The C of an actor kind as a whole: what the gate knows of its messages, and the table of its
// handlers with the functions that call them.
import { BANNER, guardOf, header, message_tag, source } from './c_files.mjs';
import { comment, fill, signature } from './c_layout.mjs';
import { actionName } from './policy.mjs';
import { snake, upper } from './names.mjs';

const POLICY = 'protocol/generated/policy.h';

const handled = (schema) =>
  schema.messages.filter((message) => message.up || message.form === 'event');
const isEvent = (message) => message.form === 'event';

/** The kind's own messages, then those of its parts. */
function origins(schema) {
  return [schema, ...schema.parts].filter((from) => handled(from).length > 0);
}

function rule(schema, from, message) {
  const audiences = message.audiences
    .filter((name) => name !== 'system')
    .map((name) => `AUDIENCE_${name.toUpperCase()}`);
  const filled = (name, words) => {
    const line = `            .${name} = ${words.join(' | ')},`;
    return line.length <= 100 ? line : line.replace(' = ', ` =\n${' '.repeat(16)}`);
  };
  return [
    `    [${message_tag(from, message)}] =`,
    '        {',
    `            .name = "${message.name}",`,
    `            .class = MESSAGE_${message.form.toUpperCase()},`,
    ...(message.does ? [filled('actions', [actionName(schema.name, message.does)])] : []),
    ...(message.roles.length > 0 ? ['            .by_system = true,'] : []),
    ...(audiences.length > 0 ? [filled('audiences', audiences)] : []),
    ...(message.up
      ? [`            .rate = ${message.rate},`, `            .burst = ${message.burst},`]
      : []),
    `            .size_max = ${message.sizeMax},`,
    ...(message.automatic ? ['            .automatic = true,'] : []),
    ...(message.proved ? ['            .proved = true,'] : []),
    '        },',
  ].join('\n');
}

function rulesSource(schema) {
  const entries = [schema, ...schema.parts].flatMap((from) =>
    [...from.messages].sort((a, b) => a.tag - b.tag).map((message) => rule(schema, from, message)),
  );
  const includes = [`${schema.folder}/${schema.name}.h`];
  const usesPolicy = schema.messages
    .concat(...schema.parts.map((part) => part.messages))
    .some(({ does }) => does);
  const table = [
    `const struct message_rule ${schema.name}_rules[TAG_COUNT] = {`,
    ...entries,
    '};',
  ].join('\n');
  return source(
    BANNER(schema.fileName),
    [includes, usesPolicy ? [POLICY] : []],
    [table],
  );
}

function handlerMember(schema, message) {
  const type = snake(message.name);
  const name = schema.name;
  const parameters = isEvent(message)
    ? [
        `struct ${name} *${name}`,
        'const struct event_header *header',
        `const struct ${type} *event`,
      ]
    : [
        `${message.form === 'command' ? 'const ' : ''}struct ${name} *${name}`,
        'struct turn *turn',
        `const struct ${type} *${message.form}`,
      ];
  return fill(`    void (*${type})(`, parameters, ', ', ');');
}

function behaviourHeader(schema) {
  const { name } = schema;
  const table = `const struct ${name}_behaviour *behaviour`;
  const state = `struct ${name} *${name}`;
  const members = origins(schema)
    .flatMap((from) => [
      from === schema ? '' : `\n    /* Of ${from.name}. */`,
      ...handled(from).map((message) => handlerMember(schema, message)),
    ])
    .filter((line) => line !== '');
  const parts = [
    `struct ${name};\nstruct turn;`,
    [
      comment(
        `What a ${name} does with each message: commands decide and leave the state alone, ` +
          'signals and requests may change what is ephemeral, events are applied.',
      ),
      `struct ${name}_behaviour {`,
      members.join('\n').replace(/\{\n\n/, '{\n'),
      '};',
    ].join('\n'),
    `/* Whether every member is set. */\nbool ${name}_behaviour_complete(${table});`,
    [
      comment('Calls the handler of a message that `' + name + '_decode` gave.'),
      signature(
        `void ${name}_dispatch`,
        [table, state, 'struct turn *turn', 'uint8_t tag', 'const void *message'],
        ';',
      ),
    ].join('\n'),
  ];
  if (origins(schema).some((from) => from.messages.some(isEvent))) {
    parts.push(
      [
        comment(
          "Reads an event's fields and applies it; false when they are malformed or the tag is " +
            "not an event's.",
        ),
        signature(
          `bool ${name}_apply`,
          [
            table,
            state,
            'const struct event_header *header',
            'struct bytes fields',
            'struct arena *arena',
          ],
          ';',
        ),
      ].join('\n'),
    );
  }
  return header(
    guardOf(schema.folder, `${name}_behaviour`),
    BANNER(schema.fileName),
    [`${schema.folder}/${name}.h`],
    parts,
  );
}

/** A switch over the messages of one origin that calls their handlers. */
function callFunction(schema, from, verb, list, parameters, call) {
  const cases = list.map((message) =>
    [
      `    case ${message_tag(from, message)}:`,
      `        behaviour->${snake(message.name)}(${schema.name}, ${call}, message);`,
      '        return true;',
    ].join('\n'),
  );
  return [
    signature(`static bool ${verb}_${from.name}`, parameters, ' {'),
    '    switch (tag) {',
    ...cases,
    '    default:',
    '        return false;',
    '    }',
    '}',
  ].join('\n');
}

function dispatchFunctions(schema) {
  const { name } = schema;
  const parameters = [
    `const struct ${name}_behaviour *behaviour`,
    `struct ${name} *${name}`,
    'struct turn *turn',
    'uint8_t tag',
    'const void *message',
  ];
  const from = origins(schema).filter((origin) => origin.messages.some(({ up }) => up));
  const calls = from.map(
    (origin) => `dispatch_${origin.name}(behaviour, ${name}, turn, tag, message)`,
  );
  return [
    ...from.map((origin) =>
      callFunction(
        schema,
        origin,
        'dispatch',
        origin.messages.filter(({ up }) => up),
        parameters,
        'turn',
      ),
    ),
    [
      signature(`void ${name}_dispatch`, parameters, ' {'),
      fill('    bool known = ', calls, ' || ', ';'),
      '    assert(known);',
      '}',
    ].join('\n'),
  ];
}

function applyFunctions(schema) {
  const { name } = schema;
  const table = [
    `const struct ${name}_behaviour *behaviour`,
    `struct ${name} *${name}`,
    'const struct event_header *header',
  ];
  const from = origins(schema).filter((origin) => origin.messages.some(isEvent));
  if (from.length === 0) {
    return [];
  }
  const calls = from.map((origin) => `apply_${origin.name}(behaviour, ${name}, header, message)`);
  return [
    ...from.map((origin) =>
      callFunction(
        schema,
        origin,
        'apply',
        origin.messages.filter(isEvent),
        [...table, 'const void *message'],
        'header',
      ).replace('switch (tag)', 'switch (header->tag)'),
    ),
    [
      signature(
        `bool ${name}_apply`,
        [...table, 'struct bytes fields', 'struct arena *arena'],
        ' {',
      ),
      '    struct reader reader = reader_of(fields);',
      `    const void *message = ${name}_decode_down(header->tag, &reader, arena);`,
      '    if (message == NULL) {',
      '        return false;',
      '    }',
      fill('    return ', calls, ' || ', ';'),
      '}',
    ].join('\n'),
  ];
}

function behaviourSource(schema) {
  const { name } = schema;
  const conditions = origins(schema).flatMap((from) =>
    handled(from).map((message) => `behaviour->${snake(message.name)} != NULL`),
  );
  const complete = [
    `bool ${name}_behaviour_complete(const struct ${name}_behaviour *behaviour) {`,
    fill('    return ', conditions, ' && ', ';'),
    '}',
  ].join('\n');
  const text = source(
    BANNER(schema.fileName),
    [[`${schema.folder}/${name}_behaviour.h`]],
    [complete, ...dispatchFunctions(schema), ...applyFunctions(schema)],
  );
  return text.replace('_behaviour.h"\n', '_behaviour.h"\n\n#include <assert.h>\n');
}

export function behaviourFiles(schema) {
  return [
    { path: `${schema.name}_rules.c`, text: rulesSource(schema) },
    { path: `${schema.name}_behaviour.h`, text: behaviourHeader(schema) },
    { path: `${schema.name}_behaviour.c`, text: behaviourSource(schema) },
  ];
}
