import type { WeightArray } from '../data/inputs.js';
import { show, ValueError } from '../errors.js';
import type { ConstraintIdentifier, InitializerIdentifier, RegularizerIdentifier } from '../identifiers.js';
import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Lowering, type Shape } from './layer.js';
import { checkShape } from './shape.js';

/** Ids travel as float32, which holds whole numbers exactly up to here. */
const mostIds = 2 ** 24;

/** Options of {@link Embedding}. Initializers, regularizers and constraints: a name, an instance or a config. */
export interface EmbeddingOptions extends Omit<LayerOptions, 'inputDim'> {
  /** Number of ids, the highest one plus 1: a whole number from 1 to 2^24. */
  inputDim: number;
  /** Size of each vector: a whole number above 0. */
  outputDim: number;
  /** Default `'uniform'`: evenly from -0.05 to 0.05. */
  embeddingsInitializer?: InitializerIdentifier;
  embeddingsRegularizer?: RegularizerIdentifier;
  embeddingsConstraint?: ConstraintIdentifier;
  /** Whether id 0 marks time steps that later layers, the loss and the metrics leave out. Default false. */
  maskZero?: boolean;
  /** On a first layer: the number of ids of a sample, as Keras 2 took it, or the shape. Short for `inputShape: [inputLength]`. */
  inputLength?: number | readonly (number | null)[] | null;
  /** Initial vectors, `[inputDim, outputDim]`, or a list that holds them. */
  weights?: WeightArray | readonly WeightArray[] | null;
  /** Low-rank adaptation: only null. */
  loraRank?: null;
  loraAlpha?: null;
  quantizationConfig?: null;
}

/**
 * A vector for each id. Input of whole numbers `[...]` (`[timesteps]`, say), output `[..., outputDim]`.
 * Ids are checked when data is given: one below 0 or not below `inputDim` is a ValueError.
 *
 * Weights: embeddings `[inputDim, outputDim]`. See https://keras.io/api/layers/core_layers/embedding/
 * @example sequential([layers.embedding({ inputDim: 20000, outputDim: 32, maskZero: true }), layers.globalAveragePooling1d()])
 */
export class Embedding extends Layer {
  static override readonly className = 'Embedding';
  readonly inputDim: number;
  readonly outputDim: number;
  readonly maskZero: boolean;
  readonly #initial: EmbeddingOptions['weights'];
  readonly #parts: ReturnType<Embedding['readParts']>;

  constructor(options: EmbeddingOptions) {
    const o = Layer.read('Embedding', options, {
      inputDim: undefined as number | undefined,
      outputDim: undefined as number | undefined,
      embeddingsInitializer: 'uniform' as InitializerIdentifier,
      embeddingsRegularizer: null as RegularizerIdentifier,
      embeddingsConstraint: null as ConstraintIdentifier,
      maskZero: false,
      inputLength: null as number | readonly (number | null)[] | null,
      weights: null as EmbeddingOptions['weights'],
      loraRank: null as unknown,
      loraAlpha: null as unknown,
      quantizationConfig: null as unknown,
    });
    const { inputDim, inputLength, ...base } = o;
    const ids = checkNumber('Embedding', 'inputDim', inputDim, { min: 1, max: mostIds, integer: true });
    const shaped = base.inputShape !== undefined || base.batchInputShape !== undefined;
    const length = Array.isArray(inputLength) ? checkShape('Embedding', 'inputLength', inputLength) : inputLength;
    if (length !== null && !Array.isArray(length)) checkNumber('Embedding', 'inputLength', length, { min: 1, integer: true });
    super(length === null || shaped ? base : { ...base, inputShape: [length].flat() as Shape });
    this.inputDim = ids;
    this.outputDim = checkNumber('Embedding', 'outputDim', o.outputDim, { min: 1, integer: true });
    this.maskZero = checkBoolean('Embedding', 'maskZero', o.maskZero);
    for (const name of ['loraRank', 'loraAlpha', 'quantizationConfig'] as const)
      if (o[name] !== null)
        throw new ValueError(
          `Embedding: '${name}' is not available; leave it out. Received: ${show(o[name])}`,
          'ERR_UNSUPPORTED',
        );
    this.#initial = o.weights;
    this.#parts = this.readParts(o);
  }

  private readParts(o: Pick<EmbeddingOptions, 'embeddingsInitializer' | 'embeddingsRegularizer' | 'embeddingsConstraint'>) {
    return {
      embeddingsInitializer: this.initializer('embeddingsInitializer', o.embeddingsInitializer),
      embeddingsRegularizer: this.regularizer('embeddingsRegularizer', o.embeddingsRegularizer),
      embeddingsConstraint: this.constraint('embeddingsConstraint', o.embeddingsConstraint),
    };
  }

  override outputShapeOf(input: Shape): Shape {
    return [...input, this.outputDim];
  }

  protected override createWeights(): void {
    const p = this.#parts;
    this.addWeight('embeddings', [this.inputDim, this.outputDim], {
      initializer: p.embeddingsInitializer,
      regularizer: p.embeddingsRegularizer,
      constraint: p.embeddingsConstraint,
    });
    if (this.#initial != null) this.setWeights(isListed(this.#initial) ? this.#initial : [this.#initial]);
  }

  override lower(_input: Shape, lowering: Lowering) {
    const { inputDim, outputDim, maskZero } = this;
    return [{ op: 'embedding', inputDim, outputDim, maskZero, weights: lowering.weights(this) }];
  }

  protected override config(): Config {
    const { inputDim, outputDim, activityRegularizer, maskZero } = this;
    return { inputDim, outputDim, ...this.#parts, activityRegularizer, maskZero };
  }
}

/** Keras takes the table or a list that holds it; a table of one id is a list of one as well, of a row of numbers. */
function isListed(table: NonNullable<EmbeddingOptions['weights']>): table is readonly WeightArray[] {
  if (!Array.isArray(table) || table.length !== 1) return false;
  return !(Array.isArray(table[0]) && typeof table[0][0] === 'number');
}

export const embeddingLayers = { Embedding };
