import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { RuntimeError, show, typeError, ValueError } from '../../errors.js';

/** Bytes that are read at once. */
export const CHUNK = 2 ** 20;

/** The path of a file, or of several that are read one after the other. */
export function checkPaths(where: string, given: unknown): readonly string[] {
  const paths = Array.isArray(given) ? given : [given];
  if (paths.length === 0 || paths.some((path) => (typeof path !== 'string' && !(path instanceof URL)) || path === ''))
    throw typeError(`${where} takes the path of a file, or a list of them. Received: ${show(given)}`);
  return paths.map(String).map((path) => (path.startsWith('file:') ? decodeURIComponent(new URL(path).pathname) : path));
}

/** A file's failure, as its reader sees it. */
export function fileError(where: string, path: string, error: unknown): Error {
  if (error instanceof ValueError || error instanceof RuntimeError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new ValueError(`${where}: there is no file ${path}.`, 'ERR_NO_FILE');
  return Object.assign(new RuntimeError(`${where}: ${path} could not be read: ${message}`, 'ERR_READ'), { cause: error });
}

/** The bytes of a file in parts, unpacked where its name ends in .gz. Each part is memory of its own. */
export async function* partsOf(where: string, path: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    if ((await stat(path)).isDirectory()) throw new ValueError(`${where}: ${path} is a folder.`, 'ERR_FILE');
    yield* path.endsWith('.gz') ? unpacked(path) : read(path);
  } catch (error) {
    throw fileError(where, path, error);
  }
}

async function* read(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path, 'r');
  try {
    for (;;) {
      const part = Buffer.allocUnsafeSlow(CHUNK);
      const { bytesRead } = await file.read(part, 0, CHUNK, null);
      if (bytesRead === 0) return;
      yield part.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* unpacked(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = createReadStream(path, { highWaterMark: CHUNK });
  const gunzip = createGunzip({ chunkSize: CHUNK });
  file.on('error', (error) => gunzip.destroy(error));
  try {
    yield* file.pipe(gunzip);
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}
