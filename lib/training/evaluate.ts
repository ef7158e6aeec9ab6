import { CallbackList } from '../callbacks/list.js';
import type { EvaluateOptions } from '../callbacks/types.js';
import { checkAllFinite, checkFinite, type Named } from '../data/finite.js';
import { ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import type { Reading } from '../model/reading.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import type { Data } from './admit.js';
import type { Runner } from './batches.js';
import { autoOfOneCall, readBatchSize, readVerbose } from './common_options.js';
import { openBatches, orOwnSource, refuseBesideDataset } from './open_batches.js';
import { shapeResults } from './results.js';
import { named } from './samples.js';
import { type TestRun, testLoop } from './test_loop.js';

/** Evaluates batches. @param x what is looked at while it is gathered; null where nothing is */
export const testRunner = (reading: Reading, x: Named | null): Runner => ({
  async run(feed, shape, count, reset) {
    const result = await reading.test(feed, shape, count, reset, x !== null);
    if (result.foundNotFinite && x) checkFinite(x);
    return result;
  },
});

/** Data to evaluate on. */
export interface TestData extends Data {
  where: string;
  batchSize: number | null;
  steps: number | null;
  finite: boolean;
}

/** Batches to evaluate on: arrays in their order, or a dataset. */
export function openTest(model: Model, { where, batchSize, steps, finite, ...data }: TestData): TestRun {
  const compilation = model.compilation('evaluate');
  const isCall = where === '';
  const reading = model.reading('test', !isCall);
  const opened = openBatches(model, data, {
    where,
    compilation,
    first: isCall,
    batchSize,
    steps,
    finite,
    // What `evaluate` reads once is looked at while it is read; `fit` has looked at it before.
    runner: (samples) => testRunner(reading, finite && isCall && samples ? { where: 'x', tensor: samples.x } : null),
  });
  return { ...opened, reading };
}

export async function evaluate(
  model: Model,
  x: unknown,
  y: unknown,
  options?: EvaluateOptions,
): Promise<number | number[] | Record<string, number>> {
  model.compilation('evaluate');
  const o = readOptions<Required<EvaluateOptions>>('evaluate', options, {
    batchSize: null,
    sampleWeight: null,
    steps: null,
    verbose: 'auto',
    checkFinite: true,
    returnDict: false,
    callbacks: null,
  });
  const finite = checkBoolean('evaluate', 'checkFinite', o.checkFinite);
  const verbose = readVerbose('evaluate', o.verbose, autoOfOneCall());
  const returnDict = checkBoolean('evaluate', 'returnDict', o.returnDict);
  const steps = o.steps === null ? null : checkNumber('evaluate', 'steps', o.steps, { min: 1, integer: true });
  const batchSize = readBatchSize('evaluate', 'batchSize', o.batchSize);
  const source = orOwnSource(model, x);
  refuseBesideDataset('evaluate', source, { y, batchSize: o.batchSize, sampleWeight: o.sampleWeight });
  return model.turns.inTurn(async () => {
    const test = openTest(model, { where: '', x: source, y, weights: o.sampleWeight, batchSize, steps, finite });
    if (finite && test.arrays) await checkAllFinite(named('', test.arrays.samples).slice(1));
    const list = new CallbackList(o.callbacks, {
      model: model.face,
      params: { verbose, epochs: 1, steps: test.steps },
      addProgbar: verbose > 0,
    });
    try {
      const logs = await testLoop(model, test, { list });
      if (!logs) throw new ValueError('The data to evaluate on gave no batch.', 'ERR_EMPTY');
      return shapeResults(logs, returnDict);
    } finally {
      list.progbar?.close();
    }
  });
}
