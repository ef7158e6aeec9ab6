import { pulls } from '../data/pulled.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, isPlain, readOptions } from '../options.js';
import { nextSeed } from '../random.js';
import { Iteration } from './iteration.js';
import { type Node, type Place, stepsOf } from './node.js';
import { Batch } from './ops/batch.js';
import { Cache } from './ops/cache.js';
import { Filter } from './ops/filter.js';
import { chosen, Loaded } from './ops/loaded.js';
import { Mapped } from './ops/map.js';
import { MappedByModule } from './ops/map_module.js';
import { Pack } from './ops/pack.js';
import { Part } from './ops/part.js';
import { Prefetch } from './ops/prefetch.js';
import { Repeat } from './ops/repeat.js';
import { Shard } from './ops/shard.js';
import { Shuffle } from './ops/shuffle.js';
import { Unbatch } from './ops/unbatch.js';
import { Window } from './ops/window.js';
import { Zip } from './ops/zip.js';
import { type SplitOptions, splitNode } from './split_options.js';
import type { Batched, Packed, Unbatched } from './types.js';

/** Options of `dataset.batch`. */
export interface BatchOptions {
  /** Whether a last batch of fewer elements is left out. Default false. */
  dropRemainder?: boolean;
}

/** Options of `dataset.map`. */
export interface MapOptions {
  /** Calls of an async function that may be under way at once; results keep the order of the elements. Default 1. */
  numParallelCalls?: number;
  /** Threads that call the function of a module. Default 1. */
  workers?: number;
}

/** Options of `dataset.window`. */
export interface WindowOptions {
  /** Elements from the begin of a window to that of the next. Default: `size`. */
  shift?: number | null;
  /** Elements from one of a window to the next of it. Default 1. */
  stride?: number;
  /** Whether windows that the end cuts short are left out. Default false. */
  dropRemainder?: boolean;
}

/** Where a dataset stands, as a checkpoint keeps it. */
export interface DatasetState {
  pass: number;
  given: number;
  seeds: number[];
}

const whole = (where: string, name: string, value: unknown, min: number) =>
  checkNumber(where, name, value, { min, integer: true });

/**
 * Elements one after the other, read when they are needed: what `data.csv`, `data.fromArrays` and the other readers give. Each method gives a new dataset and
 * leaves this one as it is. An element is `x`, `[x, y]` or `[x, y, weight]`, where each may be a number, a text, an array or columns by name.
 *
 * It can be read any number of times, by `for await` too. `fit`, `evaluate`, `predict` and `adapt` take datasets of batches. Arrays that it gives may be views of
 * others: take a copy before you write into one.
 * @example
 * const houses = data.fromArrays(x, y).shuffle(40, 1).batch(8);
 * await model.fit(houses, null, { epochs: 2 });
 */
export class Dataset<T = unknown> implements AsyncIterable<T> {
  readonly #node: Node;
  #pass = 0;
  /** Put there by `setState`; the next reading begins at it. */
  #place: Place | null = null;
  #given = 0;
  /** Whether a reading is under way, so that `given` counts. */
  #reading: object | null = null;

  /** @internal */
  constructor(node: Node) {
    this.#node = node;
  }

  /** Elements of a pass; null where only reading tells, Infinity where there is no end. */
  get length(): number | null {
    return this.#node.length;
  }

  /** Elements of a pass, which are counted by reading where nobody knows. */
  count(): Promise<number> {
    return this.#node.count();
  }

  /**
   * What a function makes of each element; it may return a promise. Before `batch` it sees rows, after it batches.
   *
   * The URL of a module is taken too: its default export is called in threads beside this one, so that heavy work does not wait for the event loop. Elements keep
   * their order, however many threads there are. The module sees copies.
   * @example
   * data.fromArrays([1, 2, 3]).map((value) => 2 * value);
   */
  map<U>(make: (element: T) => U | Promise<U>, options?: MapOptions): Dataset<U>;
  map<U>(module: URL, options?: MapOptions): Dataset<U>;
  map<U>(make: URL | ((element: T) => U | Promise<U>), options?: MapOptions): Dataset<U> {
    const o = readOptions<{ numParallelCalls: number; workers: number | null }>('map', options, {
      numParallelCalls: 1,
      workers: null,
    });
    const calls = whole('map', 'numParallelCalls', o.numParallelCalls, 1);
    const workers = o.workers === null ? 1 : checkNumber('map', 'workers', o.workers, { min: 1, max: 64, integer: true });
    if (make instanceof URL) return new Dataset(new MappedByModule(this.#node, make.href, workers));
    if (o.workers !== null)
      throw typeError(
        "map: a function cannot go to other threads, since it may hold on to anything. Give 'workers' with a module whose default export it is: map(new URL('augment.mjs', import.meta.url), { workers: 2 })",
      );
    return new Dataset(new Mapped(this.#node, checkFunction('map', make) as (element: unknown) => unknown, calls));
  }

  /**
   * Those elements of which a function says true.
   * @example data.fromArrays([1, 2, 3]).filter((value) => value > 1);
   */
  filter(keeps: (element: T) => boolean | Promise<boolean>): Dataset<T> {
    return new Dataset(new Filter(this.#node, checkFunction('filter', keeps) as (element: unknown) => unknown));
  }

  /**
   * A random order: elements are drawn from a buffer of so many, which is filled up again. Only a buffer of all elements gives every order the same chance.
   * @param seed of the order. Default: the next one after `setRandomSeed`.
   * @param reshuffleEachIteration whether each pass has an order of its own. Default true.
   */
  shuffle(bufferSize: number, seed?: number | null, reshuffleEachIteration = true): Dataset<T> {
    const size = whole('shuffle', 'bufferSize', bufferSize, 1);
    const reshuffles = checkBoolean('shuffle', 'reshuffleEachIteration', reshuffleEachIteration);
    const drawn = readSeed('shuffle', seed);
    return this.#choose((source) => new Shuffle(source, size, drawn, reshuffles));
  }

  /** So many elements as one: numbers become arrays with the elements first, texts lists. */
  batch(batchSize: number, options?: BatchOptions): Dataset<Batched<T>> {
    const o = readOptions<Required<BatchOptions>>('batch', options, { dropRemainder: false });
    const drops = checkBoolean('batch', 'dropRemainder', o.dropRemainder);
    return new Dataset(new Batch(this.#node, whole('batch', 'batchSize', batchSize, 1), drops));
  }

  /** The rows of batches as elements. */
  unbatch(): Dataset<Unbatched<T>> {
    return new Dataset(new Unbatch(this.#node));
  }

  /** The first elements, at most so many. */
  take(count: number): Dataset<T> {
    const most = whole('take', 'count', count, 0);
    return this.#choose((source) => new Part(source, 0, most));
  }

  /** All but the first elements. */
  skip(count: number): Dataset<T> {
    const from = whole('skip', 'count', count, 0);
    return this.#choose((source) => new Part(source, from, Number.POSITIVE_INFINITY));
  }

  /** The passes one after the other, so often; without a number for ever. Orders of a shuffle before it differ. */
  repeat(count?: number | null): Dataset<T> {
    const times = count == null ? Number.POSITIVE_INFINITY : whole('repeat', 'count', count, 0);
    return this.#choose((source) => new Repeat(source, times));
  }

  /** Keeps what the first whole pass gives in memory, for those after it. */
  cache(): Dataset<T> {
    return new Dataset(new Cache(this.#node));
  }

  /** Reads so many elements before they are asked for. */
  prefetch(bufferSize: number): Dataset<T> {
    return new Dataset(new Prefetch(this.#node, whole('prefetch', 'bufferSize', bufferSize, 1)));
  }

  /** Each `numShards`th element, from the one at `index` on: for workers that share a dataset. */
  shard(numShards: number, index: number): Dataset<T> {
    const shards = whole('shard', 'numShards', numShards, 1);
    const at = checkNumber('shard', 'index', index, { min: 0, max: shards - 1, integer: true });
    return this.#choose((source) => new Shard(source, shards, at));
  }

  /**
   * Elements of this dataset and another side by side, `[a, b]`, until one of them ends.
   * @example data.fromArrays(x).zip(data.fromArrays(y)).batch(8);
   */
  zip<U>(other: Dataset<U>): Dataset<[T, U]> {
    return new Dataset(new Zip([this.#node, nodeOf('zip', other)]));
  }

  /** Elements that follow each other as one, as `batch` makes them. The last windows are shorter where `dropRemainder` is not set. */
  window(size: number, options?: WindowOptions): Dataset<Batched<T>> {
    const o = readOptions<Required<WindowOptions>>('window', options, { shift: null, stride: 1, dropRemainder: false });
    const steps = {
      size: whole('window', 'size', size, 1),
      shift: o.shift === null ? size : whole('window', 'shift', o.shift, 1),
      stride: whole('window', 'stride', o.stride, 1),
      dropRemainder: checkBoolean('window', 'dropRemainder', o.dropRemainder),
    };
    return new Dataset(new Window(this.#node, steps));
  }

  /**
   * The columns of x, all of them numbers, in one array: what a dense layer takes. Before `batch`.
   * @param columns those to take, in this order. Default: all.
   */
  pack(columns?: readonly string[] | null): Dataset<Packed<T>> {
    if (columns != null && (!Array.isArray(columns) || columns.length === 0 || columns.some((name) => typeof name !== 'string')))
      throw typeError(`pack: 'columns' must be a list of names. Received: ${show(columns)}`);
    return new Dataset(new Pack(this.#node, columns ?? null));
  }

  /**
   * Cuts elements into those to train on, to validate on and to test on. Each part reads the source by itself, so split before you shuffle.
   * @example
   * const { train, validation } = data.fromArrays(x, y).split({ validation: 0.2, by: 'stratified', seed: 1 });
   * await model.fit(train.shuffle(40).batch(8), null, { validationData: validation.batch(8) });
   */
  split(options: SplitOptions): { train: Dataset<T>; validation: Dataset<T>; test: Dataset<T> } {
    const node = this.#node;
    // What is loaded for an element is loaded for those of a part alone.
    const parts =
      node instanceof Loaded ? splitNode(node.source, options).map((part) => node.over(() => part)) : splitNode(node, options);
    const [train, validation, test] = parts.map((part) => new Dataset<T>(part));
    return { train, validation, test };
  }

  /** All elements in a list. */
  async toArray(): Promise<T[]> {
    if (this.length === Number.POSITIVE_INFINITY)
      throw new ValueError('toArray: the dataset has no end. Take a part of it: dataset.take(10).toArray()', 'ERR_OUT_OF_RANGE');
    const out: T[] = [];
    for await (const element of this) out.push(element);
    return out;
  }

  /** Where it stands: what `setState` takes. Checkpoints of `fit` ask for it. */
  getState(): DatasetState {
    const seeds = this.#seeded().map((node) => node.seed as number);
    return this.#reading
      ? { pass: this.#pass - 1, given: this.#given, seeds }
      : { pass: this.#place?.pass ?? this.#pass, given: this.#place?.skip ?? 0, seeds };
  }

  /** The next reading begins there. */
  setState(state: DatasetState): void {
    const seeded = this.#seeded();
    const { pass, given, seeds } = isPlain(state) ? (state as Partial<DatasetState>) : {};
    const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
    if (!isCount(pass) || !isCount(given) || !Array.isArray(seeds) || seeds.length !== seeded.length || !seeds.every(isCount))
      throw new ValueError(
        `setState: this is no state of this dataset, which has ${seeded.length} steps that draw at random. Received: ${show(state)}`,
        'ERR_STATE',
      );
    seeded.forEach((node, i) => {
      node.seed = seeds[i];
    });
    this.#place = { pass, skip: given };
    this.#reading = null;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.#begin() as AsyncIterator<T, undefined>;
  }

  /** @internal */
  [pulls](): Iterator<unknown> {
    const iteration = this.#begin();
    // It may answer with a promise, which those who call this know.
    return { next: () => iteration.pull(), return: () => iteration.return() } as unknown as Iterator<unknown>;
  }

  /** A step that only chooses and orders elements. */
  #choose(step: (source: Node) => Node): Dataset<T> {
    return new Dataset(chosen(this.#node, step));
  }

  #begin(): Iteration {
    const place = this.#place ?? { pass: this.#pass, skip: 0 };
    this.#place = null;
    this.#pass = place.pass + 1;
    this.#given = place.skip;
    const iteration = new Iteration(
      () => this.#node.blocks(place),
      (ended) => {
        // Who reads a dataset twice at once is told of the later reading.
        if (this.#reading !== iteration) return;
        if (ended) this.#reading = null;
        else this.#given++;
      },
    );
    this.#reading = iteration;
    return iteration;
  }

  #seeded(): Node[] {
    return [...stepsOf(this.#node)].filter((node) => node.seed !== undefined);
  }

  /** @internal */
  static nodeOf(dataset: Dataset): Node {
    return dataset.#node;
  }
}

function nodeOf(where: string, value: unknown): Node {
  if (!(value instanceof Dataset))
    throw typeError(`${where} takes a dataset, as data.fromArrays gives. Received: ${show(value)}`);
  return Dataset.nodeOf(value);
}

/** A seed that was given, or the next one. */
export const readSeed = (where: string, seed: unknown): number =>
  seed == null ? nextSeed() : checkNumber(where, 'seed', seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });

function checkFunction(where: string, value: unknown): unknown {
  if (typeof value !== 'function') throw typeError(`${where} takes a function of an element. Received: ${show(value)}`);
  return value;
}
