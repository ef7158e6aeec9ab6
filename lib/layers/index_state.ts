import { RuntimeError, show, typeError, ValueError } from '../errors.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import type { TokenCounts } from '../preprocessing/token_counts.js';
import type { IndexOptions, Token, Vocabulary } from '../preprocessing/vocabulary.js';
import type { OutputMode } from './encoding.js';

/** What a vocabulary is to be like. */
export interface IndexStateOptions extends Omit<IndexOptions, 'label' | 'masksIndex'> {
  kind: 'string' | 'number';
  maxTokens: number | null;
  outputMode: OutputMode;
  padToMaxTokens: boolean;
  invert: boolean;
  /** That a file tells before the vocabulary itself is there. */
  vocabularySize: number | null;
}

/** The vocabulary of a layer: how it is found, set, told and written. */
export class IndexState {
  #vocabulary: Vocabulary | null = null;
  #idf: Float32Array | null = null;
  /** Whether it came with the options: then there is nothing to adapt. */
  #given = false;

  constructor(
    private readonly label: () => string,
    readonly options: IndexStateOptions,
  ) {}

  /** Of the options. */
  give(vocabulary: unknown, idf: unknown): void {
    this.set(vocabulary, idf);
    this.#given = true;
  }
  get isGiven(): boolean {
    return this.#given;
  }

  get #indexOptions(): IndexOptions {
    return { ...this.options, label: this.label(), masksIndex: this.options.outputMode === 'int' };
  }
  get #start(): number {
    return work().tokenStart(this.#indexOptions);
  }
  get #padTo(): number | null {
    return this.options.padToMaxTokens ? this.options.maxTokens : null;
  }

  set(vocabulary: unknown, idf: unknown): void {
    const { kind, outputMode } = this.options;
    const label = this.label();
    if (typeof vocabulary === 'string')
      throw new ValueError(
        `${label}: 'vocabulary' must be a list. Received: ${show(vocabulary)}, a path? Read the file and give its lines.`,
        'ERR_VOCABULARY',
      );
    if (!Array.isArray(vocabulary) && !ArrayBuffer.isView(vocabulary))
      throw typeError(`${label}: 'vocabulary' must be a list of terms. Received: ${show(vocabulary)}`);
    const usesIdf = outputMode === 'tf_idf';
    if (usesIdf === (idf == null))
      throw new ValueError(
        `${label}: 'idfWeights' go with a vocabulary and outputMode 'tf_idf', and only then. Received: outputMode '${outputMode}' and ${show(idf)}`,
        'ERR_VOCABULARY',
      );
    const list = Array.from(vocabulary as ArrayLike<unknown>);
    const read = work().readTokens(list, this.#indexOptions, kind, this.options);
    const weights = usesIdf ? work().readIdf(label, Array.from(idf as ArrayLike<number>), read, this.#start, this.#padTo) : null;
    this.#take(new (work().Vocabulary)(read.tokens, this.#indexOptions), weights);
  }

  /** Of what was counted. */
  learn(counts: TokenCounts): void {
    const { mask, oov, maxTokens } = this.options;
    if (counts.isEmpty) throw new ValueError(`adapt of ${this.label()}: the data have no terms.`, 'ERR_EMPTY');
    const tokens = counts.tokens([mask, oov], maxTokens === null ? null : maxTokens - this.#start);
    const idf = counts.byDocument ? counts.idf(tokens, this.#start, this.#padTo) : null;
    this.#take(new (work().Vocabulary)(tokens, this.#indexOptions), idf);
  }

  #take(vocabulary: Vocabulary, idf: Float32Array | null): void {
    const depth = this.#knownDepth;
    if (this.options.outputMode !== 'int' && depth !== null && this.#frozen && this.#depthOf(vocabulary) !== depth)
      throw new RuntimeError(
        `${this.label()} stands in a model whose layers were built for a vocabulary of ${depth} terms. Received one of ${this.#depthOf(vocabulary)}. Make a new model, or give maxTokens and padToMaxTokens: true.`,
        'ERR_VOCABULARY',
      );
    this.#vocabulary = vocabulary;
    this.#idf = idf;
  }

  #frozen = false;
  /** The layers behind it hang on the vocabulary's size from now on. */
  freeze(): void {
    this.#frozen = true;
  }

  #depthOf(vocabulary: Vocabulary): number {
    return this.#padTo ?? vocabulary.size;
  }
  get #knownDepth(): number | null {
    if (this.#padTo !== null) return this.#padTo;
    return this.#vocabulary?.size ?? this.options.vocabularySize;
  }
  /** Length of an encoded sample. */
  get depth(): number {
    const depth = this.#knownDepth;
    if (depth === null) throw work().notAdapted(this.label());
    return depth;
  }
  get idf(): Float32Array | null {
    return this.#idf;
  }
  get isThere(): boolean {
    return this.#vocabulary !== null;
  }
  get vocabulary(): Vocabulary {
    if (!this.#vocabulary) throw work().notAdapted(this.label());
    return this.#vocabulary;
  }

  /** Terms by their indices. */
  terms(withSpecials: boolean): Token[] {
    if (!this.#vocabulary) return withSpecials ? (work().specialTokens(this.#indexOptions) as Token[]) : [];
    return withSpecials ? this.#vocabulary.all : [...this.#vocabulary.tokens];
  }
  get size(): number {
    return this.#vocabulary?.size ?? this.options.vocabularySize ?? this.#start;
  }

  map(x: Raw): Raw {
    const { vocabulary } = this;
    return this.options.invert ? (vocabulary.termsOf(x) as Raw) : vocabulary.lookUp(x);
  }

  // --- in files

  /** Whether a text of lines can hold it: some characters end a line in Python. */
  get #fitsLines(): boolean {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these end lines
    return this.terms(true).every((t) => typeof t !== 'string' || !/[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/.test(t));
  }
  /** Terms as lines, as Keras keeps those that were learnt; null where the config holds them. */
  get lines(): string | null {
    const bigint = this.terms(false).some((t) => typeof t === 'bigint');
    if (!this.isThere || (this.#given && !bigint) || !this.#fitsLines) return null;
    return this.terms(true).join('\n');
  }
  /** Takes such lines. */
  takeLines(text: string, idf: Float32Array | null): void {
    const lines = text.split(/\r\n|\n|\r/);
    while (lines.length && lines.at(-1) === '') lines.pop();
    const number = (line: string) => (Number.isSafeInteger(Number(line)) ? Number(line) : BigInt(line));
    this.set(this.options.kind === 'string' ? lines : lines.map(number), idf);
  }
}
