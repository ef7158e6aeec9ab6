import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RuntimeError, show, typeError, ValueError } from '../errors.js';
import { files } from './atomic_file.js';
import type { FileSource } from './formats/format.js';
import type { FileLimits } from './limits.js';

/** A file's bytes, no more than the limit: the size is looked at before memory is taken. */
async function readFileWithin(where: string, path: string, most: number): Promise<Uint8Array> {
  try {
    const file = await files.open(path, 'r');
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new ValueError(`${where}: ${path} is no file.`, 'ERR_FILE');
      if (stat.size > most)
        throw new ValueError(
          `${where}: ${path} has ${stat.size} bytes, more than the ${most} that limits.bytes allows.`,
          'ERR_FILE_REFUSED',
        );
      return await readAll(file, stat.size);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ValueError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ValueError(`${where}: there is no file ${path}.`, 'ERR_NO_FILE');
    throw Object.assign(new RuntimeError(`${where}: ${path} could not be read: ${message}`, 'ERR_READ'), { cause: error });
  }
}

/** In parts: one read of the system gives less than 2 GiB. */
async function readAll(file: FileHandle, size: number): Promise<Uint8Array> {
  const out = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(out, at, Math.min(size - at, 2 ** 30), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return out.subarray(0, at);
}

/** A file on the disk. */
export function fileSource(where: string, path: string, limits: Required<FileLimits>): FileSource {
  const file = resolve(path);
  let left = limits.bytes;
  const read = async (name: string) => {
    const bytes = await readFileWithin(where, name, left);
    left -= bytes.byteLength;
    return bytes;
  };
  return {
    where,
    limits,
    bytes: () => read(file),
    own: true,
    sibling: (name) => {
      // Names come from the file: those of its own folder only.
      if (name !== basename(name) || name === '..' || name === '.' || name.includes('\\') || name.includes('\0'))
        throw new ValueError(`${where}: names a file outside of its folder: ${show(name)}`, 'ERR_FILE_REFUSED');
      return read(join(dirname(file), name));
    },
  };
}

/** Bytes in memory. */
export function bytesSource(where: string, given: unknown, limits: Required<FileLimits>): FileSource {
  if (!(given instanceof Uint8Array) && !(given instanceof ArrayBuffer))
    throw typeError(`${where}: must be the path of a file, or its bytes as a Uint8Array. Received: ${show(given)}`);
  const bytes = given instanceof ArrayBuffer ? new Uint8Array(given) : given;
  if (bytes.byteLength > limits.bytes)
    throw new ValueError(
      `${where}: ${bytes.byteLength} bytes are more than the ${limits.bytes} that limits.bytes allows.`,
      'ERR_FILE_REFUSED',
    );
  return {
    where,
    limits,
    bytes: async () => bytes,
    own: false,
    sibling: async (name) => {
      throw new ValueError(
        `${where}: names another file, ${show(name)}, which bytes alone do not bring. Load it from its folder.`,
        'ERR_FILE',
      );
    },
  };
}
