// Predicts, trains, evaluates and predicts again with a random stack, and gives its bits as a hash.

import { createHash } from 'node:crypto';
import { sizeOf } from '../../shapes.js';
import type { Draw } from './draw.js';
import type { Head } from './losses.js';
import { drawStack, nameOf, type Package, type Stack, type StackName } from './stack.js';

export interface StackResult {
  /** Of the weights, the history and all predictions. */
  hash: string;
  /** What is wrong by itself, whatever another run gives; null where nothing is. */
  problem: string | null;
  /** Numbers that are not finite are no fault of the engine: some rates and losses diverge. */
  finite: boolean;
  /** Some layers take no mask, or not every mask, and nothing is known of masks when layers are drawn. */
  refused: boolean;
}

interface Samples {
  data: Float32Array | Int32Array;
  shape: number[];
}

function labelsOf(d: Draw, { labels, units }: Head, rows: number, output: readonly number[]): Samples {
  if (labels === 'class') {
    const shape = [rows, ...output.slice(0, -1)];
    return { data: Int32Array.from({ length: sizeOf(shape) }, () => d.below(units)), shape };
  }
  const shape = [rows, ...output];
  const data = new Float32Array(sizeOf(shape));
  if (labels === 'oneHot') for (let i = 0; i < data.length; i += units) data[i + d.below(units)] = 1;
  else {
    const number = {
      binary: () => d.below(2),
      sign: () => 2 * d.below(2) - 1,
      real: () => 2 * d.number() - 1,
      positive: () => 0.1 + d.number(),
    }[labels];
    for (let i = 0; i < data.length; i++) data[i] = number();
  }
  return { data, shape };
}

/** Numbers or ids. Where samples have steps some of them end early, in zeros that a mask leaves out. */
function samplesOf({ d, ids, rows }: Stack, sample: readonly number[]): Samples {
  const data = new Float32Array(rows * sizeOf(sample));
  for (let i = 0; i < data.length; i++) data[i] = ids ? d.below(ids) : d.number() - 0.5;
  if (ids || (sample.length === 2 && d.chance(0.5))) {
    const each = sizeOf(sample);
    for (let row = 0; row < rows; row++) {
      const used = (1 + d.below(sample[0])) * (each / sample[0]);
      // The mean of no step at all is no number.
      if (ids) data[row * each] = 1;
      data.fill(0, row * each + used, (row + 1) * each);
    }
  }
  return { data, shape: [rows, ...sample] };
}

/** The first rows. */
function first({ data, shape }: Samples, rows: number): Samples {
  return { data: data.subarray(0, (data.length / shape[0]) * rows), shape: [rows, ...shape.slice(1)] };
}

/** Where the same rows, predicted in batches of other sizes, differ by more than rounding. */
function disagreement(alone: ArrayLike<number>, among: ArrayLike<number>, tolerance: number): string | null {
  let scale = 1;
  for (let i = 0; i < alone.length; i++) if (Number.isFinite(among[i])) scale = Math.max(scale, Math.abs(among[i]));
  for (let i = 0; i < alone.length; i++) {
    if (Number.isNaN(alone[i]) && Number.isNaN(among[i])) continue;
    if (!(Math.abs(alone[i] - among[i]) <= tolerance * scale) && alone[i] !== among[i])
      return `output ${i} of rows predicted at once is ${alone[i]}, among others ${among[i]}`;
  }
  return null;
}

async function train(stack: Stack): Promise<StackResult> {
  const { model, d, rows, batch, stateful } = stack;
  const x = samplesOf(stack, (model.inputShape as number[]).slice(1));
  const y = labelsOf(d, stack.head, rows, (model.outputShape as number[]).slice(1));
  const weights = stack.loss !== 'Circle' && d.chance(0.15) ? Float32Array.from({ length: rows }, () => d.number()) : undefined;
  // What carries states from batch to batch must see the same number of samples each time.
  const other = (sizes: readonly number[]) => (stateful ? batch : d.of(sizes));
  const hash = createHash('sha256');
  const note = ({ data }: { data: ArrayLike<number> & ArrayBufferView }) =>
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));

  note(await model.predict(x, { verbose: 0, batchSize: batch }));
  const validated = stateful ? batch : 1 + d.below(rows);
  const { history } = await model.fit(x, y, {
    epochs: 2,
    batchSize: batch,
    verbose: 0,
    shuffle: !stateful,
    validationData: [first(x, validated), first(y, validated)],
    ...(weights && { sampleWeight: weights }),
  });
  const evaluated = await model.evaluate(x, y, { verbose: 0, batchSize: other([3, 32, 128]) });
  const among = await model.predict(x, { verbose: 0, batchSize: other([1, 7, 32, 200]) });
  const few = stateful ? batch : Math.min(rows, d.of([1, 3, 8]));
  const alone = model.predictSync(first(x, few));

  for (const part of [...model.getWeights(), among, alone]) note(part as { data: Float32Array });
  hash.update(JSON.stringify([history, evaluated]));
  const numbers = [...Object.values(history).flat(), evaluated].flat() as number[];
  const problem = stateful ? null : disagreement(alone.data, among.data, stack.mixed ? 0.05 : 1e-3);
  return { hash: hash.digest('hex').slice(0, 16), problem, finite: numbers.every(Number.isFinite), refused: false };
}

/** `tell` learns what will be trained before it is, since a fault may end the process. */
export async function runStack(
  gemmfit: Package,
  name: StackName,
  tell: (story: string) => void = () => {},
): Promise<StackResult> {
  const stack = drawStack(gemmfit, name);
  tell(`${nameOf(name)} ${stack.story}`);
  try {
    return await train(stack);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MASK') throw error;
    return { hash: 'refused', problem: null, finite: true, refused: true };
  } finally {
    stack.model.dispose();
  }
}
