import { CallbackList } from '../callbacks/list.js';
import type { PredictBatchOptions, PredictOptions } from '../callbacks/types.js';
import type { Tensor } from '../data/convert.js';
import { BatchStream } from '../data/dataset.js';
import { allocate } from '../data/elements.js';
import { checkFinite } from '../data/finite.js';
import { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import { hasMemoryFor } from '../memory.js';
import type { Model } from '../model/model.js';
import type { Reading } from '../model/reading.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { sizeOf } from '../shapes.js';
import { autoOfOneCall, readBatchSize, readVerbose } from './common_options.js';
import { refuseBesideDataset } from './evaluate.js';
import { feedOf } from './feed.js';
import { checkStateful, isDataset, outputFor, readX } from './sources.js';
import { runUntilStopped, type Stops } from './stopping.js';

function memoryFor(rows: number, width: number): Float32Array {
  try {
    if (!hasMemoryFor(4 * rows * width)) throw new RangeError('there is not as much memory');
    return new Float32Array(rows * width);
  } catch (cause) {
    const message = `predict: the predictions, ${rows} samples of ${width} numbers, do not fit into memory. Predict fewer samples at a time.`;
    throw Object.assign(new ValueError(message, 'ERR_MEMORY'), { cause });
  }
}

/**
 * Predicts the first `rows` samples of x, telling the list of every batch where someone wants to know.
 * @param where the name of x, which must be finite; null where it need not
 */
async function predictArray(
  model: Model,
  x: Tensor,
  batch: number,
  rows: number,
  list: CallbackList | null,
  where: string | null,
  reading: Reading,
): Promise<NDArray> {
  checkStateful(model, rows, batch);
  const output = outputFor(model, x) as number[];
  const width = sizeOf(output);
  model.engine(); // refuses shapes that are too large, before memory is taken
  const all = memoryFor(rows, width);
  const { feed, shape } = feedOf(null, { x, y: null, weights: null, count: rows }, output, { batch, count: rows });
  const run = async (count: number, into: Float32Array) => {
    const result = await reading.predict(feed, shape.sampleShape, count, into, where !== null);
    if (result.foundNotFinite) checkFinite({ where: where as string, tensor: x });
    return result.done;
  };
  const stops = stopsOf(model, list);
  let done = 0;
  if (!list?.wantsPredictBatches) {
    done = await runUntilStopped(Math.ceil(rows / batch), stops, (count) => run(count, all));
  } else {
    do {
      await list.onPredictBatchBegin(done);
      const part = all.subarray(done * batch * width, Math.min(rows, (done + 1) * batch) * width);
      await runUntilStopped(1, stops, () => run(1, part));
      await list.onPredictBatchEnd(done++, { outputs: new NDArray(part, [part.length / width, ...output]) });
    } while (done * batch < rows && !stops.isStopped());
  }
  const predicted = Math.min(rows, done * batch);
  return new NDArray(predicted < rows ? all.slice(0, predicted * width) : all, [predicted, ...output]);
}

/** Keras's flag of the model. A single batch has no end before its end. */
const stopsOf = (model: Model, list: CallbackList | null): Stops => ({
  isStopped: () => list !== null && model.stopPredicting,
  isAborted: () => false,
});

function concatenate(parts: NDArray[]): NDArray {
  if (parts.length === 1) return parts[0];
  const all = allocate('the predictions', 'float32', [parts.reduce((n, p) => n + p.data.length, 0)]) as Float32Array;
  let at = 0;
  for (const p of parts) {
    if (p.shape.slice(1).join() !== parts[0].shape.slice(1).join())
      throw new ValueError(
        `predict: batches gave outputs of different shapes, [${parts[0].shape}] and [${p.shape}]; predict them one by one.`,
        'ERR_SHAPE',
      );
    all.set(p.data as Float32Array, at);
    at += p.data.length;
  }
  return new NDArray(all, [parts.reduce((n, p) => n + p.shape[0], 0), ...parts[0].shape.slice(1)]);
}

export async function predict(model: Model, x: unknown, options?: PredictOptions): Promise<NDArray> {
  const o = readOptions<Required<PredictOptions>>('predict', options, {
    batchSize: null,
    steps: null,
    verbose: 'auto',
    checkFinite: true,
    callbacks: null,
  });
  const finite = checkBoolean('predict', 'checkFinite', o.checkFinite);
  const verbose = readVerbose('predict', o.verbose, autoOfOneCall());
  const steps = o.steps === null ? null : checkNumber('predict', 'steps', o.steps, { min: 1, integer: true });
  const batchSize = readBatchSize('predict', 'batchSize', o.batchSize);
  const source = (x === null || x === undefined) && model.input?.source ? model.input.source : x;
  const dataset = isDataset(source);
  if (dataset) refuseBesideDataset('predict', { batchSize: o.batchSize });
  return model.turns.inTurn(async () => {
    const tensor = dataset ? null : readX(model, 'x', source);
    const batch = tensor ? Math.min(batchSize ?? (steps ? Math.ceil(tensor.shape[0] / steps) : 32), tensor.shape[0]) : 0;
    const all = tensor ? Math.ceil(tensor.shape[0] / batch) : null;
    const wanted = all === null ? steps : Math.min(steps ?? all, all);
    const list = new CallbackList(o.callbacks, {
      model: model.face,
      params: { verbose, epochs: 1, steps: wanted },
      addProgbar: verbose > 0,
    });
    model.stopPredicting = false;
    const reading = model.reading('predict');
    try {
      await list.onPredictBegin();
      const result = tensor
        ? await predictArray(
            model,
            tensor,
            batch,
            Math.min(tensor.shape[0], (wanted as number) * batch),
            list,
            finite ? 'x' : null,
            reading,
          )
        : await predictDataset(model, source, wanted, list, finite, reading);
      await list.onPredictEnd();
      return result;
    } finally {
      reading.close();
      list.progbar?.close();
    }
  });
}

async function predictDataset(
  model: Model,
  source: unknown,
  steps: number | null,
  list: CallbackList,
  finite: boolean,
  reading: Reading,
): Promise<NDArray> {
  const stream = new BatchStream(source, 'x', { labels: false });
  const parts: NDArray[] = [];
  try {
    const wanted = steps ?? Number.POSITIVE_INFINITY;
    await stream.begin(wanted);
    while (parts.length < wanted) {
      const batch = await stream.next();
      if (!batch) break;
      const where = `x, batch ${batch.index}`;
      const x = readX(model, where, batch.x);
      await list.onPredictBatchBegin(parts.length);
      const outputs = await predictArray(model, x, x.shape[0], x.shape[0], null, finite ? where : null, reading);
      await list.onPredictBatchEnd(parts.length, { outputs });
      parts.push(outputs);
      if (model.stopPredicting) break;
    }
  } finally {
    await stream.close();
  }
  if (!parts.length) throw new ValueError('predict: the dataset gave no batch.', 'ERR_EMPTY');
  list.progbar?.endedAt(parts.length);
  return concatenate(parts);
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
    const tensor = readX(model, 'x', x);
    const reading = model.reading('predict');
    try {
      return await predictArray(model, tensor, tensor.shape[0], tensor.shape[0], null, finite ? 'x' : null, reading);
    } finally {
      reading.close();
    }
  });
}

export function predictSync(model: Model, x: unknown, options?: PredictBatchOptions): NDArray {
  const finite = readFinite('predictSync', options);
  model.turns.mayRead();
  const tensor = readX(model, 'x', x);
  const output = outputFor(model, tensor) as number[];
  const engine = model.engine(); // refuses shapes that are too large, before memory is taken
  const predictions = memoryFor(tensor.shape[0], sizeOf(output));
  if (!engine.predictSync(tensor.data as Float32Array, tensor.shape.slice(1), predictions, finite))
    checkFinite({ where: 'x', tensor });
  return new NDArray(predictions, [tensor.shape[0], ...output]);
}
