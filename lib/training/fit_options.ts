import type { CallbacksOption } from '../callbacks/types.js';
import type { CheckpointOptions } from '../checkpoint/options.js';
import type { ArrayInput } from '../data/inputs.js';
import { show, typeError, ValueError } from '../errors.js';
import type { ClassWeight, Sampler, ValidationData, Verbose } from '../option_types.js';
import { checkBoolean, checkNumber, checkOneOf, readOptions } from '../options.js';
import { readClassWeight } from './class_weights.js';
import { readBatchSize, readVerbose } from './common_options.js';
import { type HandledSignal, readSignals } from './interruption.js';
import { readProfile } from './profile.js';
import { readSampler } from './sampler.js';
import { readValidationData } from './validation.js';

/** Every argument of `fit` besides x and y. */
export interface FitOptions {
  /**
   * Samples of a step. Default 32, or `ceil(samples / stepsPerEpoch)` where that is given. Not with a dataset. A function gives that of each epoch
   * (counted from 0), `(epoch) => 32 * 2 ** epoch`; it must give the same for the same epoch, and goes with neither `stepsPerEpoch` nor stateful layers.
   */
  batchSize?: number | null | ((epoch: number) => number);
  /** Index of the last epoch: a fit with `initialEpoch: 2, epochs: 5` trains three. Default 1. */
  epochs?: number;
  /** 0 silent, 1 progress bar, 2 one line an epoch, 'auto' = 1. Default 'auto'. */
  verbose?: Verbose;
  /** One callback or a list of them: instances, or objects with some of the hooks. */
  callbacks?: CallbacksOption;
  /** Share of the samples held out to validate on, from 0 to below 1: the last ones, taken before any shuffling. Default 0. */
  validationSplit?: number;
  /**
   * `[x, y]`, `[x, y, sampleWeight]` or a dataset (one that can be read once validates until it has ended). Goes before `validationSplit`. Several sets
   * by name, `{ recent: [x, y], abroad: dataset }`, give results under their names, `recent_loss`, in the place of `val_loss`.
   */
  validationData?: ValidationData | Readonly<Record<string, ValidationData>> | null;
  /** true: a new order of all samples each epoch; 'batch': whole chunks of `batchSize` change places, and the samples within each; false: as they come. Default true. */
  shuffle?: boolean | 'batch';
  /**
   * Which samples an epoch takes: `'balanced'`, batches that have all classes alike, or `{ weights: [...] }`, samples drawn by their weights. Default:
   * each once. Not with `stepsPerEpoch` or a dataset.
   */
  sampler?: Sampler | null;
  /** Weight of each class in the loss: `{ 0: 1, 1: 5 }`. Classes that are not listed weigh 1. `'balanced'`: the rarer a class is among the
   * samples that train, the more it weighs: samples / (classes * samples of the class). Training only. */
  classWeight?: ClassWeight | null;
  /** Weight of each sample, `[samples]`, or of each step, `[samples, steps]`. Multiplied with `classWeight`. */
  sampleWeight?: ArrayInput | null;
  /**
   * Epoch to begin with, counted from 0. Default 0. Orders of samples follow from the number of the fit and of the epoch; a fit that begins with
   * the epoch after the last one of the fit before draws the orders that this one would have gone on with. (With `stepsPerEpoch` and `batchSize`
   * the stream of batches begins anew.)
   */
  initialEpoch?: number;
  /** Batches of an epoch. With arrays the stream of batches goes on across epochs. Default: all of the data. */
  stepsPerEpoch?: number | null;
  /** Batches to validate on. Default: all. */
  validationSteps?: number | null;
  /** Default: `batchSize`. */
  validationBatchSize?: number | null;
  /** Validate every so many epochs, or after the epochs (counted from 1) of a list. Default 1. */
  validationFreq?: number | readonly number[];
  /**
   * Refuses data with NaN, Infinity or what float32 cannot hold, by name. Float arrays are read through once before the first epoch, which takes as
   * long as memory needs to give them; integers are not looked at. false trains on such numbers all the same. Default true.
   */
  checkFinite?: boolean;
  /**
   * Ends the training at the next batch, and all waiting for hooks and sources; `fit` then rejects with the signal's reason. The hooks that end an
   * epoch and the training are called, and not waited for; none is called where a hook was waited for.
   */
  signal?: AbortSignal | null;
  /** Writes the training's state down, and goes on from it after a crash, to the same bits: see {@link CheckpointOptions}. A text is the folder. Default none. */
  checkpoint?: string | CheckpointOptions | null;
  /**
   * Signals of the system, such as `['SIGTERM', 'SIGINT']`, at which the training ends after its batch, writes a last checkpoint where there are any, and
   * resolves with `history.stopReason` `'signal'`. A second one ends the process as ever. Default none.
   */
  handleSignals?: readonly HandledSignal[] | null;
  /** true: what the engine spent its time on is printed at the end, and in `history.profile`. A file name: also written there, as a trace for
   * Chrome or Perfetto. Default false. The environment variable GEMMFIT_TRACE names such a file for every `fit` of the process. */
  profile?: boolean | string;
  /**
   * Seconds after which the training ends, at its next batch: `history.stopReason` is `'timeLimit'`. The epoch that is under way has its validation and its
   * end as with `stopTraining`; where there are checkpoints it is left as it stands, and the same fit goes on from there to the same bits. Default none.
   */
  timeLimit?: number | null;
  /**
   * `'running'`: loss and metrics of an epoch are means over its batches, each as it was before its update (Keras's). `'epochEnd'`: they are measured on
   * the data of the training once the epoch is over, as `evaluate` would, so that they can be held against those of validation; it costs a
   * forward pass over the data. Data that can be read once only are refused. Default 'running'.
   */
  trainingLoss?: 'running' | 'epochEnd';
  /**
   * true: warns (GEMMFIT_VALIDATE) of what hardly is meant: numbers of x far from 1 in front of a layer that does not scale them, labels sorted by class or of
   * one class in one of the parts of `validationSplit`, a loss that grows. Arrays are read through once for it. Default false.
   */
  validate?: boolean;
  /**
   * true: after each batch the loss and all weights must be finite numbers; else the fit rejects with a RuntimeError (ERR_NUMERICS) that names the first layer
   * whose output, or gradient, is not, and the weights are as before that batch. To find a fault: it copies all weights each batch, and takes
   * several times as long. Default false.
   */
  checkNumerics?: boolean;
}

const defaults: Required<FitOptions> = {
  batchSize: null,
  epochs: 1,
  verbose: 'auto',
  callbacks: null,
  validationSplit: 0,
  validationData: null,
  shuffle: true,
  sampler: null,
  classWeight: null,
  sampleWeight: null,
  initialEpoch: 0,
  stepsPerEpoch: null,
  validationSteps: null,
  validationBatchSize: null,
  validationFreq: 1,
  checkFinite: true,
  signal: null,
  checkpoint: null,
  handleSignals: null,
  profile: false,
  timeLimit: null,
  trainingLoss: 'running',
  validate: false,
  checkNumerics: false,
};

function readSplit(value: unknown): number {
  const split = value === null ? 0 : checkNumber('fit', 'validationSplit', value, { min: 0, below: 1 });
  return split;
}

function readShuffle(value: unknown): boolean | 'batch' {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return checkOneOf('fit', 'shuffle', value, ['batch'] as const);
  throw typeError(`fit: 'shuffle' must be true, false or 'batch'. Received: ${show(value)}`);
}

function readFrequency(value: unknown): (epoch: number) => boolean {
  if (Array.isArray(value)) {
    const epochs = new Set(value.map((v) => checkNumber('fit', 'validationFreq', v, { min: 1, integer: true })));
    return (epoch) => epochs.has(epoch + 1);
  }
  if (typeof value !== 'number')
    throw new ValueError(
      `fit: 'validationFreq' must be a whole number above 0 or a list of epochs. Received: ${show(value)}`,
      'ERR_OUT_OF_RANGE',
    );
  const every = checkNumber('fit', 'validationFreq', value, { min: 1, integer: true });
  return (epoch) => (epoch + 1) % every === 0;
}

function readSignal(value: unknown): AbortSignal | null {
  if (value === null || value === undefined) return null;
  if (typeof (value as AbortSignal).addEventListener !== 'function' || typeof (value as AbortSignal).aborted !== 'boolean')
    throw typeError(`fit: 'signal' must be an AbortSignal. Received: ${show(value)}`);
  return value as AbortSignal;
}

const count = (name: string, value: unknown): number | null =>
  value === null || value === undefined ? null : checkNumber('fit', name, value, { min: 1, integer: true });

function readTimeLimit(value: unknown): number | null {
  return value === null || value === undefined ? null : checkNumber('fit', 'timeLimit', value, { above: 0 });
}

/** A number, or a function of the epoch, whose numbers are checked as they come. */
function readBatchSizes(value: unknown): number | null | ((epoch: number) => number) {
  if (typeof value !== 'function') return readBatchSize('fit', 'batchSize', value);
  return (epoch) => checkNumber('fit', `batchSize(${epoch})`, value(epoch), { min: 1, integer: true });
}

/** Options of `fit`, each checked by itself. */
export type FitArguments = ReturnType<typeof readFitOptions>;

/** Checks every option, in the order in which Keras does. */
export function readFitOptions(given: FitOptions | undefined) {
  const o = readOptions<Required<FitOptions>>('fit', given, defaults);
  const split = readSplit(o.validationSplit);
  const validationData = readValidationData(o.validationData);
  const batchSize = readBatchSizes(o.batchSize);
  const shuffle = readShuffle(o.shuffle);
  const sampler = readSampler(o.sampler);
  if (sampler && shuffle !== true)
    throw new ValueError(
      `fit: 'sampler' draws the order of the samples, so that 'shuffle' does not go with it. Received: ${show(shuffle)}`,
      'ERR_OPTIONS',
    );
  return {
    callbacks: o.callbacks,
    sampleWeight: o.sampleWeight,
    split,
    validationData,
    batchSize,
    stepsPerEpoch: count('stepsPerEpoch', o.stepsPerEpoch),
    initialEpoch: checkNumber('fit', 'initialEpoch', o.initialEpoch, { min: 0, integer: true }),
    epochs: checkNumber('fit', 'epochs', o.epochs, { min: 1, integer: true }),
    verbose: readVerbose('fit', o.verbose),
    validationSteps: count('validationSteps', o.validationSteps),
    validationBatchSize:
      readBatchSize('fit', 'validationBatchSize', o.validationBatchSize) ?? (typeof batchSize === 'number' ? batchSize : null),
    validatesAfter: readFrequency(o.validationFreq),
    shuffle,
    sampler,
    classWeight: readClassWeight(o.classWeight),
    finite: checkBoolean('fit', 'checkFinite', o.checkFinite),
    signal: readSignal(o.signal),
    handleSignals: readSignals(o.handleSignals),
    profile: readProfile(o.profile),
    timeLimit: readTimeLimit(o.timeLimit),
    validate: checkBoolean('fit', 'validate', o.validate),
    checkNumerics: checkBoolean('fit', 'checkNumerics', o.checkNumerics),
    trainingLoss: checkOneOf('fit', 'trainingLoss', o.trainingLoss, ['running', 'epochEnd'] as const),
  };
}
