import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { RuntimeError, ValueError } from '../../errors.js';
import type { Plan } from './plan.js';

/** What threads are for: parts of a file, arrays of an HDF5 file, or elements for a function of the user's module. */
export type Job =
  | { readonly plan: Plan }
  | { readonly hdf5: string; readonly names: readonly string[] }
  | { readonly module: string };
export type Answer = { id: number; value: unknown } | { id: number; error: { message: string; code?: string; isValue: boolean } };

/** The worker is a file of its own, beside the bundle: dist/ as seen from there, and from lib/datasets/parts where sources run. */
function workerFile(): string {
  const places = [join(__dirname, 'data_worker.mjs'), join(__dirname, '../../../dist/data_worker.mjs')];
  const found = places.find((place) => existsSync(place));
  if (found) return found;
  throw new RuntimeError(
    `Reading in threads needs ${places[0]}, which is not there. A bundler that takes gemmfit in must leave it out (external: ['gemmfit']).`,
    'ERR_DATA_WORKER',
  );
}

interface Thread {
  readonly worker: Worker;
  /** Tasks that it has and has not answered. */
  readonly waiting: Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>;
}

/** Threads that do one kind of task. Each task goes to the thread that has the fewest. */
export class Workers {
  readonly #threads: Promise<Thread[]>;
  #count = 0;
  #closed = false;

  constructor(count: number, job: Job) {
    this.#threads = this.#open(count, job);
    this.#threads.catch(() => undefined);
  }

  async #open(count: number, job: Job): Promise<Thread[]> {
    const { Worker } = await import('node:worker_threads');
    const file = workerFile();
    return Array.from({ length: count }, () => {
      const thread: Thread = { worker: new Worker(file, { workerData: job, execArgv: [] }), waiting: new Map() };
      thread.worker.on('message', (answer: Answer) => {
        const task = thread.waiting.get(answer.id);
        thread.waiting.delete(answer.id);
        if ('error' in answer) task?.reject(errorOf(answer.error));
        else task?.resolve(answer.value);
      });
      const fail = (error: unknown) => {
        for (const task of thread.waiting.values()) task.reject(error);
        thread.waiting.clear();
      };
      thread.worker.on('error', fail);
      thread.worker.on('exit', (code) =>
        fail(new RuntimeError(`a thread that reads data ended with status ${code}`, 'ERR_DATA_WORKER')),
      );
      return thread;
    });
  }

  /** @param transfer memory that goes to the thread */
  async run(task: unknown, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    const threads = await this.#threads;
    if (this.#closed) throw new RuntimeError('the threads are closed', 'ERR_DATA_WORKER');
    const thread = threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
      thread.worker.postMessage({ id, task }, [...transfer]);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const threads = await this.#threads.catch(() => []);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }
}

function errorOf({ message, code, isValue }: { message: string; code?: string; isValue: boolean }): Error {
  if (isValue) return new ValueError(message, code);
  return Object.assign(new Error(message), code !== undefined && { code });
}
