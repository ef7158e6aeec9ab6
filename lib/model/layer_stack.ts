import { show, typeError, ValueError } from '../errors.js';
import { InputLayer } from '../layers/core.js';
import { type FrontLayer, frontOf } from '../layers/front.js';
import type { Layer, Weight } from '../layers/layer.js';
import { forgetHolder, nameAutomatically, nameFor, noteHolder } from '../layers/names.js';
import { Nested, type Stack } from '../layers/nested.js';
import { checkBatchShape, type Shape, sameShape } from '../layers/shape.js';
import { buildStack, savePlaces, shapeThrough, trainingLayers, trainingWeights } from '../layers/stack.js';
import { pathsOf } from '../layers/weight_groups.js';
import { checkBoolean } from '../options.js';
import { shapeText } from '../shapes.js';

/** The shapes of a stack that is built. */
export interface SampleShapes {
  inputShape: Shape;
  outputShape: Shape;
}

/** Layers one on the other, with their names, shapes and weights. Knows nothing of compiling and training. */
export abstract class LayerStack implements Stack {
  abstract readonly face: object;
  readonly #layers: Layer[] = [];
  #input: InputLayer | null = null;
  protected sampleInput: Shape | null = null;
  protected sampleOutput: Shape | null = null;
  #trainable: boolean;
  /** Layers by the names they had when they were added: a layer may be renumbered in another model. */
  readonly #addedAs = new Map<string, Layer>();

  constructor(
    readonly name: string,
    /** Whether the name may become another one where the stack is a layer: it got it by itself. */
    public autoNamed: boolean,
    trainable: unknown,
  ) {
    this.#trainable = checkBoolean('Sequential', 'trainable', trainable);
  }

  /** Throws where the stack may not be changed now. */
  protected abstract mayChange(what: string): void;
  /** Told of every change of layers and shapes. @param removed a layer that was taken off */
  protected abstract layersChanged(removed?: Layer): void;

  /** The first layers of all. Where one does not fit, those that were made before are as if nobody had tried. */
  addAll(layers: readonly Layer[]): void {
    const undo = savePlaces(layers);
    try {
      for (const layer of layers) this.add(layer);
    } catch (error) {
      for (const layer of layers) forgetHolder(layer, this);
      undo();
      throw error;
    }
  }

  add(layer: Layer): void {
    this.mayChange('add a layer to');
    if (layer instanceof Nested && layer.holds(this))
      throw new ValueError(`Sequential '${this.name}' cannot be a layer of itself.`, 'ERR_LAYER');
    if (layer instanceof InputLayer) {
      this.#addInput(layer);
      return;
    }
    const held = (l: Layer) => l === layer || (l instanceof Nested && layer instanceof Nested && l.stack === layer.stack);
    if (this.#layers.some(held))
      throw new ValueError(`Sequential '${this.name}' holds ${layer.label} already; a stack has each layer once.`, 'ERR_LAYER');
    const before = layer.name;
    const name = nameFor(layer, this);
    if (name !== before) nameAutomatically(layer, name);
    const first = this.#layers.length === 0 && !this.sampleInput;
    const input = first ? (layer.batchInputShape?.slice(1) ?? null) : this.sampleOutput;
    try {
      if (input) this.sampleOutput = buildStack([layer], input);
    } catch (error) {
      layer.name = before;
      throw error;
    }
    if (first) this.sampleInput = input;
    this.#layers.push(layer);
    layer.home ??= this;
    noteHolder(layer, this);
    this.#addedAs.set(name, layer);
    this.layersChanged();
  }

  #addInput(layer: InputLayer): void {
    if (this.#input || this.#layers.length)
      throw new ValueError(`Sequential '${this.name}': an input comes first and only once.`, 'ERR_LAYER');
    this.#input = layer;
    layer.name ??= 'input_layer';
    this.sampleInput = layer.shape;
    this.sampleOutput = layer.shape;
  }

  pop(): Layer {
    this.mayChange('take a layer off');
    const layer = this.#layers.at(-1);
    if (!layer) throw typeError(`Sequential '${this.name}' has no layer to take off.`);
    const kept = this.#layers.slice(0, -1);
    // A stack without layers and input takes whatever shape comes next.
    if (kept.length === 0 && !this.#input) this.sampleInput = null;
    this.sampleOutput = this.sampleInput && shapeThrough(kept, this.sampleInput);
    this.#layers.pop();
    if (layer.home === this) layer.home = undefined;
    forgetHolder(layer, this);
    for (const [name, l] of this.#addedAs) if (l === layer) this.#addedAs.delete(name);
    this.layersChanged(layer);
    return layer;
  }

  /** @param inputShape with its batch dimension */
  build(inputShape?: Shape): void {
    this.mayChange('build');
    if (inputShape === undefined && this.sampleInput) return;
    const sample = checkBatchShape('build', 'inputShape', inputShape);
    if (this.sampleInput && !sameShape(sample, this.sampleInput))
      throw new ValueError(
        `build: model '${this.name}' takes inputs of shape ${shapeText([null, ...this.sampleInput])} already. Received: ${shapeText([null, ...sample])}. Make a new model for another shape.`,
        'ERR_SHAPE',
      );
    this.buildFor(sample);
  }

  /** Builds for samples of this shape, where it is not built yet. Where a layer does not fit, it stays unbuilt. */
  buildFor(sample: Shape): void {
    if (this.sampleInput) return;
    if (this.#layers.length === 0) throw new ValueError(`Sequential '${this.name}' has no layers; add some first.`, 'ERR_LAYER');
    this.sampleOutput = buildStack(this.#layers, sample);
    this.sampleInput = sample;
    this.layersChanged();
  }
  /** Takes back a `buildFor`: the model had to be built for something that failed. */
  unbuild(): void {
    this.sampleInput = null;
    this.sampleOutput = null;
    this.layersChanged();
  }
  get built(): boolean {
    return this.sampleInput !== null;
  }
  /** The shapes of samples; ValueError where it is not built. */
  shapes(what = 'use'): SampleShapes {
    if (!this.sampleInput || !this.sampleOutput)
      throw new ValueError(
        `Sequential '${this.name}' has not been built, so one cannot ${what} it yet: give the first layer an 'inputShape', call build([null, ...]), or fit it on data.`,
        'ERR_NOT_BUILT',
      );
    return { inputShape: this.sampleInput, outputShape: this.sampleOutput };
  }

  /** The first layers, where they work on data before the engine. */
  get front(): FrontLayer[] {
    return frontOf(this.#layers);
  }

  get layers(): readonly Layer[] {
    return [...this.#layers];
  }
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
  get inputShape(): (number | null)[] | null {
    return this.sampleInput && [null, ...this.sampleInput];
  }
  get outputShape(): (number | null)[] | null {
    return this.sampleOutput && [null, ...this.sampleOutput];
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
  /** Every weight by its path in this model: `lstm/cell/kernel`. */
  weightPaths(): Map<string, Weight> {
    return pathsOf(this.#layers.map((layer) => layer.weightGroup()));
  }
  get trainableWeights(): Weight[] {
    return trainingWeights(this.weights, this.trainingLayers());
  }
  get nonTrainableWeights(): Weight[] {
    const training = new Set(this.trainableWeights);
    return this.weights.filter((w) => !training.has(w));
  }
  countParams(): number {
    this.shapes('countParams');
    return this.weights.reduce((n, w) => n + w.variable.size, 0);
  }

  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    this.#trainable = checkBoolean(`Sequential '${this.name}'`, 'trainable', value);
    for (const l of this.#layers) l.trainable = value;
  }
  /** For layers: a model is a beginning, also where it stands in another. */
  get trains(): boolean {
    return this.#trainable;
  }
  /** The layers that train as `trainable` stands now. */
  trainingLayers(): Set<Layer> {
    return trainingLayers(this.#layers, this.#trainable);
  }

  /** What stateful recurrent layers carry from batch to batch starts anew. */
  resetStates(): void {
    for (const layer of this.#layers) layer.resetStates();
  }
}
