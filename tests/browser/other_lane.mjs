// The other half of the stories (one_lane.mjs).
await import('./access.test.mjs');
await import('./watching.test.mjs');
await import('./comes_back.test.mjs');
await import('./pointing.test.mjs');
await import('./account.test.mjs');
await import('./pages.test.mjs');
await import('./attacked.test.mjs');
await import('./guest.test.mjs');
await import('./masked.test.mjs');
await import('./arriving.test.mjs');
await import('./keyboard.test.mjs');
await import('./benches.test.mjs');
await import('./held.test.mjs');
await import('./standard_of_care.test.mjs');
await import('./signatures.test.mjs');
await import('./slide.test.mjs');
await import('./looking.test.mjs');
