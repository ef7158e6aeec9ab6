import { CallbackList } from '../callbacks/list.js';
import type { PredictBatchOptions, PredictOptions } from '../callbacks/types.js';
import { checkFinite } from '../data/finite.js';
import { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import type { Reading } from '../model/reading.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { sizeOf } from '../shapes.js';
import { admit, outputFor } from './admit.js';
import { autoOfOneCall, readBatchSize, readVerbose } from './common_options.js';
import { type OpenBatches, openBatches, orOwnSource, refuseBesideDataset } from './open_batches.js';
import { memoryFor, Predictions } from './predictions.js';
import type { Samples } from './samples.js';
import { runUntilStopped, type Stops } from './stopping.js';

/** Options of one call, checked. */
function readPredict(options: PredictOptions | undefined) {
  const o = readOptions<Required<PredictOptions>>('predict', options, {
    batchSize: null,
    steps: null,
    verbose: 'auto',
    checkFinite: true,
    callbacks: null,
  });
  return {
    callbacks: o.callbacks,
    finite: checkBoolean('predict', 'checkFinite', o.checkFinite),
    verbose: readVerbose('predict', o.verbose, autoOfOneCall()),
    steps: o.steps === null ? null : checkNumber('predict', 'steps', o.steps, { min: 1, integer: true }),
    batchSize: readBatchSize('predict', 'batchSize', o.batchSize),
  };
}

export async function predict(model: Model, x: unknown, options?: PredictOptions): Promise<NDArray> {
  const { callbacks, verbose, batchSize, steps, finite } = readPredict(options);
  const source = orOwnSource(model, x);
  refuseBesideDataset('predict', source, { batchSize });
  return model.turns.inTurn(async () => {
    const opened = openPredict(model, source, { batchSize, steps, finite });
    const list = new CallbackList(callbacks, {
      model: model.face,
      params: { verbose, epochs: 1, steps: opened.steps },
      addProgbar: verbose > 0,
    });
    model.stopPredicting = false;
    try {
      const began = list.onPredictBegin();
      if (began) await began;
      const predictions = await predictAll(model, opened, list);
      const ended = list.onPredictEnd();
      if (ended) await ended;
      return predictions;
    } finally {
      opened.reading.close();
      list.progbar?.close();
    }
  });
}

/** Batches to predict, and what predicts them. */
interface PredictRun extends OpenBatches<Predictions> {
  reading: Reading;
}

function openPredict(
  model: Model,
  x: unknown,
  options: { batchSize: number | null | 'all'; steps: number | null; finite: boolean },
): PredictRun {
  const reading = model.reading('predict');
  const looksAt = (samples: Samples | null) => (samples && options.finite ? { where: 'x', tensor: samples.x } : null);
  const runner = (samples: Samples | null) => new Predictions(model, reading, looksAt(samples));
  return { ...openBatches(model, { x }, { where: '', compilation: null, ...options, runner }), reading };
}

/** One pass over the batches. */
async function predictAll(model: Model, run: PredictRun, list: CallbackList): Promise<NDArray> {
  const { batches, runner: predictions } = run;
  const wanted = run.steps ?? Number.POSITIVE_INFINITY;
  const stops = { isStopped: () => model.stopPredicting, isAborted: () => false };
  try {
    await batches.begin(wanted);
    const done = await (list.wantsPredictBatches
      ? oneByOne(run, wanted, list, stops)
      : runUntilStopped(wanted, stops, (count) => batches.run(count, true, stops)));
    if (done === 0) throw new ValueError('predict: the dataset gave no batch.', 'ERR_EMPTY');
    if (!run.arrays) list.progbar?.endedAt(done);
    return predictions.all();
  } finally {
    await batches.close();
  }
}

/** Somebody must hear of each batch. */
async function oneByOne(
  { batches, runner: predictions }: PredictRun,
  wanted: number,
  list: CallbackList,
  stops: Stops,
): Promise<number> {
  let done = 0;
  while (done < wanted && (await batches.ready(done === 0))) {
    await list.onPredictBatchBegin(done);
    if ((await runUntilStopped(1, stops, () => batches.run(1, true, stops))) === 0) break;
    await list.onPredictBatchEnd(done++, { outputs: predictions.last });
    if (stops.isStopped()) break;
  }
  return done;
}

function readFinite(where: string, options: PredictBatchOptions | undefined): boolean {
  if (options === undefined) return true;
  return checkBoolean(
    where,
    'checkFinite',
    readOptions<Required<PredictBatchOptions>>(where, options, { checkFinite: true }).checkFinite,
  );
}

export function predictOnBatch(model: Model, x: unknown, options?: PredictBatchOptions): Promise<NDArray> {
  const finite = readFinite('predictOnBatch', options);
  return model.turns.inTurn(async () => {
    const { batches, reading, runner: predictions } = openPredict(model, x, { batchSize: 'all', steps: 1, finite });
    try {
      // Arrays begin at once: what runs later finds the weights taken.
      void batches.begin(1);
      await batches.run(1, true);
      return predictions.all();
    } finally {
      reading.close();
    }
  });
}

export function predictSync(model: Model, x: unknown, options?: PredictBatchOptions): NDArray {
  const finite = readFinite('predictSync', options);
  model.turns.mayRead();
  const { x: tensor } = admit(model, '', { x }, { compilation: null, needsY: false });
  const output = outputFor(model, tensor) as number[];
  const engine = model.engine(); // refuses shapes that are too large, before memory is taken
  const predictions = memoryFor(tensor.shape[0], sizeOf(output));
  if (!engine.predictSync(tensor.data as Float32Array, tensor.shape.slice(1), predictions, finite))
    checkFinite({ where: 'x', tensor });
  return new NDArray(predictions, [tensor.shape[0], ...output]);
}
