import type { CallbackParams, CallbacksOption } from '../callbacks/types.js';
import type { FitIdentity } from '../checkpoint/checkpointer.js';
import type { CheckpointOptions, CheckpointPlan } from '../checkpoint/options.js';
import type { Resumable } from '../checkpoint/resumable.js';
import type { SourceStates } from '../checkpoint/source_states.js';
import type { Named } from '../data/finite.js';
import type { ArrayInput } from '../data/inputs.js';
import { show, typeError, ValueError } from '../errors.js';
import { files } from '../lazy.js';
import type { Engine } from '../model/engine.js';
import type { Model } from '../model/model.js';
import type { ClassWeight, ValidationData, Verbose } from '../option_types.js';
import { checkBoolean, checkNumber, checkOneOf, readOptions } from '../options.js';
import { warnOnce } from '../warnings.js';
import { balancedWeights } from './balanced.js';
import { ArrayBatches, type Batches, type Trainer } from './batches.js';
import { readBatchSize, readVerbose } from './common_options.js';
import { DatasetBatches } from './dataset_batches.js';
import { refuseBesideDataset, testBatches } from './evaluate.js';
import { feedOf } from './feed.js';
import { FirstPass } from './first_pass.js';
import { type HandledSignal, readSignals } from './interruption.js';
import { LossWatch } from './loss_watch.js';
import { type ProfileRequest, readProfile } from './profile.js';
import {
  checkStateful,
  checkValidates,
  isDataset,
  named,
  outputFor,
  readClassWeight,
  readSamples,
  rowSize,
  type Samples,
} from './sources.js';
import type { TestRun } from './test_loop.js';

/** Every argument of `fit` besides x and y. */
export interface FitOptions {
  /** Samples of a step. Default 32, or `ceil(samples / stepsPerEpoch)` where that is given. Not with a dataset. */
  batchSize?: number | null;
  /** Index of the last epoch: a fit with `initialEpoch: 2, epochs: 5` trains three. Default 1. */
  epochs?: number;
  /** 0 silent, 1 progress bar, 2 one line an epoch, 'auto' = 1. Default 'auto'. */
  verbose?: Verbose;
  /** One callback or a list of them: instances, or objects with some of the hooks. */
  callbacks?: CallbacksOption;
  /** Share of the samples held out to validate on, from 0 to below 1: the last ones, taken before any shuffling. Default 0. */
  validationSplit?: number;
  /** `[x, y]`, `[x, y, sampleWeight]` or a dataset (one that can be read once validates until it has ended). Goes before `validationSplit`. */
  validationData?: ValidationData | null;
  /** true: a new order of all samples each epoch; 'batch': whole chunks of `batchSize` change places, and the samples within each; false: as they come. Default true. */
  shuffle?: boolean | 'batch';
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
}

/** What the loop needs: every argument checked against the model. */
export interface FitPlan {
  verbose: 0 | 1 | 2;
  epochs: number;
  initialEpoch: number;
  callbacks: unknown;
  batches: Batches;
  /** Batches of an epoch; null where a dataset's end says it. */
  steps: number | null;
  validation: (TestRun & { hasValidated?: boolean }) | null;
  validatesAfter(epoch: number): boolean;
  params: CallbackParams;
  /** What must be finite numbers before anything is trained. */
  toCheck: Named[];
  signal: AbortSignal | null;
  handleSignals: HandledSignal[];
  checkpoint: {
    plan: CheckpointPlan;
    identity: FitIdentity;
    resumable: Resumable | null;
    sources: SourceStates | null;
  } | null;
  profile: ProfileRequest | null;
}

const defaults: Required<FitOptions> = {
  batchSize: null,
  epochs: 1,
  verbose: 'auto',
  callbacks: null,
  validationSplit: 0,
  validationData: null,
  shuffle: true,
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

/** Checks every argument, in the order in which Keras does, and turns them into a plan. */
export function readFit(
  model: Model,
  x: unknown,
  y: unknown,
  given: FitOptions | undefined,
  checkpoint: { plan: CheckpointPlan; resumable: Resumable | null } | null = null,
): FitPlan {
  const compilation = model.trainingCompilation('fit');
  const o = readOptions<Required<FitOptions>>('fit', given, defaults);
  const split = readSplit(o.validationSplit);
  const valid = o.validationData;
  if (valid !== null && !isDataset(valid) && !(Array.isArray(valid) && (valid.length === 2 || valid.length === 3)))
    throw new ValueError(
      `fit: 'validationData' must be [x, y], [x, y, sampleWeight] or a dataset. Received: ${Array.isArray(valid) ? `a list of ${valid.length}` : show(valid)}`,
      'ERR_VALIDATION_DATA',
    );
  const batchSize = readBatchSize('fit', 'batchSize', o.batchSize);
  const stepsPerEpoch = count('stepsPerEpoch', o.stepsPerEpoch);
  const firstEpoch = checkNumber('fit', 'initialEpoch', o.initialEpoch, { min: 0, integer: true });
  const resumable = checkpoint?.resumable ?? null;
  const initialEpoch = resumable?.position.epoch ?? firstEpoch;
  const epochs = checkNumber('fit', 'epochs', o.epochs, { min: 1, integer: true });
  const verbose = readVerbose('fit', o.verbose);
  const validationSteps = count('validationSteps', o.validationSteps);
  const validationBatch = readBatchSize('fit', 'validationBatchSize', o.validationBatchSize) ?? batchSize;
  const validatesAfter = readFrequency(o.validationFreq);
  const shuffle = readShuffle(o.shuffle);
  const source = (x === null || x === undefined) && (y === null || y === undefined) ? (model.input?.source ?? x) : x;
  // What 'balanced' means is known once the samples are.
  const balanced = o.classWeight === 'balanced' && !isDataset(source);
  let classWeights = readClassWeight(balanced ? {} : o.classWeight);
  const finite = checkBoolean('fit', 'checkFinite', o.checkFinite);
  const signal = readSignal(o.signal);
  const handleSignals = readSignals(o.handleSignals);
  const profile = readProfile(o.profile);

  const watch = new LossWatch(model.name, initialEpoch);
  const toCheck: Named[] = [];
  let firstPass: FirstPass | null = null;
  let traced: Engine | null = null;
  const runner: Trainer = async (feed, shape, n, reset, epochSteps) => {
    const engine = model.engine();
    // With the first batch: before it the model need not be built.
    if (profile && traced !== engine) engine.beginTrace();
    traced = engine;
    const result = await engine.train(feed, shape, n, reset, epochSteps, firstPass?.isOn);
    await firstPass?.note(result);
    const { optimizer } = compilation;
    watch.note(result, reset, epochSteps ?? 0, (i) => optimizer.rateAt(optimizer.calls - result.done + i));
    return result;
  };

  const begun = resumable?.identity.firstEpoch ?? firstEpoch;
  let drawn: number | null = resumable?.identity.seed ?? null;
  const seed = () => (drawn ??= model.counters.beginFit(firstEpoch));

  const sources = checkpoint && new (files().SourceStates)(source, valid, resumable?.position.consumed ?? 0);
  let batches: Batches;
  let steps: number | null;
  let samples: Samples | null = null;
  let trained = 0;
  let batch: number | null = null;
  let validation: TestRun | null = null;
  if (isDataset(source)) {
    refuseBesideDataset('fit', { y, batchSize: o.batchSize, validationSplit: split, sampleWeight: o.sampleWeight });
    batches = new DatasetBatches(sources?.x ?? source, 'x', model, compilation, classWeights, runner, finite);
    steps = stepsPerEpoch;
  } else {
    samples = readSamples(model, compilation, '', source, y, o.sampleWeight);
    // The last samples validate; which ones is settled before anything is shuffled.
    trained = valid === null && split > 0 ? Math.floor(samples.count * (1 - split)) : samples.count;
    if (trained === 0)
      throw new ValueError(
        `fit: 'validationSplit' ${split} of ${samples.count} samples leaves none to train on. Use a smaller share, or more samples.`,
        'ERR_EMPTY',
      );
    if (valid === null && split > 0) {
      const held = cut(samples, trained);
      validation = testBatches(model, 'validation', held.x, held.y, held.weights, validationBatch, validationSteps, false);
    }
    batch = Math.min(batchSize ?? (stepsPerEpoch ? Math.ceil(trained / stepsPerEpoch) : 32), trained);
    checkStateful(model, trained, batch);
    const perPass = Math.ceil(trained / batch);
    steps = stepsPerEpoch ?? perPass;
    if (finite) {
      const [x, ...others] = named('', samples);
      const isUnheard = !checkpoint && (o.callbacks === null || (Array.isArray(o.callbacks) && o.callbacks.length === 0));
      if (isUnheard && stepsPerEpoch === null) firstPass = FirstPass.of(model, x, perPass);
      // Those that are gathered later, to validate, are looked at now.
      toCheck.push(firstPass ? { ...x, from: trained * rowSize(x.tensor) } : x);
      toCheck.push(...others.filter(({ tensor }) => tensor.data !== x.tensor.data));
    }
    if (balanced) classWeights = balancedWeights(samples, compilation.loss, outputFor(model, samples.x), trained);
    else if (classWeights) warnMissingClasses(samples, classWeights.classes, compilation.loss?.sparse === true, trained);
    const owned = samples;
    const size = batch;
    // A training that is taken up again goes on in the stream of batches where it stood.
    const consumed = resumable?.position.consumed ?? 0;
    const passed = Math.floor(consumed / perPass);
    const skip = consumed % perPass;
    const passes = Math.max(1, epochs - begun - passed);
    // Drawn when the first epoch begins: a fit that is refused before leaves the orders of the next as they were.
    const make = () =>
      feedOf(compilation, owned, outputFor(model, owned.x), {
        batch: size,
        count: trained,
        shuffle: shuffle === 'batch' ? 'batches' : shuffle ? 'rows' : 'none',
        seed: seed(),
        pass: begun + passed,
        passes,
        skip,
        classWeights,
      });
    batches = new ArrayBatches(perPass, make, runner, passes, skip);
  }
  if (valid !== null) {
    const [vx, vy, vw] = isDataset(valid) ? [valid, null, null] : (valid as unknown[]);
    validation = testBatches(model, 'validationData', vx, vy, vw, validationBatch, validationSteps, finite);
    if (finite && validation.samples) toCheck.push(...named('validationData', validation.samples));
  }
  if (batch !== null && validation !== null && validation.batch !== null) checkValidates(model, batch, validation.batch);
  return {
    verbose,
    epochs,
    initialEpoch,
    callbacks: o.callbacks,
    batches,
    steps,
    validation,
    validatesAfter,
    toCheck,
    signal,
    handleSignals,
    checkpoint: checkpoint && {
      ...checkpoint,
      sources,
      identity: {
        get seed() {
          return seed();
        },
        firstEpoch: begun,
        prints: files().printsOf(model, samples, {
          batch,
          steps,
          shuffle,
          split: valid === null ? split : 0,
          classWeights,
        }),
      },
    },
    profile,
    params: {
      resumedFrom: resumable && { epoch: resumable.position.epoch, step: resumable.position.step, file: resumable.name },
      verbose,
      epochs,
      steps,
      batchSize: batch,
      samples: samples ? trained : null,
      doValidation: validation !== null,
      metrics: compilation.resultNames,
    },
  };
}

/** The samples from `first` on, as views. */
function cut(samples: Samples, first: number): Samples {
  const part = (t: Samples['x']) => {
    const size = rowSize(t);
    return { data: t.data.subarray(first * size), shape: [samples.count - first, ...t.shape.slice(1)] };
  };
  return {
    x: part(samples.x) as Samples['x'],
    y: samples.y && (part(samples.y) as Samples['x']),
    weights: samples.weights && (part(samples.weights) as Samples['x']),
    count: samples.count - first,
  };
}

/** Keras stops here or weighs such classes 1; we weigh them 1 and say so. Only labels by number are looked at. */
function warnMissingClasses(samples: Samples, classes: readonly number[], sparse: boolean, rows: number): void {
  if (!samples.y || !sparse) return;
  const known = new Set(classes);
  const missing = new Set<number>();
  const { data } = samples.y;
  const end = rows * rowSize(samples.y);
  for (let i = 0; i < end && missing.size < 10; i++) if (!known.has(Number(data[i]))) missing.add(Number(data[i]));
  if (missing.size)
    warnOnce(
      'GEMMFIT_CLASS_WEIGHT',
      `fit: classWeight has no weight for the classes ${[...missing].join(', ')}, which occur in y; they weigh 1.`,
    );
}
