// Half of the stories in one process: one Chromium, and the demonstration is loaded once. The other half is in
// other_lane.mjs and runs meanwhile. The first of them waits for its bad line and leaves the processors to the first
// of the others, who hold a bar of time. One import after the other: a story that looks around before it begins would
// otherwise come after those that do not.
await import('./bad_line.test.mjs');
await import('./preparation.test.mjs');
await import('./meeting.test.mjs');
await import('./by_hand.test.mjs');
await import('./administration.test.mjs');
await import('./after_decisions.test.mjs');
await import('./enrolment.test.mjs');
await import('./consent.test.mjs');
await import('./restriction.test.mjs');
await import('./links.test.mjs');
await import('./keeping.test.mjs');
await import('./ohif.test.mjs');
await import('./reports.test.mjs');
await import('./progressive.test.mjs');
await import('./hands.test.mjs');
