import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf } from '../options.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import type { TextOptions } from '../preprocessing/text.js';
import type { TokenCounts } from '../preprocessing/token_counts.js';
import type { Config } from '../registry.js';
import { checkOutputMode } from './encoding.js';
import { FrontLayer } from './front.js';
import type { Shape, WeightGroup } from './layer.js';
import { checkEncoding } from './lookup.js';
import { VocabularyLayer, type VocabularyOptions } from './vocabulary_layer.js';

/** Options of {@link TextVectorization}. */
export interface TextVectorizationOptions extends VocabularyOptions<string> {
  /**
   * What is done with a text first. `'lower'` makes A to Z small, `'strip_punctuation'` takes ASCII's punctuation out. A function of yours gets one text; it
   * cannot be saved. Default `'lower_and_strip_punctuation'`.
   */
  standardize?: 'lower_and_strip_punctuation' | 'lower' | 'strip_punctuation' | null | ((text: string) => string);
  /** Where a text is cut. null: texts are terms already. A function of yours gives the terms of a text; it cannot be saved. Default `'whitespace'`. */
  split?: 'whitespace' | 'character' | null | ((text: string) => readonly string[]);
  /** Runs of neighbours that are terms too: all of up to so many, or of these lengths alone. Default null: none. */
  ngrams?: number | readonly number[] | null;
  /** With `'int'`: ids of a sample; longer texts are cut, shorter ones filled up with 0. Default null: as many as the longest text of the data has. */
  outputSequenceLength?: number | null;
  /** Only false. */
  ragged?: boolean;
  /** Only UTF-8. */
  encoding?: 'utf-8';
}

/**
 * Texts to ids of their words, or to one vector a text. Input: one text a sample, `[]` or `[1]`. Output `[outputSequenceLength]` of ids, where 0 fills up and 1
 * is what is not in the vocabulary; by `outputMode` vectors as long as the vocabulary. It stands first in a model.
 * See https://keras.io/api/layers/preprocessing_layers/text/text_vectorization/
 * @example
 * const vectorization = layers.textVectorization({ maxTokens: 10000, outputSequenceLength: 20 });
 * vectorization.adapt(['the cat sat', 'the dog ran']);
 * const model = sequential([vectorization, layers.embedding({ inputDim: 10000, outputDim: 16 }), layers.globalAveragePooling1D(), layers.dense({ units: 1 })]);
 */
export class TextVectorization extends VocabularyLayer<string> {
  static override readonly className = 'TextVectorization';
  readonly outputSequenceLength: number | null;
  readonly #text: TextOptions;
  readonly #ngrams: number | readonly number[] | null;
  #terms: ((row: readonly string[]) => readonly string[]) | undefined;

  constructor(options?: TextVectorizationOptions) {
    const where = 'TextVectorization';
    const o = FrontLayer.read(where, options, {
      maxTokens: null as number | null,
      standardize: 'lower_and_strip_punctuation' as unknown,
      split: 'whitespace' as unknown,
      ngrams: null as unknown,
      outputMode: 'int' as unknown,
      outputSequenceLength: null as number | null,
      padToMaxTokens: false,
      vocabulary: null as readonly string[] | null,
      idfWeights: null as readonly number[] | null,
      sparse: false,
      ragged: false,
      encoding: 'utf-8',
      vocabularySize: null as number | null,
      hasInputVocabulary: undefined as unknown,
    });
    const outputMode = checkOutputMode(where, o.outputMode);
    super(o as never, {
      kind: 'string',
      invert: false,
      outputMode,
      oovMethod: 'floormod',
      salt: null,
      mask: '',
      oov: '[UNK]',
      oovIndices: 1,
      maxTokens: o.maxTokens,
      padToMaxTokens: o.padToMaxTokens,
      vocabularySize: o.vocabularySize,
    });
    checkEncoding(where, o.encoding);
    if (checkBoolean(where, 'ragged', o.ragged))
      throw new ValueError(
        `${where}: 'ragged' outputs are not available: samples have one shape. Give 'outputSequenceLength'. Received: true`,
        'ERR_UNSUPPORTED',
      );
    const length = o.outputSequenceLength;
    if (length !== null) checkNumber(where, 'outputSequenceLength', length, { min: 1, integer: true });
    if (length !== null && outputMode !== 'int')
      throw new ValueError(
        `${where}: 'outputSequenceLength' goes with outputMode 'int'. Received: '${outputMode}'`,
        'ERR_OPTIONS',
      );
    this.outputSequenceLength = length;
    this.#text = readText(where, o);
    this.#ngrams = o.ngrams as number | readonly number[] | null;
  }

  override outputShapeOf(input: Shape): Shape {
    const { split } = this.#text;
    if (split !== null && !(input.length === 0 || (input.length === 1 && input[0] === 1)))
      throw new ValueError(
        `${this.label} splits one text a sample, of shape [] or [1]. Received samples of shape [${input.map(String)}].`,
        'ERR_SHAPE',
      );
    if (this.outputMode === 'int')
      return [this.outputSequenceLength ?? (split === null && !this.#text.ngrams ? (input[0] ?? 1) : null)];
    return this.encoded([null]);
  }

  /** @internal */
  get takes() {
    return 'string' as const;
  }
  /** @internal */
  map(where: string, { data, shape }: Raw): Raw {
    const { isText, Ragged, NOT_COUNTED } = work();
    if (!isText(data)) throw typeError(`${where}: ${this.label} takes texts. Received: ${show(data[0])}`);
    const { vocabulary } = this.state;
    const [rows] = shape;
    const ids = new Ragged(rows);
    this.#each(data, rows, (terms) => {
      for (let i = 0; i < terms.length; i++) ids.add(vocabulary.indexOf(terms[i]));
      ids.endRow();
    });
    return ids.toRows(where, this.outputSequenceLength, this.outputMode === 'int' ? 0 : NOT_COUNTED);
  }

  protected count(counts: TokenCounts, { data, shape }: Raw): void {
    if (!work().isText(data)) throw typeError(`adapt of ${this.label}: takes texts. Received: ${show(data[0])}`);
    this.#each(data as readonly string[], shape[0], (terms) => {
      for (let i = 0; i < terms.length; i++) counts.add(terms[i]);
      if (counts.byDocument) counts.addDocument(terms);
    });
  }

  /** The terms of each row. */
  #each(data: readonly string[], rows: number, use: (terms: readonly string[]) => void): void {
    this.#terms ??= work().tokenizer(this.#text);
    const width = data.length / rows;
    if (this.#text.split !== null && width !== 1)
      throw new ValueError(`${this.label} splits one text a sample. Received ${width} texts a sample.`, 'ERR_SHAPE');
    for (let r = 0; r < rows; r++) use(this.#terms(width === 1 ? [data[r]] : data.slice(r * width, (r + 1) * width)));
  }

  /** @internal */
  override weightGroup(): WeightGroup {
    const own = super.weightGroup();
    return { ...own, groups: [['_lookup_layer', { ...own, name: 'string_lookup', className: 'StringLookup' }]] };
  }

  protected override config(): Config {
    const { maxTokens, padToMaxTokens } = this.state.options;
    const { standardize, split } = this.#text;
    for (const [name, value] of Object.entries({ standardize, split }))
      if (typeof value === 'function')
        throw new ValueError(
          `${this.label}: '${name}' is a function, which no config can hold. Give the texts as they are once it is applied, and ${name}: null.`,
          'ERR_CODE',
        );
    return {
      maxTokens,
      standardize,
      split,
      ngrams: this.#ngrams,
      outputMode: this.outputMode,
      outputSequenceLength: this.outputSequenceLength,
      padToMaxTokens,
      sparse: this.sparse,
      ragged: false,
      ...this.vocabularyConfig(),
      encoding: 'utf-8',
    };
  }
}

function readText(where: string, o: { standardize: unknown; split: unknown; ngrams: unknown }): TextOptions {
  const isCode = (value: unknown) => value === null || typeof value === 'function';
  const standards = ['lower_and_strip_punctuation', 'lower', 'strip_punctuation'] as const;
  const standardize = isCode(o.standardize) ? o.standardize : checkOneOf(where, 'standardize', o.standardize, standards);
  const split = isCode(o.split) ? o.split : checkOneOf(where, 'split', o.split, ['whitespace', 'character'] as const);
  const width = (value: unknown) => checkNumber(where, 'ngrams', value, { min: 1, integer: true });
  const ngrams =
    o.ngrams === null
      ? null
      : Array.isArray(o.ngrams)
        ? o.ngrams.map(width)
        : Array.from({ length: width(o.ngrams) }, (_, i) => i + 1);
  return { standardize, split, ngrams } as TextOptions;
}

export const textVectorizationLayers = { TextVectorization };
