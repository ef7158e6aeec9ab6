import { ValueError } from '../errors.js';
import { TruncatedNormal } from '../initializers/random.js';
import { checkNumber } from '../options.js';
import { type Config, classNameOf } from '../registry.js';
import type { LayerIdentifier } from './identifiers.js';
import {
  isStateful,
  Layer,
  type LayerOptions,
  type Lowering,
  lowerAll,
  type Shape,
  type Weight,
  type WeightGroup,
} from './layer.js';
import { layerRegistry } from './registry.js';

/** Options of {@link SpectralNormalization}. */
export interface SpectralNormalizationOptions extends LayerOptions {
  /** A layer with a kernel or with embeddings: an instance or a config. */
  layer: LayerIdentifier;
  /** Iterations of the power method in a training step: a whole number from 1 on. Default 1. */
  powerIterations?: number;
}

/**
 * Holds the largest singular value of a layer's kernel near 1. Before each training step the kernel, seen as a matrix with the channels of the
 * output as columns, is divided by an estimate of it. Input and output are those of the layer.
 * Weights: the layer's kernel or embeddings, vector_u `[1, columns]`, which is not trainable, then the others of the layer.
 * See Miyato et al., https://arxiv.org/abs/1802.05957, and https://keras.io/api/layers/normalization_layers/spectral_normalization/
 * Throws ValueError where the layer has no kernel.
 * @example layers.spectralNormalization({ layer: layers.dense({ units: 64 }) })
 */
export class SpectralNormalization extends Layer {
  static override readonly className = 'SpectralNormalization';
  readonly layer: Layer;
  readonly powerIterations: number;

  constructor(options: SpectralNormalizationOptions) {
    const o = Layer.read('SpectralNormalization', options, { layer: undefined as unknown, powerIterations: 1 });
    const layer = layerRegistry.resolve(o.layer, "SpectralNormalization: 'layer'");
    super(o);
    this.layer = layer;
    this.powerIterations = checkNumber('SpectralNormalization', 'powerIterations', o.powerIterations, { integer: true, min: 1 });
    layer.home ??= this;
    if (!this.trainable) layer.trainable = false;
  }

  override get sublayers(): readonly Layer[] {
    return [this.layer];
  }

  override outputShapeOf(input: Shape): Shape {
    this.layer.name ??= `${this.name ?? 'spectral_normalization'}_layer`;
    return this.layer.outputShapeOf(input);
  }

  #kernel(): Weight {
    const { weights } = this.layer;
    const kernel = weights.find((w) => w.name === 'kernel' || w.name === 'embeddings');
    if (kernel) return kernel;
    // Of a depthwise convolution Keras says `kernel`, too; a separable one has two kernels, and so none.
    if (weights[0]?.name === 'depthwise_kernel' && !weights.some((w) => w.name === 'pointwise_kernel')) return weights[0];
    throw new ValueError(
      `${this.label}: 'layer' must have a kernel or embeddings, such as dense, conv2D or embedding. Received: ${classNameOf(this.layer)}`,
      'ERR_LAYER',
    );
  }

  protected override createWeights(input: Shape): void {
    this.layer.buildFor(input);
    const kernel = this.#kernel();
    const columns = kernel.shape.at(-1) as number;
    // Keras's order: its wrapper lists the kernel as its own, too.
    this.weights.push(kernel);
    this.addWeight('vector_u', [1, columns], { initializer: new TruncatedNormal({ stddev: 0.02 }), trainable: false });
    this.weights.push(...this.layer.weights.filter((w) => w !== kernel));
  }

  override weightGroup(): WeightGroup {
    // As in Keras the kernel is the wrapper's, too.
    const own = this.weights.slice(0, 2).map((weight) => ({ name: weight.name, weight }));
    return this.group(own, [['layer', this.layer.weightGroup()]]);
  }

  override lowerInto(x: number, input: Shape, lowering: Lowering): number {
    const [kernel, vector] = lowering.weights(this);
    const op = { op: 'spectralNormalization', iterations: this.powerIterations, weights: [kernel, vector] };
    return lowerAll([this.layer], lowering.add(op, [x]), input, lowering);
  }

  get stateful(): boolean {
    return isStateful(this.layer);
  }
  override resetStates(): void {
    this.layer.resetStates();
  }

  protected override config(): Config {
    this.layer.name ??= `${this.name ?? 'spectral_normalization'}_layer`;
    return { layer: this.layer, powerIterations: this.powerIterations };
  }
}

export const spectralNormalizationLayers = { SpectralNormalization };
