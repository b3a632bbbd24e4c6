// The policy: reads it, holds the schemas against it, prints its C, and the page to read.
import { BANNER, guardOf, header, source } from './c_files.mjs';
import { SchemaError } from './parse.mjs';

const AUDIENCES = ['clinical', 'workflow', 'status', 'patient', 'own', 'identity'];
const ACTIONS_MAX = 32;
const CONDITIONS_MAX = 8;
const UNMADE = 'unmade';

function parseRule(fail, resource, line) {
  const parts = /^(see|do) ([a-z_ ]+?):\s+([a-z_ ]+?)(?: if ([a-z_ ]+?))?(?:\s+"([^"]*)")?$/.exec(line.text);
  if (!parts) {
    fail('a line is written: see AUDIENCE...: ROLE... [if CONDITION [and CONDITION]], or: do ACTION: ...');
  }
  const [, verb, what, roles, conditions, doc] = parts;
  return {
    verb,
    what: what.split(' '),
    roles: roles.split(/ +/),
    conditions: conditions?.split(' and ') ?? [],
    doc: doc ?? '',
    line: line.number,
  };
}

/** One `access.policy`: who reaches, and per resource its conditions and rules. */
export function parsePolicy(file, text) {
  const policy = { file, doc: '', reaching: { roles: [], doc: '' }, resources: [] };
  let described = policy;
  let resource = null;
  const lines = [];
  text.split('\n').forEach((raw, index) => {
    if (lines.length > 0 && (lines.at(-1).text.match(/"/g) ?? []).length === 1) {
      lines.at(-1).text += ` ${raw.trim()}`;
    } else if (raw.trim() !== '') {
      lines.push({ text: raw.trim(), number: index + 1 });
    }
  });
  for (const line of lines.slice(1)) {
    const fail = (problem) => {
      throw new SchemaError(file, line.number, problem);
    };
    const words = line.text.split(/\s+/);
    const condition = /^when ([a-z_]+)\s+"([^"]*)"$/.exec(line.text);
    if (line.text.startsWith('"')) {
      described.doc = line.text.slice(1, -1);
    } else if (words[0] === 'reaching') {
      policy.reaching.roles = words.slice(1);
      described = policy.reaching;
    } else if (words[0] === 'resource' && words.length === 2) {
      resource = { name: words[1], doc: '', conditions: [], rules: [], line: line.number };
      policy.resources.push(resource);
      described = resource;
    } else if (resource !== null && condition) {
      resource.conditions.push({ name: condition[1], doc: condition[2] });
    } else if (resource !== null) {
      resource.rules.push(parseRule(fail, resource, line));
    } else {
      fail('a resource must be named first');
    }
  }
  return policy;
}

function linkResource(policy, roles, resource) {
  const fail = (line, problem) => {
    throw new SchemaError(policy.file, line, problem);
  };
  const known = resource.conditions.map(({ name }) => name);
  resource.actions = [
    ...new Set(resource.rules.filter(({ verb }) => verb === 'do').flatMap(({ what }) => what)),
  ];
  if (resource.actions.length > ACTIONS_MAX || known.length > CONDITIONS_MAX) {
    fail(resource.line, `${resource.name} has more than ${ACTIONS_MAX} actions or ${CONDITIONS_MAX} conditions`);
  }
  for (const rule of resource.rules) {
    const strange = [
      ...rule.roles.filter((name) => !roles.includes(name)),
      ...rule.conditions.filter((name) => !known.includes(name)),
      ...(rule.verb === 'see' ? rule.what.filter((name) => !AUDIENCES.includes(name)) : []),
    ];
    if (strange.length > 0) {
      fail(rule.line, `there is no role, condition or audience ${strange[0]}`);
    }
  }
}

/** Every `does ACTION` of a message becomes an action of each kind that has the message. */
export function linkPolicy(policy, schemas) {
  const session = schemas.find(({ name }) => name === 'session');
  const roles = session?.enums.find(({ name }) => name === 'Role')?.members ?? [];
  const names = roles.map(({ name }) => name);
  policy.resources.forEach((resource) => linkResource(policy, names, resource));
  for (const schema of schemas.filter(({ isActor }) => isActor)) {
    const resource = policy.resources.find(({ name }) => name === schema.name);
    for (const from of [schema, ...schema.parts]) {
      for (const message of from.messages.filter(({ does }) => does !== null)) {
        if (!resource?.actions.includes(message.does)) {
          const problem = `the policy has no line: do ${message.does} of ${schema.name}`;
          throw new SchemaError(from.file, message.line, problem);
        }
      }
    }
  }
}

const upper = (name) => name.toUpperCase();
export const actionName = (resource, action) => `${upper(resource)}_MAY_${upper(action)}`;
const conditionName = (resource, condition) => `${upper(resource)}_WHEN_${upper(condition)}`;

function enumOf(name, members) {
  const lines = members.map(([member, doc], bit) => `    ${member} = 1u << ${bit},${doc ? ` /* ${doc} */` : ''}`);
  return [`enum ${name} {`, ...lines, '};'].join('\n');
}

function resourceHeader(resource) {
  const { name } = resource;
  const docOf = (action) =>
    resource.rules.find(({ verb, what, doc }) => verb === 'do' && what[0] === action && doc)?.doc;
  return [
    ...(resource.conditions.length > 0
      ? [
          enumOf(
            `${name}_condition`,
            resource.conditions.map((condition) => [conditionName(name, condition.name), '']),
          ),
        ]
      : []),
    enumOf(
      `${name}_action`,
      resource.actions.map((action) => [actionName(name, action), docOf(action)]),
    ),
    `struct allowance policy_of_${name}(uint16_t roles, uint8_t conditions);`,
  ].join('\n');
}

function ruleLine(resource, rule) {
  const mask = (names) => names.join(' | ') || '0';
  const fields = [
    `.roles = ${mask(rule.roles.map((role) => `1u << ROLE_${upper(role)}`))}`,
    ...(rule.conditions.length > 0
      ? [`.conditions = ${mask(rule.conditions.map((one) => conditionName(resource.name, one)))}`]
      : []),
    rule.verb === 'see'
      ? `.allows.audiences = ${mask(rule.what.map((one) => `AUDIENCE_${upper(one)}`))}`
      : `.allows.actions = ${mask(rule.what.map((one) => actionName(resource.name, one)))}`,
  ];
  return `    {${fields.join(',\n     ')}},`;
}

function resourceSource(resource) {
  const { name } = resource;
  const exclusive = resource.conditions.some((one) => one.name === UNMADE)
    ? conditionName(name, UNMADE)
    : '0';
  return [
    `static const struct policy_line ${name}_lines[] = {`,
    ...resource.rules.map((rule) => ruleLine(resource, rule)),
    '};',
    '',
    `struct allowance policy_of_${name}(uint16_t roles, uint8_t conditions) {`,
    `    return policy_union(${name}_lines, sizeof ${name}_lines / sizeof ${name}_lines[0],`,
    `                        ${exclusive}, roles, conditions);`,
    '}',
  ].join('\n');
}

function policyHeader(policy, folder) {
  const reaching = policy.reaching.roles.map((role) => `1u << ROLE_${upper(role)}`);
  return header(
    guardOf(folder, 'policy'),
    BANNER('access.policy'),
    [`${folder}/session.h`, 'protocol/policy_line.h'],
    [
      [
        '/* Roles of a membership that count towards all that its organisation owns. */',
        `enum { POLICY_REACHING = ${reaching.join(' | ')} };`,
      ].join('\n'),
      ...policy.resources.map(resourceHeader),
    ],
  );
}

function bullet(rule) {
  const words = rule.verb === 'see' ? `see ${rule.what.join(', ')}` : `do ${rule.what.join(', ')}`;
  return `| ${words} | ${rule.roles.join(', ')} | ${rule.conditions.join(' and ')} | ${rule.doc} |`;
}

function commandsOf(resource, schemas) {
  const schema = schemas.find(({ name, isActor }) => isActor && name === resource.name);
  return [schema, ...(schema?.parts ?? [])].flatMap((from) => from?.messages ?? []);
}

function actionTable(resource, schemas) {
  const messages = commandsOf(resource, schemas);
  const rows = resource.actions
    .map((action) => [action, messages.filter(({ does }) => does === action).map(({ name }) => name)])
    .filter(([, names]) => names.length > 0)
    .map(([action, names]) => `| ${action} | ${names.join(', ')} |`);
  return rows.length === 0 ? [] : ['', '| action | messages |', '| --- | --- |', ...rows];
}

function policyDocs(policy, schemas) {
  return [
    '<!-- Generated by protocol/generate.mjs from access.policy; do not edit. -->',
    '# Who may see and do what',
    '',
    policy.doc,
    '',
    `Reaching: ${policy.reaching.roles.join(', ')}. ${policy.reaching.doc}`,
    '',
    ...policy.resources.flatMap((resource) => [
      `## ${resource.name}`,
      '',
      resource.doc,
      '',
      ...resource.conditions.map(({ name, doc }) => `- *${name}*: ${doc}`),
      ...(resource.conditions.length > 0 ? [''] : []),
      '| what | roles | condition | |',
      '| --- | --- | --- | --- |',
      ...resource.rules.map(bullet),
      ...actionTable(resource, schemas),
      '',
    ]),
  ].join('\n');
}

export function policyFiles(policy, schemas, folder) {
  return [
    { path: 'policy.h', text: policyHeader(policy, folder) },
    {
      path: 'policy.c',
      text: source(
        BANNER('access.policy'),
        [[`${folder}/policy.h`]],
        policy.resources.map(resourceSource),
      ),
    },
    { path: 'POLICY.md', text: `${policyDocs(policy, schemas).trimEnd()}\n` },
  ];
}
