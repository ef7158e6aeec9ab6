// For users whose `lib` is older than Symbol.dispose.
/// <reference lib="esnext.disposable" preserve="true" />

import type { History } from './callbacks/history.js';
import type { CallbackModel, EvaluateOptions, PredictBatchOptions, PredictOptions } from './callbacks/types.js';
import type { DataInput, LabelInput, WeightArray, XInput } from './data/inputs.js';
import type { NDArray } from './data/ndarray.js';
import { show, typeError } from './errors.js';
import { coreOf } from './faces.js';
import type { LossOption } from './identifiers.js';
import type { InputLayer } from './layers/core.js';
import type { LayerIdentifier } from './layers/identifiers.js';
import { layerRegistry } from './layers/index.js';
import type { Layer, Weight } from './layers/layer.js';
import { allowRenumbering } from './layers/names.js';
import { Nested } from './layers/nested.js';
import type { Shape } from './layers/shape.js';
import { files } from './lazy.js';
import { cloneModel } from './model/clone.js';
import type { CompileOptions } from './model/compilation.js';
import { describe, describePicture } from './model/describe.js';
import { Model, type NewModel } from './model/model.js';
import type { Optimizer } from './optimizers/index.js';
import type { Results } from './option_types.js';
import { checkBoolean, checkReadable, readOptions } from './options.js';
import { pictures } from './plots/lazy.js';
import type { Plot, PlotOptions } from './plots/plot.js';
import type { LoadWeightsOptions } from './saving/load.js';
import type { SaveOptions, SaveTarget, SaveWeightsOptions } from './saving/save.js';
import { type SummaryOptions, summary } from './terminal/summary.js';
import { evaluate } from './training/evaluate.js';
import { type FitOptions, fit } from './training/fit.js';
import { type OnBatchOptions, predictOnBatch, testOnBatch, trainOnBatch } from './training/on_batch.js';
import { predict, predictSync } from './training/predict.js';

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

/** A model as one layer, or whatever names a layer. */
function layerOf(given: unknown): Layer {
  const stack = coreOf<Model>(given);
  if (!stack) return layerRegistry.resolve(given, 'add');
  const layer = new Nested(stack);
  if (stack.autoNamed) allowRenumbering(layer);
  return layer;
}

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
  readonly #core: Model;

  /** @param options the layers, or `{ name, layers, trainable }` */
  constructor(options?: readonly LayerIdentifier[] | SequentialOptions);
  constructor(options: readonly LayerIdentifier[] | SequentialOptions = [], ...more: unknown[]) {
    if (more.length)
      throw typeError(
        `Sequential: takes the layers alone, or one object { name, layers, trainable }. Received besides: ${show(more[0])}`,
      );
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
    this.#core = new Model(this, { name: o.name, trainable: o.trainable });
    this.#core.addAll(o.layers.map(layerOf));
  }

  get name(): string {
    return this.#core.name;
  }
  /** The record of the last `fit`. */
  get history(): History | null {
    return this.#core.history;
  }
  set history(record: History | null) {
    this.#core.history = record;
  }

  // --- building

  /** Adds a layer on top: an instance, a name or a config; or another model, as one layer. Throws TypeError for anything else, ValueError for a name taken twice or a shape that does not fit. */
  add(given: LayerIdentifier): void {
    this.#core.turns.mayChange('add a layer to');
    this.#core.add(layerOf(given));
  }
  /** Takes the topmost layer off. Throws TypeError where there is none. */
  pop(): Layer {
    return this.#core.pop();
  }
  /**
   * Makes the weights, where the first layer does not tell the input's shape.
   * @param inputShape with its batch dimension: `[null, 784]`. Another one than the model has already is a ValueError.
   */
  build(inputShape?: Shape): void {
    this.#core.build(inputShape);
  }
  get built(): boolean {
    return this.#core.built;
  }

  // --- what it is made of

  get layers(): readonly Layer[] {
    return this.#core.layers;
  }
  /** A layer by its name, or by its position. */
  getLayer(name: string | number): Layer {
    return this.#core.getLayer(name);
  }
  /** `[null, ...]`, or null before the model is built. */
  get inputShape(): (number | null)[] | null {
    return this.#core.inputShape;
  }
  get outputShape(): (number | null)[] | null {
    return this.#core.outputShape;
  }
  get inputNames(): string[] {
    return this.#core.inputNames;
  }
  get outputNames(): string[] {
    return this.#core.outputNames;
  }
  get input(): InputLayer | null {
    return this.#core.input;
  }
  get weights(): Weight[] {
    return this.#core.weights;
  }
  get trainableWeights(): Weight[] {
    return this.#core.trainableWeights;
  }
  get nonTrainableWeights(): Weight[] {
    return this.#core.nonTrainableWeights;
  }
  /**
   * A state of the model, read at `compile`: false freezes all that is in it, whatever its layers say (BatchNormalization computes as in
   * prediction then). Setting it hands the value down to the layers.
   */
  get trainable(): boolean {
    return this.#core.trainable;
  }
  set trainable(value: boolean) {
    this.#core.trainable = value;
  }
  countParams(): number {
    return this.#core.countParams();
  }
  getWeights(): NDArray[] {
    return this.#core.getWeights();
  }
  setWeights(values: readonly WeightArray[]): void {
    this.#core.setWeights(values);
  }
  /** Prints the table of layers, as Keras does. */
  summary(options?: SummaryOptions): void {
    summary(describe(this.#core), options);
  }
  /**
   * A picture of the stack, with shapes, parameters and memory; written to `file` where one is given.
   * @example
   * sequential([layers.dense({ units: 8, activation: 'relu', inputShape: [4] }), layers.dense({ units: 1 })]).plot('model.svg');
   */
  plot(file?: string | URL | null, options?: PlotOptions): Plot {
    return pictures().plotModel(describePicture(this.#core), file, options);
  }
  /**
   * A model of the same layers, with weights of its own: those of this one, and compiled like it with an optimizer that has done no updates.
   * @param options `{ weights: false }`: the weights are drawn anew
   * @example
   * const teacher = model.clone();
   */
  clone(options?: CloneOptions): Sequential {
    const { weights } = readOptions<Required<CloneOptions>>('clone', options, { weights: true });
    return cloneModel(this.#core, newModel, checkBoolean('clone', 'weights', weights)).face as Sequential;
  }
  /** Keras 3's config: `JSON.stringify(model)` works. */
  toJSON(): object {
    return files().toJSON(this.#core);
  }

  // --- saving

  /**
   * Writes the model to a file, by its ending (`.keras`, `.onnx` to predict elsewhere), or to a writable stream: architecture, weights, how it was compiled and what the optimizer
   * keeps. The state is copied at once; training may go on while it is written. A save that fails leaves the file that was there whole.
   * Throws ValueError (ERR_FORMAT, ERR_EXISTS, ERR_NO_FOLDER, ERR_NOT_BUILT) and RuntimeError (ERR_WRITE; ERR_BUSY in the middle of a batch).
   */
  save(target: string | SaveTarget, options?: SaveOptions): Promise<void> {
    return files().save(this.#core, target, options);
  }
  /** The bytes of the file that `save` would write: `'keras'` (default), `'h5'`. */
  toBuffer(format?: string, options?: Pick<SaveOptions, 'includeOptimizer'>): Promise<Uint8Array> {
    return files().toBuffer(this.#core, format, options);
  }
  /** Writes the weights, and what the optimizer keeps, to a file of the ending `.weights.h5`. */
  saveWeights(target: string | SaveTarget, options?: SaveWeightsOptions): Promise<void> {
    return files().saveWeights(this.#core, target, options);
  }
  /** Takes the weights of a file (path or bytes): of all formats that `save` and `saveWeights` write. ValueError where they do not fit; then nothing is changed. */
  loadWeights(file: string | Uint8Array, options?: LoadWeightsOptions): Promise<void> {
    return files().loadWeights(this.#core, file, options);
  }

  // --- compiling

  /** Settles optimizer, loss and metrics. Unknown names throw here, not at the first batch. */
  compile(options: CompileOptions = {}): void {
    this.#core.compile(options);
  }
  get compiled(): boolean {
    return this.#core.compiled;
  }
  get optimizer(): Optimizer {
    return this.#core.optimizer;
  }
  get loss(): LossOption {
    return this.#core.compilationOrNull?.options.loss ?? null;
  }
  /** Keys of the results: 'loss', then the metrics. */
  get metricsNames(): string[] {
    return this.#core.compilationOrNull?.resultNames ?? ['loss'];
  }
  /** Whether a result is better when it is smaller or larger, by its name without `val_`; undefined where that is not known. */
  metricDirection(name: string): 'min' | 'max' | undefined {
    return this.#core.compilationOrNull?.direction(name) ?? (name === 'loss' ? 'min' : undefined);
  }

  // --- training and using

  /**
   * Trains for `epochs` passes over the data. See {@link FitOptions} for every argument.
   * @param x arrays, or a dataset of batches `[x, y]`: a function or an iterable, which is read anew each epoch and closed; or a generator object,
   * an iterator or a stream of your own, which is read on from where it stands, left open, and goes on in the next call
   */
  fit<Names extends string = string>(x: DataInput, y?: LabelInput, options?: FitOptions): Promise<History<Names>> {
    return fit(this.#core, x, y, options) as Promise<History<Names>>;
  }
  /**
   * Loss and metrics on data, without training: a number, a list (loss first), or with `returnDict` an object; with `perSample` the loss of each
   * sample.
   */
  evaluate(x: DataInput, y: LabelInput, options: EvaluateOptions & { perSample: true }): Promise<NDArray>;
  evaluate(
    x: DataInput,
    y: LabelInput,
    options: EvaluateOptions & { returnDict: true; perSample?: false },
  ): Promise<Record<string, number>>;
  evaluate(
    x: DataInput,
    y?: LabelInput,
    options?: EvaluateOptions & { returnDict?: false; perSample?: false },
  ): Promise<number | number[]>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions & { perSample?: false }): Promise<Results>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions): Promise<Results | NDArray>;
  evaluate(x: DataInput, y?: LabelInput, options?: EvaluateOptions): Promise<Results | NDArray> {
    return evaluate(this.#core, x, y, options);
  }
  /** Predictions `[samples, ...output shape]` over a Float32Array. Works without `compile`. */
  predict(x: DataInput, options?: PredictOptions): Promise<NDArray> {
    return predict(this.#core, x, options);
  }
  /** Predictions for a few rows, computed at once on this thread: the lowest latency. */
  predictSync(x: XInput, options?: PredictBatchOptions): NDArray {
    return predictSync(this.#core, x, options);
  }
  /** One step of training on one batch: loss and metrics as they are before its update, as `evaluate` gives them. */
  trainOnBatch(x: XInput, y: LabelInput, options: OnBatchOptions & { returnDict: true }): Promise<Record<string, number>>;
  trainOnBatch(x: XInput, y: LabelInput, options?: OnBatchOptions & { returnDict?: false }): Promise<number | number[]>;
  trainOnBatch(x: XInput, y: LabelInput, options?: OnBatchOptions): Promise<Results>;
  trainOnBatch(x: XInput, y: LabelInput, options?: OnBatchOptions): Promise<Results> {
    return trainOnBatch(this.#core, x, y, options);
  }
  /** Loss and metrics on one batch, as `evaluate` gives them. */
  testOnBatch(x: XInput, y: LabelInput, options: OnBatchOptions & { returnDict: true }): Promise<Record<string, number>>;
  testOnBatch(x: XInput, y: LabelInput, options?: OnBatchOptions & { returnDict?: false }): Promise<number | number[]>;
  testOnBatch(x: XInput, y: LabelInput, options?: OnBatchOptions): Promise<Results>;
  testOnBatch(x: XInput, y: LabelInput, options?: OnBatchOptions): Promise<Results> {
    return testOnBatch(this.#core, x, y, options);
  }
  predictOnBatch(x: XInput, options?: PredictBatchOptions): Promise<NDArray> {
    return predictOnBatch(this.#core, x, options);
  }
  /** Set to true, in a callback or from anywhere, to end `fit` after the batch that is running. */
  get stopTraining(): boolean {
    return this.#core.stopTraining;
  }
  set stopTraining(value: boolean) {
    this.#core.stopTraining = value;
  }
  /** Set to true to end an `evaluate` after the batch that is running; it gives the results so far. The validation of a `fit` is one too. */
  get stopEvaluating(): boolean {
    return this.#core.stopEvaluating;
  }
  set stopEvaluating(value: boolean) {
    this.#core.stopEvaluating = value;
  }
  /** Set to true to end a `predict` after the batch that is running; it gives the predictions so far. */
  get stopPredicting(): boolean {
    return this.#core.stopPredicting;
  }
  set stopPredicting(value: boolean) {
    this.#core.stopPredicting = value;
  }
  /** What stateful recurrent layers carry from batch to batch starts anew. Throws RuntimeError while the model is at work. */
  resetStates(): void {
    this.#core.resetStates();
  }
  /** Frees the native memory at once; otherwise it goes with the garbage collector. The model cannot be used afterwards. */
  dispose(): void {
    this.#core.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @internal For rooms below that make models. */
export const newModel: NewModel = (options) => coreOf<Model>(new Sequential(options)) as Model;

/**
 * A {@link Sequential} of these layers.
 * @example
 * const model = sequential([
 *   layers.dense({ units: 16, activation: 'relu', inputShape: [4] }),
 *   layers.dense({ units: 1, activation: 'sigmoid' }),
 * ]);
 */
export function sequential(options?: ConstructorParameters<typeof Sequential>[0]): Sequential;
export function sequential(...given: ConstructorParameters<typeof Sequential>): Sequential {
  return new Sequential(...given);
}
