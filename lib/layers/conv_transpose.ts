import { show, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkSizes, joinAxes, type Sizes } from './axes.js';
import { ConvolutionLayer, type KernelOptions, kernelDefaults, type WeightParts, type WindowOptions } from './conv_options.js';
import type { Lowering, Shape } from './layer.js';

/** Options of the transposed convolutions. */
export interface ConvTransposeOptions extends Omit<WindowOptions, 'padding'>, KernelOptions {
  /** Channels of the output: a whole number above 0. */
  filters: number;
  /**
   * `'valid'`: the output is `(size - 1) * stride + max(extent, stride)` long, where the extent is `(kernelSize - 1) * dilationRate + 1`;
   * `'same'`: `size * stride`. Default `'valid'`.
   */
  padding?: 'valid' | 'same';
  /**
   * Cells added at the end of each axis, below the stride; the output is then `(size - 1) * stride + extent + outputPadding` long with
   * padding `'valid'`, `(size - 1) * stride + extent % 2 + outputPadding` with `'same'`. Default null: the lengths above.
   */
  outputPadding?: Sizes | null;
}

abstract class ConvTranspose extends ConvolutionLayer {
  readonly filters: number;
  readonly outputPadding: readonly number[] | null;
  readonly #kernel: WeightParts;

  constructor(rank: number, options: ConvTransposeOptions) {
    const where = new.target.className;
    const o = ConvolutionLayer.readWindow(where, options, {
      filters: undefined as unknown,
      outputPadding: null as unknown,
      ...kernelDefaults,
    });
    super(rank, o);
    this.filters = checkNumber(where, 'filters', o.filters, { min: 1, integer: true });
    this.outputPadding = o.outputPadding === null ? null : checkSizes(where, 'outputPadding', o.outputPadding, rank, 0);
    if (this.outputPadding?.some((n, i) => n >= this.strides[i]))
      throw new ValueError(
        `${where}: 'outputPadding' must be below 'strides'. Received: outputPadding ${show(o.outputPadding)}, strides ${show(o.strides)}`,
        'ERR_OUT_OF_RANGE',
      );
    this.#kernel = this.weightParts('kernel', o.kernelInitializer, o.kernelRegularizer, o.kernelConstraint);
  }

  override outputShapeOf(input: Shape): Shape {
    const { spatial } = this.split(input);
    const out = spatial.map((n, i) => {
      if (n === null) return null;
      const [stride, extent, extra] = [this.strides[i], this.extent(i), this.outputPadding?.[i]];
      const reach = (n - 1) * stride;
      if (this.padding === 'valid') return reach + (extra === undefined ? Math.max(extent, stride) : extent + extra);
      return reach + (extra === undefined ? stride : (extent % 2) + extra);
    });
    if (out.includes(0))
      throw new ValueError(
        `${this.label}: its output would be empty, [${out.map(String).join(', ')}], for an input of shape [${input.map(String).join(', ')}]. Give a larger 'outputPadding' or none.`,
        'ERR_SHAPE',
      );
    return this.activated(joinAxes(out, this.filters, this.dataFormat));
  }

  protected override createWeights(input: Shape): void {
    this.addWeight('kernel', [...this.kernelSize, this.filters, this.split(input).channels], this.#kernel);
    this.addBias(this.filters);
  }

  override lower(_input: Shape, lowering: Lowering) {
    const { filters, outputPadding } = this;
    return [
      {
        op: 'convTranspose',
        filters,
        precision: this.precision,
        ...this.windowSpec(),
        ...(outputPadding && { outputPadding: [...outputPadding] }),
        weights: lowering.weights(this),
      },
      ...lowering.activation(this.activationPart),
    ];
  }

  protected override config(): Config {
    const outputPadding = this.outputPadding && [...this.outputPadding];
    return { filters: this.filters, ...this.windowConfig(), outputPadding, ...this.partsConfig({ kernel: this.#kernel }) };
  }
}

/**
 * The transpose of {@link Conv1D}, which makes a sequence longer. Input `[steps, channels]`, output `[longer, filters]`.
 * Weights: kernel `[kernelSize, filters, channels]`, bias `[filters]`.
 * See https://keras.io/api/layers/convolution_layers/convolution1d_transpose/
 * @example layers.conv1DTranspose({ filters: 16, kernelSize: 3, strides: 2, padding: 'same' })
 */
export class Conv1DTranspose extends ConvTranspose {
  static override readonly className = 'Conv1DTranspose';
  static readonly aliases = ['Convolution1DTranspose'];
  constructor(options: ConvTransposeOptions) {
    super(1, options);
  }
}

/**
 * The transpose of {@link Conv2D}, which makes an image larger. Input `[height, width, channels]`, output `[rows, columns, filters]`.
 * Weights: kernel `[...kernelSize, filters, channels]`, bias `[filters]`.
 * See https://keras.io/api/layers/convolution_layers/convolution2d_transpose/
 * @example layers.conv2DTranspose({ filters: 16, kernelSize: 3, strides: 2, padding: 'same' })
 */
export class Conv2DTranspose extends ConvTranspose {
  static override readonly className = 'Conv2DTranspose';
  static readonly aliases = ['Convolution2DTranspose'];
  constructor(options: ConvTransposeOptions) {
    super(2, options);
  }
}

/**
 * {@link Conv2DTranspose} for volumes. Input `[depth, height, width, channels]`, output `[..., filters]`.
 * See https://keras.io/api/layers/convolution_layers/convolution3d_transpose/
 * @example layers.conv3DTranspose({ filters: 8, kernelSize: 2, strides: 2 })
 */
export class Conv3DTranspose extends ConvTranspose {
  static override readonly className = 'Conv3DTranspose';
  static readonly aliases = ['Convolution3DTranspose'];
  constructor(options: ConvTransposeOptions) {
    super(3, options);
  }
}

export const convTransposeLayers = { Conv1DTranspose, Conv2DTranspose, Conv3DTranspose };
