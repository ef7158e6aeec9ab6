import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf } from '../options.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import type { TokenCounts } from '../preprocessing/token_counts.js';
import type { Token } from '../preprocessing/vocabulary.js';
import type { Config } from '../registry.js';
import { checkOutputMode } from './encoding.js';
import { FrontLayer } from './front.js';
import type { Shape } from './layer.js';
import { readSalt, type SaltOption } from './salt.js';
import { VocabularyLayer, type VocabularyOptions } from './vocabulary_layer.js';

/** Options of lookup layers. */
export interface LookupOptions<T extends Token> extends VocabularyOptions<T> {
  /** Indices of what is not in the vocabulary; with several, terms are hashed to them, with none they are refused. Default 1. */
  numOovIndices?: number;
  /** The term that stands for nothing: 0 with `'int'`, and otherwise not counted. Default null: there is none. */
  maskToken?: T | null;
  /** What an inverted layer gives for what is not in the vocabulary. */
  oovToken?: T | null;
  /** Ids to terms instead; with `'int'` only. Default false. */
  invert?: boolean;
  /** With several `numOovIndices`, how whole numbers are hashed to them: by their remainder, or by FarmHash64. Default `'floormod'`. */
  oovMethod?: 'floormod' | 'farmhash';
  /** A key of SipHash64, one number or two, to hash with instead of FarmHash64. Default null. */
  salt?: SaltOption;
}

const defaults = {
  maxTokens: null as number | null,
  numOovIndices: 1,
  maskToken: null as Token | null,
  vocabulary: null as readonly Token[] | null,
  idfWeights: null as readonly number[] | null,
  invert: false,
  outputMode: 'int' as unknown,
  padToMaxTokens: false,
  sparse: false,
  oovMethod: 'floormod' as unknown,
  salt: null as SaltOption,
  vocabularySize: null as number | null,
  hasInputVocabulary: undefined as unknown,
};

type Read<T extends Token> = VocabularyOptions<T> & Omit<typeof defaults, 'vocabulary'> & { oovToken: Token | null };

/** A special term: of the kind of the others, or null for none. */
function checkToken(where: string, option: string, value: unknown, kind: 'string' | 'number'): void {
  if (value === null || (kind === 'string' && typeof value === 'string')) return;
  if (kind === 'number' && (Number.isSafeInteger(value) || (typeof value === 'bigint' && BigInt.asIntN(64, value) === value)))
    return;
  throw typeError(
    `${where}: '${option}' must be ${kind === 'string' ? 'a text' : 'a whole number'} or null. Received: ${show(value)}`,
  );
}

abstract class IndexLookup<T extends Token> extends VocabularyLayer<T> {
  protected constructor(className: string, o: Read<T>, kind: 'string' | 'number') {
    const outputMode = checkOutputMode(className, o.outputMode);
    const invert = checkBoolean(className, 'invert', o.invert);
    if (invert && outputMode !== 'int')
      throw new ValueError(`${className}: 'invert' goes with outputMode 'int'. Received: '${outputMode}'`, 'ERR_OPTIONS');
    const oovMethod = checkOneOf(className, 'oovMethod', o.oovMethod, ['floormod', 'farmhash'] as const);
    const salt = readSalt(className, o.salt);
    if (salt && kind === 'number' && oovMethod !== 'farmhash')
      throw new ValueError(`${className}: 'salt' goes with oovMethod 'farmhash'. Received: ${show(o.salt)}`, 'ERR_OPTIONS');
    for (const option of ['maskToken', 'oovToken'] as const) checkToken(className, option, o[option], kind);
    super(o as never, {
      kind,
      invert,
      outputMode,
      oovMethod,
      salt,
      mask: o.maskToken,
      oov: o.oovToken,
      oovIndices: checkNumber(className, 'numOovIndices', o.numOovIndices, { min: 0, integer: true }),
      maxTokens: o.maxTokens,
      padToMaxTokens: o.padToMaxTokens,
      vocabularySize: o.vocabularySize,
    });
  }

  override outputShapeOf(input: Shape): Shape {
    return this.encoded(input);
  }

  /** @internal */
  get takes(): 'string' | 'int64' {
    const { kind, invert } = this.state.options;
    return kind === 'string' && !invert ? 'string' : 'int64';
  }
  /** @internal */
  map(where: string, x: Raw): Raw {
    this.#check(where, x, this.takes === 'string');
    return this.state.map(x);
  }

  #check(where: string, { data }: Raw, wantsText: boolean): void {
    if (work().isText(data) === wantsText) return;
    throw typeError(`${where}: ${this.label} takes ${wantsText ? 'texts' : 'whole numbers'}. Received: ${show(data[0])}`);
  }

  protected count(counts: TokenCounts, x: Raw, isBatch: boolean): void {
    const { isText, tokenOf } = work();
    const { data } = x;
    this.#check('adapt', x, this.state.options.kind === 'string');
    const tokens: Token[] = isText(data) ? (data as string[]) : Array.from({ length: data.length }, (_, i) => tokenOf(data, i));
    for (const token of tokens) counts.add(token);
    if (!counts.byDocument) return;
    // A batch of one axis is one document.
    const rows = isBatch && x.shape.length === 1 ? 1 : x.shape[0];
    const size = tokens.length / rows;
    for (let r = 0; r < rows; r++) counts.addDocument(tokens.slice(r * size, (r + 1) * size));
  }

  protected override config(): Config {
    const { mask, oov, oovIndices, invert, maxTokens, padToMaxTokens, oovMethod, salt, outputMode } = this.state.options;
    return {
      invert,
      maxTokens,
      numOovIndices: oovIndices,
      oovToken: oov,
      maskToken: mask,
      outputMode,
      sparse: this.sparse,
      padToMaxTokens,
      ...this.vocabularyConfig(),
      oovMethod,
      salt: salt && [...salt],
    };
  }
}

/**
 * Texts to ids, in the order of how often they occur. Input `[...]` of texts, output `[...]` of ids, or vectors by `outputMode`. It stands first in a model.
 * See https://keras.io/api/layers/preprocessing_layers/categorical/string_lookup/
 * @example
 * const lookup = layers.stringLookup({ inputShape: [1] });
 * lookup.adapt(['red', 'blue', 'red']);
 * lookup.call(['blue', 'green']); // ids 2 and 0: green was not there
 */
export class StringLookup extends IndexLookup<string> {
  static override readonly className = 'StringLookup';

  constructor(options?: LookupOptions<string> & { encoding?: 'utf-8' }) {
    const o = FrontLayer.read('StringLookup', options, { ...defaults, oovToken: '[UNK]' as Token | null, encoding: 'utf-8' });
    super('StringLookup', o as unknown as Read<string>, 'string');
    checkEncoding('StringLookup', o.encoding);
  }
  protected override config(): Config {
    return { ...super.config(), encoding: 'utf-8' };
  }
}

/**
 * Whole numbers of any size to ids from 0 on, in the order of how often they occur. Input `[...]` of whole numbers, output `[...]` of ids, or vectors by
 * `outputMode`. It stands first in a model. See https://keras.io/api/layers/preprocessing_layers/categorical/integer_lookup/
 * @example
 * const lookup = layers.integerLookup({ vocabulary: [1001, 1003], outputMode: 'one_hot' });
 * lookup.call([1003, 5]).toArray(); // [[0, 0, 1], [1, 0, 0]]
 */
export class IntegerLookup extends IndexLookup<number | bigint> {
  static override readonly className = 'IntegerLookup';

  constructor(options?: LookupOptions<number | bigint> & { vocabularyDtype?: 'int64' }) {
    const o = FrontLayer.read('IntegerLookup', options, { ...defaults, oovToken: -1 as Token | null, vocabularyDtype: 'int64' });
    super('IntegerLookup', o as unknown as Read<number | bigint>, 'number');
    checkOneOf('IntegerLookup', 'vocabularyDtype', o.vocabularyDtype, ['int64'] as const);
  }
  protected override config(): Config {
    return { ...super.config(), vocabularyDtype: 'int64' };
  }
}

export function checkEncoding(where: string, value: unknown): void {
  if (typeof value === 'string' && /^utf-?8$/i.test(value)) return;
  throw new ValueError(`${where}: 'encoding' must be 'utf-8'. Received: ${show(value)}`, 'ERR_UNSUPPORTED');
}

export const lookupLayers = { StringLookup, IntegerLookup };
