import { show, typeError } from '../errors.js';
import { type Batch, readBatch } from './batch.js';
import { BatchStream, failure } from './batch_stream.js';
import { isAsync, isOnesOwn, iterate } from './open.js';

export type { Batch } from './batch.js';
export { BatchStream, type StreamOptions } from './batch_stream.js';
export { isDataset } from './is_dataset.js';

/**
 * Reads a dataset once, for what needs no labels: at once where it is synchronous, else with a promise. `batch` sees each batch, `end` what comes after
 * the last; where `batch` gives false it was the last. What the source throws comes out as a RuntimeError (ERR_DATASET) whose `cause` it is; a source that is not the user's own is closed however
 * it ends.
 */
export function eachBatch(where: string, source: unknown, batch: (b: Batch) => unknown, end: () => void): void | Promise<void> {
  const made = fromSource(where, () => (typeof source === 'function' ? source() : source));
  if (isAsync(made) || made instanceof Promise)
    return eachAsync(new BatchStream(made === source ? source : () => made, where, { labels: false }), batch, end);
  const iterator = iterate(where, made) as Iterator<unknown>;
  let open = !isOnesOwn(source);
  try {
    for (let index = 0; ; index++) {
      const result = checkResult(
        where,
        fromSource(where, () => iterator.next()),
      );
      if (result.done) {
        open = false;
        break;
      }
      if (batch(readBatch(`${where}, batch ${index}`, index, result.value, false)) === false) break;
    }
  } finally {
    if (open) iterator.return?.();
  }
  end();
}

function checkResult<T>(where: string, result: IteratorResult<T> | undefined): IteratorResult<T> {
  if (typeof result === 'object' && result !== null) return result;
  throw typeError(`${where}: an iterator gives objects { value, done }. Received: ${show(result)}`, 'ERR_DATASET');
}

async function eachAsync(stream: BatchStream, batch: (b: Batch) => unknown, end: () => void): Promise<void> {
  try {
    for (let b = await stream.next(); b; b = await stream.next()) if (batch(b) === false) break;
  } finally {
    await stream.close();
  }
  end();
}

function fromSource<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw failure(where, 'failed', error);
  }
}
