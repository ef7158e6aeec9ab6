import type { Logs } from '../callbacks/callback.js';
import type { CallbackList } from '../callbacks/list.js';
import type { Model } from '../model/model.js';
import type { Reading } from '../model/reading.js';
import { resultLogs } from '../model/results.js';
import { patiently, type Until } from './aborting.js';
import type { Runner } from './batches.js';
import type { OpenBatches } from './open_batches.js';
import { watchProgress } from './results.js';
import { runUntilStopped, type Stops } from './stopping.js';

/** Batches to evaluate on, and what evaluates. */
export interface TestRun<R extends Runner = Runner> extends OpenBatches<R> {
  reading: Reading;
}

export interface TestOptions {
  list: CallbackList;
  until?: Until;
  isAborted?: () => boolean;
}

/**
 * One pass over the batches in inference mode. The logs are `loss` and the metrics; null where there is no batch, and then no hook is called.
 * What was opened for it is closed.
 */
export async function testLoop(model: Model, test: TestRun, options: TestOptions): Promise<Logs | null> {
  const { batches, steps, reading } = test;
  const { list, until = patiently, isAborted = () => false } = options;
  const wanted = steps ?? Number.POSITIVE_INFINITY;
  try {
    const began = batches.begin(wanted);
    if (began) await until(began);
    if (!(await batches.ready(true))) return null;
    model.stopEvaluating = false;
    const begin = list.onTestBegin();
    if (begin) await until(begin);
    const run = list.wantsTestBatches ? oneByOne : together;
    const { done, logs } = await run(model, test, wanted, list, until, {
      isStopped: () => model.stopEvaluating,
      isAborted,
    });
    reading.close();
    if (done < wanted) list.progbar?.endedAt(done);
    const end = list.onTestEnd(logs);
    if (end) await until(end);
    return logs;
  } finally {
    reading.close();
    const closed = batches.close();
    if (closed) await until(closed).catch(() => undefined);
  }
}

type Tested = { done: number; logs: Logs };

/** Somebody must hear of each batch. The first one is ready. */
async function oneByOne(
  model: Model,
  { batches, reading }: TestRun,
  wanted: number,
  list: CallbackList,
  until: Until,
  stops: Stops,
): Promise<Tested> {
  let done = 0;
  let logs: Logs = {};
  do {
    const before = list.onTestBatchBegin(done);
    if (before) await until(before);
    if ((await runUntilStopped(1, stops, () => batches.run(1, done === 0))) === 0) break;
    logs = resultLogs(model, reading);
    const after = list.onTestBatchEnd(done++, logs);
    if (after) await until(after);
  } while (done < wanted && !stops.isStopped() && !stops.isAborted() && (await batches.ready(false)));
  return { done, logs };
}

/** All in one call of the engine. */
async function together(
  model: Model,
  { batches, reading }: TestRun,
  wanted: number,
  list: CallbackList,
  _until: Until,
  stops: Stops,
): Promise<Tested> {
  const unwatch = watchProgress(model, list.progbar, reading);
  try {
    const done = await runUntilStopped(wanted, stops, (count) => batches.run(count, true, stops));
    return { done, logs: resultLogs(model, reading) };
  } finally {
    unwatch();
  }
}
