import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import { checkBoolean } from '../options.js';
import type { Config } from '../registry.js';
import type { ActivationIdentifier } from './identifiers.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';
import { type Padding, type SlidingOptions, SlidingWindow, slidingDefaults } from './window.js';

export type { Padding } from './window.js';

/** Options of every convolution. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface WindowOptions extends LayerOptions, SlidingOptions {
  /** Default: none (`'linear'`). One that changes the shape, as `glu` does, changes the output's. */
  activation?: ActivationIdentifier;
  /** Whether to add a bias to each output channel. Default true. */
  useBias?: boolean;
  /** Default `'zeros'`. */
  biasInitializer?: InitializerIdentifier;
  biasRegularizer?: RegularizerIdentifier;
  biasConstraint?: ConstraintIdentifier;
}

/** What a kernel is drawn from and held to. */
export interface KernelOptions {
  /** Default `'glorotUniform'`. */
  kernelInitializer?: InitializerIdentifier;
  kernelRegularizer?: RegularizerIdentifier;
  kernelConstraint?: ConstraintIdentifier;
}

export const kernelDefaults = {
  kernelInitializer: 'glorot_uniform' as InitializerIdentifier,
  kernelRegularizer: null as RegularizerIdentifier,
  kernelConstraint: null as ConstraintIdentifier,
};

/** Of a kernel for each channel by itself. */
export interface DepthwiseOptions {
  /** Channels that each channel of the input becomes. Default 1. */
  depthMultiplier?: number;
  /** Default `'glorotUniform'`. */
  depthwiseInitializer?: InitializerIdentifier;
  depthwiseRegularizer?: RegularizerIdentifier;
  depthwiseConstraint?: ConstraintIdentifier;
}

export const depthwiseDefaults = {
  depthMultiplier: 1,
  depthwiseInitializer: 'glorot_uniform' as InitializerIdentifier,
  depthwiseRegularizer: null as RegularizerIdentifier,
  depthwiseConstraint: null as ConstraintIdentifier,
};

const windowDefaults = {
  ...slidingDefaults,
  activation: null as ActivationIdentifier,
  useBias: true,
  biasInitializer: 'zeros' as InitializerIdentifier,
  biasRegularizer: null as RegularizerIdentifier,
  biasConstraint: null as ConstraintIdentifier,
};

/** What the weights of one kind are drawn from and held to. */
export type WeightParts = ReturnType<ConvolutionLayer['weightParts']>;

/** What all convolutions share: the window, its options and their config. */
export abstract class ConvolutionLayer extends Layer {
  readonly useBias: boolean;
  protected readonly window: SlidingWindow;
  protected readonly activationPart;
  protected readonly biasParts: WeightParts;

  protected constructor(
    /** Spatial axes: 1 to 3. */
    protected readonly rank: number,
    o: LayerOptions & typeof windowDefaults,
    paddings?: readonly Padding[],
  ) {
    super(o);
    const where = this.className;
    this.window = new SlidingWindow(where, rank, o, paddings);
    this.useBias = checkBoolean(where, 'useBias', o.useBias);
    this.activationPart = this.activation('activation', o.activation);
    this.biasParts = this.weightParts('bias', o.biasInitializer, o.biasRegularizer, o.biasConstraint);
  }

  get kernelSize(): readonly number[] {
    return this.window.kernelSize;
  }
  get strides(): readonly number[] {
    return this.window.strides;
  }
  get padding(): Padding {
    return this.window.padding;
  }
  get dataFormat() {
    return this.window.dataFormat;
  }
  get dilationRate(): readonly number[] {
    return this.window.dilationRate;
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
    return this.window.split(this.label, input);
  }

  /** Cells from the first to the last that a window sees along an axis. */
  protected extent(axis: number): number {
    return this.window.extent(axis);
  }

  protected outputShape(spatial: Shape, channels: number): Shape {
    return this.activated(this.window.outputShape(this.label, spatial, channels));
  }

  /** What the activation makes of the convolution's shape: `glu` halves the last axis. */
  protected activated(shape: Shape): Shape {
    return this.activationPart.outputShape(shape, this.label);
  }

  protected addBias(channels: number): void {
    if (this.useBias) this.addWeight('bias', [channels], this.biasParts);
  }

  protected windowSpec() {
    return { ...this.window.spec(), useBias: this.useBias };
  }

  protected windowConfig(): Config {
    return this.window.config();
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
      activityRegularizer: this.activityRegularizer,
      ...each('constraint'),
    };
  }
}
