import { Layer, type LayerOptions, type Shape, type WeightGroup } from './layer.js';

/** A layer around others: their weights are its own, and `trainable` is handed down to them. */
export abstract class Wrapper extends Layer {
  protected constructor(
    options: LayerOptions,
    /** The layers inside, in the order of their weights. */
    protected readonly inner: readonly Layer[],
  ) {
    super(options);
    for (const layer of inner) layer.home ??= this;
    if (options.trainable === false) for (const layer of inner) layer.trainable = false;
  }

  override get sublayers(): readonly Layer[] {
    return this.inner;
  }

  /** The names of Keras's attributes that hold the layers inside, one each. */
  protected abstract readonly innerNames: readonly string[];

  override weightGroup(): WeightGroup {
    const own = super.weightGroup();
    return { ...own, groups: this.inner.map((layer, i) => [this.innerNames[i], layer.weightGroup()]) };
  }

  override resetStates(): void {
    for (const layer of this.inner) layer.resetStates();
  }

  protected buildInner(input: Shape): void {
    for (const layer of this.inner) {
      layer.buildFor(input);
      this.weights.push(...layer.weights);
    }
  }
}
