import { RuntimeError, show, ValueError } from '../errors.js';
import { Bins, type Salt, textOf } from './bins.js';
import { isText, type Raw, wholeNumber, wholeNumbers } from './raw.js';

/** A term: a text, or a whole number (a bigint where a number does not hold it). */
export type Token = string | number | bigint;

/** What settles which index a term has. */
export interface IndexOptions {
  /** For messages. */
  label: string;
  mask: Token | null;
  oov: Token | null;
  oovIndices: number;
  /** Whether the mask has the index 0: otherwise it has none. */
  masksIndex: boolean;
  /** Terms outside the vocabulary are hashed to their indices; 'floormod': whole numbers are divided. */
  oovMethod: 'floormod' | 'farmhash';
  salt: Salt;
}

/** The index that counts nowhere. */
export const NO_INDEX = -1;

/** Terms and their indices, after those of the mask and of what is not in the vocabulary. */
export class Vocabulary {
  readonly #index = new Map<Token, number>();
  readonly #bins: Bins | null;

  constructor(
    /** Without special ones. */
    readonly tokens: readonly Token[],
    readonly options: IndexOptions,
  ) {
    const start = tokenStart(options);
    for (let i = 0; i < tokens.length; i++) this.#index.set(tokens[i], start + i);
    this.#bins = options.oovIndices > 1 ? new Bins(options.oovIndices, options.salt) : null;
  }

  get size(): number {
    return tokenStart(this.options) + this.tokens.length;
  }

  /** With special terms in their places. */
  get all(): Token[] {
    return [...specialTokens(this.options), ...this.tokens] as Token[];
  }

  /** The index of one term. */
  indexOf(token: Token): number {
    const { mask, masksIndex } = this.options;
    if (token === mask) return masksIndex ? 0 : NO_INDEX;
    return this.#index.get(token) ?? this.#outside(token);
  }

  #outside(token: Token): number {
    const { oovIndices, oovMethod, label } = this.options;
    if (oovIndices === 0)
      throw new ValueError(
        `${label}: ${show(token)} is not in the vocabulary, and with numOovIndices: 0 there is no index for it. Give numOovIndices: 1.`,
        'ERR_OUT_OF_VOCABULARY',
      );
    const start = oovStart(this.options);
    if (!this.#bins) return start;
    if (typeof token === 'string' || oovMethod === 'farmhash') return start + this.#bins.of(String(token));
    const n = BigInt(oovIndices);
    return start + Number(((BigInt(token) % n) + n) % n);
  }

  /** Indices of all elements. */
  lookUp({ data, shape }: Raw): Raw {
    const out = new Int32Array(data.length);
    if (isText(data)) for (let i = 0; i < out.length; i++) out[i] = this.indexOf(data[i]);
    else for (let i = 0; i < out.length; i++) out[i] = this.indexOf(tokenOf(data, i));
    return { data: out, shape };
  }

  /** Terms of indices. */
  termsOf({ data, shape }: Raw): { data: Token[]; shape: readonly number[] } {
    const { all } = this;
    const { oov } = this.options;
    return { data: wholeNumbers(this.options.label, data as Int32Array).map((i) => all[Number(i)] ?? (oov as Token)), shape };
  }
}

/** Floats are cut off behind the point, as TensorFlow casts them. */
export function tokenOf(data: Exclude<Raw['data'], readonly string[]>, i: number): Token {
  const v = data[i];
  if (typeof v === 'bigint') return wholeNumber(v);
  if (Number.isSafeInteger(v)) return v;
  if (!Number.isFinite(v)) throw new ValueError(`element ${i} must be a whole number. Received: ${v}`, 'ERR_VALUE');
  return wholeNumber(BigInt(textOf(data, i)));
}

const oovStart = ({ mask, masksIndex }: IndexOptions): number => (mask !== null && masksIndex ? 1 : 0);
/** The index of the first term. */
export const tokenStart = (options: IndexOptions): number => oovStart(options) + options.oovIndices;

export function specialTokens(options: IndexOptions): (Token | null)[] {
  const masks = oovStart(options) ? [options.mask] : [];
  return [...masks, ...new Array<Token | null>(options.oovIndices).fill(options.oov)];
}

/** What a vocabulary of the user's was found to be. */
export interface ReadTokens {
  tokens: Token[];
  /** Whether it began with the special ones. */
  hadSpecials: boolean;
}

/** Checks a vocabulary of the user's, with or without special terms, as Keras does. */
export function readTokens(
  given: readonly unknown[],
  options: IndexOptions,
  kind: 'string' | 'number',
  more: { invert: boolean; maxTokens: number | null },
): ReadTokens {
  const { label, mask, oov } = options;
  if (given.length === 0) throw new ValueError(`${label}: 'vocabulary' must not be empty.`, 'ERR_VOCABULARY');
  const all = given.map((v, i) => {
    if (typeof v === kind || (kind === 'number' && typeof v === 'bigint')) return wholeNumber(v as never) as Token;
    throw new ValueError(
      `${label}: 'vocabulary' must hold ${kind === 'string' ? 'texts' : 'whole numbers'}. Received: ${show(v)} at position ${i}.`,
      'ERR_VOCABULARY',
    );
  });
  const specials = specialTokens(options);
  const hadSpecials = specials.every((s, i) => all[i] === s);
  const tokens = hadSpecials ? all.slice(specials.length) : all;
  const seen = new Set<Token>();
  for (const token of tokens) {
    if (seen.has(token)) throw new ValueError(`${label}: 'vocabulary' holds ${show(token)} twice.`, 'ERR_VOCABULARY');
    seen.add(token);
  }
  const order = `Leave the special terms out, or begin with them in this order: ${show(specials)}.`;
  if (mask !== null && seen.has(mask))
    throw new ValueError(
      `${label}: 'vocabulary' holds the mask ${show(mask)} at another place than its own. ${order}`,
      'ERR_VOCABULARY',
    );
  if (oov !== null && more.invert && seen.has(oov))
    throw new ValueError(
      `${label}: 'vocabulary' holds the oovToken ${show(oov)} at another place than its own. ${order}`,
      'ERR_VOCABULARY',
    );
  const size = specials.length + tokens.length;
  if (more.maxTokens !== null && size > more.maxTokens)
    throw new ValueError(
      `${label}: the vocabulary has ${size} terms with the special ones, more than maxTokens ${more.maxTokens}.`,
      'ERR_VOCABULARY',
    );
  return { tokens, hadSpecials };
}

/** Weights of tf-idf, as long as the vocabulary with its special terms; padded at the end where the output is. */
export function readIdf(
  label: string,
  given: readonly number[],
  read: ReadTokens,
  start: number,
  padTo: number | null,
): Float32Array {
  const length = read.tokens.length + (read.hadSpecials ? start : 0);
  if (given.length !== length)
    throw new ValueError(
      `${label}: 'idfWeights' must be as long as the vocabulary, ${length}. Received: ${given.length} numbers.`,
      'ERR_VOCABULARY',
    );
  const mean = given.reduce((sum, w) => sum + w, 0) / given.length;
  const front = read.hadSpecials ? [] : new Array<number>(start).fill(mean);
  return padded([...front, ...given], padTo);
}

export function padded(weights: readonly number[], padTo: number | null): Float32Array {
  const out = new Float32Array(padTo ?? weights.length);
  out.set(weights);
  return out;
}

/** For what is needed before there is a vocabulary. */
export const notAdapted = (label: string): RuntimeError =>
  new RuntimeError(
    `${label} has no vocabulary yet: call adapt(data), setVocabulary(terms), or give the option 'vocabulary'.`,
    'ERR_NOT_ADAPTED',
  );
