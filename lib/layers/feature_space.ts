import { eachBatch, isDataset } from '../data/dataset.js';
import type { BatchLike, DatasetLike, TableInput } from '../data/inputs.js';
import { NDArray } from '../data/ndarray.js';
import { RuntimeError, show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf, isPlain, reading, readOptions } from '../options.js';
import type { Feature, FeatureKind, FeatureSpec, Learned, Missing } from '../preprocessing/feature.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import type { Column, Table } from '../preprocessing/table.js';
import { type Config, camel } from '../registry.js';
import { FrontLayer } from './front.js';
import type { LayerOptions, Shape } from './layer.js';
import type { AdaptOptions } from './vocabulary_layer.js';

/** What a column holds, with options: `{ type: 'float_normalized', missing: 'median' }`. */
export interface FeatureOptions {
  /** See {@link FeatureSpace}. */
  type: FeatureKind;
  /** What stands where a value is null, undefined or NaN: the median or the most frequent value of the data, or a constant. Default null: missing values are refused. */
  missing?: Missing;
  /** Whether a number goes along that is 1 where the value was missing. Default false. */
  missingIndicator?: boolean;
  /** Of ids: `'one_hot'`, or `'int'`, which only `outputMode: 'dict'` gives. Default `'one_hot'`. */
  outputMode?: 'one_hot' | 'int';
  /** Of `float_rescaled`: times so much. Default 1. */
  scale?: number;
  /** Of `float_rescaled`: and so much more. Default 0. */
  offset?: number;
  /** Bins of `float_discretized`, `..._hashed`. Default: those of the space. */
  numBins?: number;
  /** Where bins of `float_discretized` end, ascending, instead of `numBins`. */
  binBoundaries?: readonly number[] | null;
  /** Terms of `..._categorical` at most, those that are not in the vocabulary among them. Default null: all. */
  maxTokens?: number | null;
  /** Ids of what is not in the vocabulary. Default 1. */
  numOovIndices?: number;
}

/** A cross of features: their names, or with options. */
export type Cross = readonly string[] | { readonly featureNames: readonly string[]; readonly crossingDim?: number };

/** Options of a feature space besides its features. */
export interface FeatureSpaceSettings extends LayerOptions {
  /** `'concat'`: one vector, as a model needs it; `'dict'`: an array for each feature, by itself. Default `'concat'`. */
  outputMode?: 'concat' | 'dict';
  /** Features whose values together become one of `crossingDim` bins: `[['city', 'job']]`. They must give ids. Default none. */
  crosses?: readonly Cross[] | null;
  /** Bins of a cross. Default 32. */
  crossingDim?: number;
  /** Bins of hashed features. Default 32. */
  hashingDim?: number;
  /** Bins of discretized features. Default 32. */
  numDiscretizationBins?: number;
}

/** Options of {@link FeatureSpace}. */
export interface FeatureSpaceOptions extends FeatureSpaceSettings {
  /** Columns by their names. */
  features:
    | { readonly [column: string]: FeatureKind | FeatureOptions }
    | readonly (readonly [string, FeatureKind | FeatureOptions])[];
  /** @internal As configs keep what `adapt` found. */
  learned?: readonly (readonly [string, Learned])[] | null;
}

/** One number for each row, or an id that becomes a vector. */
interface Output {
  name: string;
  /** 0 for a number. */
  depth: number;
}

/** What configs of files say that columns have learnt: pairs of a name and an object. */
function readLearned(given: unknown): (readonly [string, Learned])[] {
  if (given === null || given === undefined) return [];
  const isPair = (pair: unknown): pair is readonly [string, Learned] =>
    Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && isPlain(pair[1]);
  const pairs = reading("FeatureSpace: 'learned'", () =>
    Array.isArray(given) && given.length < 2 ** 20 && given.every(isPair) ? given : null,
  );
  if (!pairs)
    throw typeError(`FeatureSpace: 'learned' must be pairs of a column and what it has learnt. Received: ${show(given)}`);
  return [...pairs];
}

/**
 * Rows of a table to one vector each: numbers as they are (`'float'`), of mean 0 and variance 1 (`'float_normalized'`), rescaled (`'float_rescaled'`) or in bins
 * (`'float_discretized'`); categories by a vocabulary (`'integer_categorical'`, `'string_categorical'`) or hashed (`'integer_hashed'`, `'string_hashed'`), and crosses of
 * them. Features come in the order of their names, then crosses, as in Keras's FeatureSpace. It stands first in a model, which then takes rows of objects or columns, and
 * is saved with it; files with one are read here alone.
 * See https://keras.io/api/utils/feature_space/
 * @example
 * const space = layers.featureSpace({ features: { age: { type: 'float_normalized', missing: 'median' }, city: 'string_categorical' } });
 * const rows = [{ age: 31, city: 'Oslo' }, { age: null, city: 'Bergen' }];
 * space.adapt(rows);
 * const model = sequential([space, layers.dense({ units: 1, activation: 'sigmoid' })]);
 * model.predictSync(rows);
 */
export class FeatureSpace extends FrontLayer {
  static override readonly className = 'FeatureSpace';
  override readonly takesDictionary = true;
  readonly outputMode: 'concat' | 'dict';
  readonly #settings: { crossingDim: number; hashingDim: number; numDiscretizationBins: number };
  readonly #features: Feature[];
  readonly #crosses: { name: string; features: string[]; bins: number }[];

  constructor(options: FeatureSpaceOptions) {
    const where = 'FeatureSpace';
    const o = FrontLayer.read(where, options, {
      features: undefined as unknown,
      outputMode: 'concat' as unknown,
      crosses: null as unknown,
      crossingDim: 32,
      hashingDim: 32,
      numDiscretizationBins: 32,
      learned: null as unknown,
    });
    super(o);
    this.outputMode = checkOneOf(where, 'outputMode', o.outputMode, ['concat', 'dict'] as const);
    const bins = (name: 'crossingDim' | 'hashingDim' | 'numDiscretizationBins') =>
      checkNumber(where, name, o[name], { min: 1, integer: true });
    this.#settings = {
      crossingDim: bins('crossingDim'),
      hashingDim: bins('hashingDim'),
      numDiscretizationBins: bins('numDiscretizationBins'),
    };
    const learned = new Map(readLearned(o.learned));
    this.#features = readFeatures(o.features, this.#settings).map(
      (spec) => new (work().Feature)(spec, learned.get(spec.name) ?? null),
    );
    this.#crosses = readCrosses(o.crosses, this.#features, this.#settings.crossingDim);
    const loose = this.#features.find((f) => f.givesIds && f.spec.outputMode === 'int');
    if (this.outputMode === 'concat' && loose)
      throw new ValueError(
        `${where}: feature '${loose.spec.name}' has outputMode 'int', and ids do not go into one vector. Give it 'one_hot', or the space outputMode: 'dict'.`,
        'ERR_OPTIONS',
      );
  }

  get #names(): string[] {
    return this.#features.map((f) => f.spec.name);
  }
  #ready(): void {
    const unready = this.#features.find((f) => !f.isReady);
    if (unready)
      throw new RuntimeError(
        `${this.label} has not seen data, and feature '${unready.spec.name}' follows from them: call adapt(rows).`,
        'ERR_NOT_ADAPTED',
      );
  }

  /** What a row becomes, one after the other. */
  get #outputs(): Output[] {
    return [
      ...this.#features.flatMap((f) => [
        { name: f.spec.name, depth: f.depth },
        ...(f.spec.indicator ? [{ name: `${f.spec.name}_missing`, depth: 0 }] : []),
      ]),
      ...this.#crosses.map(({ name, bins }) => ({ name, depth: bins })),
    ];
  }
  /** Names of the parts of the vector, with how long each is. Before `adapt` a RuntimeError. */
  get parts(): { name: string; width: number }[] {
    this.#ready();
    return this.#outputs.map(({ name, depth }) => ({ name, width: Math.max(depth, 1) }));
  }

  /**
   * Finds vocabularies, means, bins, and what stands for missing values, of a table: rows of objects, columns, or a dataset of such batches, which is read into memory
   * once. Call it before the layer stands in a model; a second call starts anew.
   */
  adapt(data: AsyncIterable<BatchLike>, options?: AdaptOptions): Promise<void>;
  adapt(data: TableInput, options?: AdaptOptions): void;
  adapt(data: TableInput | DatasetLike, options?: AdaptOptions): void | Promise<void>;
  adapt(data: unknown, options?: AdaptOptions): void | Promise<void> {
    const where = `adapt of ${this.label}`;
    const { steps } = readOptions<Required<AdaptOptions>>('adapt', options, { steps: null });
    if (this.builtFor)
      throw new RuntimeError(
        `${where}: it stands in a model already, which was built for what it is. Adapt it before.`,
        'ERR_BUILT',
      );
    const names = this.#names;
    const tables: Table[] = [];
    const learn = () => {
      if (tables.length === 0) throw new ValueError(`${where}: the data have no batches.`, 'ERR_EMPTY');
      const { columns } = work().joinTables(tables, names);
      for (const feature of this.#features) if (feature.needsData) feature.adapt(where, columns.get(feature.spec.name) as Column);
    };
    if (!isDataset(data)) {
      tables.push(work().readTable(`${where}: the data`, data, names));
      return learn();
    }
    const add = ({ index, x }: { index: number; x: unknown }) => {
      tables.push(work().readTable(`${where}: batch ${index}`, x, names));
      return steps === null || index + 1 < steps;
    };
    return eachBatch(where, data, add, learn);
  }

  /** @internal */
  get takes() {
    return 'float32' as const;
  }

  /** Numbers and ids of all rows, by the names of what they become. */
  #columns(where: string, value: unknown): { rows: number; made: [Output, ArrayLike<number>][] } {
    this.#ready();
    const { rows, columns } = work().readTable(where, value, this.#names);
    const ids = new Map<string, ArrayLike<number>>();
    const made: ArrayLike<number>[] = [];
    for (const feature of this.#features) {
      const column = columns.get(feature.spec.name) as Column;
      const numbers = feature.map(where, column);
      ids.set(feature.spec.name, numbers);
      made.push(numbers);
      if (feature.spec.indicator) made.push(feature.missingIn(column));
    }
    for (const { features, bins } of this.#crosses)
      made.push(
        work().crossBins(
          features.map((name) => Int32Array.from(ids.get(name) as ArrayLike<number>)),
          bins,
        ),
      );
    return { rows, made: this.#outputs.map((output, i) => [output, made[i]]) };
  }

  /** @internal Numbers and ids, row by row: the engine makes vectors of the ids. */
  override read(where: string, value: unknown): Raw {
    if (this.outputMode === 'dict')
      throw new ValueError(
        `${this.label} gives an array for each feature, by outputMode: 'dict', and a model takes one. Give it 'concat'.`,
        'ERR_LAYER',
      );
    const { rows, made } = this.#columns(where, value);
    const width = made.length;
    const data = new Float32Array(rows * width);
    made.forEach(([, numbers], c) => {
      for (let r = 0; r < rows; r++) data[r * width + c] = numbers[r];
    });
    return { data, shape: [rows, width] };
  }
  /** @internal */
  map(_where: string, x: Raw): Raw {
    return x;
  }

  /**
   * What it makes of a table by itself: with `'concat'` an NDArray `[rows, width]`; with `'dict'` see {@link dictionary}.
   * @param x rows of objects, or columns
   */
  override call(x: TableInput): NDArray {
    return super.call(x) as NDArray;
  }
  /** An array for each feature and cross, by name: `[rows, 1]` of numbers and ids, `[rows, depth]` of vectors. */
  dictionary(x: TableInput): { [name: string]: NDArray } {
    const { rows, made } = this.#columns(`${this.label}: x`, x);
    const isInt = new Set(this.#features.filter((f) => f.spec.outputMode === 'int').map((f) => f.spec.name));
    return Object.fromEntries(
      made.map(([{ name, depth }, numbers]) => {
        const isVector = depth > 0 && !isInt.has(name);
        const width = isVector ? depth : 1;
        const data = new Float32Array(rows * width);
        for (let r = 0; r < rows; r++)
          if (!isVector) data[r] = numbers[r];
          else if (numbers[r] >= 0 && numbers[r] < depth) data[r * width + numbers[r]] = 1;
        return [name, new NDArray(data, [rows, width])];
      }),
    );
  }

  override outputShapeOf(input: Shape): Shape {
    this.#ready();
    const outputs = this.#outputs;
    if (input.length !== 1 || input[0] !== outputs.length)
      throw new ValueError(
        `${this.label} makes ${outputs.length} columns of a table and takes samples of shape [${outputs.length}]. Received samples of shape [${input.map(String)}]; leave inputShape out.`,
        'ERR_SHAPE',
      );
    return [outputs.reduce((n, { depth }) => n + Math.max(1, depth), 0)];
  }
  protected override get hasOps(): boolean {
    return true;
  }
  override lower(): ReturnType<FrontLayer['lower']> {
    return [{ op: 'tableEncoding', widths: this.#outputs.map(({ depth }) => depth) }];
  }

  protected override config(): Config {
    const { outputMode } = this;
    return {
      features: this.#features.map(({ spec }) => [spec.name, optionsOf(spec)]),
      outputMode,
      crosses: this.#crosses.map(({ features, bins }) => ({ featureNames: features, crossingDim: bins })),
      ...this.#settings,
      learned: this.#features.flatMap(({ spec, learned }) => (learned ? [[spec.name, learned]] : [])),
    };
  }
}

/** Python's order of names. */
const byName = (a: { name: string }, b: { name: string }) => work().compareTokens(a.name, b.name);

function readFeatures(given: unknown, settings: { hashingDim: number; numDiscretizationBins: number }): FeatureSpec[] {
  const entries: unknown = isPlain(given) ? Object.entries(given) : given;
  if (!Array.isArray(entries) || entries.length === 0)
    throw typeError(
      `FeatureSpace: 'features' must be an object of columns such as { age: 'float_normalized' }. Received: ${show(given)}`,
    );
  return entries
    .map((entry: unknown) => {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string')
        throw typeError(
          `FeatureSpace: 'features' must be an object of columns, or pairs of a name and a feature. Received: ${show(given)}`,
        );
      return readFeature(entry[0], entry[1], settings);
    })
    .sort(byName);
}

function readFeature(name: string, given: unknown, settings: { hashingDim: number; numDiscretizationBins: number }): FeatureSpec {
  const where = `FeatureSpace: feature '${name}'`;
  // Configs have their keys in Keras's spelling.
  const options = isPlain(given) ? Object.fromEntries(Object.entries(given).map(([k, v]) => [camel(k), v])) : { type: given };
  const o = readOptions(where, options, {
    type: undefined as unknown,
    missing: null as unknown,
    missingIndicator: false,
    outputMode: 'one_hot' as unknown,
    scale: 1,
    offset: 0,
    numBins: null as number | null,
    binBoundaries: null as unknown,
    maxTokens: null as number | null,
    numOovIndices: 1,
  });
  const kind = checkOneOf(where, 'type', o.type, work().featureKinds);
  const isFloat = kind.startsWith('float');
  const bins = o.numBins ?? (kind === 'float_discretized' ? settings.numDiscretizationBins : settings.hashingDim);
  return {
    name,
    kind,
    missing: readMissing(where, o.missing, isFloat),
    indicator: checkBoolean(where, 'missingIndicator', o.missingIndicator),
    outputMode: checkOneOf(where, 'outputMode', o.outputMode, ['one_hot', 'int'] as const),
    scale: checkNumber(where, 'scale', o.scale),
    offset: checkNumber(where, 'offset', o.offset),
    bins: checkNumber(where, 'numBins', bins, { min: 1, integer: true }),
    boundaries:
      o.binBoundaries === null ? null : (o.binBoundaries as number[]).map((b) => checkNumber(where, 'binBoundaries', b)),
    maxTokens: o.maxTokens === null ? null : checkNumber(where, 'maxTokens', o.maxTokens, { min: 2, integer: true }),
    oovIndices: checkNumber(where, 'numOovIndices', o.numOovIndices, { min: 0, integer: true }),
  };
}

function readMissing(where: string, given: unknown, isFloat: boolean): Missing {
  if (given === null || given === 'most_frequent' || given === 'mostFrequent') return given === null ? null : 'most_frequent';
  if (given === 'median' && isFloat) return 'median';
  const { constant } = (isPlain(given) ? given : {}) as { constant?: string | number };
  if (typeof constant === 'string' || typeof constant === 'number') return { constant };
  throw new ValueError(
    `${where}: 'missing' must be ${isFloat ? "'median', " : ''}'most_frequent', { constant: value } or null. Received: ${show(given)}`,
    'ERR_OUT_OF_RANGE',
  );
}

const optionsOf = (spec: FeatureSpec): Config => ({
  type: spec.kind,
  missing: spec.missing,
  missingIndicator: spec.indicator,
  outputMode: spec.outputMode,
  scale: spec.scale,
  offset: spec.offset,
  numBins: spec.bins,
  binBoundaries: spec.boundaries && [...spec.boundaries],
  maxTokens: spec.maxTokens,
  numOovIndices: spec.oovIndices,
});

function readCrosses(given: unknown, features: readonly Feature[], dim: number) {
  if (given === null) return [];
  if (!Array.isArray(given))
    throw typeError(`FeatureSpace: 'crosses' must be a list of lists of names. Received: ${show(given)}`);
  return given
    .map((cross: unknown) => {
      const o = isPlain(cross)
        ? Object.fromEntries(Object.entries(cross).map(([k, v]) => [camel(k), v]))
        : { featureNames: cross };
      const names = o.featureNames as unknown;
      if (!Array.isArray(names) || names.length < 2)
        throw typeError(`FeatureSpace: a cross takes two features or more by their names. Received: ${show(cross)}`);
      for (const name of names) {
        const feature = features.find((f) => f.spec.name === name);
        if (!feature?.givesIds)
          throw new ValueError(
            `FeatureSpace: a cross is of features that give ids. Received: ${show(name)}${feature ? `, which is ${feature.spec.kind}` : ', which is no feature'}.`,
            'ERR_OPTIONS',
          );
      }
      const bins = checkNumber('FeatureSpace', 'crossingDim', o.crossingDim ?? dim, { min: 1, integer: true });
      return { name: names.join('_X_'), features: names as string[], bins };
    })
    .sort(byName);
}

/**
 * A {@link FeatureSpace} of these columns.
 * @param features columns by their names, each with what it holds
 * @example
 * const space = preprocessing.featureSpace(
 *   { age: 'float_discretized', city: 'string_categorical', job: { type: 'string_hashed', numBins: 16, missing: { constant: 'none' } } },
 *   { crosses: [['city', 'job']], crossingDim: 64 },
 * );
 */
export function featureSpace(features: FeatureSpaceOptions['features'], options: FeatureSpaceSettings = {}): FeatureSpace {
  return new FeatureSpace({ ...options, features });
}

export const featureSpaceLayers = { FeatureSpace };
