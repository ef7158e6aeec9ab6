// Options that several methods of a model take: types alone.
import type { ArrayInput, DatasetLike, XInput } from './data/inputs.js';

/** 0 (or false) silent, 1 (or true) a progress bar, 2 one line an epoch, 'auto' as the method says. */
export type Verbose = 0 | 1 | 2 | boolean | 'auto';

/** The weight of each class by its number: an object or a Map; or `'balanced'`. */
export type ClassWeight = Readonly<Record<number, number>> | ReadonlyMap<number, number> | 'balanced';

/**
 * Which samples an epoch takes. `'balanced'`: the classes take turns, so that batches have all of them alike; those of rare classes come more often. Or a
 * weight for each sample: the larger, the more often it is drawn.
 */
export type Sampler =
  | 'balanced'
  | {
      /** One number of at least 0 for each sample, `[samples]`. */
      weights: ArrayInput;
      /** Samples of an epoch. Default: as many as train; without replacement as many as have a weight above 0. */
      samples?: number | null;
      /** Whether a sample may come several times in an epoch. Default true. */
      replacement?: boolean;
    };

/** What to validate on: arrays, or a dataset of batches. */
export type ValidationData =
  | readonly [x: XInput, y: ArrayInput]
  | readonly [x: XInput, y: ArrayInput, sampleWeight: ArrayInput | null]
  | DatasetLike;

/** Loss and metrics: a number where there is the loss alone, a list (loss first), or by name where `returnDict` asks for it. */
export type Results = number | number[] | Record<string, number>;
