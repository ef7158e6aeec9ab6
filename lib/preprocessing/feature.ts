import { show, typeError, ValueError } from '../errors.js';
import { hashBins } from './bins.js';
import { boundariesOf, emptySummary, mergeSummaries, summarize } from './quantiles.js';
import { wholeNumber } from './raw.js';
import type { Column } from './table.js';
import { TokenCounts } from './token_counts.js';
import { type Token, Vocabulary } from './vocabulary.js';

/** What a column holds and becomes. */
export type FeatureKind =
  | 'float'
  | 'float_normalized'
  | 'float_rescaled'
  | 'float_discretized'
  | 'integer_categorical'
  | 'string_categorical'
  | 'integer_hashed'
  | 'string_hashed';

export const featureKinds: readonly FeatureKind[] = [
  'float',
  'float_normalized',
  'float_rescaled',
  'float_discretized',
  'integer_categorical',
  'string_categorical',
  'integer_hashed',
  'string_hashed',
];

/** What stands where a value is missing: null where none may be. */
export type Missing = 'median' | 'most_frequent' | { readonly constant: string | number } | null;

/** One feature, checked. */
export interface FeatureSpec {
  name: string;
  kind: FeatureKind;
  missing: Missing;
  indicator: boolean;
  outputMode: 'int' | 'one_hot' | 'float';
  scale: number;
  offset: number;
  bins: number;
  boundaries: readonly number[] | null;
  maxTokens: number | null;
  oovIndices: number;
}

/** What `adapt` found, as configs keep it. */
export interface Learned {
  fill?: string | number;
  mean?: number;
  variance?: number;
  boundaries?: number[];
  terms?: (string | number)[];
}

const isMissing = (v: unknown): boolean => v === null || v === undefined || (typeof v === 'number' && Number.isNaN(v));
const isFloat = (kind: FeatureKind) => kind.startsWith('float');
/** Elements that Keras's quantiles take at once from a table. */
const CHUNK = 32;

/** A feature with what it has learnt: cells to numbers, which are values or ids. */
export class Feature {
  #vocabulary: Vocabulary | null = null;
  #boundaries: readonly number[] | null;

  constructor(
    readonly spec: FeatureSpec,
    public learned: Learned | null,
  ) {
    this.#boundaries = spec.boundaries;
    if (learned) this.#take(learned);
  }

  #take(learned: Learned): void {
    this.learned = learned;
    if (learned.boundaries) this.#boundaries = learned.boundaries;
    if (!learned.terms) return;
    const { name, oovIndices } = this.spec;
    const oov = typeof learned.terms[0] === 'number' ? -1 : '[UNK]';
    const options = { label: `feature '${name}'`, mask: null, oov, oovIndices, masksIndex: true, salt: null };
    this.#vocabulary = new Vocabulary(learned.terms, { ...options, oovMethod: 'floormod' });
  }

  /** Whether there is something to learn before it can be used. */
  get needsData(): boolean {
    const { kind, missing, boundaries } = this.spec;
    const learns = ['float_normalized', 'integer_categorical', 'string_categorical'].includes(kind);
    return learns || (kind === 'float_discretized' && !boundaries) || missing === 'median' || missing === 'most_frequent';
  }
  get isReady(): boolean {
    return this.learned !== null || !this.needsData;
  }
  /** Whether it gives ids. */
  get givesIds(): boolean {
    return !['float', 'float_normalized', 'float_rescaled'].includes(this.spec.kind);
  }
  /** How many ids there are; 0 where it gives numbers. */
  get depth(): number {
    const { kind, bins } = this.spec;
    if (!this.givesIds) return 0;
    if (kind === 'float_discretized') return (this.#boundaries as readonly number[]).length + 1;
    return this.#vocabulary ? this.#vocabulary.size : bins;
  }

  adapt(where: string, column: Column): void {
    const { kind, bins, maxTokens, oovIndices } = this.spec;
    const learned: Learned = {};
    const fill = this.#fillFor(where, column);
    if (fill !== undefined) learned.fill = fill;
    const cells = this.#cells(where, column, fill);
    if (kind === 'float_normalized') Object.assign(learned, moments(cells as Float64Array));
    else if (kind === 'float_discretized' && !this.spec.boundaries) {
      let summary = emptySummary();
      for (let at = 0; at < cells.length; at += CHUNK)
        summary = mergeSummaries(summarize((cells as Float64Array).subarray(at, at + CHUNK), 0.01), summary, 0.01);
      learned.boundaries = boundariesOf(summary, bins);
    } else if (kind.endsWith('categorical')) {
      const counts = new TokenCounts(false);
      for (let i = 0; i < cells.length; i++) counts.add(cells[i]);
      const special = kind === 'string_categorical' ? '[UNK]' : -1;
      learned.terms = counts.tokens([special], maxTokens === null ? null : maxTokens - oovIndices) as (string | number)[];
    }
    this.#take(learned);
  }

  /** What stands for missing values, from those that are there. */
  #fillFor(where: string, column: Column): string | number | undefined {
    const { missing, name } = this.spec;
    if (missing === null) return undefined;
    if (typeof missing === 'object') return missing.constant;
    const there = Array.from(column).filter((v) => !isMissing(v));
    if (there.length === 0)
      throw new ValueError(`${where}: column '${name}' has no value from which '${missing}' could follow.`, 'ERR_EMPTY');
    if (missing === 'median') return median(this.#cells(where, there, undefined) as Float64Array);
    const counts = new TokenCounts(false);
    for (const cell of this.#cells(where, there, undefined)) counts.add(cell);
    return counts.tokens([], 1)[0] as string | number;
  }

  /** Values of one type, with what is missing filled in. */
  #cells(where: string, column: Column, fill: string | number | undefined): Float64Array | Token[] {
    const { kind } = this.spec;
    const read = (i: number): Token => {
      const v = isMissing(column[i]) ? fill : column[i];
      if (v === undefined) throw this.#refuse(where, column[i], i);
      if (kind.startsWith('string') ? typeof v === 'string' : typeof v === 'number' || typeof v === 'bigint') return v as Token;
      if (typeof v === 'boolean' && !kind.startsWith('string')) return v ? 1 : 0;
      throw this.#refuse(where, v, i);
    };
    if (isFloat(kind)) return Float64Array.from({ length: column.length }, (_, i) => Number(read(i)));
    if (kind.startsWith('string')) return Array.from({ length: column.length }, (_, i) => read(i));
    return Array.from({ length: column.length }, (_, i) => {
      const v = read(i);
      if (typeof v === 'number' && !Number.isInteger(v)) throw this.#refuse(where, v, i);
      return wholeNumber(v as number);
    });
  }

  #refuse(where: string, value: unknown, row: number): Error {
    const { name, kind } = this.spec;
    if (isMissing(value))
      return new ValueError(
        `${where}: column '${name}' misses its value in row ${row}. Say what stands there: { type: '${kind}', missing: ${isFloat(kind) ? "'median'" : "'most_frequent'"} }.`,
        'ERR_MISSING_DATA',
      );
    const wanted = kind.startsWith('string') ? 'texts' : isFloat(kind) ? 'numbers' : 'whole numbers';
    return typeError(`${where}: column '${name}' is ${kind}, of ${wanted}. Received: ${show(value)} in row ${row}.`);
  }

  /** The number that each cell becomes: a value, or an id. */
  map(where: string, column: Column): ArrayLike<number> {
    const { kind, missing, scale, offset, bins } = this.spec;
    const constant = missing !== null && typeof missing === 'object' ? missing.constant : undefined;
    const cells = this.#cells(where, column, this.learned?.fill ?? constant);
    if (kind === 'float') return cells as Float64Array;
    if (kind === 'float_rescaled') return (cells as Float64Array).map((v) => v * scale + offset);
    if (kind === 'float_normalized') {
      const { mean = 0, variance = 1 } = this.learned as Learned;
      const deviation = Math.max(Math.sqrt(variance), 1e-7);
      return (cells as Float64Array).map((v) => (v - mean) / deviation);
    }
    if (kind === 'float_discretized') return (cells as Float64Array).map((v) => binOf(v, this.#boundaries as readonly number[]));
    if (kind.endsWith('hashed'))
      return hashBins({ data: (cells as Token[]).map(String), shape: [cells.length] }, { bins, salt: null, mask: null })
        .data as Int32Array;
    const vocabulary = this.#vocabulary as Vocabulary;
    return Int32Array.from(cells as Token[], (cell) => vocabulary.indexOf(cell));
  }

  /** 1 where a value is missing. */
  missingIn(column: Column): Uint8Array {
    return Uint8Array.from({ length: column.length }, (_, i) => (isMissing(column[i]) ? 1 : 0));
  }
}

/** Boundaries at or below a number; all of them for one that is none. In float32, as the layer Discretization counts. */
function binOf(value: number, boundaries: readonly number[]): number {
  const v = Math.fround(value);
  let low = 0;
  for (let high = boundaries.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (v < Math.fround(boundaries[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function moments(values: Float64Array): { mean: number; variance: number } {
  let sum = 0;
  for (const v of values) sum += v;
  const mean = sum / values.length;
  let squares = 0;
  for (const v of values) squares += (v - mean) ** 2;
  return { mean, variance: squares / values.length };
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
