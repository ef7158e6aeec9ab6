import type { TrainingSums } from '../../binding.js';
import type { History } from '../callbacks/history.js';
import type { CallbackModel } from '../callbacks/types.js';
import type { NDArray } from '../data/ndarray.js';
import { RuntimeError, ValueError } from '../errors.js';
import { noteCore } from '../faces.js';
import type { Layer } from '../layers/layer.js';
import { setAllWeights } from '../layers/set_weights.js';
import { withInner } from '../layers/stack.js';
import type { Optimizer } from '../optimizers/index.js';
import { saveRandom } from '../random.js';
import { Compilation, type CompileOptions } from './compilation.js';
import { type CounterState, Counters } from './counters.js';
import type { Engine } from './engine.js';
import { EngineHolder } from './engine_holder.js';
import { LayerStack } from './layer_stack.js';
import { OnBatch } from './on_batch.js';
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
  readonly #engine = new EngineHolder(this);
  #stopTraining = false;
  #stopEvaluating = false;
  #stopPredicting = false;
  /** Steps that had been trained when the training that is running began. */
  #stepsBefore = 0;
  readonly #warned = new Set<string>();
  #onBatch: OnBatch | null = null;

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
    this.#engine.mustLive();
    const compilation = new Compilation(options, this.outputNames[0]);
    checkOwner(compilation.optimizer, this, this.trainingLayers());
    if (this.dialect === 'keras2') compilation.optimizer.emaCopyFirst = false;
    // Shapes are known for most models: what does not fit is said now, and the model stays as it was.
    const engine = this.built && this.layers.length ? this.#engine.make(compilation) : null;
    this.#forgetEngine(engine);
    this.#compilation = compilation;
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
    this.turns.looks++;
    return this.compilation('use the optimizer of').optimizer;
  }

  // --- in the engine

  /** The model in the engine, made when it is first needed. */
  engine(): Engine {
    return this.#engine.get();
  }
  /** @param next takes the place of the one there is */
  #forgetEngine(next: Engine | null = null): void {
    this.#engine.replace(next);
    this.#onBatch = null;
  }
  /** See `EngineHolder`. */
  chooseWidth(width: number, first: boolean): void {
    this.#engine.chooseWidth(width, first, () => this.#forgetEngine());
  }
  takeUp(sums: TrainingSums | null): void {
    this.#engine.takeUp(sums);
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
    const [input, output, width, history] = [this.sampleInput, this.sampleOutput, this.#engine.width, this.history];
    const training = this.#compilation?.training ?? null;
    const layers = input ? [] : withInner(this.layers);
    const unbuilt = layers.filter((l) => !l.builtFor);
    const undo = layers.map((l) => l.saveBuild());
    return () => {
      this.history = history;
      if (this.sampleInput === input && this.#engine.width === width) return;
      if (this.#compilation) release(this.#compilation.optimizer, unbuilt);
      for (const back of undo) back();
      this.layersChanged();
      [this.sampleInput, this.sampleOutput] = [input, output];
      this.#engine.takeBackWidth(width);
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
        this.#engine.endTakenUp();
        if (what === 'fit') this.#engine.current?.rest();
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
  /** For testOnBatch: see `OnBatch`. */
  async readingOnBatch<T>(anew: boolean, run: (reading: Reading) => Promise<T>): Promise<T> {
    this.turns.mayRead();
    this.#onBatch ??= new OnBatch(this.reading('test'));
    return this.#onBatch.next(anew, run);
  }

  get stopTraining(): boolean {
    return this.#stopTraining;
  }
  set stopTraining(value: boolean) {
    this.turns.looks++;
    this.#stopTraining = Boolean(value);
    if (this.#stopTraining && this.turns.isTraining) this.#engine.current?.stopTraining();
  }
  get stopEvaluating(): boolean {
    return this.#stopEvaluating;
  }
  set stopEvaluating(value: boolean) {
    this.#stopEvaluating = Boolean(value);
    if (this.#stopEvaluating) this.#engine.current?.stopReading('test');
  }
  get stopPredicting(): boolean {
    return this.#stopPredicting;
  }
  set stopPredicting(value: boolean) {
    this.#stopPredicting = Boolean(value);
    if (this.#stopPredicting) this.#engine.current?.stopReading('predict');
  }
  /** Ends a training's run after its batch; who runs it goes on. */
  pauseEngine(): void {
    this.#engine.current?.stopTraining();
  }
  /** Ends what runs at its next batch, where anything does: a signal may come when the model is disposed of. */
  stopEngine(): void {
    this.#engine.current?.stop();
  }

  // --- what it has learnt

  getWeights(): NDArray[] {
    this.turns.looks++;
    return this.weights.map((w) => w.read());
  }
  setWeights(values: readonly unknown[]): void {
    this.turns.looks++;
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
    this.#engine.dispose();
    this.#onBatch = null;
  }
}
