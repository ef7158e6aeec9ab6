import { eachBatch, isDataset } from '../data/dataset.js';
import type { ArrayInput, BatchLike, DatasetLike, TextInput } from '../data/inputs.js';
import { RuntimeError, show, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import type { TokenCounts } from '../preprocessing/token_counts.js';
import type { Token } from '../preprocessing/vocabulary.js';
import { encodedShape, encodingOps, type OutputMode } from './encoding.js';
import { FrontLayer } from './front.js';
import { IndexState, type IndexStateOptions } from './index_state.js';
import type { LayerOptions, Lowering, Shape, WeightGroup } from './layer.js';

/** Options of `adapt`. */
export interface AdaptOptions {
  /** Batches that are read of a dataset. Default: all. */
  steps?: number | null;
}

/** What a layer with a vocabulary takes as options besides those that all have. */
export interface VocabularyOptions<T extends Token> extends LayerOptions {
  /** Terms at most, with the special ones; the most frequent ones stay. Default null: all. */
  maxTokens?: number | null;
  /** The terms, where `adapt` is not to find them. */
  vocabulary?: readonly T[] | null;
  /** With a vocabulary and `'tf_idf'`: the weight of each term. */
  idfWeights?: readonly number[] | null;
  /** `'int'` gives ids. `'one_hot'`: a vector for each; `'multi_hot'`, `'count'`, `'tf_idf'`: one for a sample. Default `'int'`. */
  outputMode?: OutputMode;
  /** Whether vectors are as long as `maxTokens`, however large the vocabulary is. Default false. */
  padToMaxTokens?: boolean;
  /** Keras then makes a sparse tensor; here the same numbers come. Default false. */
  sparse?: boolean;
  /** @internal As files have it: the size of a vocabulary that comes later. */
  vocabularySize?: number | null;
}

/** How a model is written: what a file has a place of its own for is not in the configs then. */
let aside = false;

/** Runs with configs that leave out vocabularies which go into files of their own. */
export function withVocabulariesAside<T>(run: () => T): T {
  aside = true;
  try {
    return run();
  } finally {
    aside = false;
  }
}

/** What only configs of files say. */
function checkStored(where: string, o: { vocabularySize?: unknown; hasInputVocabulary?: unknown }): void {
  if (o.vocabularySize != null) checkNumber(where, 'vocabularySize', o.vocabularySize, { min: 0, integer: true });
  if (o.hasInputVocabulary != null) checkBoolean(where, 'hasInputVocabulary', o.hasInputVocabulary);
}

/** A layer that knows terms. */
export abstract class VocabularyLayer<T extends Token = Token> extends FrontLayer {
  protected readonly state: IndexState;
  readonly outputMode: OutputMode;
  readonly sparse: boolean;

  protected constructor(o: VocabularyOptions<T> & { sparse: boolean }, state: IndexStateOptions) {
    super(o);
    checkStored(this.className, o);
    this.outputMode = state.outputMode;
    this.sparse = checkBoolean(this.className, 'sparse', o.sparse);
    if (this.sparse && this.outputMode === 'int')
      throw new ValueError(`${this.className}: 'sparse' goes with another outputMode than 'int'. Received: true`, 'ERR_OPTIONS');
    if (state.maxTokens !== null) checkNumber(this.className, 'maxTokens', state.maxTokens, { min: 2, integer: true });
    if (checkBoolean(this.className, 'padToMaxTokens', state.padToMaxTokens) && state.maxTokens === null)
      throw new ValueError(`${this.className}: 'padToMaxTokens' needs 'maxTokens'.`, 'ERR_OPTIONS');
    this.state = new IndexState(() => this.label, state);
    if (o.vocabulary != null) this.state.give(o.vocabulary, o.idfWeights);
    else if (o.idfWeights != null)
      throw new ValueError(
        `${this.className}: 'idfWeights' go with a vocabulary. Received: ${show(o.idfWeights)} without one`,
        'ERR_OPTIONS',
      );
  }

  /** Counts terms of data. @param isBatch whether it is one batch of several */
  protected abstract count(counts: TokenCounts, x: Raw, isBatch: boolean): void;

  /**
   * Finds the vocabulary of data: the most frequent terms first; of those that are as frequent, the one whose bytes come later first, as in Keras. Call it
   * before training; a second call starts anew.
   * @param data texts as `fit` takes them, or a dataset: an iterable of batches, a generator, a function that returns one; of `[x, y]` the x. With an
   * async one it gives a promise.
   * Throws RuntimeError where the vocabulary was given as an option (ERR_VOCABULARY), ValueError ERR_EMPTY where there are no terms.
   */
  adapt(data: AsyncIterable<BatchLike>, options?: AdaptOptions): Promise<void>;
  adapt(data: TextInput | ArrayInput, options?: AdaptOptions): void;
  adapt(data: TextInput | ArrayInput | DatasetLike, options?: AdaptOptions): void | Promise<void>;
  adapt(data: unknown, options?: AdaptOptions): void | Promise<void> {
    const where = `adapt of ${this.label}`;
    const { steps } = readOptions<Required<AdaptOptions>>('adapt', options, { steps: null });
    if (steps !== null) checkNumber('adapt', 'steps', steps, { min: 1, integer: true });
    if (this.state.isGiven)
      throw new RuntimeError(
        `${where}: its vocabulary was given as an option, so that there is nothing to adapt.`,
        'ERR_VOCABULARY',
      );
    const counts = new (work().TokenCounts)(this.outputMode === 'tf_idf');
    const learn = () => {
      this.state.learn(counts);
      this.#writeIdf();
    };
    if (!isDataset(data)) {
      this.count(counts, this.read(`${where}: the data`, data), false);
      return learn();
    }
    const add = (b: { index: number; x: unknown }) => {
      this.count(counts, this.read(`${where}: batch ${b.index}`, b.x), true);
      return steps === null || b.index + 1 < steps;
    };
    return eachBatch(where, data, add, learn);
  }

  /** Sets the vocabulary. @param idfWeights with `'tf_idf'` the weight of each term */
  setVocabulary(vocabulary: readonly T[], idfWeights: readonly number[] | null = null): void {
    this.state.set(vocabulary, idfWeights);
    this.#writeIdf();
  }
  /** Terms by their ids. @param includeSpecialTokens whether the mask and what is not in the vocabulary are among them */
  getVocabulary(includeSpecialTokens = true): T[] {
    return this.state.terms(checkBoolean('getVocabulary', 'includeSpecialTokens', includeSpecialTokens)) as T[];
  }
  /** How many ids there are, with the special ones. */
  vocabularySize(): number {
    return this.state.size;
  }

  protected encoded(ids: Shape): Shape {
    return encodedShape(this.label, ids, this.outputMode, this.outputMode === 'int' ? 0 : this.state.depth);
  }

  protected override get hasOps(): boolean {
    return this.outputMode !== 'int';
  }
  protected override createWeights(): void {
    if (this.outputMode === 'int') return;
    this.state.freeze();
    if (this.outputMode !== 'tf_idf') return;
    this.addWeight('idf_weights', [this.state.depth], { initializer: this.initializer('idf', 'zeros'), trainable: false });
    this.#writeIdf();
  }
  #writeIdf(): void {
    if (this.state.idf && this.weights.length) this.weights[0].variable.write(this.state.idf);
  }
  override get learns(): boolean {
    return false;
  }

  override lower(_input?: Shape, lowering?: Lowering): ReturnType<FrontLayer['lower']> {
    if (this.outputMode === 'int') return [];
    const weights = this.outputMode === 'tf_idf' ? lowering?.weights(this) : undefined;
    return encodingOps(this.outputMode, this.state.depth, false, weights);
  }

  /** @internal */
  override weightGroup(): WeightGroup {
    return { ...super.weightGroup(), vocabulary: this };
  }
  /** @internal Lines of a file of their own, where the config does not hold the vocabulary. */
  get vocabularyLines(): string | null {
    return this.state.lines;
  }
  /** @internal */
  takeVocabularyLines(text: string): void {
    const idf = this.weights[0]?.read().data as Float32Array | undefined;
    this.state.takeLines(text, idf ?? null);
  }

  /** What of the vocabulary stands in a config. */
  protected vocabularyConfig() {
    const { state } = this;
    const isAside = aside && state.lines !== null;
    return {
      idfWeights: !isAside && state.idf ? [...state.idf] : null,
      vocabulary: !isAside && state.isThere ? state.terms(true) : null,
      vocabularySize: state.isThere ? state.size : state.options.vocabularySize,
    };
  }
}
