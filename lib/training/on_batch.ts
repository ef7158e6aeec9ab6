import { checkFinite } from '../data/finite.js';
import type { ArrayInput } from '../data/inputs.js';
import type { Model } from '../model/model.js';
import { toLogs } from '../model/results.js';
import type { ClassWeight } from '../option_types.js';
import { checkBoolean, readOptions } from '../options.js';
import { feedOf } from './feed.js';
import { shapeResults } from './results.js';
import { named, outputFor, readClassWeight, readSamples } from './sources.js';

export { predictOnBatch } from './predict.js';

/** Options of `trainOnBatch` and `testOnBatch`. */
export interface OnBatchOptions {
  /** Weights of the samples: `[samples]`, or `[samples, steps]`. */
  sampleWeight?: ArrayInput | null;
  /** Weight of each class: `{ 0: 1, 1: 5 }`. Training only. */
  classWeight?: Exclude<ClassWeight, 'balanced'> | null;
  /** Refuses data with NaN, Infinity or what float32 cannot hold, by name. Default true. */
  checkFinite?: boolean;
  /** Results of this batch alone (true), or of all since the last reset. Default true. */
  resetMetrics?: boolean;
  /** An object by name instead of a list. Default false. */
  returnDict?: boolean;
}

type Results = Promise<number | number[] | Record<string, number>>;

function read(where: string, options: OnBatchOptions | undefined, training: boolean) {
  const defaults: Required<OnBatchOptions> = {
    sampleWeight: null,
    classWeight: null,
    checkFinite: true,
    resetMetrics: true,
    returnDict: false,
  };
  if (!training) delete (defaults as OnBatchOptions).classWeight;
  const o = readOptions(where, options, defaults);
  return {
    ...o,
    finite: checkBoolean(where, 'checkFinite', o.checkFinite),
    reset: checkBoolean(where, 'resetMetrics', o.resetMetrics),
    returnDict: checkBoolean(where, 'returnDict', o.returnDict),
  };
}

/** One step of training on one batch. Results are those before the step's update, as in `fit`. */
export function trainOnBatch(model: Model, x: unknown, y: unknown, options?: OnBatchOptions): Results {
  return model.exclusively('trainOnBatch', async () => {
    const compilation = model.trainingCompilation('trainOnBatch');
    const o = read('trainOnBatch', options, true);
    const classWeights = readClassWeight(o.classWeight);
    const samples = model.tentatively(() => {
      const read = readSamples(model, compilation, '', x, y, o.sampleWeight, true, o.reset);
      if (o.finite) for (const one of named('', read)) checkFinite(one);
      return read;
    });
    model.warnOfTraining();
    const { feed, shape } = feedOf(compilation, samples, outputFor(model, samples.x), {
      batch: samples.count,
      classWeights,
    });
    const totals = await model.engine().train(feed, shape, 1, o.reset);
    return shapeResults(toLogs(model, totals), o.returnDict);
  });
}

/** Loss and metrics on one batch. */
export function testOnBatch(model: Model, x: unknown, y: unknown, options?: OnBatchOptions): Results {
  const compilation = model.compilation('testOnBatch');
  const o = read('testOnBatch', options, false);
  return model.readingOnBatch(o.reset, async (reading) => {
    const samples = readSamples(model, compilation, '', x, y, o.sampleWeight, compilation.loss !== null, o.reset);
    if (o.finite) for (const one of named('', samples)) checkFinite(one);
    const { feed, shape } = feedOf(compilation, samples, outputFor(model, samples.x), { batch: samples.count });
    return shapeResults(toLogs(model, await reading.test(feed, shape, 1, o.reset)), o.returnDict);
  });
}
