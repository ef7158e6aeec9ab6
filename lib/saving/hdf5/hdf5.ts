import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { RuntimeError, ValueError } from '../../errors.js';
import { arraysOf, type Hdf5Answer, type Hdf5File, type Hdf5Group, type Hdf5Limits, type Hdf5Request } from './tree.js';

/** The worker is a file of its own, beside the bundle: dist/ as seen from there, and from lib/saving/hdf5 where sources run. */
function workerFile(): string {
  const places = [join(__dirname, 'hdf5_worker.mjs'), join(__dirname, '../../../dist/hdf5_worker.mjs')];
  const found = places.find((place) => existsSync(place));
  if (found) return found;
  throw new RuntimeError(
    `HDF5 files need ${places[0]}, which is not there. A bundler that takes gemmfit in must leave it out (external: ['gemmfit']).`,
    'ERR_HDF5_WORKER',
  );
}

/**
 * One request, one thread: it ends with its answer and takes its memory with it.
 * @param given what goes to the thread and is not the caller's any more
 */
async function ask(request: Hdf5Request, given: ArrayBuffer[]): Promise<Hdf5Answer> {
  const { Worker } = await import('node:worker_threads');
  const worker: Worker = new Worker(workerFile(), { execArgv: [], env: {}, stdout: true, stderr: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Hdf5Answer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`its thread ended with status ${code}`)));
      worker.postMessage(request, given);
      if (!('read' in request)) return;
      const { seconds } = request.limits;
      const late = () =>
        resolve({ error: `it is not read after ${seconds} seconds, which limits.seconds allows`, refused: true });
      // Longer than a timer can wait is for ever.
      timer = setTimeout(late, Math.min(1000 * seconds, 2 ** 31 - 1));
    });
  } catch (error) {
    return { error: (error as Error).message, refused: false };
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/**
 * All that an HDF5 file holds. ValueError ERR_FILE where it is damaged or no HDF5 file, ERR_FILE_REFUSED where it holds what a file of weights has no business
 * to hold (links, datasets whose numbers are elsewhere, more than the limits).
 * @param own whether the bytes, and all others of their memory, go to the thread that reads them; else they stay the caller's
 */
export async function readHdf5(where: string, bytes: Uint8Array, limits: Hdf5Limits, own: boolean): Promise<Hdf5Group> {
  const answered = await ask({ read: bytes, limits }, own ? [bytes.buffer as ArrayBuffer] : []);
  if ('group' in answered) return answered.group;
  const why = 'error' in answered ? answered.error : 'no answer';
  if ('error' in answered && answered.refused)
    throw new ValueError(`${where}: this HDF5 file is not taken: ${why}.`, 'ERR_FILE_REFUSED');
  throw new ValueError(`${where}: the HDF5 file is damaged or no HDF5 file: ${firstLine(why)}`, 'ERR_FILE');
}

/** An HDF5 file of these groups. Their numbers go into it: they are not the caller's any more. */
export async function writeHdf5(where: string, group: Hdf5Group): Promise<Hdf5File> {
  const buffers = new Set([...arraysOf(group)].map((data) => data.buffer as ArrayBuffer));
  const answered = await ask({ write: group }, [...buffers]);
  if ('pieces' in answered) return answered;
  throw new RuntimeError(
    `${where}: the HDF5 file could not be made: ${'error' in answered ? firstLine(answered.error) : 'no answer'}`,
    'ERR_HDF5',
  );
}

const firstLine = (text: string) => text.split('\n')[0].slice(0, 300);
