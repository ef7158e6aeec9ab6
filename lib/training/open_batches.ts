import { isDataset } from '../data/dataset.js';
import { ValueError } from '../errors.js';
import type { Compilation } from '../model/compilation.js';
import type { Model } from '../model/model.js';
import { admit, type Data, outputFor } from './admit.js';
import { ArrayBatches, type Batches, type Runner } from './batches.js';
import { type ClassWeighting, type ClassWeights, unbalanced, weigh } from './class_weights.js';
import { DatasetBatches } from './dataset_batches.js';
import { type FeedOptions, feedOf } from './feed.js';
import { PassBatches } from './pass_batches.js';
import { type Draw, drawOf, type SamplerPlan } from './sampler.js';
import { cut, type Samples } from './samples.js';
import { checkStateful } from './stateful.js';

/** The order in which a training takes its samples, pass by pass. */
export interface Passes {
  shuffle: boolean | 'batch';
  /** Which samples a pass takes; null: all of them. */
  sampler: SamplerPlan | null;
  /** Drawn when the first epoch begins: a fit that is refused before leaves the orders of the next as they were. */
  seed(): number;
  /** The number of the first pass, and how many the feed has. */
  first: number;
  end: number;
  /** The pass that is next: another than the first where the training is taken up again. */
  next: number;
  /** Batches that were done before the training was taken up again: it goes on in the stream of batches where it stood. */
  consumed: number;
}

/** What is to be done with the data, and how they are cut into batches. */
export interface BatchOptions<R extends Runner = Runner> {
  /** What stands before the names of the arguments in messages; '' where they are the call's own. */
  where: string;
  /** How the model is compiled; null where x alone counts. */
  compilation: Compilation | null;
  /** Whether there must be labels. Default: where there is a loss. */
  needsY?: boolean;
  /** Whether nothing has been summed up yet. Default true. */
  first?: boolean;
  /** `'all'`: one batch. null: `ceil(samples / steps)` where steps are given, else 32. A function: that of each pass, by its number. */
  batchSize: number | null | 'all' | ((pass: number) => number);
  /** Batches wanted; null: all. */
  steps: number | null;
  /** Whether batches of a dataset must be finite numbers; arrays are looked at by whoever opens them. */
  finite: boolean;
  /** Who runs the batches, given the samples where they are arrays. */
  runner(samples: Samples | null): R;
  /** Default: every sample weighs alike. */
  classWeight?: ClassWeighting;
  /** Share of the samples that is held out, the last ones. Default 0. */
  split?: number;
  /** Of a training. Default: as the samples come, and anew from their first where batches are begun again. */
  passes?: Passes;
}

/** Data, ready to run. */
export interface OpenBatches<R extends Runner = Runner> {
  batches: Batches;
  runner: R;
  /** Batches to do; null where a dataset's end says it. */
  steps: number | null;
  /** Of arrays; null with a dataset. */
  arrays: OpenArrays | null;
  /** What each class weighs; null where all weigh alike. */
  classWeights: ClassWeights | null;
}

export interface OpenArrays {
  samples: Samples;
  /** Those that are used: the first of the samples. */
  rows: number;
  /** Those of a pass: others where a sampler draws them. */
  drawn: number;
  /** Samples of a batch. */
  batch: number;
  /** Batches of a pass. */
  perPass: number;
  /** Those that are held out; null where there are none. */
  held: Samples | null;
}

/** Where a call gives no x, the model's own source is meant. */
export const orOwnSource = (model: Model, x: unknown): unknown => x ?? model.input?.source ?? x;

/** A dataset brings labels, weights and batches itself. */
export function refuseBesideDataset(where: string, x: unknown, given: Record<string, unknown>): void {
  if (!isDataset(x)) return;
  for (const [name, value] of Object.entries(given))
    if (value !== null && value !== undefined && value !== 0)
      throw new ValueError(
        `${where}: '${name}' does not go with a dataset, whose batches bring [x, y, sampleWeight] themselves. Leave it out.`,
        'ERR_DATASET_ARGUMENT',
      );
}

/**
 * The one way from data to batches: of fit, evaluate and predict, and of the calls for one batch. Arrays are checked here against the model, batches of
 * a dataset as they come.
 */
export function openBatches<R extends Runner>(model: Model, data: Data, options: BatchOptions<R>): OpenBatches<R> {
  const isOneBatch = options.batchSize === 'all';
  return isDataset(data.x) && !isOneBatch ? openDataset(model, data.x, options) : openArrays(model, data, options);
}

function admissionOf({ compilation, needsY = Boolean(compilation?.loss), first }: BatchOptions) {
  return { compilation, needsY, first };
}

function openDataset<R extends Runner>(model: Model, source: unknown, options: BatchOptions<R>): OpenBatches<R> {
  const classWeights = unbalanced(options.classWeight ?? null);
  const { where, finite, steps } = options;
  const runner = options.runner(null);
  const batches = new DatasetBatches(source, where, model, admissionOf(options), classWeights, runner, finite);
  return { batches, runner, steps, arrays: null, classWeights };
}

function openArrays<R extends Runner>(model: Model, data: Data, options: BatchOptions<R>): OpenBatches<R> {
  const { where, compilation, passes, split = 0, classWeight = null } = options;
  const samples = admit(model, where, data, admissionOf(options));
  // The last samples are held out; which ones is settled before anything is shuffled.
  const rows = split > 0 ? Math.floor(samples.count * (1 - split)) : samples.count;
  if (rows === 0)
    throw new ValueError(
      `fit: 'validationSplit' ${split} of ${samples.count} samples leaves none to train on. Use a smaller share, or more samples.`,
      'ERR_EMPTY',
    );
  const batch = batchOf(rows, options);
  const output = () => outputFor(model, samples.x);
  const draw = passes?.sampler ? drawOf(passes.sampler, samples, compilation?.loss ?? null, output(), rows) : null;
  const drawn = draw?.rows ?? rows;
  const perPass = Math.ceil(drawn / batch);
  const isWhole = options.batchSize === 'all';
  const classWeights = isWhole
    ? unbalanced(classWeight)
    : classWeight && weigh(classWeight, samples, compilation?.loss ?? null, output(), rows);
  const runner = options.runner(samples);
  const held = rows < samples.count ? cut(samples, rows) : null;
  const arrays = { samples, rows, drawn, batch, perPass, held };
  const feed = (one: FeedOptions) => feedOf(compilation, samples, output(), { classWeights, ...one });
  if (passes) {
    checkStateful(model, drawn, batch, typeof options.batchSize === 'function');
    const batches = passesOf(passes, options, arrays, draw, feed, runner);
    const steps = batches.steps === null ? null : (options.steps ?? perPass);
    return { batches, runner, steps, arrays, classWeights };
  }
  // Fewer than all where fewer are wanted.
  const steps = Math.min(options.steps ?? perPass, perPass);
  const count = Math.min(rows, steps * batch);
  checkStateful(model, count, batch);
  const batches = new ArrayBatches(steps, () => feed({ batch, count }), runner, count, null);
  return { batches, runner, steps, arrays, classWeights };
}

/** The batches of a training: one stream over all passes, or pass by pass where batches have other sizes in each. */
function passesOf(
  { shuffle, seed, first, end, next, consumed }: Passes,
  { batchSize, steps }: BatchOptions,
  { drawn, batch, perPass }: OpenArrays,
  draw: Draw | null,
  feed: (options: FeedOptions) => ReturnType<typeof feedOf>,
  runner: Runner,
): Batches {
  const order = shuffle === 'batch' ? ('batches' as const) : shuffle ? ('rows' as const) : ('none' as const);
  const of = (options: FeedOptions) => feed({ count: drawn, shuffle: order, seed: seed(), ...options });
  const varies = typeof batchSize === 'function';
  if (varies || draw) {
    if (steps !== null)
      throw new ValueError(
        `fit: 'stepsPerEpoch' does not go with ${varies ? 'a function as batchSize' : "'sampler'"}, whose epochs are whole passes. Leave one of them out.`,
        'ERR_OPTIONS',
      );
    return new PassBatches(next, drawn, varies ? null : perPass, runner, (pass, skip) => {
      const size = varies ? Math.min(batchSize(pass), drawn) : batch;
      const order = draw ? { order: draw.order(seed(), pass) } : undefined;
      return { ...of({ batch: size, pass, passes: 1, skip, ...order }), left: Math.ceil(drawn / size) - skip };
    });
  }
  const passed = Math.floor(consumed / perPass);
  const skip = consumed % perPass;
  const passes = Math.max(1, end - first - passed);
  const make = () => of({ batch, pass: first + passed, passes, skip });
  return new ArrayBatches(perPass, make, runner, drawn, passes, skip);
}

/** Samples of a batch. */
function batchOf(rows: number, { batchSize, steps, passes }: BatchOptions): number {
  if (batchSize === 'all') return rows;
  if (typeof batchSize === 'function') return Math.min(batchSize(passes?.next ?? 0), rows);
  return Math.min(batchSize ?? (steps ? Math.ceil(rows / steps) : 32), rows);
}
