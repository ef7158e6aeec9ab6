// For users whose `lib` is older than Symbol.dispose.
/// <reference lib="esnext.disposable" preserve="true" />

import { AsyncLocalStorage } from 'node:async_hooks';
import type { History } from './callbacks/history.js';
import type { CallbackModel } from './callbacks/model.js';
import type { ArrayInput, DataInput, LabelInput, WeightArray } from './data/inputs.js';
import type { NDArray } from './data/ndarray.js';
import { Engine } from './engine/engine.js';
import { checkOwner, claim, countSlots, release } from './engine/optimizer_state.js';
import { Reading } from './engine/reading.js';
import { beginSession, endSession, type Session } from './engine/sessions.js';
import { RuntimeError, show, typeError, ValueError } from './errors.js';
import type { LayerIdentifier } from './identifiers.js';
import { cloneLayer } from './layers/clone.js';
import { InputLayer } from './layers/core.js';
import { layerRegistry } from './layers/index.js';
import { isStateful, type Layer, setAllWeights, type Weight } from './layers/layer.js';
import { allowRenumbering, forgetHolder, nameAutomatically, nameFor, noteHolder } from './layers/names.js';
import { Nested } from './layers/nested.js';
import { checkBatchShape, type Shape, sameShape, shapeText } from './layers/shape.js';
import { buildStack, savePlaces, shapeThrough, trainingLayers, trainingWeights, withInner } from './layers/stack.js';
import type { Optimizer } from './optimizers.js';
import { checkBoolean, checkReadable, readOptions } from './options.js';
import { nextSeed, saveRandom } from './random.js';
import { type LoadWeightsOptions, loadWeights } from './saving/load.js';
import { type SaveOptions, type SaveWeightsOptions, save, saveWeights, toBuffer } from './saving/save.js';
import { toJSON } from './saving/to_json.js';
import { type SummaryOptions, summary } from './terminal/summary.js';
import type { LossOption } from './training/compilation.js';
import { Compilation, type CompileOptions } from './training/compilation.js';
import { type EvaluateOptions, evaluate } from './training/evaluate.js';
import { type FitOptions, fit } from './training/fit.js';
import { type OnBatchOptions, predictOnBatch, testOnBatch, trainOnBatch } from './training/on_batch.js';
import type { Results } from './training/option_types.js';
import { type PredictBatchOptions, type PredictOptions, predict, predictSync } from './training/predict.js';

/** Options of {@link Sequential}. */
export interface SequentialOptions {
  /** Default `'sequential'`, `'sequential_1'`, ... */
  name?: string;
  layers?: readonly LayerIdentifier[];
  /** false freezes all layers. Default true. */
  trainable?: boolean;
}

/** Options of `clone`. */
export interface CloneOptions {
  /** Whether the copy begins with this model's weights. Default true. */
  weights?: boolean;
}

let modelsMade = 0;
/** Models whose turn it is, in what a hook of theirs calls. */
const turns = new AsyncLocalStorage<Set<Sequential>>();

/**
 * A stack of layers, each taking the output of the one before, with Keras's training loop.
 *
 * @example
 * const model = sequential([layers.dense({ units: 32, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1, activation: 'sigmoid' })]);
 * model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
 * const history = await model.fit(x, y, { epochs: 5, validationSplit: 0.2 });
 */
export class Sequential implements CallbackModel {
  static readonly className = 'Sequential';
  readonly name: string;
  /** @internal Whether the name may become another one where the model is a layer: it got it by itself. */
  autoNamed: boolean;
  /** Set to true, in a callback or from anywhere, to end `fit` after the batch that is running. */
  #stopTraining = false;
  #stopEvaluating = false;
  #stopPredicting = false;
  /** The record of the last `fit`. */
  history: History | null = null;

  /** @internal Which Keras the model comes from: in some details Keras 2 computed otherwise, and a model goes on as it began. */
  dialect: 'keras2' | 'keras3' = 'keras3';

  readonly #layers: Layer[] = [];
  #input: InputLayer | null = null;
  #inputShape: Shape | null = null;
  #outputShape: Shape | null = null;
  /** Of the output's last axis, where only data tell it. */
  #width: number | null = null;
  #trainable: boolean;
  /** Layers by the names they had when they were added: a layer may be renumbered in another model. */
  readonly #addedAs = new Map<string, Layer>();
  readonly #warned = new Set<string>();
  #compilation: Compilation | null = null;
  #engine: Engine | null = null;
  #disposed = false;
  #seed = nextSeed();
  #trainedSteps = 0;
  #fits = 0;
  /** Of the last fit: the seed of its orders, and the epoch that would have come next. */
  #order: { seed: number; nextEpoch: number } | null = null;
  #fitting: string | null = null;
  #session: Session | null = null;
  /** Steps that had been trained when the session began. */
  #sessionBegan = 0;
  #hooks = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #onBatch: { reading: Reading; turn: Promise<unknown> } | null = null;

  /** @param options the layers, or `{ name, layers, trainable }` */
  constructor(options: readonly LayerIdentifier[] | SequentialOptions = []) {
    checkReadable('Sequential', options);
    const o = Array.isArray(options)
      ? { name: undefined, layers: options as readonly unknown[], trainable: true }
      : readOptions('Sequential', options, {
          name: undefined as string | undefined,
          layers: [] as readonly unknown[],
          trainable: true,
        });
    if (!Array.isArray(o.layers)) throw typeError(`Sequential: 'layers' must be a list of layers. Received: ${show(o.layers)}`);
    if (o.name !== undefined && typeof o.name !== 'string')
      throw typeError(`Sequential: 'name' must be a string. Received: ${show(o.name)}`);
    this.name = o.name ?? (modelsMade === 0 ? 'sequential' : `sequential_${modelsMade}`);
    this.autoNamed = o.name === undefined;
    modelsMade++;
    this.#trainable = checkBoolean('Sequential', 'trainable', o.trainable);
    const layers = o.layers.map((given) => this.#layerOf(given));
    const undo = savePlaces(layers);
    try {
      for (const layer of layers) this.add(layer);
    } catch (error) {
      // Layers that were made before may be used elsewhere: they are as if nobody had tried.
      for (const layer of layers) forgetHolder(layer, this);
      undo();
      throw error;
    }
  }

  #layerOf(given: unknown): Layer {
    if (!(given instanceof Sequential)) return layerRegistry.resolve(given, 'add');
    const layer = new Nested(given);
    if (given.autoNamed) allowRenumbering(layer);
    return layer;
  }

  // --- building

  /** Adds a layer on top: an instance, a name or a config; or another model, as one layer. Throws TypeError for anything else, ValueError for a name taken twice or a shape that does not fit. */
  add(given: LayerIdentifier): void {
    this.#mayChange('add a layer to');
    const layer = this.#layerOf(given);
    if (layer instanceof Nested && layer.holds(this))
      throw new ValueError(`Sequential '${this.name}' cannot be a layer of itself.`, 'ERR_LAYER');
    if (layer instanceof InputLayer) {
      if (this.#input || this.#layers.length)
        throw new ValueError(`Sequential '${this.name}': an input comes first and only once.`, 'ERR_LAYER');
      this.#input = layer;
      layer.name ??= 'input_layer';
      this.#inputShape = layer.shape;
      this.#outputShape = layer.shape;
      return;
    }
    const held = (l: Layer) => l === layer || (l instanceof Nested && layer instanceof Nested && l.model === layer.model);
    if (this.#layers.some(held))
      throw new ValueError(`Sequential '${this.name}' holds ${layer.label} already; a stack has each layer once.`, 'ERR_LAYER');
    const before = layer.name;
    const name = nameFor(layer, this);
    if (name !== before) nameAutomatically(layer, name);
    const first = this.#layers.length === 0 && !this.#inputShape;
    const input = first ? (layer.batchInputShape?.slice(1) ?? null) : this.#outputShape;
    try {
      if (input) this.#outputShape = buildStack([layer], input);
    } catch (error) {
      layer.name = before;
      throw error;
    }
    if (first) this.#inputShape = input;
    this.#layers.push(layer);
    layer.home ??= this;
    noteHolder(layer, this);
    this.#addedAs.set(name, layer);
    this.#layersChanged();
  }

  /** Takes the topmost layer off. Throws TypeError where there is none. */
  pop(): Layer {
    this.#mayChange('take a layer off');
    const layer = this.#layers.at(-1);
    if (!layer) throw typeError(`Sequential '${this.name}' has no layer to take off.`);
    const kept = this.#layers.slice(0, -1);
    // A stack without layers and input takes whatever shape comes next.
    if (kept.length === 0 && !this.#input) this.#inputShape = null;
    this.#outputShape = this.#inputShape && shapeThrough(kept, this.#inputShape);
    this.#layers.pop();
    if (layer.home === this) layer.home = undefined;
    forgetHolder(layer, this);
    for (const [name, l] of this.#addedAs) if (l === layer) this.#addedAs.delete(name);
    const still = new Set(withInner(kept));
    if (this.#compilation)
      release(
        this.#compilation.optimizer,
        withInner([layer]).filter((l) => !still.has(l)),
      );
    this.#layersChanged();
    return layer;
  }

  /**
   * Makes the weights, where the first layer does not tell the input's shape.
   * @param inputShape with its batch dimension: `[null, 784]`. Another one than the model has already is a ValueError.
   */
  build(inputShape?: Shape): void {
    this.#mayChange('build');
    if (inputShape === undefined && this.#inputShape) return;
    const sample = checkBatchShape('build', 'inputShape', inputShape);
    if (this.#inputShape && !sameShape(sample, this.#inputShape))
      throw new ValueError(
        `build: model '${this.name}' takes inputs of shape ${shapeText([null, ...this.#inputShape])} already. Received: ${shapeText([null, ...sample])}. Make a new model for another shape.`,
        'ERR_SHAPE',
      );
    this.buildFor(sample);
  }

  /** @internal Builds for samples of this shape, where it is not built yet. Where a layer does not fit, it stays unbuilt. */
  buildFor(sample: Shape): void {
    if (this.#inputShape) return;
    if (this.#layers.length === 0) throw new ValueError(`Sequential '${this.name}' has no layers; add some first.`, 'ERR_LAYER');
    this.#outputShape = buildStack(this.#layers, sample);
    this.#inputShape = sample;
    this.#layersChanged();
  }
  /** @internal Takes back a `buildFor`: the model had to be built for something that failed. */
  unbuild(): void {
    this.#inputShape = null;
    this.#outputShape = null;
    this.#layersChanged();
  }

  /**
   * @internal Runs checks of data, which may build the model at once and choose loss and metrics, and may go on later. Where they fail the model is
   * as it was: one that was not built has no weights, and the random numbers that they took are drawn again.
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
    const [inputShape, outputShape, width, history] = [this.#inputShape, this.#outputShape, this.#width, this.history];
    const training = this.#compilation?.training ?? null;
    const layers = inputShape ? [] : withInner(this.#layers);
    const unbuilt = layers.filter((l) => !l.builtFor);
    const undo = layers.map((l) => l.saveBuild());
    return () => {
      this.history = history;
      if (this.#inputShape === inputShape && this.#width === width) return;
      if (this.#compilation) release(this.#compilation.optimizer, unbuilt);
      for (const back of undo) back();
      this.#layersChanged();
      [this.#inputShape, this.#outputShape, this.#width] = [inputShape, outputShape, width];
      if (this.#compilation) this.#compilation.training = training;
    };
  }

  get built(): boolean {
    return this.#inputShape !== null;
  }

  // --- what it is made of

  get layers(): readonly Layer[] {
    return [...this.#layers];
  }
  /** A layer by its name, or by its position. */
  getLayer(name: string | number): Layer {
    const layer =
      typeof name === 'number' ? this.#layers.at(name) : (this.#layers.find((l) => l.name === name) ?? this.#addedAs.get(name));
    if (!layer)
      throw new ValueError(
        `Sequential '${this.name}' has no layer ${show(name)}. Its layers: ${this.#layers.map((l) => l.name).join(', ') || 'none'}.`,
        'ERR_LAYER',
      );
    return layer;
  }
  /** `[null, ...]`, or null before the model is built. */
  get inputShape(): (number | null)[] | null {
    return this.#inputShape && [null, ...this.#inputShape];
  }
  get outputShape(): (number | null)[] | null {
    return this.#outputShape && [null, ...this.#outputShape];
  }
  get inputNames(): string[] {
    return [this.#input?.name ?? 'input_layer'];
  }
  get outputNames(): string[] {
    return [this.#layers.at(-1)?.name ?? 'output'];
  }
  get input(): InputLayer | null {
    return this.#input;
  }
  get weights(): Weight[] {
    return [...new Set(this.#layers.flatMap((l) => l.weights))];
  }
  get trainableWeights(): Weight[] {
    return trainingWeights(this.weights, this.#training());
  }
  get nonTrainableWeights(): Weight[] {
    const training = new Set(this.trainableWeights);
    return this.weights.filter((w) => !training.has(w));
  }
  /**
   * A state of the model, read at `compile`: false freezes all that is in it, whatever its layers say (BatchNormalization computes as in
   * prediction then). Setting it hands the value down to the layers.
   */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    this.#trainable = checkBoolean(`Sequential '${this.name}'`, 'trainable', value);
    for (const l of this.#layers) l.trainable = value;
  }
  /** @internal For layers: a model is a beginning, also where it stands in another. */
  get trains(): boolean {
    return this.#trainable;
  }
  #training(): Set<Layer> {
    return trainingLayers(this.#layers, this.#trainable);
  }
  countParams(): number {
    this.#needsShape('countParams');
    return this.weights.reduce((n, w) => n + w.variable.size, 0);
  }
  getWeights(): NDArray[] {
    return this.weights.map((w) => w.read());
  }
  setWeights(values: readonly WeightArray[]): void {
    // A fit that has not come to its first batch goes on from the weights that it found, but for what its own hooks change.
    if (this.#fitting && this.#hooks === 0 && this.#trainedSteps === this.#sessionBegan) this.#mayChange('set the weights of');
    setAllWeights(`model '${this.name}'`, this.weights, values);
  }
  /** Prints the table of layers, as Keras does. */
  summary(options?: SummaryOptions): void {
    summary(
      {
        name: this.name,
        layers: this.#layers.map((l) => ({
          name: l.name as string,
          className: l.className,
          outputShape: l.builtFor ? [null, ...l.outputShapeOf(l.builtFor)] : null,
          params: l.builtFor ? l.countParams() : null,
        })),
        trainable: this.trainableWeights.reduce((n, w) => n + w.variable.size, 0),
        nonTrainable: this.nonTrainableWeights.reduce((n, w) => n + w.variable.size, 0),
        optimizerParams: this.#compilation ? countSlots(this.#compilation.optimizer) : 0,
      },
      options,
    );
  }
  /**
   * A model of the same layers, with weights of its own: those of this one, and compiled like it with an optimizer that has done no updates.
   * @param options `{ weights: false }`: the weights are drawn anew
   * @example
   * const teacher = model.clone();
   */
  clone(options?: CloneOptions): Sequential {
    const { weights } = readOptions<Required<CloneOptions>>('clone', options, { weights: true });
    const withWeights = checkBoolean('clone', 'weights', weights);
    const copy = new Sequential({ name: this.name, trainable: this.#trainable });
    copy.autoNamed = this.autoNamed;
    copy.dialect = this.dialect;
    const input = this.#input;
    if (input) copy.add(new InputLayer({ shape: input.shape, name: input.name, source: input.source }));
    for (const layer of this.#layers) copy.add(cloneLayer(layer, (model) => (model as Sequential).clone({ weights })));
    if (this.#inputShape) copy.buildFor(this.#inputShape);
    if (withWeights) setAllWeights('the copy', copy.weights, this.getWeights());
    if (this.#compilation) copy.compile({ ...this.#compilation.options, optimizer: this.#compilation.optimizer.clone() });
    return copy;
  }
  /** Keras 3's config: `JSON.stringify(model)` works. */
  toJSON(): object {
    return toJSON(this);
  }

  // --- saving

  /**
   * Writes the model to a file, by its ending (`.keras`, `.onnx` to predict elsewhere), or to a writable stream: architecture, weights, how it was compiled and what the optimizer
   * keeps. The state is copied at once; training may go on while it is written. A save that fails leaves the file that was there whole.
   * Throws ValueError (ERR_FORMAT, ERR_EXISTS, ERR_NO_FOLDER, ERR_NOT_BUILT) and RuntimeError (ERR_WRITE; ERR_BUSY in the middle of a batch).
   */
  save(target: string | NodeJS.WritableStream, options?: SaveOptions): Promise<void> {
    return save(this, target, options);
  }
  /** The bytes of the file that `save` would write: `'keras'` (default), `'h5'`. */
  toBuffer(format?: string, options?: Pick<SaveOptions, 'includeOptimizer'>): Promise<Uint8Array> {
    return toBuffer(this, format, options);
  }
  /** Writes the weights, and what the optimizer keeps, to a file of the ending `.weights.h5`. */
  saveWeights(target: string | NodeJS.WritableStream, options?: SaveWeightsOptions): Promise<void> {
    return saveWeights(this, target, options);
  }
  /** Takes the weights of a file (path or bytes): of all formats that `save` and `saveWeights` write. ValueError where they do not fit; then nothing is changed. */
  loadWeights(file: string | Uint8Array, options?: LoadWeightsOptions): Promise<void> {
    return loadWeights(this, file, options);
  }

  // --- compiling

  /** Settles optimizer, loss and metrics. Unknown names throw here, not at the first batch. */
  compile(options: CompileOptions = {}): void {
    this.#mayChange('compile');
    this.#mustLive();
    const compilation = new Compilation(options, this.outputNames[0]);
    checkOwner(compilation.optimizer, this, this.#training());
    if (this.dialect === 'keras2') compilation.optimizer.emaCopyFirst = false;
    // Shapes are known for most models: what does not fit is said now, and the model stays as it was.
    const engine = this.#inputShape && this.#layers.length ? this.#makeEngine(compilation, null) : null;
    this.#forgetEngine();
    this.#compilation = compilation;
    this.#engine = engine;
    claim(compilation.optimizer, this);
  }
  get compiled(): boolean {
    return this.#compilation !== null;
  }
  get optimizer(): Optimizer {
    return this.compilation('use the optimizer of').optimizer;
  }
  get loss(): LossOption {
    return this.#compilation?.options.loss ?? null;
  }
  /** Keys of the results: 'loss', then the metrics. */
  get metricsNames(): string[] {
    return ['loss', ...(this.#compilation?.named.map((m) => m.key) ?? [])];
  }
  /** @internal Whether a metric is better when larger or smaller. */
  metricDirection(name: string): 'min' | 'max' | undefined {
    if (name === 'loss') return 'min';
    const found = this.#compilation?.named.find((m) => m.key === name)?.metric.direction;
    return found === 'up' ? 'max' : found === 'down' ? 'min' : undefined;
  }
  /** @internal */
  compilation(what: string): Compilation {
    if (!this.#compilation)
      throw new RuntimeError(`Compile the model before you ${what} it: model.compile({ optimizer, loss }).`, 'ERR_NOT_COMPILED');
    return this.#compilation;
  }

  /** @internal Compiled, with a loss. */
  trainingCompilation(what: string): Compilation {
    const compilation = this.compilation(what);
    if (!compilation.loss)
      throw new ValueError(
        `${what} needs a loss, and the model was compiled without one: model.compile({ optimizer, loss }).`,
        'ERR_NO_LOSS',
      );
    return compilation;
  }

  // --- training and using

  /**
   * Trains for `epochs` passes over the data. See {@link FitOptions} for every argument.
   * @param x arrays, or a dataset of batches `[x, y]`: a function or an iterable, which is read anew each epoch and closed; or a generator object,
   * an iterator or a stream of your own, which is read on from where it stands, left open, and goes on in the next call
   */
  fit(x: DataInput, y?: LabelInput, options?: FitOptions): Promise<History> {
    return fit(this, x, y, options);
  }
  /** Loss and metrics on data, without training: a number, a list (loss first), or with `returnDict` an object. */
  evaluate(x: DataInput, y: LabelInput, options: EvaluateOptions & { returnDict: true }): Promise<Record<string, number>>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions & { returnDict?: false }): Promise<number | number[]>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions): Promise<Results>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions): Promise<Results> {
    return evaluate(this, x, y, options);
  }
  /** Predictions `[samples, ...output shape]` over a Float32Array. Works without `compile`. */
  predict(x: DataInput, options?: PredictOptions): Promise<NDArray> {
    return predict(this, x, options);
  }
  /** Predictions for a few rows, computed at once on this thread: the lowest latency. */
  predictSync(x: ArrayInput, options?: PredictBatchOptions): NDArray {
    return predictSync(this, x, options);
  }
  /** One step of training on one batch: loss and metrics as they are before its update, as `evaluate` gives them. */
  trainOnBatch(x: ArrayInput, y: LabelInput, options: OnBatchOptions & { returnDict: true }): Promise<Record<string, number>>;
  trainOnBatch(x: ArrayInput, y: LabelInput, options?: OnBatchOptions & { returnDict?: false }): Promise<number | number[]>;
  trainOnBatch(x: ArrayInput, y: LabelInput, options?: OnBatchOptions): Promise<Results>;
  trainOnBatch(x: ArrayInput, y: LabelInput, options?: OnBatchOptions): Promise<Results> {
    return trainOnBatch(this, x, y, options);
  }
  /** Loss and metrics on one batch, as `evaluate` gives them. */
  testOnBatch(x: ArrayInput, y: LabelInput, options: OnBatchOptions & { returnDict: true }): Promise<Record<string, number>>;
  testOnBatch(x: ArrayInput, y: LabelInput, options?: OnBatchOptions & { returnDict?: false }): Promise<number | number[]>;
  testOnBatch(x: ArrayInput, y: LabelInput, options?: OnBatchOptions): Promise<Results>;
  testOnBatch(x: ArrayInput, y: LabelInput, options?: OnBatchOptions): Promise<Results> {
    return testOnBatch(this, x, y, options);
  }
  predictOnBatch(x: ArrayInput, options?: PredictBatchOptions): Promise<NDArray> {
    return predictOnBatch(this, x, options);
  }
  get stopTraining(): boolean {
    return this.#stopTraining;
  }
  set stopTraining(value: boolean) {
    this.#stopTraining = Boolean(value);
    if (this.#stopTraining && this.#fitting) this.#engine?.stopTraining();
  }
  /** Set to true to end an `evaluate` after the batch that is running; it gives the results so far. The validation of a `fit` is one too. */
  get stopEvaluating(): boolean {
    return this.#stopEvaluating;
  }
  set stopEvaluating(value: boolean) {
    this.#stopEvaluating = Boolean(value);
    if (this.#stopEvaluating) this.#engine?.stopReading('test');
  }
  /** Set to true to end a `predict` after the batch that is running; it gives the predictions so far. */
  get stopPredicting(): boolean {
    return this.#stopPredicting;
  }
  set stopPredicting(value: boolean) {
    this.#stopPredicting = Boolean(value);
    if (this.#stopPredicting) this.#engine?.stopReading('predict');
  }
  /** What stateful recurrent layers carry from batch to batch starts anew. Throws RuntimeError while the model is at work. */
  resetStates(): void {
    for (const layer of this.#layers) layer.resetStates();
  }
  /** Frees the native memory at once; otherwise it goes with the garbage collector. The model cannot be used afterwards. */
  dispose(): void {
    this.#disposed = true;
    this.#forgetEngine();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  // --- for lib/training

  /** @internal The model in the engine, made when it is first needed. */
  engine(): Engine {
    this.#mustLive();
    for (const layer of this.#layers) if (layer instanceof Nested) layer.checkUnchanged();
    if (this.#engine) return this.#engine;
    this.#engine = this.#makeEngine(this.#compilation, this.#width);
    return this.#engine;
  }
  /** @internal What a training hangs on besides weights and optimizer: seeds and counters. */
  get counters(): { seed: number; trainedSteps: number; fits: number; order: { seed: number; nextEpoch: number } | null } {
    return { seed: this.#seed, trainedSteps: this.#trainedSteps, fits: this.#fits, order: this.#order && { ...this.#order } };
  }
  set counters({ seed, trainedSteps, fits, order }) {
    // The engine draws its random numbers from the seed.
    if (seed !== this.#seed) this.#forgetEngine();
    this.#seed = seed;
    this.#trainedSteps = trainedSteps;
    this.#fits = fits;
    this.#order = order && { ...order };
  }
  /** @internal For `SwapEMAWeights`. */
  swapAverages(): boolean {
    return this.engine().swapAverages();
  }
  /** @internal Ends a training's run after its batch; who runs it goes on. */
  pauseEngine(): void {
    this.#engine?.stopTraining();
  }
  /** @internal Ends what runs at its next batch, where anything does: a signal may come when the model is disposed of. */
  stopEngine(): void {
    this.#engine?.stop();
  }
  #makeEngine(compilation: Compilation | null, dataWidth: number | null): Engine {
    const { inputShape, outputShape } = this.#needsShape('use');
    if (compilation) {
      // Not `compile` alone: a model that was built since, or whose layers changed, notes what trains now.
      compilation.training ??= this.#training();
      checkOwner(compilation.optimizer, this, compilation.training);
    }
    const width = outputShape.at(-1) === null ? dataWidth : (outputShape.at(-1) ?? 1);
    const engine = new Engine(this.#layers, inputShape, outputShape, width, compilation, this.#seed, () => this.#session);
    if (compilation) claim(compilation.optimizer, this);
    return engine;
  }
  /** @internal Before a training: warns where it will not do what one may think. */
  checkTraining(): void {
    if (!this.#compilation || !this.#inputShape) return;
    const now = this.#training();
    const noted = this.#compilation.training ?? now;
    const holders = new Set(this.weights.flatMap((w) => [w.layer, w.within]));
    const holds = (l: Layer) => l.weights.length > 0 || holders.has(l);
    const changed = withInner(this.#layers).find((l) => holds(l) && noted.has(l) !== now.has(l));
    if (changed)
      this.#warn(
        'GEMMFIT_TRAINABLE_CHANGED',
        `Model '${this.name}': 'trainable' was changed after compile, which reads it: ${changed.label} ${noted.has(changed) ? 'still trains' : 'is still frozen'}. Compile again where that is not what you mean.`,
      );
    if (trainingWeights(this.weights, noted).length === 0)
      this.#warn(
        'GEMMFIT_NOTHING_TO_TRAIN',
        `Model '${this.name}' has no weights to train: ${this.weights.length ? "set 'trainable' to true and compile again" : 'none of its layers has any'}. Training only computes the results.`,
      );
  }
  /** Once a kind. */
  #warn(code: string, message: string): void {
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    process.emitWarning(message, { code });
  }
  /**
   * @internal Settles loss and metrics for outputs whose last axis only the data tell. Keras chooses them at the first batch as well.
   * @param first whether nothing has been summed up yet, so that others may be chosen
   */
  settleWidth(width: number, first: boolean): void {
    const { outputShape } = this.#needsShape('use');
    const before = this.#width;
    if (outputShape.at(-1) !== null || width === before) return;
    if (before === null || !this.engine().computesAlike(before, width)) {
      if (this.#engine?.isTraining) this.#mayChange('take outputs of another size from');
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
  /** @internal */
  get sampleShapes(): { inputShape: Shape; outputShape: Shape } {
    return this.#needsShape('use');
  }
  /** @internal Training steps so far: the counter of random numbers. */
  get trainedSteps(): number {
    return this.#trainedSteps;
  }
  /** @internal */
  addTrainedSteps(n: number): void {
    this.#trainedSteps += n;
  }
  /**
   * @internal Seed of the orders of a fit. One that begins with the epoch that the last one would have come to has the same: both together draw
   * the orders of one training.
   */
  fitSeed(initialEpoch: number): number {
    const before = this.#order;
    const goesOn = initialEpoch > 0 && before?.nextEpoch === initialEpoch;
    const seed = goesOn ? before.seed : (this.#seed + this.#fits++ * 0x9e3779b1) % Number.MAX_SAFE_INTEGER;
    this.#order = { seed, nextEpoch: initialEpoch };
    return seed;
  }
  /** @internal An epoch of a fit has been trained. */
  noteEpoch(epoch: number): void {
    if (this.#order) this.#order.nextEpoch = epoch + 1;
  }
  /** @internal Holds the model for a training; a second one is refused. */
  async exclusively<T>(what: string, run: () => Promise<T>): Promise<T> {
    if (this.#fitting)
      throw new RuntimeError(
        `${what}: model '${this.name}' is busy with ${this.#fitting}. Await that first; different models may train side by side.`,
        'ERR_BUSY',
      );
    this.#fitting = what;
    this.#sessionBegan = this.#trainedSteps;
    const weights = this.weights;
    const session = beginSession(weights);
    this.#session = session;
    try {
      return await run();
    } finally {
      endSession(session, weights);
      this.#session = null;
      this.#fitting = null;
      if (what === 'fit') this.#engine?.rest();
    }
  }
  /** @internal For an evaluation or prediction. */
  reading(mode: 'test' | 'predict', validates = false): Reading {
    return new Reading(this, { mode, validates });
  }
  /** @internal For testOnBatch, one call after the other: their sums go on from call to call until one of them starts anew. */
  async readingOnBatch<T>(anew: boolean, run: (reading: Reading) => Promise<T>): Promise<T> {
    this.mayRead();
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
  /**
   * @internal Evaluations and predictions run at once, in any number; those of a model whose layers carry a state from batch to batch
   * one after the other, but for what a hook of one of them calls.
   */
  async inTurn<T>(run: () => T | Promise<T>): Promise<T> {
    this.mayRead();
    if (this.#fitting || !this.#layers.some(isStateful) || turns.getStore()?.has(this)) return run();
    const within = new Set(turns.getStore()).add(this);
    const begin = async () => turns.run(within, run);
    const mine = this.#turn.then(begin, begin);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
  /**
   * @internal A training goes on from the states that its batches leave: only hooks of its own may change them between two. Throws
   * RuntimeError for others, where there are such.
   */
  mayRead(): void {
    if (this.#fitting && this.#hooks === 0 && this.#layers.some(isStateful))
      this.#mayChange('evaluate or predict with the states of the stateful layers of');
  }
  /** @internal A hook of a callback begins or ends. */
  hook(change: 1 | -1): void {
    this.#hooks += change;
  }

  #needsShape(what: string): { inputShape: Shape; outputShape: Shape } {
    if (!this.#inputShape || !this.#outputShape)
      throw new ValueError(
        `Sequential '${this.name}' has not been built, so one cannot ${what} it yet: give the first layer an 'inputShape', call build([null, ...]), or fit it on data.`,
        'ERR_NOT_BUILT',
      );
    return { inputShape: this.#inputShape, outputShape: this.#outputShape };
  }
  #mustLive(): void {
    if (this.#disposed) throw new RuntimeError(`Model '${this.name}' has been disposed of.`, 'ERR_DISPOSED');
  }
  #mayChange(what: string): void {
    if (this.#fitting)
      throw new RuntimeError(
        `One cannot ${what} model '${this.name}' while ${this.#fitting} is running. Await it first.`,
        'ERR_BUSY',
      );
  }
  #layersChanged(): void {
    if (this.#compilation) this.#compilation.training = null;
    this.#forgetEngine();
  }
  #forgetEngine(): void {
    this.#engine?.dispose();
    this.#onBatch = null;
    this.#engine = null;
    this.#width = null;
  }
}

/**
 * A {@link Sequential} of these layers.
 * @example
 * const model = sequential([
 *   layers.dense({ units: 16, activation: 'relu', inputShape: [4] }),
 *   layers.dense({ units: 1, activation: 'sigmoid' }),
 * ]);
 */
export function sequential(options?: ConstructorParameters<typeof Sequential>[0]): Sequential {
  return new Sequential(options);
}
