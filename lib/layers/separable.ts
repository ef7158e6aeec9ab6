import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import {
  ConvolutionLayer,
  type DepthwiseOptions,
  depthwiseDefaults,
  type Padding,
  type WeightParts,
  type WindowOptions,
} from './conv_options.js';
import type { Lowering, Shape } from './layer.js';

/** Options of the separable convolutions. */
export interface SeparableConvOptions extends WindowOptions, DepthwiseOptions {
  /** Channels of the output: a whole number above 0. */
  filters: number;
  /** Default `'glorotUniform'`. */
  pointwiseInitializer?: InitializerIdentifier;
  pointwiseRegularizer?: RegularizerIdentifier;
  pointwiseConstraint?: ConstraintIdentifier;
}

abstract class SeparableConv extends ConvolutionLayer {
  readonly filters: number;
  readonly depthMultiplier: number;
  readonly #depthwise: WeightParts;
  readonly #pointwise: WeightParts;

  constructor(rank: number, options: SeparableConvOptions, paddings?: readonly Padding[]) {
    const where = new.target.className;
    const o = ConvolutionLayer.readWindow(where, options, {
      filters: undefined as unknown,
      ...depthwiseDefaults,
      pointwiseInitializer: 'glorot_uniform' as InitializerIdentifier,
      pointwiseRegularizer: null as RegularizerIdentifier,
      pointwiseConstraint: null as ConstraintIdentifier,
    });
    super(rank, o, paddings);
    this.filters = checkNumber(where, 'filters', o.filters, { min: 1, integer: true });
    this.depthMultiplier = checkNumber(where, 'depthMultiplier', o.depthMultiplier, { min: 1, integer: true });
    this.#depthwise = this.weightParts('depthwise', o.depthwiseInitializer, o.depthwiseRegularizer, o.depthwiseConstraint);
    this.#pointwise = this.weightParts('pointwise', o.pointwiseInitializer, o.pointwiseRegularizer, o.pointwiseConstraint);
  }

  override outputShapeOf(input: Shape): Shape {
    return this.outputShape(this.split(input).spatial, this.filters);
  }

  protected override createWeights(input: Shape): void {
    const { channels } = this.split(input);
    const ones = this.kernelSize.map(() => 1);
    this.addWeight('depthwise_kernel', [...this.kernelSize, channels, this.depthMultiplier], this.#depthwise);
    this.addWeight('pointwise_kernel', [...ones, channels * this.depthMultiplier, this.filters], this.#pointwise);
    this.addBias(this.filters);
  }

  override lower(_input: Shape, lowering: Lowering) {
    const [depthwise, ...pointwise] = lowering.weights(this);
    const { depthMultiplier, filters, useBias } = this;
    const { channelsFirst, ...window } = this.windowSpec();
    return [
      { op: 'depthwiseConv', depthMultiplier, ...window, channelsFirst, useBias: false, weights: [depthwise] },
      {
        op: 'conv',
        filters,
        kernel: this.kernelSize.map(() => 1),
        channelsFirst,
        useBias,
        precision: this.precision,
        weights: pointwise,
      },
      ...lowering.activation(this.activationPart),
    ];
  }

  protected override config(): Config {
    const kinds = { depthwise: this.#depthwise, pointwise: this.#pointwise };
    return { filters: this.filters, depthMultiplier: this.depthMultiplier, ...this.windowConfig(), ...this.partsConfig(kinds) };
  }
}

/**
 * A depthwise convolution of a sequence, then one of size 1 that mixes the channels. Input `[steps, channels]`, output `[windows, filters]`.
 * Weights: depthwise kernel `[kernelSize, channels, depthMultiplier]`, pointwise kernel `[1, channels * depthMultiplier, filters]`, bias
 * `[filters]`. See https://keras.io/api/layers/convolution_layers/separable_convolution1d/
 * @example layers.separableConv1D({ filters: 32, kernelSize: 5 })
 */
export class SeparableConv1D extends SeparableConv {
  static override readonly className = 'SeparableConv1D';
  static readonly aliases = ['SeparableConvolution1D'];
  constructor(options: SeparableConvOptions) {
    super(1, options, ['valid', 'same', 'causal']);
  }
}

/**
 * A depthwise convolution of an image, then one of size 1 that mixes the channels. Input `[height, width, channels]`, output
 * `[rows, columns, filters]`. Weights: depthwise kernel `[...kernelSize, channels, depthMultiplier]`, pointwise kernel
 * `[1, 1, channels * depthMultiplier, filters]`, bias `[filters]`.
 * See https://keras.io/api/layers/convolution_layers/separable_convolution2d/
 * @example layers.separableConv2D({ filters: 64, kernelSize: 3, padding: 'same' })
 */
export class SeparableConv2D extends SeparableConv {
  static override readonly className = 'SeparableConv2D';
  static readonly aliases = ['SeparableConvolution2D'];
  constructor(options: SeparableConvOptions) {
    super(2, options);
  }
}

export const separableLayers = { SeparableConv1D, SeparableConv2D };
