import { checkFinite } from '../data/finite.js';
import type { ArrayInput } from '../data/inputs.js';
import type { Compilation } from '../model/compilation.js';
import type { Model } from '../model/model.js';
import { resultLogs } from '../model/results.js';
import type { ClassWeight } from '../option_types.js';
import { checkBoolean, readOptions } from '../options.js';
import type { Runner } from './batches.js';
import { readClassWeight } from './class_weights.js';
import { testRunner } from './evaluate.js';
import { type OpenBatches, openBatches } from './open_batches.js';
import { shapeResults } from './results.js';
import { named } from './samples.js';

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

type Read = ReturnType<typeof read>;
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
    classWeights: readClassWeight(o.classWeight),
    reset: checkBoolean(where, 'resetMetrics', o.resetMetrics),
    returnDict: checkBoolean(where, 'returnDict', o.returnDict),
  };
}

/** One step of training on one batch. Results are those before the step's update, as in `fit`. */
export function trainOnBatch(model: Model, x: unknown, y: unknown, options?: OnBatchOptions): Results {
  return model.exclusively('trainOnBatch', async () => {
    const compilation = model.trainingCompilation('trainOnBatch');
    const o = read('trainOnBatch', options, true);
    const runner: Runner = { run: (feed, shape, count, reset) => model.engine().train(feed, shape, count, reset) };
    const { batches } = model.tentatively(() => open(model, x, y, o, compilation, runner));
    model.warnOfTraining();
    // Arrays begin at once: what runs later finds the weights taken.
    void batches.begin(1);
    await batches.run(1, o.reset);
    return shapeResults(resultLogs(model), o.returnDict);
  });
}

/** Loss and metrics on one batch. */
export function testOnBatch(model: Model, x: unknown, y: unknown, options?: OnBatchOptions): Results {
  const compilation = model.compilation('testOnBatch');
  const o = read('testOnBatch', options, false);
  return model.readingOnBatch(o.reset, async (reading) => {
    const { batches } = open(model, x, y, o, compilation, testRunner(reading, null));
    void batches.begin(1);
    await batches.run(1, o.reset);
    return shapeResults(resultLogs(model, reading), o.returnDict);
  });
}

/** One batch of arrays, which are looked at at once. */
function open(model: Model, x: unknown, y: unknown, o: Read, compilation: Compilation, runner: Runner): OpenBatches {
  const opened = openBatches(
    model,
    { x, y, weights: o.sampleWeight },
    {
      where: '',
      compilation,
      first: o.reset,
      batchSize: 'all',
      steps: 1,
      finite: o.finite,
      classWeight: o.classWeights,
      runner: () => runner,
    },
  );
  if (o.finite && opened.arrays) for (const one of named('', opened.arrays.samples)) checkFinite(one);
  return opened;
}
