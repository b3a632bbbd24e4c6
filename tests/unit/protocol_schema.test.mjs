// A wrong schema is refused with the line it is wrong in and in words; a right one is printed as the
// golden files say.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { linkSchemas } from '../../protocol/generator/link.mjs';
import { linkPolicy, parsePolicy } from '../../protocol/generator/policy.mjs';
import { parseSchema } from '../../protocol/generator/parse.mjs';
import { tsSchemaFile } from '../../protocol/generator/typescript.mjs';

const top = fileURLToPath(new URL('../..', import.meta.url));
const everything = 'tests/support/everything';

/** What the generator says of schemas, one text each: a.schema, b.schema ... */
function problemOf(...sources) {
  try {
    linkSchemas(sources.map((source, i) => parseSchema(`${'ab'[i]}.schema`, source)));
  } catch (error) {
    return error.message;
  }
  return 'nothing is wrong';
}

/** Lines under `actor a 1`, so that the first of them is line 2. */
const inActor = (...lines) => problemOf(['actor a 1', ...lines].join('\n'));

test('a schema says first whose it is', () => {
  assert.equal(
    problemOf('record Point'),
    'a.schema:1: a schema begins: actor NAME NUMBER, or: part NAME',
  );
  assert.equal(
    problemOf('actor a'),
    'a.schema:1: a schema begins: actor NAME NUMBER, or: part NAME',
  );
});

test('a text that is not closed is named by the line it begins in', () => {
  assert.equal(
    inActor('record Point', '  x f64 "mm', '  y f64'),
    'a.schema:3: a text in quotation marks is not closed',
  );
});

test('a line that begins nothing known is refused', () => {
  assert.equal(inActor('struct Point'), 'a.schema:2: "struct" does not begin a declaration');
  assert.equal(
    inActor('  x f64 "mm"'),
    'a.schema:2: a line that is set in belongs to a block, and there is none',
  );
  assert.equal(
    inActor('record point'),
    'a.schema:2: "point" is not a name of a record: write it LikeThis',
  );
  assert.equal(
    inActor('record Point of mm'),
    'a.schema:2: "of" does not belong in the head of a record',
  );
});

test('a field is a name, a type and what it is', () => {
  const field = (text) => inActor('record Point', `  ${text}`);
  assert.equal(
    field('x f64'),
    'a.schema:3: a field is written: name type "what it is" [= default]',
  );
  assert.equal(
    field('X f64 "mm"'),
    'a.schema:3: "X" is not a field\'s name: lower case and underscores',
  );
  assert.equal(field('x f16 "mm"'), 'a.schema:3: there is no type "f16"');
  assert.equal(field('x text "mm"'), 'a.schema:3: text needs a bound: text<N>');
  assert.equal(field('x u8<4> "mm"'), 'a.schema:3: u8 takes no <N>');
  assert.equal(field('x u8[0] "mm"'), 'a.schema:3: the bound of a list must be at least 1');
  assert.equal(field('x u8[] "mm"'), 'a.schema:3: "u8[]" is not a type');
  assert.equal(
    field('x u8[4]? "mm"'),
    'a.schema:3: a list cannot be optional: an empty one says the same',
  );
  assert.equal(
    field('x map<text<4>, text>[4] "mm"'),
    'a.schema:3: a map holds a scalar, not "text"',
  );
  assert.equal(field('register u8 "mm"'), "a.schema:3: register cannot be a field's name");
  assert.equal(
    inActor('record Point', '  x f64 "mm"', '  x f64 "mm"'),
    'a.schema:4: there are two fields x',
  );
});

test('a default is a value that the type holds', () => {
  const field = (text) => inActor('record Point', `  ${text}`);
  assert.equal(field('x u8 "mm" = red'), 'a.schema:3: a u8 cannot have the default red');
  assert.equal(field('x uuid "mm" = 0'), 'a.schema:3: a uuid cannot have the default 0');
  assert.equal(
    field('x u8 "mm" = 256'),
    'a.schema:3: the default 256 is not a whole number that u8 holds',
  );
  assert.equal(
    field('x u8 "mm" = 1.5'),
    'a.schema:3: the default 1.5 is not a whole number that u8 holds',
  );
  assert.equal(
    field('x text<3> "mm" = "four"'),
    'a.schema:3: the default "four" is longer than 3 bytes',
  );
  assert.equal(
    inActor('enum Colour', '  red 0 "."', 'record Point', '  x Colour "." = blue'),
    'a.schema:5: Colour has no member blue',
  );
});

test('the numbers of an enum have no gaps', () => {
  assert.equal(
    inActor('enum Colour', '  red 0 "."', '  blue 2 "."'),
    'a.schema:4: members are numbered from 0 without gaps: blue must be 1',
  );
});

test('a tag says the direction and is given once', () => {
  assert.equal(
    inActor('command Go 64 by system'),
    'a.schema:2: the tag of a command must be from 1 to 63',
  );
  assert.equal(
    inActor('event Gone 5 to own'),
    'a.schema:2: the tag of a event must be from 64 to 127',
  );
  assert.equal(
    inActor('command Go 1 by system', 'signal Wave 1 by system'),
    'a.schema:3: tag 1 is taken by Go',
  );
  assert.equal(
    inActor('event Gone 72 to own', 'reserved 72 Left'),
    'a.schema:3: tag 72 is taken by Gone',
  );
  assert.equal(
    problemOf('actor a 1\ninclude b\nevent Gone 72 to own', 'part b\nevent Left 72 to own'),
    'b.schema:2: tag 72 is taken by Gone',
  );
});

test('who may send and who may see a message is said and known', () => {
  assert.equal(
    inActor('command Go 1 rate 1/2'),
    'a.schema:2: Go needs its senders: does ACTION, or by system',
  );
  assert.equal(
    inActor('command Go 1 by king rate 1/2'),
    'a.schema:2: by names system alone; what a person does, the policy allows: does ACTION',
  );
  assert.equal(inActor('event Gone 72'), 'a.schema:2: Gone needs its audience: to AUDIENCE...');
  assert.equal(inActor('event Gone 72 to all'), 'a.schema:2: there is no audience all');
  assert.equal(
    inActor('command Go 1 to clinical'),
    'a.schema:2: "to" does not belong in the head of a command',
  );
  assert.equal(
    inActor('command Go 1 does walk'),
    'a.schema:2: Go needs a rate: rate A_SECOND/AT_ONCE',
  );
  assert.equal(
    inActor('command Go 1 does walk rate 5'),
    'a.schema:2: a rate is written: rate A_SECOND/AT_ONCE',
  );
});

/** What is wrong with a policy of these lines under `resource a`, and a schema with one command. */
function policyProblem(...lines) {
  const session = 'actor session 0\nenum Role\n  chair 0 "."\n  guest 1 "."';
  const schemas = [session, 'actor a 1\ncommand Go 1 does walk rate 1/2'].map((source, i) =>
    parseSchema(`${'ab'[i]}.schema`, source),
  );
  try {
    linkPolicy(parsePolicy('p', ['policy', 'resource a', ...lines].join('\n')), linkSchemas(schemas));
  } catch (error) {
    return error.message;
  }
  return 'nothing is wrong';
}

test('the policy knows its roles, audiences and conditions, and has a line for every action', () => {
  const walk = 'do walk: chair';
  assert.equal(policyProblem(walk), 'nothing is wrong');
  assert.equal(policyProblem('when late "."', 'do walk: chair if late'), 'nothing is wrong');
  assert.equal(policyProblem(), 'b.schema:2: the policy has no line: do walk of a');
  for (const line of ['do walk: king', 'do walk: chair if late', 'see all: chair']) {
    assert.match(policyProblem(walk, line), /^p:4: there is no role, condition or audience/);
  }
  assert.match(policyProblem('walk: chair'), /^p:3: a line is written: see AUDIENCE/);
});

test('a name is known where it is used and unique in all schemas', () => {
  assert.equal(
    inActor('record Line', '  from Point "."'),
    'a.schema:3: there is no enum or record Point in this file or those it includes',
  );
  assert.equal(
    problemOf('actor a 1\nrecord Point\n  x f64 "mm"', 'actor b 2\nrecord Point\n  x f64 "mm"'),
    'b.schema:2: the name Point is taken by a.schema:2',
  );
  assert.equal(inActor('record Frame', '  x f64 "."'), 'a.schema:2: the name Frame is taken');
  assert.equal(problemOf('actor a 1\ninclude b'), 'a.schema:2: there is no part b');
});

test('a record cannot contain itself, near or far', () => {
  assert.equal(
    inActor('record Tree', '  left Tree? "."'),
    'a.schema:3: record Tree contains itself',
  );
  assert.equal(
    inActor('record Hen', '  egg Egg[2] "."', 'record Egg', '  hen Hen? "."'),
    'a.schema:5: record Hen contains itself',
  );
});

test('a reserved field stands where it was', () => {
  assert.equal(
    inActor('record Point', '  x f64 "mm"', '  reserved 0 y'),
    'a.schema:4: the reserved field stands where it was: here is position 1',
  );
});

test('a message that could be larger than a frame is refused', () => {
  assert.match(
    inActor('event Flood 72 to own', '  words text<1000>[100000] "."'),
    /^a\.schema:2: Flood can be \d+ bytes: over 67108864$/,
  );
});

test('the generator ends with an error and the line, and writes nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-schema-'));
  try {
    writeFileSync(join(folder, 'wrong.schema'), 'actor wrong 1\nenum Colour\n  red 1 "."\n');
    const out = ['--out-c', '--out-ts', '--out-frames'].flatMap((option) => [
      option,
      join(folder, 'out'),
    ]);
    const run = spawnSync(process.execPath, ['protocol/generate.mjs', '--schema', folder, ...out], {
      cwd: top,
      encoding: 'utf8',
    });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /wrong\.schema:3: members are numbered from 0 without gaps/);
    assert.deepEqual(readdirSync(folder), ['wrong.schema']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('everything.schema is printed as the golden files say', () => {
  const folder = mkdtempSync(join(tmpdir(), 'consilium-everything-'));
  try {
    const out = ['--out-c', '--out-ts', '--out-frames'].flatMap((option) => [option, folder]);
    const places = [
      '--include',
      `${everything}/generated`,
      '--codec',
      '../../../../clients/web/src/protocol',
    ];
    execFileSync(
      process.execPath,
      ['protocol/generate.mjs', '--schema', everything, ...places, ...out],
      { cwd: top },
    );
    const golden = join(top, everything, 'generated');
    assert.deepEqual(readdirSync(folder).sort(), readdirSync(golden).sort());
    for (const name of readdirSync(golden)) {
      assert.equal(
        readFileSync(join(folder, name), 'utf8'),
        readFileSync(join(golden, name), 'utf8'),
        `${name} differs: see ${everything}/README.md`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a file of TypeScript imports what its code uses, not what a comment names', () => {
  const part = parseSchema(
    'b.schema',
    'part b\nrecord Used\n  x f64 "mm"\nrecord Named\n  x f64 "mm"',
  );
  const actor = parseSchema(
    'a.schema',
    'actor a 1\ninclude b\nrecord Holder\n  used Used "Beside Named, which it names."',
  );
  for (const schema of [part, actor]) {
    schema.codec = '..';
  }
  linkSchemas([actor, part]);
  const { text } = tsSchemaFile(actor);
  assert.match(text, /type Used\b/);
  assert.doesNotMatch(text, /type Named\b/);
});
