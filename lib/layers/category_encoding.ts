import { checkBoolean, checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkOutputMode, encodedShape, encodingOps, type OutputMode } from './encoding.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** Options of {@link CategoryEncoding}. */
export interface CategoryEncodingOptions extends LayerOptions {
  /** Number of ids, the highest one plus 1: a whole number above 0. */
  numTokens: number;
  /** `'one_hot'`: a vector for each id; `'multi_hot'` (1 where an id occurs), `'count'` (how often): one for a sample. Default `'multi_hot'`. */
  outputMode?: 'one_hot' | 'multi_hot' | 'count';
  /** Keras then makes a sparse tensor; here the same numbers come. Default false. */
  sparse?: boolean;
}

/**
 * Ids to vectors as long as there are ids. Input `[ids]` of whole numbers, output `[numTokens]`; with `'one_hot'` `[..., numTokens]`. Ids that are too large
 * count nowhere, those below 0 are refused but with `'one_hot'`.
 * See https://keras.io/api/layers/preprocessing_layers/categorical/category_encoding/
 * @example sequential([layers.categoryEncoding({ numTokens: 4, inputShape: [2] }), layers.dense({ units: 1 })])
 */
export class CategoryEncoding extends Layer {
  static override readonly className = 'CategoryEncoding';
  static override readonly noActivityRegularizer = 'nothing flows back through it';
  readonly numTokens: number;
  readonly outputMode: OutputMode;
  readonly sparse: boolean;

  constructor(options: CategoryEncodingOptions) {
    const o = Layer.read('CategoryEncoding', options, {
      numTokens: undefined as number | undefined,
      outputMode: 'multi_hot' as unknown,
      sparse: false,
    });
    super(o);
    this.numTokens = checkNumber('CategoryEncoding', 'numTokens', o.numTokens, { min: 1, integer: true });
    this.outputMode = checkOutputMode('CategoryEncoding', o.outputMode, ['one_hot', 'multi_hot', 'count']);
    this.sparse = checkBoolean('CategoryEncoding', 'sparse', o.sparse);
  }

  override outputShapeOf(input: Shape): Shape {
    return encodedShape(this.label, input, this.outputMode, this.numTokens);
  }
  override lower() {
    return encodingOps(this.outputMode, this.numTokens, this.outputMode !== 'one_hot');
  }
  protected override config(): Config {
    return { numTokens: this.numTokens, outputMode: this.outputMode };
  }
}

export const categoryEncodingLayers = { CategoryEncoding };
