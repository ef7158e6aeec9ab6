import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RuntimeError, ValueError } from '../errors.js';

/** What can go wrong with files in ways that tests make happen: the calls of the system that saving and loading make. */
export const files = { open: fs.open, rename: fs.rename, rm: fs.rm, stat: fs.stat, mkdir: fs.mkdir, readdir: fs.readdir };

/**
 * Writes a file so that its name stands for the old bytes or for all of the new ones, whatever happens in between: a temporary name in the same folder,
 * fsync, rename, fsync of the folder. RuntimeError ERR_WRITE where the system refuses, with its error as `cause`; the old file is then whole.
 * @param pieces what to write, in order
 * @param overwrite whether a file of that name may be replaced; ValueError ERR_EXISTS otherwise
 */
export async function writeFileAtomically(
  where: string,
  path: string,
  pieces: Iterable<Uint8Array>,
  overwrite = true,
): Promise<void> {
  const target = resolve(path);
  const folder = dirname(target);
  if (!(await files.stat(folder).catch(() => null))?.isDirectory())
    throw new ValueError(`${where}: there is no folder ${folder}. Make it first.`, 'ERR_NO_FOLDER');
  const there = await files.stat(target).catch(() => null);
  if (there?.isDirectory()) throw new ValueError(`${where}: ${target} is a folder. Give the name of a file.`, 'ERR_EXISTS');
  if (there && !overwrite) throw new ValueError(`${where}: ${target} is there already, and overwrite is false.`, 'ERR_EXISTS');
  const temporary = join(folder, `.${basename(target)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await files.open(temporary, 'wx', 0o666);
    try {
      for (const piece of pieces) await writeAll(file, piece);
      await file.sync();
    } finally {
      await file.close();
    }
    // A file that came in between is not ours to replace.
    if (!overwrite && (await files.stat(target).catch(() => null)))
      throw new ValueError(`${where}: ${target} is there already, and overwrite is false.`, 'ERR_EXISTS');
    await files.rename(temporary, target);
  } catch (error) {
    await files.rm(temporary, { force: true }).catch(() => undefined);
    if (error instanceof ValueError) throw error;
    throw Object.assign(
      new RuntimeError(
        `${where}: ${target} could not be written (the file that was there is as it was): ${(error as Error).message}`,
        'ERR_WRITE',
      ),
      { cause: error },
    );
  }
  await syncFolder(folder);
}

async function writeAll(file: fs.FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.byteLength; ) {
    const { bytesWritten } = await file.write(piece, at, Math.min(piece.byteLength - at, 2 ** 30));
    if (bytesWritten === 0) throw new Error('the system takes no more bytes');
    at += bytesWritten;
  }
}

/** The new name lasts through a loss of power only once the folder is on the disk. Not all systems can say so. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await files.open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}
