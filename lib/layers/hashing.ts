import type { TypedArray } from '../data/elements.js';
import type { ArrayInput, TextInput, XInput } from '../data/inputs.js';
import type { NDArray } from '../data/ndarray.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf, isPlain, reading } from '../options.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import type { Config } from '../registry.js';
import { checkOutputMode, encodedShape, encodingOps, type OutputMode } from './encoding.js';
import { FrontLayer } from './front.js';
import type { LayerOptions, Shape } from './layer.js';
import { readSalt, type SaltOption } from './salt.js';

/** Keras's dtype of ids, which layers that give them carry in their configs. */
const idTypes = ['int32', 'int64', 'float32'] as const;

function withoutIdType<T extends { dtype?: unknown }>(where: string, o: T): T {
  if (!reading(where, () => isPlain(o))) return o; // no options, which are refused where they are read
  if (o.dtype != null && typeof o.dtype === 'string') checkOneOf(where, 'dtype', o.dtype, idTypes);
  return typeof o.dtype === 'string' ? { ...o, dtype: undefined } : o;
}

/** A layer that gives bins, or vectors of them. */
abstract class BinLayer extends FrontLayer {
  readonly numBins: number;
  readonly outputMode: OutputMode;
  readonly sparse: boolean;

  protected constructor(
    where: string,
    o: LayerOptions & { numBins: unknown; outputMode: unknown; sparse: unknown },
    modes: readonly OutputMode[],
  ) {
    super(o);
    this.numBins = checkNumber(where, 'numBins', o.numBins, { min: 1, integer: true });
    this.outputMode = checkOutputMode(where, o.outputMode, modes);
    this.sparse = checkBoolean(where, 'sparse', o.sparse);
  }

  override outputShapeOf(input: Shape): Shape {
    return encodedShape(this.label, input, this.outputMode, this.numBins);
  }
  protected override get hasOps(): boolean {
    return this.outputMode !== 'int';
  }
  override lower(): ReturnType<FrontLayer['lower']> {
    return encodingOps(this.outputMode, this.numBins, false);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), ...(this.outputMode === 'int' ? { dtype: 'int64' } : {}) };
  }
  protected override config(): Config {
    return { numBins: this.numBins, outputMode: this.outputMode, sparse: this.sparse };
  }
}

/** Options of {@link Hashing}. */
export interface HashingOptions extends Omit<LayerOptions, 'dtype'> {
  /** Bins, that of the mask among them: a whole number above 0. */
  numBins: number;
  /** What has the bin 0 to itself. Default null: nothing. */
  maskValue?: string | number | null;
  /** A key of SipHash64, to hash with instead of FarmHash64. Default null. */
  salt?: SaltOption;
  /** `'int'` gives bins. `'one_hot'`: a vector for each; `'multi_hot'`, `'count'`: one for a sample. Default `'int'`. */
  outputMode?: Exclude<OutputMode, 'tf_idf'>;
  /** Keras then makes a sparse tensor; here the same numbers come. Default false. */
  sparse?: boolean;
  /** As Keras writes it: the numbers are the same. */
  dtype?: 'int32' | 'int64' | 'float32';
}

/**
 * Texts or whole numbers to bins, without a vocabulary: those of TensorFlow's FarmHash64, or of SipHash64 with a `salt`. Input `[...]`, output `[...]` of bins,
 * or vectors by `outputMode`. It stands first in a model. See https://keras.io/api/layers/preprocessing_layers/categorical/hashing/
 * @example
 * const hashing = layers.hashing({ numBins: 7 });
 * hashing.call(['a', 'bc']); // the bins 5 and 6
 */
export class Hashing extends BinLayer {
  static override readonly className = 'Hashing';
  #takes: 'string' | 'int64' = 'string';
  readonly #options: { salt: ReturnType<typeof readSalt>; mask: string | number | null };

  constructor(options: HashingOptions) {
    const o = FrontLayer.read('Hashing', withoutIdType('Hashing', (options ?? {}) as { dtype?: string }), {
      numBins: undefined as number | undefined,
      maskValue: null as string | number | null,
      salt: null as SaltOption,
      outputMode: 'int' as unknown,
      sparse: false,
    });
    const { maskValue } = o;
    if (maskValue !== null && typeof maskValue !== 'string' && !Number.isSafeInteger(maskValue))
      throw typeError(`Hashing: 'maskValue' must be a text, a whole number or null. Received: ${show(maskValue)}`);
    super('Hashing', o, ['int', 'one_hot', 'multi_hot', 'count']);
    if (this.sparse && this.outputMode === 'int')
      throw new ValueError("Hashing: 'sparse' goes with another outputMode than 'int'. Received: true", 'ERR_OPTIONS');
    this.#options = { salt: readSalt('Hashing', o.salt), mask: o.maskValue };
  }

  /** @internal As the data were that it has seen. */
  get takes(): 'string' | 'int64' {
    return this.#takes;
  }
  /** @internal */
  map(_where: string, x: Raw): Raw {
    this.#takes = work().isText(x.data) ? 'string' : 'int64';
    return work().hashBins(x, { bins: this.numBins, ...this.#options });
  }
  protected override config(): Config {
    const { salt, mask } = this.#options;
    return { ...super.config(), salt: salt && [...salt], maskValue: mask };
  }
}

/** Options of {@link HashedCrossing}. */
export interface HashedCrossingOptions extends Omit<LayerOptions, 'dtype'> {
  /** Bins: a whole number above 0. */
  numBins: number;
  /** `'int'` gives bins, `'one_hot'` vectors. Default `'int'`. */
  outputMode?: 'int' | 'one_hot';
  /** Keras then makes a sparse tensor; here the same numbers come. Default false. */
  sparse?: boolean;
  /** As Keras writes it: the numbers are the same. */
  dtype?: 'int32' | 'int64' | 'float32';
}

/**
 * Several features to one: the bin of each row's values together. It takes several inputs, so that it works by itself and in `preprocessing.featureSpace`
 * (`crosses`), not in a stack. See https://keras.io/api/layers/preprocessing_layers/categorical/hashed_crossing/
 * @example
 * const crossing = layers.hashedCrossing({ numBins: 5 });
 * crossing.call([['A', 'B', 'A'], [101, 101, 102]]); // the bins 1, 4 and 3
 */
export class HashedCrossing extends BinLayer {
  static override readonly className = 'HashedCrossing';

  constructor(options: HashedCrossingOptions) {
    const o = FrontLayer.read('HashedCrossing', withoutIdType('HashedCrossing', (options ?? {}) as { dtype?: string }), {
      numBins: undefined as number | undefined,
      outputMode: 'int' as unknown,
      sparse: false,
    });
    super('HashedCrossing', o, ['int', 'one_hot']);
  }

  /** The bins of features, `[samples]` or `[samples, 1]` each. */
  override call(features: XInput | readonly (TextInput | ArrayInput)[]): NDArray<TypedArray> {
    return super.call(features as XInput) as NDArray<TypedArray>;
  }

  /** @internal A list of features becomes one column of bins. */
  override read(where: string, value: unknown): Raw {
    if (!Array.isArray(value) || value.length < 2)
      throw new ValueError(`${where}: ${this.label} takes a list of two features or more. Received: ${show(value)}`, 'ERR_SHAPE');
    const features = value.map((feature, i) => work().readRaw(`${where}[${i}]`, feature));
    const { shape } = features[0];
    if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1) || features.some((f) => String(f.shape) !== String(shape)))
      throw new ValueError(
        `${where}: the features of ${this.label} must have one shape, [samples] or [samples, 1]. Received: ${features.map((f) => `[${f.shape}]`).join(', ')}`,
        'ERR_SHAPE',
      );
    return {
      data: work().crossBins(
        features.map((f) => f.data),
        this.numBins,
      ),
      shape,
    };
  }
  override lowerInto(...args: Parameters<FrontLayer['lowerInto']>): number {
    if (this.home)
      throw new ValueError(
        `${this.label} takes several inputs, and a stack has one. Cross features by preprocessing.featureSpace(..., { crosses }).`,
        'ERR_LAYER',
      );
    return super.lowerInto(...args);
  }
  /** @internal */
  get takes() {
    return 'string' as const;
  }
  /** @internal */
  map(_where: string, x: Raw): Raw {
    return x;
  }
}

export const hashingLayers = { Hashing, HashedCrossing };
