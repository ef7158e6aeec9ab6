import { Softmax } from '../activations/along_axis.js';
import type { Activation } from '../activations/index.js';
import type { OpSpec, SpecValue } from '../engine/spec.js';
import { typeError, ValueError } from '../errors.js';
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import type { Initializer } from '../initializers/index.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import type { ActivationIdentifier } from './identifiers.js';
import { Layer, type LayerOptions, type Shape, type WeightOptions } from './layer.js';

/** Options of every recurrent cell, and of the layer that is made of one. Initializers and so on: a name, an instance or a config. */
export interface CellOptions extends LayerOptions {
  /** Size of the state and of the output: a whole number above 0. */
  units: number;
  /** Default `'tanh'`; null for none. Any function of one element, or `'softmax'` over the units. */
  activation?: ActivationIdentifier;
  /** Default true. */
  useBias?: boolean;
  /** Default `'glorot_uniform'`. */
  kernelInitializer?: InitializerIdentifier;
  /** Default `'orthogonal'`. */
  recurrentInitializer?: InitializerIdentifier;
  /** Default `'zeros'`. */
  biasInitializer?: InitializerIdentifier;
  kernelRegularizer?: RegularizerIdentifier;
  recurrentRegularizer?: RegularizerIdentifier;
  biasRegularizer?: RegularizerIdentifier;
  kernelConstraint?: ConstraintIdentifier;
  recurrentConstraint?: ConstraintIdentifier;
  biasConstraint?: ConstraintIdentifier;
  /**
   * Share of the inputs to drop while training, at least 0 and below 1: one draw a sample, the same at all time steps. All gates see the
   * same draw, as in Keras, unless there is `recurrentDropout` too. Default 0.
   */
  dropout?: number;
  /** The same for the state, with a draw for each gate. Default 0. */
  recurrentDropout?: number;
  /** Of the dropout: a whole number from 0, or null (the default) for the model's own. */
  seed?: number | null;
  /** How Keras 2 and TensorFlow.js compute it, 0 to 2: it makes no difference here. */
  implementation?: number | null;
}

export const cellDefaults = {
  units: undefined as number | undefined,
  activation: 'tanh' as ActivationIdentifier,
  useBias: true,
  kernelInitializer: 'glorot_uniform' as InitializerIdentifier,
  recurrentInitializer: 'orthogonal' as InitializerIdentifier,
  biasInitializer: 'zeros' as InitializerIdentifier,
  kernelRegularizer: null as RegularizerIdentifier,
  recurrentRegularizer: null as RegularizerIdentifier,
  biasRegularizer: null as RegularizerIdentifier,
  kernelConstraint: null as ConstraintIdentifier,
  recurrentConstraint: null as ConstraintIdentifier,
  biasConstraint: null as ConstraintIdentifier,
  dropout: 0,
  recurrentDropout: 0,
  seed: null as unknown,
  implementation: null as unknown,
};

type Read = typeof cellDefaults & LayerOptions;

/** How a cell's weights reach the layer that holds the cell: they are that layer's. */
export type AddWeight = (name: string, shape: readonly number[], options: WeightOptions) => unknown;

/**
 * One step of a recurrent layer. It becomes part of a stack inside `layers.rnn({ cell })`, which runs it over all time steps at once;
 * `layers.lstm`, `layers.gru` and `layers.simpleRNN` hold a cell of their own.
 */
export abstract class RecurrentCell extends Layer {
  static override readonly noActivityRegularizer: string | undefined = 'a cell runs step by step; give it to the layer around it';
  static override readonly onlyFloat32: boolean = true;
  readonly units: number;
  readonly useBias: boolean;
  readonly dropout: number;
  readonly recurrentDropout: number;
  readonly seed: number | null;
  readonly #parts: ReturnType<RecurrentCell['readParts']>;

  protected constructor(o: Read) {
    super(o);
    const where = this.className;
    if (o.units === undefined)
      throw typeError(`${where}: 'units' is missing; give the size of the state, such as { units: 32 }.`);
    this.units = checkNumber(where, 'units', o.units, { min: 1, integer: true });
    this.useBias = checkBoolean(where, 'useBias', o.useBias);
    this.dropout = checkNumber(where, 'dropout', o.dropout, { min: 0, below: 1 });
    this.recurrentDropout = checkNumber(where, 'recurrentDropout', o.recurrentDropout, { min: 0, below: 1 });
    this.seed =
      o.seed === null ? null : checkNumber(where, 'seed', o.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
    if (o.implementation !== null) checkNumber(where, 'implementation', o.implementation, { min: 0, max: 2, integer: true });
    this.#parts = this.readParts(o);
  }

  private readParts(o: Read) {
    return {
      activation: this.gateFunction('activation', o.activation),
      kernelInitializer: this.initializer('kernelInitializer', o.kernelInitializer),
      recurrentInitializer: this.initializer('recurrentInitializer', o.recurrentInitializer),
      biasInitializer: this.initializer('biasInitializer', o.biasInitializer),
      kernelRegularizer: this.regularizer('kernelRegularizer', o.kernelRegularizer),
      recurrentRegularizer: this.regularizer('recurrentRegularizer', o.recurrentRegularizer),
      biasRegularizer: this.regularizer('biasRegularizer', o.biasRegularizer),
      kernelConstraint: this.constraint('kernelConstraint', o.kernelConstraint),
      recurrentConstraint: this.constraint('recurrentConstraint', o.recurrentConstraint),
      biasConstraint: this.constraint('biasConstraint', o.biasConstraint),
    };
  }

  /** Whether gates may go through softmax, over the units. */
  protected get takesSoftmax(): boolean {
    return true;
  }

  /** Gates work on each element by itself, or on a vector of the units. */
  protected gateFunction(option: string, value: unknown): Activation {
    const activation = this.activation(option, value);
    const axis = activation.options.axis;
    if (axis === undefined || (this.takesSoftmax && activation instanceof Softmax && (axis === -1 || axis === 1)))
      return activation;
    throw new ValueError(
      `${this.className}: '${option}' must be a function of one element, such as 'tanh'${this.takesSoftmax ? ", or 'softmax' over the units" : ''}. ` +
        `Received: '${activation.name}', which works along axis ${axis}.`,
      'ERR_OUT_OF_RANGE',
    );
  }

  /** Gates: the columns of the kernels are `gates * units`. */
  protected abstract readonly gates: number;
  /** The engine's op, without weights and the options of the sequence. */
  protected abstract gateSpec(): OpSpec;
  /** The shape of the bias. */
  protected biasShape(): number[] {
    return [this.gates * this.units];
  }
  protected firstBias(initializer: Initializer): Initializer {
    return initializer;
  }

  /** @internal The op over a whole sequence. */
  sequenceSpec(): OpSpec {
    const { activation } = this.#parts;
    return {
      ...this.gateSpec(),
      units: this.units,
      useBias: this.useBias,
      activation: activation.spec() as SpecValue,
      dropout: this.dropout,
      recurrentDropout: this.recurrentDropout,
      seed: this.seed,
    };
  }

  /** @internal Makes the weights in Keras's order, for inputs of this many features. */
  addWeights(features: number, add: AddWeight): void {
    const p = this.#parts;
    const columns = this.gates * this.units;
    add('kernel', [features, columns], {
      initializer: p.kernelInitializer,
      regularizer: p.kernelRegularizer,
      constraint: p.kernelConstraint,
      within: this,
    });
    add('recurrent_kernel', [this.units, columns], {
      initializer: p.recurrentInitializer,
      regularizer: p.recurrentRegularizer,
      constraint: p.recurrentConstraint,
      within: this,
    });
    if (this.useBias)
      add('bias', this.biasShape(), {
        initializer: this.firstBias(p.biasInitializer),
        regularizer: p.biasRegularizer,
        constraint: p.biasConstraint,
        within: this,
      });
  }

  override outputShapeOf(input: Shape): Shape {
    return [...input.slice(0, -1), this.units];
  }

  override lower(): OpSpec[] {
    throw isNoLayer(this);
  }
  override buildFor(): void {
    throw isNoLayer(this);
  }

  /** Its options without name, trainable and dtype. */
  cellConfig(): Config {
    const { units, useBias, dropout, recurrentDropout, seed } = this;
    return { units, useBias, ...this.#parts, dropout, recurrentDropout, ...(seed === null ? {} : { seed }) };
  }
  protected override config(): Config {
    return this.cellConfig();
  }
}

export const isNoLayer = (cell: Layer): ValueError =>
  new ValueError(
    `${cell.label} is one step of a sequence and no layer of a stack. Put it into one: layers.rnn({ cell }).`,
    'ERR_LAYER',
  );
