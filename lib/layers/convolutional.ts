import { ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import {
  ConvolutionLayer,
  type KernelOptions,
  kernelDefaults,
  type Padding,
  type WeightParts,
  type WindowOptions,
} from './conv_options.js';
import type { Lowering, Shape } from './layer.js';

/** Options of the convolutions. */
export interface ConvOptions extends WindowOptions, KernelOptions {
  /** Channels of the output: a whole number above 0. */
  filters: number;
  /** Parts that the channels are cut into; each sees its own input channels only. Must divide the input's channels and `filters`. Default 1. */
  groups?: number;
}

abstract class Conv extends ConvolutionLayer {
  readonly filters: number;
  readonly groups: number;
  readonly #kernel: WeightParts;

  constructor(rank: number, options: ConvOptions, paddings?: readonly Padding[]) {
    const where = new.target.className;
    const o = ConvolutionLayer.readWindow(where, options, {
      filters: undefined as unknown,
      groups: 1,
      ...kernelDefaults,
    });
    super(rank, o, paddings);
    this.filters = checkNumber(where, 'filters', o.filters, { min: 1, integer: true });
    this.groups = checkNumber(where, 'groups', o.groups, { min: 1, integer: true });
    if (this.filters % this.groups)
      throw new ValueError(
        `${where}: 'groups' must divide 'filters'. Received: groups ${o.groups}, filters ${o.filters}`,
        'ERR_OUT_OF_RANGE',
      );
    this.#kernel = this.weightParts('kernel', o.kernelInitializer, o.kernelRegularizer, o.kernelConstraint);
  }

  override outputShapeOf(input: Shape): Shape {
    const { spatial, channels } = this.split(input);
    if (channels % this.groups)
      throw new ValueError(
        `${this.label}: 'groups' must divide the channels of its input. Received: groups ${this.groups}, ${channels} channels of shape [${input.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return this.outputShape(spatial, this.filters);
  }

  protected override createWeights(input: Shape): void {
    const { channels } = this.split(input);
    this.addWeight('kernel', [...this.kernelSize, channels / this.groups, this.filters], this.#kernel);
    this.addBias(this.filters);
  }

  override lower(_input: Shape, lowering: Lowering) {
    const { filters, groups } = this;
    return [
      { op: 'conv', filters, groups, precision: this.precision, ...this.windowSpec(), weights: lowering.weights(this) },
      ...lowering.activation(this.activationPart),
    ];
  }

  protected override config(): Config {
    return { filters: this.filters, ...this.windowConfig(), groups: this.groups, ...this.partsConfig({ kernel: this.#kernel }) };
  }
}

/**
 * Convolution over a sequence. Input `[steps, channels]`, output `[windows, filters]`.
 * Weights: kernel `[kernelSize, channels / groups, filters]`, bias `[filters]`.
 * Padding `'causal'` puts zeros before the first step only, so that an output sees no later input.
 * Throws ValueError where the window does not fit or `groups` does not divide the channels.
 * See https://keras.io/api/layers/convolution_layers/convolution1d/
 * @example layers.conv1D({ filters: 32, kernelSize: 5, padding: 'causal', activation: 'relu' })
 */
export class Conv1D extends Conv {
  static override readonly className = 'Conv1D';
  static readonly aliases = ['Convolution1D'];
  constructor(options: ConvOptions) {
    super(1, options, ['valid', 'same', 'causal']);
  }
}

/**
 * Convolution over an image. Input `[height, width, channels]`, output `[rows, columns, filters]`.
 * Weights: kernel `[...kernelSize, channels / groups, filters]`, bias `[filters]`.
 * Throws ValueError where the window does not fit or `groups` does not divide the channels.
 * See https://keras.io/api/layers/convolution_layers/convolution2d/
 * @example layers.conv2D({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] })
 */
export class Conv2D extends Conv {
  static override readonly className = 'Conv2D';
  static readonly aliases = ['Convolution2D'];
  constructor(options: ConvOptions) {
    super(2, options);
  }
}

/**
 * Convolution over a volume. Input `[depth, height, width, channels]`, output `[..., filters]`.
 * Weights: kernel `[...kernelSize, channels / groups, filters]`, bias `[filters]`.
 * See https://keras.io/api/layers/convolution_layers/convolution3d/
 * @example layers.conv3D({ filters: 8, kernelSize: [3, 3, 3], strides: 2 })
 */
export class Conv3D extends Conv {
  static override readonly className = 'Conv3D';
  static readonly aliases = ['Convolution3D'];
  constructor(options: ConvOptions) {
    super(3, options);
  }
}

export const convolutionalLayers = { Conv1D, Conv2D, Conv3D };
