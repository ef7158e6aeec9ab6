import type { TrainingSums } from '../../binding.js';
import type { History } from '../callbacks/history.js';
import type { CallbackModel } from '../callbacks/types.js';
import type { NDArray } from '../data/ndarray.js';
import { RuntimeError, ValueError } from '../errors.js';
import { noteCore } from '../faces.js';
import type { Layer } from '../layers/layer.js';
import { Nested } from '../layers/nested.js';
import { setAllWeights } from '../layers/set_weights.js';
import type { Shape } from '../layers/shape.js';
import { withInner } from '../layers/stack.js';
import type { Optimizer } from '../optimizers/index.js';
import { saveRandom } from '../random.js';
import { Compilation, type CompileOptions } from './compilation.js';
import { type CounterState, Counters } from './counters.js';
import { Engine } from './engine.js';
import { LayerStack } from './layer_stack.js';
import { checkOwner, claim, release } from './optimizer_state.js';
import { Reading } from './reading.js';
import { trainingWarnings } from './training_warnings.js';
import { Turns } from './turns.js';

/** What a model is made of at first. Layers are added afterwards. */
export interface ModelOptions {
  /** Default `'sequential'`, `'sequential_1'`, ... */
  name?: string;
  trainable?: boolean;
}

/** Makes a model, and the object that users hold: rooms below the public class are given it. */
export type NewModel = (options: ModelOptions) => Model;

let modelsMade = 0;

/**
 * The core of a model: layers, how it is compiled, the engine that runs it, counters, and whose turn it is. Training and saving work with it,
 * users with the `Sequential` before it.
 */
export class Model extends LayerStack {
  /** Which Keras it comes from: in some details Keras 2 computed otherwise, and a model goes on as it began. */
  dialect: 'keras2' | 'keras3' = 'keras3';
  /** The record of the last `fit`. */
  history: History | null = null;
  readonly counters = new Counters();
  readonly turns = new Turns(this);
  #compilation: Compilation | null = null;
  #engine: Engine | null = null;
  /** Of the output's last axis, where only data tell it. */
  #width: number | null = null;
  #disposed = false;
  /** What a training goes on from that was taken up: an engine that is made anew before its first batch takes it up as well. */
  #takenUp: { sums: TrainingSums | null } | null = null;
  #stopTraining = false;
  #stopEvaluating = false;
  #stopPredicting = false;
  /** Steps that had been trained when the training that is running began. */
  #stepsBefore = 0;
  readonly #warned = new Set<string>();
  #onBatch: { reading: Reading; turn: Promise<unknown> } | null = null;

  /** @param face what users hold: callbacks get it */
  constructor(
    readonly face: CallbackModel,
    { name, trainable = true }: ModelOptions = {},
  ) {
    super(name ?? (modelsMade === 0 ? 'sequential' : `sequential_${modelsMade}`), name === undefined, trainable);
    modelsMade++;
    noteCore(face, this);
  }

  protected mayChange(what: string): void {
    this.turns.mayChange(what);
  }
  protected layersChanged(removed?: Layer): void {
    if (this.#compilation) {
      if (removed) this.#release(withInner([removed]));
      this.#compilation.training = null;
    }
    this.#forgetEngine();
  }
  /** The optimizer drops what it keeps for layers that are not in the model any more. */
  #release(layers: readonly Layer[]): void {
    const still = new Set(withInner(this.layers));
    const gone = layers.filter((l) => !still.has(l));
    if (this.#compilation) release(this.#compilation.optimizer, gone);
  }

  // --- compiled

  compile(options: CompileOptions = {}): void {
    this.mayChange('compile');
    this.#mustLive();
    const compilation = new Compilation(options, this.outputNames[0]);
    checkOwner(compilation.optimizer, this, this.trainingLayers());
    if (this.dialect === 'keras2') compilation.optimizer.emaCopyFirst = false;
    // Shapes are known for most models: what does not fit is said now, and the model stays as it was.
    const engine = this.built && this.layers.length ? this.#makeEngine(compilation, null) : null;
    this.#forgetEngine();
    this.#compilation = compilation;
    this.#engine = engine;
    claim(compilation.optimizer, this);
  }
  get compiled(): boolean {
    return this.#compilation !== null;
  }
  /** How it is compiled; null where it is not. */
  get compilationOrNull(): Compilation | null {
    return this.#compilation;
  }
  compilation(what: string): Compilation {
    if (!this.#compilation)
      throw new RuntimeError(`Compile the model before you ${what} it: model.compile({ optimizer, loss }).`, 'ERR_NOT_COMPILED');
    return this.#compilation;
  }
  /** Compiled, with a loss. */
  trainingCompilation(what: string): Compilation {
    const compilation = this.compilation(what);
    if (!compilation.loss)
      throw new ValueError(
        `${what} needs a loss, and the model was compiled without one: model.compile({ optimizer, loss }).`,
        'ERR_NO_LOSS',
      );
    return compilation;
  }
  get optimizer(): Optimizer {
    return this.compilation('use the optimizer of').optimizer;
  }

  // --- in the engine

  /** The model in the engine, made when it is first needed. */
  engine(): Engine {
    this.#mustLive();
    for (const layer of this.layers) if (layer instanceof Nested) layer.checkUnchanged();
    this.#engine ??= this.#makeEngine(this.#compilation, this.#width);
    return this.#engine;
  }
  #makeEngine(compilation: Compilation | null, dataWidth: number | null): Engine {
    const { inputShape, outputShape } = this.shapes();
    if (compilation) {
      // Not `compile` alone: a model that was built since, or whose layers changed, notes what trains now.
      compilation.training ??= this.trainingLayers();
      checkOwner(compilation.optimizer, this, compilation.training);
    }
    const width = widthOf(outputShape, dataWidth);
    const engine = new Engine({
      layers: this.layers,
      inputShape,
      outputShape,
      width,
      compilation,
      counters: this.counters,
      session: () => this.turns.session,
    });
    if (compilation) claim(compilation.optimizer, this);
    this.#intoEngine(engine, width);
    return engine;
  }
  /**
   * The variables are those of a training that was put down, and it goes on now.
   * @param sums of loss and metrics of its epoch; null where that begins
   */
  takeUp(sums: TrainingSums | null): void {
    this.#takenUp = { sums };
    this.#intoEngine(this.engine(), widthOf(this.shapes().outputShape, this.#width));
  }
  #intoEngine(engine: Engine, width: number | null): void {
    if (!this.#takenUp) return;
    // Whoever reads before the first batch, or when no batch is left, sees rows of large tables as they are, too.
    engine.takeUpRows();
    const { sums } = this.#takenUp;
    // Without a width there are no loss and metrics yet: the engine is made again when there are.
    if (sums && width !== null) engine.trainingSums = sums;
  }
  #forgetEngine(): void {
    this.#engine?.dispose();
    this.#onBatch = null;
    this.#engine = null;
    this.#width = null;
  }

  /**
   * Settles loss and metrics for outputs whose last axis only the data tell. Keras chooses them at the first batch as well.
   * @param first whether nothing has been summed up yet, so that others may be chosen
   */
  settleWidth(width: number, first: boolean): void {
    const { outputShape } = this.shapes();
    const before = this.#width;
    if (outputShape.at(-1) !== null || width === before) return;
    if (before === null || !this.engine().computesAlike(before, width)) {
      if (this.#engine?.isTraining) this.mayChange('take outputs of another size from');
      if (before !== null && !first)
        throw new ValueError(
          `Model '${this.name}': loss and metrics were chosen for outputs whose last axis has ${before} elements, as in the first batch. Received one of ${width}.`,
          'ERR_SHAPE',
        );
      this.#forgetEngine();
    }
    this.#width = width;
    try {
      this.engine();
    } catch (error) {
      this.#width = before;
      throw error;
    }
  }

  /**
   * Runs checks of data, which may build the model at once and choose loss and metrics, and may go on later. Where they fail the model is as
   * it was: one that was not built has no weights, and the random numbers that they took are drawn again.
   */
  tentatively<T>(check: () => T): T {
    const takeBack = this.#remember();
    const random = saveRandom();
    const failed = (error: unknown): never => {
      takeBack();
      random.back();
      throw error;
    };
    try {
      const result = check();
      random.end();
      return result instanceof Promise ? (result.catch(failed) as T) : result;
    } catch (error) {
      random.end();
      return failed(error);
    }
  }
  /** How to take back a building, and what was chosen with the data. */
  #remember(): () => void {
    const [input, output, width, history] = [this.sampleInput, this.sampleOutput, this.#width, this.history];
    const training = this.#compilation?.training ?? null;
    const layers = input ? [] : withInner(this.layers);
    const unbuilt = layers.filter((l) => !l.builtFor);
    const undo = layers.map((l) => l.saveBuild());
    return () => {
      this.history = history;
      if (this.sampleInput === input && this.#width === width) return;
      if (this.#compilation) release(this.#compilation.optimizer, unbuilt);
      for (const back of undo) back();
      this.layersChanged();
      [this.sampleInput, this.sampleOutput, this.#width] = [input, output, width];
      if (this.#compilation) this.#compilation.training = training;
    };
  }

  // --- one training at a time

  /** Holds the model for a training; a second one is refused. */
  exclusively<T>(what: string, run: () => Promise<T>): Promise<T> {
    return this.turns.exclusively(what, async () => {
      this.#stepsBefore = this.counters.trainedSteps;
      try {
        return await run();
      } finally {
        this.#takenUp = null;
        if (what === 'fit') this.#engine?.rest();
      }
    });
  }
  /** Before a training: warns, once a kind, where it will not do what one may think. */
  warnOfTraining(): void {
    if (!this.#compilation || !this.built) return;
    for (const { code, message } of trainingWarnings(this, this.#compilation.training)) {
      if (this.#warned.has(code)) continue;
      this.#warned.add(code);
      process.emitWarning(message, { code });
    }
  }
  /** A hook of a callback begins (1) or ends (-1). */
  hook(change: 1 | -1): void {
    this.turns.hook(change);
  }

  /** For an evaluation or prediction. */
  reading(mode: 'test' | 'predict', validates = false): Reading {
    return new Reading(this, { mode, validates });
  }
  /** For testOnBatch, one call after the other: their sums go on from call to call until one of them starts anew. */
  async readingOnBatch<T>(anew: boolean, run: (reading: Reading) => Promise<T>): Promise<T> {
    this.turns.mayRead();
    this.#onBatch ??= { reading: this.reading('test'), turn: Promise.resolve() };
    const { reading, turn } = this.#onBatch;
    const begin = async () => {
      if (anew) reading.close();
      try {
        return await run(reading);
      } finally {
        reading.rest();
      }
    };
    const mine = turn.then(begin, begin);
    this.#onBatch.turn = mine.catch(() => undefined);
    return mine;
  }

  get stopTraining(): boolean {
    return this.#stopTraining;
  }
  set stopTraining(value: boolean) {
    this.#stopTraining = Boolean(value);
    if (this.#stopTraining && this.turns.isTraining) this.#engine?.stopTraining();
  }
  get stopEvaluating(): boolean {
    return this.#stopEvaluating;
  }
  set stopEvaluating(value: boolean) {
    this.#stopEvaluating = Boolean(value);
    if (this.#stopEvaluating) this.#engine?.stopReading('test');
  }
  get stopPredicting(): boolean {
    return this.#stopPredicting;
  }
  set stopPredicting(value: boolean) {
    this.#stopPredicting = Boolean(value);
    if (this.#stopPredicting) this.#engine?.stopReading('predict');
  }
  /** Ends a training's run after its batch; who runs it goes on. */
  pauseEngine(): void {
    this.#engine?.stopTraining();
  }
  /** Ends what runs at its next batch, where anything does: a signal may come when the model is disposed of. */
  stopEngine(): void {
    this.#engine?.stop();
  }

  // --- what it has learnt

  getWeights(): NDArray[] {
    return this.weights.map((w) => w.read());
  }
  setWeights(values: readonly unknown[]): void {
    // A fit that has not come to its first batch goes on from the weights that it found, but for what its own hooks change.
    const { turns, counters } = this;
    if (turns.isTraining && !turns.inHook && counters.trainedSteps === this.#stepsBefore) this.mayChange('set the weights of');
    setAllWeights(`model '${this.name}'`, this.weights, values);
  }
  /** Weights and the averages that the optimizer keeps change places; false where it keeps none. */
  swapAverages(): boolean {
    return this.engine().swapAverages();
  }
  /** Sets seeds and counters as a whole. */
  setCounters(state: CounterState): void {
    // The engine draws its random numbers from the seed.
    if (state.seed !== this.counters.seed) this.#forgetEngine();
    this.counters.state = state;
  }

  /** Frees the native memory at once. The model cannot be used afterwards. */
  dispose(): void {
    this.#disposed = true;
    this.#forgetEngine();
  }
  #mustLive(): void {
    if (this.#disposed) throw new RuntimeError(`Model '${this.name}' has been disposed of.`, 'ERR_DISPOSED');
  }
}

/** Elements of the output's last axis: 1 of a single number, `fromData` where only data tell it. */
function widthOf(outputShape: Shape, fromData: number | null): number | null {
  const last = outputShape.at(-1);
  return last === null ? fromData : (last ?? 1);
}
