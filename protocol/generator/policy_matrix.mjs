// The policy's whole matrix, worked out cell by cell from the words of `access.policy` alone: what a
// test holds against the table in C, the gate, turns and fan-out. It shares no code with policy.mjs's C.
import { BANNER, guardOf } from './c_files.mjs';
import { actionName } from './policy.mjs';

const UNMADE = 'unmade';
const AUDIENCES = ['clinical', 'workflow', 'status', 'patient', 'own', 'identity'];
const CELLS_A_LINE = 4;

function holds(rule, role, conditions) {
  return (
    rule.roles.includes(role) &&
    rule.conditions.every((one) => conditions.includes(one)) &&
    rule.conditions.includes(UNMADE) === conditions.includes(UNMADE)
  );
}

/** What the lines for one role under exactly these conditions give. */
export function cellOf(resource, role, conditions) {
  const rules = resource.rules.filter((rule) => holds(rule, role, conditions));
  const words = (verb) => new Set(rules.filter((rule) => rule.verb === verb).flatMap(({ what }) => what));
  return { sees: words('see'), does: words('do') };
}

const mask = (all, some) => all.reduce((sum, name, bit) => (some.has(name) ? sum + 2 ** bit : sum), 0);

function cellsOf(resource, role) {
  const all = resource.conditions.map(({ name }) => name);
  return Array.from({ length: 2 ** all.length }, (_, bits) => {
    const { sees, does } = cellOf(resource, role, all.filter((_, bit) => (bits >> bit) & 1));
    return `{0x${mask(AUDIENCES, sees).toString(16)}, 0x${mask(resource.actions, does).toString(16)}}`;
  });
}

function cellTable(resource, roles) {
  const rows = roles.map((role) => {
    const cells = cellsOf(resource, role);
    const lines = [];
    for (let i = 0; i < cells.length; i += CELLS_A_LINE) {
      lines.push(`     ${cells.slice(i, i + CELLS_A_LINE).join(', ')},`);
    }
    return `    { /* ${role} */\n${lines.join('\n')}\n    },`;
  });
  const count = 2 ** resource.conditions.length;
  return [
    `/* [role][mask of conditions] */`,
    `static const struct allowance ${resource.name}_cells[ROLE_COUNT][${count}] = {`,
    ...rows,
    '};',
  ].join('\n');
}

function messagesOf(resource, schemas) {
  const schema = schemas.find(({ name, isActor }) => isActor && name === resource.name);
  return [schema, ...(schema?.parts ?? [])].flatMap((from) => from?.messages ?? []);
}

function messageTable(resource, schemas) {
  const rows = messagesOf(resource, schemas)
    .filter(({ does, audiences }) => does !== null || audiences.length > 0)
    .map(({ name, tag, does, audiences }) => {
      const action = does === null ? '0' : actionName(resource.name, does);
      return `    {"${name}", ${tag}, ${action}, 0x${mask(AUDIENCES, new Set(audiences)).toString(16)}},`;
    });
  return [
    `static const struct matrix_message ${resource.name}_messages[] = {`,
    ...rows,
    '    {NULL, 0, 0, 0},',
    '};',
  ].join('\n');
}

/** One header for the test: every cell, and every message with what it takes or whom it goes to. */
export function policyMatrixFile(policy, schemas, folder) {
  const session = schemas.find(({ name }) => name === 'session');
  const roles = session.enums.find(({ name }) => name === 'Role').members.map(({ name }) => name);
  const text = [
    BANNER('access.policy'),
    `#ifndef ${guardOf(folder, 'policy_matrix')}`,
    `#define ${guardOf(folder, 'policy_matrix')}`,
    '',
    `#include "${folder}/policy.h"`,
    '',
    '#include <stddef.h>',
    '',
    'struct matrix_message {',
    '    const char *name;',
    '    uint8_t tag;',
    '    uint32_t action;    /* that it takes; 0 = it goes down */',
    '    uint8_t audiences; /* that it goes to */',
    '};',
    '',
    ...policy.resources.flatMap((resource) => [
      cellTable(resource, roles),
      '',
      messageTable(resource, schemas),
      '',
    ]),
    '#endif',
    '',
  ].join('\n');
  return { path: 'policy_matrix.h', text };
}
