import { CallbackList } from '../callbacks/list.js';
import type { EvaluateOptions } from '../callbacks/types.js';
import { checkAllFinite, checkFinite } from '../data/finite.js';
import { ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { ArrayBatches, type Trainer } from './batches.js';
import { autoOfOneCall, readBatchSize, readVerbose } from './common_options.js';
import { DatasetBatches } from './dataset_batches.js';
import { feedOf } from './feed.js';
import { shapeResults } from './results.js';
import { checkStateful, isDataset, named, outputFor, readSamples, type Samples } from './sources.js';
import { type TestRun, testLoop } from './test_loop.js';

/** Batches to evaluate on: arrays in their order, or a dataset. */
export function testBatches(
  model: Model,
  where: string,
  x: unknown,
  y: unknown,
  weights: unknown,
  batchSize: number | null,
  steps: number | null,
  finite: boolean,
): TestRun {
  const compilation = model.compilation('evaluate');
  const reading = model.reading('test', where !== '');
  // What `evaluate` reads once is looked at while it is read; `fit` has looked at it before.
  const check = finite && where === '';
  const runner: Trainer = async (feed, shape, count, reset) => {
    const result = await reading.test(feed, shape, count, reset, check && samples !== null);
    if (result.foundNotFinite && samples) checkFinite({ where: 'x', tensor: samples.x });
    return result;
  };
  let samples: Samples | null = null;
  if (isDataset(x)) {
    const batches = new DatasetBatches(x, where, model, compilation, null, runner, finite);
    return { batches, steps, batch: null, samples, reading };
  }
  // Validation takes loss and metrics as training does.
  samples = readSamples(model, compilation, where, x, y, weights, compilation.loss !== null, where === '');
  const batch = Math.min(batchSize ?? (steps ? Math.ceil(samples.count / steps) : 32), samples.count);
  checkStateful(model, samples.count, batch);
  const all = Math.ceil(samples.count / batch);
  const owned = samples;
  const make = () => feedOf(compilation, owned, outputFor(model, owned.x), { batch });
  return { batches: new ArrayBatches(all, make, runner, null), steps: Math.min(steps ?? all, all), batch, samples, reading };
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
  const source = (x === null || x === undefined) && model.input?.source ? model.input.source : x;
  if (isDataset(source)) refuseBesideDataset('evaluate', { y, batchSize: o.batchSize, sampleWeight: o.sampleWeight });
  return model.turns.inTurn(async () => {
    const test = testBatches(model, '', source, y, o.sampleWeight, batchSize, steps, finite);
    if (finite && test.samples) await checkAllFinite(named('', test.samples).slice(1));
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

/** A dataset brings labels, weights and batches itself. */
export function refuseBesideDataset(where: string, given: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(given))
    if (value !== null && value !== undefined && value !== 0)
      throw new ValueError(
        `${where}: '${name}' does not go with a dataset, whose batches bring [x, y, sampleWeight] themselves. Leave it out.`,
        'ERR_DATASET_ARGUMENT',
      );
}
