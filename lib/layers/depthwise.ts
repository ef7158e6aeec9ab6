import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import {
  ConvolutionLayer,
  type DepthwiseOptions,
  depthwiseDefaults,
  type WeightParts,
  type WindowOptions,
} from './conv_options.js';
import type { Lowering, Shape } from './layer.js';

/** Options of the depthwise convolutions. */
export interface DepthwiseConvOptions extends Omit<WindowOptions, 'padding'>, DepthwiseOptions {
  /** Default `'valid'`. */
  padding?: 'valid' | 'same';
}

abstract class DepthwiseConv extends ConvolutionLayer {
  readonly depthMultiplier: number;
  readonly #kernel: WeightParts;

  constructor(rank: number, options: DepthwiseConvOptions) {
    const where = new.target.className;
    const o = ConvolutionLayer.readWindow(where, options, depthwiseDefaults);
    super(rank, o);
    this.depthMultiplier = checkNumber(where, 'depthMultiplier', o.depthMultiplier, { min: 1, integer: true });
    this.#kernel = this.weightParts('depthwise', o.depthwiseInitializer, o.depthwiseRegularizer, o.depthwiseConstraint);
  }

  override outputShapeOf(input: Shape): Shape {
    const { spatial, channels } = this.split(input);
    return this.outputShape(spatial, channels * this.depthMultiplier);
  }

  protected override createWeights(input: Shape): void {
    const { channels } = this.split(input);
    this.addWeight('depthwise_kernel', [...this.kernelSize, channels, this.depthMultiplier], this.#kernel);
    this.addBias(channels * this.depthMultiplier);
  }

  override lower(_input: Shape, lowering: Lowering) {
    return [
      { op: 'depthwiseConv', depthMultiplier: this.depthMultiplier, ...this.windowSpec(), weights: lowering.weights(this) },
      ...lowering.activation(this.activationPart),
    ];
  }

  protected override config(): Config {
    return { depthMultiplier: this.depthMultiplier, ...this.windowConfig(), ...this.partsConfig({ depthwise: this.#kernel }) };
  }
}

/**
 * Convolves each channel of a sequence by itself. Input `[steps, channels]`, output `[windows, channels * depthMultiplier]`.
 * Weights: kernel `[kernelSize, channels, depthMultiplier]`, bias of the output's channels.
 * See https://keras.io/api/layers/convolution_layers/depthwise_convolution1d/
 * @example layers.depthwiseConv1D({ kernelSize: 3 })
 */
export class DepthwiseConv1D extends DepthwiseConv {
  static override readonly className = 'DepthwiseConv1D';
  constructor(options: DepthwiseConvOptions) {
    super(1, options);
  }
}

/**
 * Convolves each channel of an image by itself. Input `[height, width, channels]`, output `[rows, columns, channels * depthMultiplier]`.
 * Output channel `c * depthMultiplier + j` comes from input channel `c`.
 * Weights: kernel `[...kernelSize, channels, depthMultiplier]`, bias of the output's channels.
 * See https://keras.io/api/layers/convolution_layers/depthwise_convolution2d/
 * @example layers.depthwiseConv2D({ kernelSize: 3, padding: 'same' })
 */
export class DepthwiseConv2D extends DepthwiseConv {
  static override readonly className = 'DepthwiseConv2D';
  constructor(options: DepthwiseConvOptions) {
    super(2, options);
  }
}

export const depthwiseLayers = { DepthwiseConv1D, DepthwiseConv2D };
