import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, checkSizes, type DataFormat, joinAxes, type Sizes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** `'valid'`: only whole windows; `'same'`: `ceil(size / stride)` windows; `'causal'`: as many, none of which sees later steps. */
export type Padding = 'valid' | 'same' | 'causal';

/** Options of every convolution. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface WindowOptions extends LayerOptions {
  /** Size of the window: one whole number above 0 for all spatial axes, or one for each. */
  kernelSize: Sizes;
  /** Steps from window to window, as `kernelSize`. Default 1. Other than 1 only where `dilationRate` is 1. */
  strides?: Sizes;
  /** Default `'valid'`. */
  padding?: Padding;
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
  /** Steps between the cells that a window sees, as `kernelSize`. Default 1: neighbours. */
  dilationRate?: Sizes;
  /** Default: none (`'linear'`). One that changes the shape, as `glu` does, changes the output's. */
  activation?: unknown;
  /** Whether to add a bias to each output channel. Default true. */
  useBias?: boolean;
  /** Default `'zeros'`. */
  biasInitializer?: unknown;
  biasRegularizer?: unknown;
  /** Of the layer's output. */
  activityRegularizer?: unknown;
  biasConstraint?: unknown;
}

const windowDefaults = {
  kernelSize: undefined as unknown,
  strides: 1 as unknown,
  padding: 'valid' as unknown,
  dataFormat: null as unknown,
  dilationRate: 1 as unknown,
  activation: null as unknown,
  useBias: true,
  biasInitializer: 'zeros' as unknown,
  biasRegularizer: null as unknown,
  activityRegularizer: null as unknown,
  biasConstraint: null as unknown,
};

/** What the weights of one kind are drawn from and held to. */
export type WeightParts = ReturnType<ConvolutionLayer['weightParts']>;

/** What all convolutions share: the window, its options and their config. */
export abstract class ConvolutionLayer extends Layer {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];
  readonly useBias: boolean;
  protected readonly activationPart;
  protected readonly activityPart;
  protected readonly biasParts: WeightParts;

  protected constructor(
    /** Spatial axes: 1 to 3. */
    protected readonly rank: number,
    o: LayerOptions & typeof windowDefaults,
    paddings: readonly Padding[] = ['valid', 'same'],
  ) {
    super(o);
    const where = this.className;
    if (o.kernelSize === undefined)
      throw typeError(
        `${where}: 'kernelSize' is missing; give the size of the window, such as ${show(rank === 1 ? 3 : new Array(rank).fill(3))}.`,
      );
    this.kernelSize = checkSizes(where, 'kernelSize', o.kernelSize, rank);
    this.strides = checkSizes(where, 'strides', o.strides, rank);
    this.padding = checkOneOf(where, 'padding', typeof o.padding === 'string' ? o.padding.toLowerCase() : o.padding, paddings);
    this.dataFormat = checkDataFormat(where, o.dataFormat);
    this.dilationRate = checkSizes(where, 'dilationRate', o.dilationRate, rank);
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilationRate) > 1)
      throw new ValueError(
        `${where}: strides and dilation cannot both be above 1. Received: strides ${show(o.strides)}, dilationRate ${show(o.dilationRate)}`,
        'ERR_OUT_OF_RANGE',
      );
    this.useBias = checkBoolean(where, 'useBias', o.useBias);
    this.activationPart = this.activation('activation', o.activation);
    this.activityPart = this.regularizer('activityRegularizer', o.activityRegularizer);
    this.biasParts = this.weightParts('bias', o.biasInitializer, o.biasRegularizer, o.biasConstraint);
  }

  /** Options over the defaults of every convolution and those of the class. */
  protected static readWindow<T extends object>(className: string, given: unknown, defaults: T) {
    return Layer.read(className, given, { ...windowDefaults, ...defaults });
  }

  protected weightParts(kind: string, initializer: unknown, regularizer: unknown, constraint: unknown) {
    return {
      initializer: this.initializer(`${kind}Initializer`, initializer),
      regularizer: this.regularizer(`${kind}Regularizer`, regularizer),
      constraint: this.constraint(`${kind}Constraint`, constraint),
    };
  }

  /** Sizes of a sample's axes; the channels must be known. */
  protected split(input: Shape): { spatial: Shape; channels: number } {
    const { spatial, channels } = splitAxes(this.label, input, this.rank, this.dataFormat);
    if (channels === null)
      throw new ValueError(
        `${this.label}: the channels of its input must be known ('${this.dataFormat}'). Received shape [${input.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return { spatial, channels };
  }

  /** Cells from the first to the last that a window sees along an axis. */
  protected extent(axis: number): number {
    return (this.kernelSize[axis] - 1) * this.dilationRate[axis] + 1;
  }

  protected outputShape(spatial: Shape, channels: number): Shape {
    const out = spatial.map((n, i) => {
      if (n === null) return null;
      if (this.padding !== 'valid') return Math.ceil(n / this.strides[i]);
      if (n < this.extent(i))
        throw new ValueError(
          `${this.label}: a kernel of [${this.kernelSize.join(', ')}]${this.dilationRate.some((d) => d > 1) ? ` with dilation [${this.dilationRate.join(', ')}]` : ''} does not fit into an input of [${spatial.map(String).join(', ')}]. Give a smaller 'kernelSize' or padding: 'same'.`,
          'ERR_SHAPE',
        );
      return Math.floor((n - this.extent(i)) / this.strides[i]) + 1;
    });
    return this.activated(joinAxes(out, channels, this.dataFormat));
  }

  /** What the activation makes of the convolution's shape: `glu` halves the last axis. */
  protected activated(shape: Shape): Shape {
    return this.activationPart.outputShape(shape, this.label);
  }

  protected addBias(channels: number): void {
    if (this.useBias) this.addWeight('bias', [channels], this.biasParts);
  }

  protected windowSpec() {
    const { kernelSize, strides, dilationRate, padding, useBias } = this;
    const channelsFirst = this.dataFormat === 'channels_first';
    return { kernel: [...kernelSize], strides: [...strides], dilation: [...dilationRate], padding, channelsFirst, useBias };
  }

  protected windowConfig(): Config {
    const { kernelSize, strides, dilationRate, padding, dataFormat } = this;
    return { kernelSize: [...kernelSize], strides: [...strides], padding, dataFormat, dilationRate: [...dilationRate] };
  }

  /** Config of activation, bias and regularizers, with the parts of the other weights between them. */
  protected partsConfig(kinds: Readonly<Record<string, WeightParts>>): Config {
    const all = Object.entries({ ...kinds, bias: this.biasParts });
    const each = (what: keyof WeightParts) =>
      Object.fromEntries(all.map(([kind, p]) => [kind + what[0].toUpperCase() + what.slice(1), p[what]]));
    return {
      activation: this.activationPart,
      useBias: this.useBias,
      ...each('initializer'),
      ...each('regularizer'),
      activityRegularizer: this.activityPart,
      ...each('constraint'),
    };
  }
}
