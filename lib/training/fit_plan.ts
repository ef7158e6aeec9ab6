import type { CallbackParams } from '../callbacks/types.js';
import type { FitIdentity } from '../checkpoint/checkpointer.js';
import type { CheckpointPlan } from '../checkpoint/options.js';
import type { Resumable } from '../checkpoint/resumable.js';
import type { SourceStates } from '../checkpoint/source_states.js';
import { isDataset } from '../data/dataset.js';
import type { Named } from '../data/finite.js';
import { files } from '../lazy.js';
import type { Model } from '../model/model.js';
import type { Batches } from './batches.js';
import { openTest } from './evaluate.js';
import { FirstPass } from './first_pass.js';
import { type FitArguments, type FitOptions, readFitOptions } from './fit_options.js';
import { FitRunner } from './fit_runner.js';
import type { HandledSignal } from './interruption.js';
import { type OpenArrays, type OpenBatches, openBatches, orOwnSource, refuseBesideDataset } from './open_batches.js';
import type { ProfileRequest } from './profile.js';
import { named, rowSize } from './samples.js';
import { checkValidates } from './stateful.js';
import type { TestRun } from './test_loop.js';

/** What the loop needs: every argument checked against the model. */
export interface FitPlan {
  verbose: 0 | 1 | 2;
  epochs: number;
  initialEpoch: number;
  callbacks: unknown;
  batches: Batches;
  /** Runs the batches. */
  runner: FitRunner;
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
  const { batchSize, split, sampleWeight } = o;
  refuseBesideDataset('fit', source, { y, batchSize, validationSplit: split, sampleWeight });
  const sources = checkpoint && new (files().SourceStates)(source, o.validationData, start.consumed);
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
      split: o.validationData === null ? split : 0,
      passes: { shuffle: o.shuffle, seed: start.seed, first: start.firstEpoch, end: o.epochs, consumed: start.consumed },
      runner: () => new FitRunner(model, compilation, start.epoch, o.profile !== null),
    },
  );
  const { batches, runner, steps, arrays } = opened;
  const toCheck = o.finite && arrays ? lookedAt(model, o, arrays, runner, checkpoint !== null) : [];
  const validation = openValidation(model, o, arrays);
  if (o.finite && o.validationData !== null && validation?.arrays)
    toCheck.push(...named('validationData', validation.arrays.samples));
  if (arrays && validation?.arrays) checkValidates(model, arrays.batch, validation.arrays.batch);
  const { verbose, epochs, callbacks, validatesAfter, signal, handleSignals, profile } = o;
  return {
    ...{ verbose, epochs, callbacks, validatesAfter, signal, handleSignals, profile },
    ...{ batches, runner, steps, validation, toCheck },
    initialEpoch: start.epoch,
    checkpoint: checkpoint && { ...checkpoint, sources, identity: identityOf(model, o, opened, start) },
    params: {
      resumedFrom: start.resumedFrom,
      ...{ verbose, epochs, steps },
      batchSize: arrays?.batch ?? null,
      samples: arrays?.rows ?? null,
      doValidation: validation !== null,
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
  if (isUnheard && o.stepsPerEpoch === null) runner.firstPass = FirstPass.of(model, x, perPass);
  // Those that are gathered later, to validate, are looked at now.
  const first = runner.firstPass ? { ...x, from: rows * rowSize(x.tensor) } : x;
  return [first, ...others.filter(({ tensor }) => tensor.data !== x.tensor.data)];
}

/** What `validationData` gives, or else the samples that were held out. */
function openValidation(model: Model, o: FitArguments, arrays: OpenArrays | null): TestRun | null {
  const cut = { batchSize: o.validationBatchSize, steps: o.validationSteps };
  const given = o.validationData;
  if (given !== null) {
    const [x, y, weights] = isDataset(given) ? [given] : (given as unknown[]);
    return openTest(model, { where: 'validationData', x, y, weights, finite: o.finite, ...cut });
  }
  return arrays?.held ? openTest(model, { where: 'validation', ...arrays.held, finite: false, ...cut }) : null;
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
      batch: arrays?.batch ?? null,
      steps,
      shuffle: o.shuffle,
      split: o.validationData === null ? o.split : 0,
      classWeights,
    }),
  };
}
