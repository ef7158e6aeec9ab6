import { CallbackList } from '../callbacks/list.js';
import type { EvaluateOptions } from '../callbacks/types.js';
import { checkAllFinite, checkFinite, type Named } from '../data/finite.js';
import type { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import type { Reading } from '../model/reading.js';
import type { Results } from '../option_types.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import type { Data } from './admit.js';
import type { Runner } from './batches.js';
import { autoOfOneCall, readBatchSize, readVerbose } from './common_options.js';
import { openBatches, orOwnSource, refuseBesideDataset } from './open_batches.js';
import { SampleLosses } from './predictions.js';
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
export const openTest = (model: Model, data: TestData): TestRun => open(model, data, testRunner);

/** Batches to evaluate on, whose samples' losses are kept. */
export const openLosses = (model: Model, data: TestData): TestRun<SampleLosses> =>
  open(model, data, (reading, x) => new SampleLosses(model, reading, x));

function open<R extends Runner>(
  model: Model,
  { where, batchSize, steps, finite, ...data }: TestData,
  runner: (reading: Reading, x: Named | null) => R,
): TestRun<R> {
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
    runner: (samples) => runner(reading, finite && isCall && samples ? { where: 'x', tensor: samples.x } : null),
  });
  return { ...opened, reading };
}

export async function evaluate(model: Model, x: unknown, y: unknown, options?: EvaluateOptions): Promise<Results | NDArray> {
  const compilation = model.compilation('evaluate');
  const o = readOptions<Required<EvaluateOptions>>('evaluate', options, {
    batchSize: null,
    sampleWeight: null,
    steps: null,
    verbose: 'auto',
    checkFinite: true,
    returnDict: false,
    perSample: false,
    callbacks: null,
  });
  const finite = checkBoolean('evaluate', 'checkFinite', o.checkFinite);
  const verbose = readVerbose('evaluate', o.verbose, autoOfOneCall());
  const returnDict = checkBoolean('evaluate', 'returnDict', o.returnDict);
  const perSample = checkBoolean('evaluate', 'perSample', o.perSample);
  if (perSample && returnDict)
    throw new ValueError(
      "evaluate: 'perSample' gives the losses alone, so that 'returnDict' does not go with it.",
      'ERR_OPTIONS',
    );
  if (perSample && !compilation.loss)
    throw new ValueError('evaluate: perSample needs a loss: model.compile({ loss }).', 'ERR_NO_LOSS');
  const steps = o.steps === null ? null : checkNumber('evaluate', 'steps', o.steps, { min: 1, integer: true });
  const batchSize = readBatchSize('evaluate', 'batchSize', o.batchSize);
  const source = orOwnSource(model, x);
  refuseBesideDataset('evaluate', source, { y, batchSize: o.batchSize, sampleWeight: o.sampleWeight });
  return model.turns.inTurn(async () => {
    const test = (perSample ? openLosses : openTest)(model, {
      where: '',
      x: source,
      y,
      weights: o.sampleWeight,
      batchSize,
      steps,
      finite,
    });
    if (finite && test.arrays) await checkAllFinite(named('', test.arrays.samples).slice(1));
    const list = new CallbackList(o.callbacks, {
      model: model.face,
      params: { verbose, epochs: 1, steps: test.steps },
      addProgbar: verbose > 0,
    });
    try {
      const logs = await testLoop(model, test, { list });
      if (!logs) throw new ValueError('The data to evaluate on gave no batch.', 'ERR_EMPTY');
      return test.runner instanceof SampleLosses ? test.runner.all() : shapeResults(logs, returnDict);
    } finally {
      list.progbar?.close();
    }
  });
}
