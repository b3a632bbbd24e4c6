// Packages come from the web client's own folder: one lock file says which browser driver and which
// accessibility rules both are tested with.
import { createRequire } from 'node:module';

export const require = createRequire(new URL('../../../clients/web/package.json', import.meta.url));

export const { chromium } = require('playwright-core');
export const axeFile = require.resolve('axe-core/axe.min.js');
