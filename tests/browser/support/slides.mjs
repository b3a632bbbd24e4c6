// A slide of several resolutions as files, made for one story by tests/support/slides/make_slide.py.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAKER = fileURLToPath(new URL('../../support/slides/make_slide.py', import.meta.url));

/** What is drawn on it, in mm from its top left corner: 10.24 x 7.68 mm, marks of 0.32 mm. */
export const RED_MARK = { x: 6.56, y: 2.08 };
export const SLIDE_MM = { width: 10.24, height: 7.68 };

/** Contents of its files. */
export async function slideFiles(scene, options = []) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-slide-'));
  scene.onEnd(() => rm(folder, { recursive: true, force: true }));
  const code = await new Promise((resolve, reject) => {
    const child = spawn(MAKER, [folder, ...options], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error('the slide could not be made');
  return Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
}
