import type { FeedSpec, Feed as NativeFeed, RunRequest, RunResult, Totals, TraceData, TrainingSums } from '../../binding.js';
import { RuntimeError } from '../errors.js';
import type { Layer, Shape, Weight } from '../layers/layer.js';
import { trainingWeights } from '../layers/stack.js';
import type { Optimizer } from '../optimizers.js';
import type { Compilation } from '../training/compilation.js';
import { addon } from './addon.js';
import { describeVariables, lower, type Program } from './lower.js';
import { slotsOf } from './optimizer_state.js';
import type { SpecValue } from './spec.js';

export type { NativeFeed };

/** What the engine is told of the data of a run besides the feed. */
export interface RunShape {
  sampleShape: readonly number[];
  /** Floats of weight a sample: 0 none, 1, or one for each step of the output. */
  weightSteps: number;
}

/** Rates of a schedule that are computed at once: the event loop waits for them, and the data may end long before a large number of steps. */
const MOST_RATES = 4096;

/** A model in the engine: its native network, and the counters that go with it. Made anew when layers or compilation change. */
export class Engine {
  readonly program: Program;
  readonly #network: InstanceType<typeof addon.Network>;
  readonly #compilation: Compilation | null;
  /** Weights that it trains, in the model's order. */
  readonly trainable: readonly Weight[];
  readonly #head: (width: number) => SpecValue;
  #training = false;
  #stopped = false;
  #disposed = false;
  #mode: RunRequest['mode'] | null = null;

  /** @param width of the output's last axis; null where only data tell it: loss and metrics wait for them. */
  constructor(
    layers: readonly Layer[],
    inputShape: Shape,
    outputShape: Shape,
    width: number | null,
    compilation: Compilation | null,
    seed: number,
  ) {
    const training = compilation?.training ?? new Set();
    this.program = lower(layers, inputShape, training);
    this.#compilation = compilation;
    const optimizer = compilation?.optimizer;
    const trainable = trainingWeights(this.program.weights, training);
    this.trainable = trainable;
    this.#head = (last) => compilation?.head(this.program.finalActivation, outputShape, last) ?? null;
    const head = width === null ? null : this.#head(width);
    const rule = optimizer ? { ...optimizer.spec(), ...optimizer.common() } : null;
    const spec = {
      seed,
      ops: this.program.ops,
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
  }

  static feed(spec: FeedSpec): NativeFeed {
    return new addon.Feed(spec);
  }

  /** Whether loss and metrics of outputs of this width and that are computed alike. */
  computesAlike(width: number, other: number): boolean {
    return JSON.stringify(this.#head(other)) === JSON.stringify(this.#head(width));
  }

  outputShape(sampleShape: readonly number[]): number[] {
    return this.#network.outputShape([...sampleShape]);
  }

  /** Trains up to `steps` batches. `step` counts what the model has trained before; `epochSteps`: see `RunRequest`. */
  async train(
    feed: NativeFeed,
    shape: RunShape,
    steps: number,
    step: number,
    reset: boolean,
    epochSteps = 0,
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
          step: step + done,
          reset: reset && done === 0,
          epochSteps,
        });
        optimizer.calls = call + result.done;
        done += result.done;
        all = all ? joined(all, result) : result;
        if (result.done < count) break;
      } while (done < steps && !this.#stopped);
      return all;
    } finally {
      this.#training = false;
    }
  }

  /** A run of the network. One whose model was disposed of meanwhile has no results, however far it came. */
  async #run(feed: NativeFeed, request: RunRequest): Promise<RunResult> {
    this.#mode = request.mode;
    try {
      const result = await this.#network.run(feed, request);
      if (!this.#disposed) return result;
    } finally {
      this.#mode = null;
    }
    throw new RuntimeError('The model has been disposed of, or compiled or changed anew, while it was at work.', 'ERR_DISPOSED');
  }

  test(feed: NativeFeed, shape: RunShape, steps: number, reset: boolean, checkFinite = false): Promise<RunResult> {
    return this.#run(feed, {
      mode: 'test',
      sampleShape: [...shape.sampleShape],
      weightSteps: shape.weightSteps,
      steps,
      reset,
      checkFinite,
    });
  }

  predict(
    feed: NativeFeed,
    sampleShape: readonly number[],
    steps: number,
    predictions: Float32Array,
    checkFinite = false,
  ): Promise<RunResult> {
    return this.#run(feed, { mode: 'predict', sampleShape: [...sampleShape], steps, predictions, checkFinite });
  }

  /** Whether x was finite, where that is asked. */
  predictSync(x: FeedSpec['x'], sampleShape: readonly number[], predictions: Float32Array, checkFinite = false): boolean {
    return this.#network.predictSync(x, sampleShape as number[], predictions, checkFinite);
  }

  /** Results of the run that has just ended, with what came before it since the last reset. */
  totals(): Totals {
    return this.#network.totals();
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

  /** Ends whatever runs at its next batch. */
  stop(): void {
    this.#stopped = true;
    this.#network.stop();
  }

  /** Ends a training at its next batch; a validation in between goes on to its end. */
  stopTraining(): void {
    if (this.#training) this.stop();
  }

  /** Ends an evaluation or a prediction at its next batch, where such a one is running. */
  stopReading(mode: 'test' | 'predict'): void {
    if (this.#mode === mode) this.#network.stop();
  }

  beginTrace(): void {
    this.#network.beginTrace();
  }

  endTrace(): TraceData {
    return this.#network.endTrace();
  }

  /** At the end of a fit: weights become their running averages, where the optimizer keeps them. */
  applyAverages(): void {
    const optimizer = this.#compilation?.optimizer;
    if (!optimizer?.common().useEma || optimizer.iterations === 0) return;
    // Averages that stand in the weights already are those that both have then.
    this.#eachAverage(optimizer, (weight, average) => (optimizer.averagesAreIn ? [weight, weight] : [average, average]));
    optimizer.averagesAreIn = false;
  }

  /** Weights and their averages change places. false where the optimizer keeps no averages. */
  swapAverages(): boolean {
    const optimizer = this.#compilation?.optimizer;
    if (!optimizer?.common().useEma) return false;
    this.#eachAverage(optimizer, (weight, average) => [average, weight]);
    optimizer.averagesAreIn = !optimizer.averagesAreIn;
    return true;
  }

  /** @param change gives what a weight and its average are from now on */
  #eachAverage(
    optimizer: Optimizer,
    change: (weight: Float32Array, average: Float32Array) => [Float32Array, Float32Array],
  ): void {
    for (const w of this.trainable) {
      const { variable } = w;
      const { names, variables } = slotsOf(optimizer, w);
      const slot = variables[names.indexOf('average')];
      const [weight, average] = [new Float32Array(variable.size), new Float32Array(variable.size)];
      variable.read(weight);
      slot.read(average);
      const changed = change(weight, average);
      variable.write(changed[0]);
      slot.write(changed[1]);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#stopped = true;
    this.#network.dispose();
  }
  get disposed(): boolean {
    return this.#disposed;
  }
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
