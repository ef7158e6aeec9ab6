import type { CallbackParams } from '../callbacks/types.js';
import type { FitIdentity } from '../checkpoint/checkpointer.js';
import type { CheckpointPlan } from '../checkpoint/options.js';
import type { Resumable } from '../checkpoint/resumable.js';
import type { SourceStates } from '../checkpoint/source_states.js';
import type { Named } from '../data/finite.js';
import { isOnesOwn } from '../data/open.js';
import { ValueError } from '../errors.js';
import { files } from '../lazy.js';
import type { Model } from '../model/model.js';
import { Advice } from './advice.js';
import type { Batches } from './batches.js';
import { openTest } from './evaluate.js';
import { FirstPass } from './first_pass.js';
import { type FitArguments, type FitOptions, readFitOptions } from './fit_options.js';
import { FitRunner } from './fit_runner.js';
import type { HandledSignal } from './interruption.js';
import { NumericsCheck } from './numerics.js';
import { type OpenArrays, type OpenBatches, openBatches, orOwnSource, refuseBesideDataset } from './open_batches.js';
import type { ProfileRequest } from './profile.js';
import { head, named, rowSize } from './samples.js';
import { checkValidates } from './stateful.js';
import { checkNames, openSet, type ValidationSet } from './validation.js';

/** What the loop needs: every argument checked against the model. */
export interface FitPlan {
  verbose: 0 | 1 | 2;
  epochs: number;
  initialEpoch: number;
  callbacks: unknown;
  batches: Batches;
  /** Runs the batches. */
  runner: FitRunner;
  /** Batches of an epoch; null where a dataset's end says it, or where epochs have different numbers. */
  steps: number | null;
  /** Those of one epoch, where epochs have different numbers. */
  stepsOf: ((epoch: number) => number) | null;
  /** What is looked at when an epoch is over, in this order. */
  validation: ValidationSet[];
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
  /** Seconds. */
  timeLimit: number | null;
  /** Says what hardly is meant, where that is asked. */
  advice: Advice | null;
}

/** A checkpoint that is asked for, and the one to go on from. */
interface Checkpointing {
  plan: CheckpointPlan;
  resumable: Resumable | null;
}

/** The arguments of a fit, checked against the model: what the loop needs. */
export function planFit(
  model: Model,
  x: unknown,
  y: unknown,
  given: FitOptions | undefined,
  checkpoint: Checkpointing | null = null,
): FitPlan {
  const compilation = model.trainingCompilation('fit');
  const o = readFitOptions(given);
  const start = startOf(model, o, checkpoint?.resumable ?? null);
  const source = y === null || y === undefined ? orOwnSource(model, x) : x;
  const { batchSize, split, sampleWeight, validationData } = o;
  refuseBesideDataset('fit', source, { y, batchSize, validationSplit: split, sampleWeight, sampler: o.sampler });
  const sources = checkpoint && new (files().SourceStates)(source, validationData, start.consumed);
  const opened = openBatches(
    model,
    { x: sources?.x ?? source, y, weights: sampleWeight },
    {
      where: '',
      compilation,
      batchSize,
      steps: o.stepsPerEpoch,
      finite: o.finite,
      classWeight: o.classWeight,
      split: validationData.length === 0 ? split : 0,
      passes: {
        shuffle: o.shuffle,
        sampler: o.sampler,
        seed: start.seed,
        first: start.firstEpoch,
        end: o.epochs,
        next: start.epoch,
        consumed: start.consumed,
      },
      runner: () => new FitRunner(model, compilation, start.epoch, o.profile !== null),
    },
  );
  const { batches, runner, steps, arrays } = opened;
  const toCheck = o.finite && arrays ? lookedAt(model, o, arrays, runner, checkpoint !== null) : [];
  const validation = openValidation(model, o, arrays, toCheck);
  const measured = o.trainingLoss === 'epochEnd' ? [openMeasured(model, o, source, arrays)] : [];
  if (o.checkNumerics) runner.numerics = new NumericsCheck(model, arrays?.samples.x ?? null);
  const advice = o.validate ? new Advice(model) : null;
  if (arrays) advice?.before(arrays);
  const { verbose, epochs, callbacks, validatesAfter, signal, handleSignals, profile, timeLimit } = o;
  return {
    ...{ verbose, epochs, callbacks, validatesAfter, signal, handleSignals, profile, timeLimit, advice },
    ...{ batches, runner, steps, toCheck, validation: [...measured, ...validation] },
    stepsOf: typeof batchSize === 'function' && arrays ? (epoch) => Math.ceil(arrays.drawn / batchSize(epoch)) : null,
    initialEpoch: start.epoch,
    checkpoint: checkpoint && { ...checkpoint, sources, identity: identityOf(model, o, opened, start) },
    params: {
      resumedFrom: start.resumedFrom,
      ...{ verbose, epochs, steps },
      batchSize: arrays?.batch ?? null,
      samples: arrays?.drawn ?? null,
      doValidation: validation.length > 0,
      validationSets: validation.map(({ prefix }) => prefix),
      metrics: compilation.resultNames,
    },
  };
}

/** Where a fit begins, or goes on. */
interface Start {
  /** The epoch that is next. */
  epoch: number;
  /** That with which the fit began at first. */
  firstEpoch: number;
  /** Batches that are done. */
  consumed: number;
  /** Of the orders of the data; drawn when it is asked for. */
  seed(): number;
  resumedFrom: CallbackParams['resumedFrom'];
}

function startOf(model: Model, { initialEpoch }: FitArguments, resumable: Resumable | null): Start {
  let drawn: number | null = resumable?.identity.seed ?? null;
  const position = resumable?.position;
  return {
    epoch: position?.epoch ?? initialEpoch,
    firstEpoch: resumable?.identity.firstEpoch ?? initialEpoch,
    consumed: position?.consumed ?? 0,
    seed: () => {
      drawn ??= model.counters.beginFit(initialEpoch);
      return drawn;
    },
    resumedFrom: resumable && { epoch: resumable.position.epoch, step: resumable.position.step, file: resumable.name },
  };
}

/** What is looked at before anything is trained; a large x of a fit that nobody listens to is looked at in its first pass. */
function lookedAt(model: Model, o: FitArguments, arrays: OpenArrays, runner: FitRunner, isWritten: boolean): Named[] {
  const { samples, rows, perPass } = arrays;
  const [x, ...others] = named('', samples);
  const isUnheard = !isWritten && (o.callbacks === null || (Array.isArray(o.callbacks) && o.callbacks.length === 0));
  if (isUnheard && o.stepsPerEpoch === null && !o.sampler) runner.firstPass = FirstPass.of(model, x, perPass);
  // Those that are gathered later, to validate, are looked at now.
  const first = runner.firstPass ? { ...x, from: rows * rowSize(x.tensor) } : x;
  return [first, ...others.filter(({ tensor }) => tensor.data !== x.tensor.data)];
}

/** What `validationData` gives, or else the samples that were held out. */
function openValidation(model: Model, o: FitArguments, arrays: OpenArrays | null, toCheck: Named[]): ValidationSet[] {
  const cut = { batchSize: o.validationBatchSize, steps: o.validationSteps };
  checkNames(o.validationData, model.trainingCompilation('fit').resultNames);
  const sets = o.validationData.map((given) => openSet(model, given, { finite: o.finite, ...cut }));
  if (o.finite)
    for (const [i, { run }] of sets.entries())
      if (run.arrays) toCheck.push(...named(o.validationData[i].name, run.arrays.samples));
  if (sets.length === 0 && arrays?.held) {
    const run = openTest(model, { where: 'validation', ...arrays.held, finite: false, ...cut });
    sets.push({ prefix: 'val_', run, hasValidated: false });
  }
  for (const { run } of sets) if (arrays && run.arrays) checkValidates(model, arrays.batch, run.arrays.batch);
  return sets;
}

/** The data that train, to be measured as `evaluate` would. */
function openMeasured(model: Model, o: FitArguments, source: unknown, arrays: OpenArrays | null): ValidationSet {
  if (!arrays && isOnesOwn(source))
    throw new ValueError(
      "fit: trainingLoss 'epochEnd' reads the data once more after each epoch, and this dataset can be read once only. Give a function that makes it.",
      'ERR_DATASET_ARGUMENT',
    );
  const data = arrays ? head(arrays.samples, arrays.rows) : { x: source };
  const run = openTest(model, {
    where: 'training',
    ...data,
    batchSize: arrays?.batch ?? null,
    steps: arrays ? null : o.stepsPerEpoch,
    finite: false,
  });
  return { prefix: '', run, hasValidated: false };
}

/** What a fit is, besides its model. */
function identityOf(
  model: Model,
  o: FitArguments,
  { arrays, steps, classWeights }: OpenBatches,
  { seed, firstEpoch }: Start,
): FitIdentity {
  return {
    get seed() {
      return seed();
    },
    firstEpoch,
    prints: files().printsOf(model, arrays?.samples ?? null, {
      batch: typeof o.batchSize === 'function' ? sizesOf(o.batchSize, firstEpoch) : (arrays?.batch ?? null),
      steps,
      shuffle: o.shuffle,
      split: o.validationData.length === 0 ? o.split : 0,
      classWeights,
      ...(arrays?.samples.missing && { missingTargets: 'ignore' }),
      ...(o.sampler && { sampler: { ...o.sampler, ...('weights' in o.sampler && { weights: [...o.sampler.weights] }) } }),
    }),
  };
}

/** Sizes of some epochs, whatever the number of epochs is: a fit may be taken up again for more of them. */
function sizesOf(batchSize: (epoch: number) => number, firstEpoch: number): (number | null)[] {
  return Array.from({ length: 16 }, (_, i) => {
    try {
      return batchSize(firstEpoch + i);
    } catch {
      return null;
    }
  });
}
