// The demonstration's images as files in folders, one folder a case, each with a file that is no image.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOP = fileURLToPath(new URL('../../..', import.meta.url));
const BUILD = process.env.CONSILIUM_BUILD_DIR ?? join(TOP, 'build/dev');
const WRITER = join(BUILD, 'clients/native/consilium-demo-images');
const FOLDERS = ['brain', 'spine'];

/** Other names, as long as those of the demonstration: DEMO^Brain, DEMO^Spine. */
async function rename(folder, before, after) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const at = bytes.indexOf(before);
    if (at < 0) continue;
    bytes.write(after, at, 'latin1');
    await writeFile(path, bytes);
  }
}

/** Written for one story, and gone with it; `names` says other patients than the demonstration's, by folder. */
export async function demonstrationImages(scene, names = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'consilium-images-'));
  scene.onEnd(() => rm(folder, { recursive: true, force: true }));
  const code = await new Promise((resolve, reject) => {
    const child = spawn(WRITER, [folder], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error('the images of the demonstration could not be written');
  for (const [name, patient] of Object.entries(names))
    await rename(join(folder, name), `DEMO^${name[0].toUpperCase()}${name.slice(1)}`, patient);
  await Promise.all(FOLDERS.map((name) => writeFile(join(folder, name, 'notes.txt'), 'no image\n')));
  return folder;
}
