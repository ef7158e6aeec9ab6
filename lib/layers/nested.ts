import { ValueError } from '../errors.js';
import type { Config } from '../registry.js';
import { isStateful, type Layer, type Lowering, lowerAll, type Shape, type Weight, type WeightGroup } from './layer.js';
import { listedGroups } from './weight_groups.js';
import { Wrapper } from './wrapper.js';

/** What a model must have to be a layer of another: the core of a `Sequential`. */
export interface Stack {
  /** What users hold: the model itself. */
  readonly face: object;
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly inputShape: Shape | null;
  readonly inputNames: readonly string[];
  readonly built: boolean;
  trainable: boolean;
  buildFor(sample: Shape): void;
  unbuild(): void;
}

/** A model that users hold, as `add` takes it for one layer: a `Sequential`. */
export interface ModelAsLayer {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly weights: readonly Weight[];
  readonly inputShape: Shape | null;
  readonly outputShape: Shape | null;
  readonly built: boolean;
  readonly compiled: boolean;
  trainable: boolean;
}

/**
 * A model as one layer of another: `outer.add(inner)`. Its layers and weights stay those of the inner model, so that training the outer one
 * trains it, and `trainable` is that of the model. Layers may not be added to it or taken off any more.
 */
export class Nested extends Wrapper {
  static override readonly className = 'Sequential';
  protected override readonly innerNames = [];

  constructor(readonly stack: Stack) {
    const { name, inputShape, layers } = stack;
    super({ name, ...(inputShape ? { batchInputShape: inputShape } : {}) }, layers);
    if (layers.length === 0)
      throw new ValueError(`${this.label} has no layers: add them before it becomes a layer itself.`, 'ERR_LAYER');
  }

  /** The model itself, as users hold it. */
  get model(): object {
    return this.stack.face;
  }

  get layers(): readonly Layer[] {
    return this.inner;
  }

  override get trainable(): boolean {
    return this.stack.trainable;
  }
  override set trainable(value: boolean) {
    this.stack.trainable = value;
  }

  get stateful(): boolean {
    return this.layers.some(isStateful);
  }

  /** Whether a stack is inside, at any depth. */
  holds(stack: unknown): boolean {
    return this.stack === stack || this.layers.some((l) => l instanceof Nested && l.holds(stack));
  }

  override outputShapeOf(input: Shape): Shape {
    const own = this.stack.inputShape?.slice(1);
    if (own && (own.length !== input.length || own.some((d, i) => d !== null && input[i] !== null && d !== input[i])))
      throw new ValueError(
        `${this.label} is a model that takes samples of shape [${own.map(String)}]. Received samples of shape [${input.map(String)}].`,
        'ERR_SHAPE',
      );
    return this.layers.reduce((shape, layer) => layer.outputShapeOf(shape), input);
  }

  protected override createWeights(input: Shape): void {
    this.checkUnchanged();
    this.stack.buildFor(input);
    for (const layer of this.layers) this.weights.push(...layer.weights);
  }

  override weightGroup(): WeightGroup {
    return this.group(
      [],
      listedGroups(
        'layers',
        this.layers.map((l) => l.weightGroup()),
      ),
    );
  }

  override saveBuild(): () => void {
    const undo = super.saveBuild();
    const { built } = this.stack;
    return () => {
      undo();
      if (!built) this.stack.unbuild();
    };
  }

  /** Throws a ValueError where layers were added to the model, or taken off, since it became a layer. */
  checkUnchanged(): void {
    const now = this.stack.layers;
    if (now.length !== this.layers.length || now.some((l, i) => l !== this.layers[i]))
      throw new ValueError(
        `${this.label}: its model has other layers now than when it was added. Make the inner model complete first.`,
        'ERR_LAYER',
      );
    for (const layer of this.layers) if (layer instanceof Nested) layer.checkUnchanged();
  }

  override lowerInto(x: number, input: Shape, lowering: Lowering): number {
    this.checkUnchanged();
    return lowerAll(this.layers, x, input, lowering);
  }

  protected override config(): Config {
    return { layers: [...this.layers] };
  }
}

/** The layer that data meets first. */
export function firstLayer(layers: readonly Layer[]): Layer | undefined {
  const first = layers[0];
  return first instanceof Nested ? firstLayer(first.layers) : first;
}
