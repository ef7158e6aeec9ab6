// A thread that reads parts of a file, or calls a function of the user's module, as `workerData` says. One task at a time, in the order of the messages.
import { parentPort, workerData } from 'node:worker_threads';
import { buffersOf, decode, encode } from './codec.js';
import type { Parsed, Part } from './part.js';
import { openReader } from './reader.js';
import type { Answer, Job } from './workers.js';

type Work = (task: unknown) => Promise<{ value: unknown; transfer: ArrayBuffer[] }>;

async function workOf(job: Job): Promise<Work> {
  if ('plan' in job) {
    const read = await openReader(job.plan);
    return async (task) => {
      const value: Parsed = await read(task as Part);
      return { value, transfer: buffersOf(value.columns) };
    };
  }
  if ('hdf5' in job) {
    const { hdf5Reader } = await import('../arrays/hdf5_reader.mjs');
    const read = await hdf5Reader(job.hdf5, job.names);
    return async (task) => read(task);
  }
  const loaded = await import(job.module);
  const make = loaded.default?.default ?? loaded.default;
  if (typeof make !== 'function') throw new TypeError(`map: the default export of ${job.module} must be a function`);
  return async (task) => {
    const made: unknown[] = [];
    for (const element of decode(task)) made.push(await make(element));
    return encode(made);
  };
}

const work = workOf(workerData as Job);
work.catch(() => undefined);
let before: Promise<unknown> = work.catch(() => undefined);

parentPort?.on('message', ({ id, task }: { id: number; task: unknown }) => {
  before = before.then(async () => {
    try {
      const { value, transfer } = await (await work)(task);
      parentPort?.postMessage({ id, value } satisfies Answer, transfer);
    } catch (error) {
      const { message, code, name } = error as Error & { code?: string };
      parentPort?.postMessage({ id, error: { message: String(message), code, isValue: name === 'ValueError' } } satisfies Answer);
    }
  });
});
