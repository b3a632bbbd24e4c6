// A story that is in no lane is a file that nobody runs.

import { test } from 'node:test';
import { files, none, read } from './tree.mjs';

const LANES = ['tests/browser/one_lane.mjs', 'tests/browser/other_lane.mjs'];
const STORY = /^tests\/browser\/(\w+\.test\.mjs)$/;

const inNoLane = (stories, lanes) =>
  stories.filter((story) => lanes.filter((lane) => lane.includes(`'./${story}'`)).length !== 1);

test('every story of the browser is in one lane', () => {
  const stories = files.map((file) => file.match(STORY)?.[1]).filter(Boolean);
  none(
    inNoLane(stories, LANES.map(read)).map((story) => `tests/browser/${story}`),
    'Import the story in one of the two lanes, and in one only.',
  );
});

test('the checks of this file see what they are for', () => {
  const lane = "await import('./one.test.mjs');";
  none(
    [
      ...(inNoLane(['one.test.mjs'], [lane, '']).length === 0 ? [] : ['a story in a lane is found fault with']),
      ...(inNoLane(['two.test.mjs'], [lane, '']).length === 1 ? [] : ['a story in no lane is not seen']),
      ...(inNoLane(['one.test.mjs'], [lane, lane]).length === 1 ? [] : ['a story in both lanes is not seen']),
    ],
    'Mend the check.',
  );
});
