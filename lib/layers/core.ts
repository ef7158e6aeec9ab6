import { isDataset } from '../data/dataset.js';
import type { DatasetLike } from '../data/inputs.js';
import { checkDtype, inputTypes } from '../dtype_policy.js';
import { show, typeError, ValueError } from '../errors.js';
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import { checkBoolean, checkNumber, reading } from '../options.js';
import type { InputDType } from '../part_config.js';
import type { Config } from '../registry.js';
import type { ActivationIdentifier } from './identifiers.js';
import { Layer, type LayerOptions, type Lowering } from './layer.js';
import { checkBatchShape, checkShape, type Shape } from './shape.js';

/** Options of {@link Dense}. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface DenseOptions extends LayerOptions {
  /** Size of the output's last axis: a whole number above 0. */
  units: number;
  /** Default: none (`'linear'`). */
  activation?: ActivationIdentifier;
  /** Default true. */
  useBias?: boolean;
  /** Default `'glorotUniform'`. */
  kernelInitializer?: InitializerIdentifier;
  /** Default `'zeros'`. */
  biasInitializer?: InitializerIdentifier;
  kernelRegularizer?: RegularizerIdentifier;
  biasRegularizer?: RegularizerIdentifier;
  kernelConstraint?: ConstraintIdentifier;
  biasConstraint?: ConstraintIdentifier;
}

/**
 * A fully connected layer: `activation(x · kernel + bias)` on the last axis. Input `[..., n]`, output `[..., units]`; an input of rank
 * 3 or higher (with its batch) is treated step by step with the same weights.
 * Weights: kernel `[n, units]`, bias `[units]`. See https://keras.io/api/layers/core_layers/dense/
 * @example layers.dense({ units: 64, activation: 'relu' })
 */
export class Dense extends Layer {
  static override readonly className = 'Dense';
  readonly units: number;
  readonly useBias: boolean;
  readonly #parts: ReturnType<Dense['readParts']>;

  constructor(options: DenseOptions) {
    const o = Layer.read('Dense', options, {
      units: undefined as number | undefined,
      activation: null as ActivationIdentifier,
      useBias: true,
      kernelInitializer: 'glorot_uniform' as InitializerIdentifier,
      biasInitializer: 'zeros' as InitializerIdentifier,
      kernelRegularizer: null as RegularizerIdentifier,
      biasRegularizer: null as RegularizerIdentifier,
      kernelConstraint: null as ConstraintIdentifier,
      biasConstraint: null as ConstraintIdentifier,
    });
    super(o);
    this.units = checkNumber('Dense', 'units', o.units, { min: 1, integer: true });
    this.useBias = checkBoolean('Dense', 'useBias', o.useBias);
    this.#parts = this.readParts(o);
  }

  private readParts(o: Omit<DenseOptions, 'units'>) {
    return {
      activation: this.activation('activation', o.activation),
      kernelInitializer: this.initializer('kernelInitializer', o.kernelInitializer),
      biasInitializer: this.initializer('biasInitializer', o.biasInitializer),
      kernelRegularizer: this.regularizer('kernelRegularizer', o.kernelRegularizer),
      biasRegularizer: this.regularizer('biasRegularizer', o.biasRegularizer),
      kernelConstraint: this.constraint('kernelConstraint', o.kernelConstraint),
      biasConstraint: this.constraint('biasConstraint', o.biasConstraint),
    };
  }

  override outputShapeOf(input: Shape): Shape {
    if (input.length < 1)
      throw new ValueError(
        `${this.label} needs samples of rank 1 or more, [..., features]. Received samples of shape [].`,
        'ERR_SHAPE',
      );
    if (input.at(-1) === null)
      throw new ValueError(
        `${this.label}: the last axis of its input must be known. Received shape [${input.map(String)}].`,
        'ERR_SHAPE',
      );
    return this.#parts.activation.outputShape([...input.slice(0, -1), this.units], this.label);
  }

  protected override createWeights(input: Shape): void {
    const p = this.#parts;
    const n = input.at(-1) as number;
    this.addWeight('kernel', [n, this.units], {
      initializer: p.kernelInitializer,
      regularizer: p.kernelRegularizer,
      constraint: p.kernelConstraint,
    });
    if (this.useBias)
      this.addWeight('bias', [this.units], {
        initializer: p.biasInitializer,
        regularizer: p.biasRegularizer,
        constraint: p.biasConstraint,
      });
  }

  override lower(_input: Shape, lowering: Lowering) {
    return [
      { op: 'dense', units: this.units, useBias: this.useBias, precision: this.precision, weights: lowering.weights(this) },
      ...lowering.activation(this.#parts.activation),
    ];
  }

  protected override config(): Config {
    return { units: this.units, useBias: this.useBias, ...this.#parts };
  }
}

/**
 * What a model takes: made by `input({ shape })`. It has no weights and does nothing; it tells the shape and the name.
 * @example sequential([input({ shape: [784] }), layers.dense({ units: 10, activation: 'softmax' })])
 */
export class InputLayer extends Layer {
  static override readonly className = 'InputLayer';
  static override readonly noActivityRegularizer = 'it passes the data on; give it to the first layer';
  readonly shape: Shape;
  /** A data set the model reads when `fit` is given null for x and y. */
  readonly source: DatasetLike | undefined;

  constructor(options: {
    shape?: Shape;
    batchShape?: Shape;
    batchInputShape?: Shape;
    name?: string;
    dtype?: InputDType;
    source?: DatasetLike | null;
    batchSize?: number | null;
    sparse?: boolean;
  }) {
    const o = Layer.read('InputLayer', options, {
      shape: undefined as Shape | undefined,
      batchShape: undefined as Shape | undefined,
      source: undefined as DatasetLike | null | undefined,
      batchSize: null as number | null,
      sparse: false,
    });
    // Integer inputs (ids) are data of any element type here; a config that says so is right.
    const { dtype, ...base } = o;
    checkDtype('InputLayer', dtype, inputTypes);
    if (checkBoolean('InputLayer', 'sparse', o.sparse))
      throw new ValueError("InputLayer: 'sparse' inputs are not available; give dense arrays. Received: true", 'ERR_UNSUPPORTED');
    if (o.batchSize !== null) checkNumber('input', 'batchSize', o.batchSize, { min: 1, integer: true });
    const given = (['shape', 'batchShape', 'batchInputShape', 'inputShape', 'inputDim'] as const).filter((key) => o[key] != null);
    if (given.length > 1)
      throw new ValueError(
        `input: ${given.map((key) => `'${key}'`).join(' and ')} both tell the shape; give 'shape' alone.`,
        'ERR_OPTIONS',
      );
    const batchShape = o.batchShape ?? o.batchInputShape;
    const shape = batchShape == null ? (o.shape ?? o.inputShape ?? (o.inputDim == null ? undefined : [o.inputDim])) : undefined;
    if (shape == null && batchShape == null)
      throw new ValueError(`input: 'shape' is missing; give the shape of one sample, such as { shape: [784] }.`, 'ERR_SHAPE');
    const sample = batchShape == null ? checkShape('input', 'shape', shape) : checkBatchShape('input', 'batchShape', batchShape);
    super({ ...base, batchInputShape: undefined, inputDim: undefined, inputShape: sample });
    this.shape = sample;
    const source = o.source ?? undefined;
    if (source !== undefined && !reading('input', () => isDataset(source)))
      throw typeError(
        `input: 'source' must be a data set: an iterable of batches [x, y], or a function that returns one. Received: ${show(source)}`,
      );
    this.source = source;
  }

  override outputShapeOf(): Shape {
    return this.shape;
  }

  override lower() {
    return [];
  }

  override getConfig(): Config {
    return { batchShape: [null, ...this.shape], dtype: 'float32', name: this.name };
  }

  protected override config(): Config {
    return {};
  }
}

export const coreLayers = { Dense, InputLayer };
