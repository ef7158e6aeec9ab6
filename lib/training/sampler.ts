import { toTensor } from '../data/convert.js';
import { permutation } from '../data/train_test_split.js';
import { addon } from '../engine/addon.js';
import { show, typeError, ValueError } from '../errors.js';
import type { Shape } from '../layers/layer.js';
import type { Sampler } from '../option_types.js';
import { checkBoolean, checkNumber, isPlain, readOptions } from '../options.js';
import { classOfItem, type LabelKind } from './class_weights.js';
import type { Samples } from './samples.js';

/** Which samples each pass takes, in their order: a function of the fit's seed and the pass alone. */
export interface Draw {
  /** Samples of a pass. */
  rows: number;
  order(seed: number, pass: number): Uint32Array;
}

/** Option `sampler`, checked by itself. */
export type SamplerPlan =
  | { kind: 'balanced' }
  | { kind: 'weights'; weights: Float64Array; samples: number | null; replacement: boolean };

/** 'balanced', or `{ weights, samples, replacement }`. */
export function readSampler(given: unknown): SamplerPlan | null {
  if (given === null || given === undefined) return null;
  if (given === 'balanced') return { kind: 'balanced' };
  if (!isPlain(given)) throw typeError(`fit: 'sampler' must be 'balanced' or { weights: [...] }. Received: ${show(given)}`);
  const where = "fit: 'sampler'";
  const o = readOptions<Required<Exclude<Sampler, string>>>(where, given, {
    weights: [],
    samples: null,
    replacement: true,
  } as never);
  const { data, shape } = toTensor(`${where}: weights`, o.weights, {});
  const weights = Float64Array.from(data as ArrayLike<number>, Number);
  if (shape.length !== 1)
    throw new ValueError(`${where}: weights are one number a sample. Received shape [${shape}].`, 'ERR_SHAPE');
  const wrong = weights.findIndex((w) => !Number.isFinite(w) || w < 0);
  if (wrong >= 0)
    throw new ValueError(
      `${where}: weights must be finite and at least 0. Received: ${weights[wrong]} at ${wrong}.`,
      'ERR_OUT_OF_RANGE',
    );
  const samples =
    o.samples === null || o.samples === undefined ? null : checkNumber(where, 'samples', o.samples, { min: 1, integer: true });
  return { kind: 'weights', weights, samples, replacement: checkBoolean(where, 'replacement', o.replacement) };
}

/** How the first `rows` samples are drawn. */
export function drawOf(plan: SamplerPlan, samples: Samples, loss: LabelKind | null, output: Shape, rows: number): Draw {
  return plan.kind === 'balanced' ? balanced(samples, loss, output, rows) : weighted(plan, samples.count, rows);
}

/** Seeds of what is drawn in a pass. */
const keyOf = (seed: number, pass: number, part: number): number =>
  (seed + (pass + 1) * 0x9e3779b1 + part * 0x85ebca6b) % Number.MAX_SAFE_INTEGER;

/** Numbers from 0 to below 1, of 48 random bits. */
function uniforms(seed: number, count: number): Float64Array {
  const random = new Float32Array(2 * count);
  addon.randomFill('uniform', seed, random, 0, 1);
  return Float64Array.from({ length: count }, (_, i) => random[2 * i] + random[2 * i + 1] * 2 ** -24);
}

/** The classes take turns, and each goes through its samples in an order of its own, again and again: batches have all classes alike, within one. */
function balanced(samples: Samples, loss: LabelKind | null, output: Shape, rows: number): Draw {
  if (!samples.y || output.length > 1)
    throw new ValueError(
      `fit: sampler 'balanced' needs one class a sample, and this model's outputs have steps. Give weights, { weights: [...] }.`,
      'ERR_SAMPLER',
    );
  const classOf = classOfItem("sampler 'balanced'", samples.y, loss, output);
  const members = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const label = classOf(row);
    const list = members.get(label);
    if (list) list.push(row);
    else members.set(label, [row]);
  }
  const classes = [...members].sort(([a], [b]) => a - b).map(([, list]) => list);
  const order = (seed: number, pass: number): Uint32Array => {
    const queues = classes.map((list, k) => {
      let round = 0;
      let at = list.length;
      let turn: Uint32Array = new Uint32Array();
      return () => {
        if (at === list.length) {
          turn = permutation(keyOf(seed, pass, 1 + k + classes.length * round++), list.length);
          at = 0;
        }
        return list[turn[at++]];
      };
    });
    return Uint32Array.from({ length: rows }, (_, i) => queues[i % queues.length]());
  };
  return { rows, order };
}

function weighted({ weights, samples, replacement }: SamplerPlan & { kind: 'weights' }, count: number, rows: number): Draw {
  if (weights.length !== count)
    throw new ValueError(
      `fit: 'sampler' must have a weight for each of the ${count} samples. Received: ${weights.length}.`,
      'ERR_LENGTHS',
    );
  const own = weights.subarray(0, rows);
  const possible = own.reduce((n, w) => n + (w > 0 ? 1 : 0), 0);
  const wanted = samples ?? (replacement ? rows : possible);
  if (possible === 0 || (!replacement && wanted > possible))
    throw new ValueError(
      `fit: 'sampler' can draw ${possible} of the ${rows} samples that train, those whose weights are above 0. Received: ${wanted} to be drawn${replacement ? '' : ' without replacement'}.`,
      'ERR_SAMPLER',
    );
  return { rows: wanted, order: (seed, pass) => (replacement ? withReplacement : without)(own, wanted, keyOf(seed, pass, 0)) };
}

function withReplacement(weights: Float64Array, wanted: number, key: number): Uint32Array {
  const sums = new Float64Array(weights.length);
  let all = 0;
  for (let i = 0; i < weights.length; i++) {
    all += weights[i];
    sums[i] = all;
  }
  const last = weights.findLastIndex((w) => w > 0);
  return Uint32Array.from(uniforms(key, wanted), (u) => {
    const at = u * all;
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** Each sample waits for a time that is exponentially distributed with its weight as rate: those that come first are drawn (Efraimidis and Spirakis). */
function without(weights: Float64Array, wanted: number, key: number): Uint32Array {
  const times = uniforms(key, weights.length).map((u, i) =>
    weights[i] > 0 ? -Math.log1p(-u) / weights[i] : Number.POSITIVE_INFINITY,
  );
  return Uint32Array.from({ length: weights.length }, (_, i) => i)
    .sort((a, b) => times[a] - times[b] || a - b)
    .subarray(0, wanted);
}
