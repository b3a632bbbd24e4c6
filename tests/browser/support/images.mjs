// The demonstration's images as files in folders, one folder a case, each with a file that is no image.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const BUILD = process.env.CONSILIUM_BUILD_DIR ?? join(TOP, 'build/dev');
const WRITER = join(BUILD, 'clients/native/consilium-demo-images');
const FOLDERS = ['brain', 'spine'];

/** Written for one story, and gone with it. */
export async function demonstrationImages(scene) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-images-'));
  scene.onEnd(() => rm(folder, { recursive: true, force: true }));
  const code = await new Promise((resolve, reject) => {
    const child = spawn(WRITER, [folder], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error('the images of the demonstration could not be written');
  await Promise.all(FOLDERS.map((name) => writeFile(join(folder, name, 'notes.txt'), 'no image\n')));
  return folder;
}
