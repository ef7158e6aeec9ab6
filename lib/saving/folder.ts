import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ValueError } from '../errors.js';
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
  if (!overwrite && (await stat(join(folder, main)).catch(() => null)))
    throw new ValueError(`${where}: ${join(folder, main)} is there already, and overwrite is false.`, 'ERR_EXISTS');
  for (const name of names)
    await writeFileAtomically(where, join(folder, name), files.get(name) as Iterable<Uint8Array>, overwrite || name !== main);
  await removeOldShards(folder, names);
}

/** Files with weights that a model of ours left there and that the new one does not name. */
async function removeOldShards(folder: string, names: readonly string[]): Promise<void> {
  for (const name of await readdir(folder))
    if (/^group1-shard\d+of\d+-[0-9a-f]{8}\.bin$/.test(name) && !names.includes(name))
      await rm(join(folder, name), { force: true }).catch(() => undefined);
}
