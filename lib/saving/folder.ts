import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomically } from './atomic_file.js';
import type { WrittenFiles } from './formats/format.js';

/**
 * Several files into one folder, which is made where it is missing. The file that names the others comes last: until then the folder stands for what it
 * was.
 * @param path the folder, or the file that names the others
 */
export async function writeFolder(where: string, path: string, files: WrittenFiles, overwrite: boolean): Promise<void> {
  const names = [...files.keys()];
  const main = names[names.length - 1];
  const folder = basename(path) === main ? dirname(path) : path;
  if (folder === path) await mkdir(folder).catch(() => undefined);
  for (const name of names)
    await writeFileAtomically(where, join(folder, name), files.get(name) as Iterable<Uint8Array>, overwrite);
}
