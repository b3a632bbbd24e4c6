// What axe-core finds on a page as it stands.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { axeFile } from './packages.mjs';

const axe = await readFile(axeFile, 'utf8');

/** Findings that it calls serious or critical. */
async function findings(person) {
  await person.page.evaluate(axe);
  return person.page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
  });
}

export const isAccessible = async (person) => assert.deepEqual(await findings(person), []);
