import type {
  FeedQueue,
  FeedSpec,
  Feed as NativeFeed,
  RunRequest,
  RunResult,
  Totals,
  TraceData,
  TrainingSums,
} from '../../binding.js';
import { addon, type NativeVariable } from '../engine/addon.js';
import type { SpecValue } from '../engine/spec.js';
import { RuntimeError } from '../errors.js';
import type { Layer, Shape, Weight } from '../layers/layer.js';
import { describeVariables, lower, type Program } from '../layers/lower.js';
import { trainingWeights } from '../layers/stack.js';
import type { Optimizer } from '../optimizers/index.js';
import { applyAverages, swapAverages } from './averages.js';
import type { Compilation } from './compilation.js';
import type { Counters } from './counters.js';

import { slotsOf } from './optimizer_state.js';
import { type NativeNetwork, Readers, type ReadingKind } from './readers.js';
import { runInSession, type Session } from './sessions.js';
import { lowerParts, type TracedParts } from './traced_parts.js';

export type { NativeFeed };
/** Where a run takes its batches from. */
export type NativeSource = NativeFeed | FeedQueue;

/** What the engine is told of the data of a run besides the feed. */
export interface RunShape {
  sampleShape: readonly number[];
  /** Floats of weight a sample: 0 none, 1, or one for each step of the output. */
  weightSteps: number;
}

/** Rates of a schedule that are computed at once: the event loop waits for them, and the data may end long before a large number of steps. */
const MOST_RATES = 4096;

/** What a model is to the engine. */
export interface EngineOptions {
  layers: readonly Layer[];
  inputShape: Shape;
  outputShape: Shape;
  /** Of the output's last axis; null where only data tell it: loss and metrics wait for them. */
  width: number | null;
  compilation: Compilation | null;
  /** The model's: the seed of its random numbers, and the steps that training counts on. */
  counters: Counters;
  /** That of the training which holds the model. */
  session: () => Session | null;
}

/** A variable that training changes, and whose it is. */
export interface TrainedVariable {
  variable: NativeVariable;
  /** null for a state of a layer. */
  weight: Weight | null;
  /** Which one of those that the optimizer keeps for the weight; null for the weight itself. */
  slot: string | null;
}

/**
 * A model in the engine: its native network, which trains, readers of it, which evaluate and predict, and the counters that go with them.
 * Made anew when layers or compilation change.
 */
export class Engine {
  readonly program: Program;
  readonly #network: NativeNetwork;
  readonly #readers: Readers;
  #tracing = false;
  readonly #compilation: Compilation | null;
  /** Weights that it trains, in the model's order. */
  readonly trainable: readonly Weight[];
  readonly #head: (width: number) => SpecValue;
  #training = false;
  #stopped = false;
  #disposed = false;

  readonly #counters: Counters;
  readonly #session: () => Session | null;

  constructor({ layers, inputShape, outputShape, width, compilation, counters, session }: EngineOptions) {
    this.#counters = counters;
    this.#session = session;
    const training = compilation?.training ?? new Set();
    let parts: TracedParts = { losses: null, metricValues: [] };
    this.program = lower(layers, inputShape, training, (result, lowering) => {
      parts = lowerParts(compilation, result, outputShape, lowering);
    });
    this.#compilation = compilation;
    const optimizer = compilation?.optimizer;
    const trainable = trainingWeights(this.program.weights, training);
    this.trainable = trainable;
    this.#head = (last) => compilation?.head(this.program.final?.activation ?? null, outputShape, last) ?? null;
    const head = width === null ? null : this.#head(width);
    const rule = optimizer ? { ...optimizer.spec(), ...optimizer.common() } : null;
    const spec = {
      seed: counters.seed,
      ops: this.program.ops,
      result: this.program.result,
      logits: this.program.final?.logits ?? null,
      addedLosses: this.program.addedLosses,
      ...parts,
      head,
      variables: describeVariables(
        this.program.weights,
        new Set(trainable),
        (w) => optimizer?.isExcludedFromWeightDecay(w.name) ?? false,
      ),
      optimizer: rule,
    };
    this.#network = new addon.Network(
      spec,
      this.program.weights.map((w) => w.variable),
      optimizer ? trainable.flatMap((w) => slotsOf(optimizer, w).variables) : [],
      this.program.states,
    );
    this.#readers = new Readers(this.#network);
  }

  static feed(spec: FeedSpec): NativeFeed {
    return new addon.Feed(spec);
  }

  /** Whether loss and metrics of outputs of this width and that are computed alike. */
  computesAlike(width: number, other: number): boolean {
    return JSON.stringify(this.#head(other)) === JSON.stringify(this.#head(width));
  }

  outputShape(sampleShape: readonly number[]): number[] {
    return this.#readers.use((reader) => reader.outputShape([...sampleShape]));
  }

  /** For one evaluation or prediction; `giveBack` ends it. */
  reader(kind: ReadingKind): NativeNetwork {
    return this.#readers.take(kind, this.#tracing);
  }
  giveBack(reader: NativeNetwork): void {
    this.#readers.giveBack(reader);
  }

  /** Trains up to `steps` batches, and counts them. `epochSteps`, `checkFinite`: see `RunRequest`. */
  async train(
    feed: NativeSource,
    shape: RunShape,
    steps: number,
    reset: boolean,
    epochSteps = 0,
    checkFinite = false,
  ): Promise<RunResult> {
    const optimizer = this.#compilation?.optimizer;
    if (!optimizer) throw new RuntimeError('The model must be compiled before it can be trained.', 'ERR_NOT_COMPILED');
    const piece = optimizer.hasConstantRate ? steps : Math.min(steps, MOST_RATES);
    this.#training = true;
    this.#stopped = false;
    try {
      let all: RunResult | null = null;
      let done = 0;
      do {
        const count = Math.min(piece, steps - done);
        const call = optimizer.calls;
        const result: RunResult = await this.#run(feed, {
          mode: 'train',
          sampleShape: [...shape.sampleShape],
          weightSteps: shape.weightSteps,
          steps: count,
          learningRates: ratesOf(optimizer, call, count),
          call,
          step: this.#counters.trainedSteps,
          reset: reset && done === 0,
          epochSteps,
          checkFinite,
        });
        optimizer.calls = call + result.done;
        this.#counters.trainedSteps += result.done;
        done += result.done;
        all = all ? joined(all, result) : result;
        if (result.done < count) break;
      } while (done < steps && !this.#stopped);
      return all;
    } finally {
      this.#training = false;
    }
  }

  /** A run of the training. One whose model was disposed of meanwhile has no results, however far it came. */
  async #run(feed: NativeSource, request: RunRequest): Promise<RunResult> {
    const result = await runInSession(this.#session(), () => this.#network.run(feed, request));
    if (this.#disposed) throw disposedOf();
    return result;
  }

  /** Whether x was finite, where that is asked. */
  predictSync(x: FeedSpec['x'], sampleShape: readonly number[], predictions: Float32Array, checkFinite = false): boolean {
    return this.#readers.use((reader) => reader.predictSync(x, sampleShape as number[], predictions, checkFinite));
  }

  /** Results of the training run that has just ended, with what came before it since the last reset. */
  totals(): Totals {
    return this.#network.totals();
  }

  /** All that training changes, each once: weights, each with what the optimizer keeps for it, then states of layers. */
  variables(): TrainedVariable[] {
    const optimizer = this.#compilation?.optimizer;
    const trained = new Set(this.trainable);
    const out = new Map<NativeVariable, TrainedVariable>();
    const add = (variable: NativeVariable, weight: Weight | null, slot: string | null) => {
      if (!out.has(variable)) out.set(variable, { variable, weight, slot });
    };
    for (const weight of this.program.weights) {
      add(weight.variable, weight, null);
      if (!optimizer || !trained.has(weight)) continue;
      const { names, variables } = slotsOf(optimizer, weight);
      for (const [i, name] of names.entries()) add(variables[i], weight, name);
    }
    for (const state of this.program.states) add(state, null, null);
    return [...out.values()];
  }

  /**
   * Copies all that training changes. The function that comes back puts it there
   * again; RuntimeError ERR_BUSY where somebody is reading it.
   */
  remember(): () => void {
    const states = this.variables().map(({ variable }) => ({ variable, state: variable.readState() }));
    return () => {
      for (const { variable, state } of states) {
        // A state of a stateful layer takes its size with the first batch.
        if (variable.size !== state.values.length) variable.clear();
        variable.writeState(state);
      }
      this.takeUpRows();
    };
  }

  /** To be called once all variables hold what a checkpoint says: see `Network.takeUpRows`. */
  takeUpRows(): void {
    this.#network.takeUpRows();
  }

  /** What loss and metrics of the training have been summed up to since the epoch began. */
  get trainingSums(): TrainingSums {
    return this.#network.trainingSums();
  }
  set trainingSums(sums: TrainingSums) {
    this.#network.setTrainingSums(sums);
  }

  progress(): Totals {
    return this.#network.progress();
  }

  /** Ends a training and its validation at the next batch. */
  stop(): void {
    this.#stopped = true;
    this.#network.stop();
    this.#readers.stop(({ validates }) => validates);
  }

  /** Whether the training was told to end since its last run began. */
  get wasStopped(): boolean {
    return this.#stopped;
  }
  get isTraining(): boolean {
    return this.#training;
  }
  /** Ends a training at its next batch; a validation in between goes on to its end. */
  stopTraining(): void {
    if (!this.#training) return;
    this.#stopped = true;
    this.#network.stop();
  }

  /** Ends all evaluations or predictions at their next batch. */
  stopReading(mode: 'test' | 'predict'): void {
    this.#readers.stop((kind) => kind.mode === mode);
  }

  beginTrace(): void {
    this.#tracing = true;
    this.#network.beginTrace();
  }

  endTrace(): TraceData {
    this.#tracing = false;
    return this.#network.endTrace();
  }

  /** At the end of a fit: weights become their running averages, where the optimizer keeps them. */
  applyAverages(): void {
    if (this.#compilation) applyAverages(this.#compilation.optimizer, this.trainable);
  }
  /** Weights and their averages change places. false where the optimizer keeps no averages. */
  swapAverages(): boolean {
    return this.#compilation !== null && swapAverages(this.#compilation.optimizer, this.trainable);
  }

  /** A fit is over: copies of the weights for those who read meanwhile can go. */
  rest(): void {
    this.#network.rest();
  }

  dispose(): void {
    this.#disposed = true;
    this.#stopped = true;
    this.#network.dispose();
    this.#readers.dispose();
  }
  get disposed(): boolean {
    return this.#disposed;
  }
}

export function disposedOf(): RuntimeError {
  return new RuntimeError('The model has been disposed of, or compiled or changed anew, while it was at work.', 'ERR_DISPOSED');
}

/** One rate where it is constant, else one a step. As in Keras, a schedule counts batches, also where several make one update. */
function ratesOf(optimizer: Optimizer, call: number, steps: number): Float32Array {
  if (optimizer.hasConstantRate) return new Float32Array([optimizer.rateAt(call)]);
  return Float32Array.from({ length: steps }, (_, i) => optimizer.rateAt(call + i));
}

/** Two runs one after the other as one: what is summed up goes on through both. */
const joined = (before: RunResult, after: RunResult): RunResult => ({
  ...after,
  done: before.done + after.done,
  lossNotFinite: before.lossNotFinite < 0 && after.lossNotFinite >= 0 ? before.done + after.lossNotFinite : before.lossNotFinite,
  samples: before.samples + after.samples,
  epochs: [...before.epochs, ...after.epochs],
});
