/**
 * Every function of the native addon: the contract between lib/ (TypeScript) and native/ (C++). Few and coarse calls: one `run`
 * trains many batches. `test/engine/binding.test.ts` holds this file against what the addon exports.
 *
 * Errors are `ValueError` or `RuntimeError` of lib/errors.ts, handed over by `setErrorClasses`, each with a `code`.
 */

/** Element types that data sets may have. Small types are widened to float32 row by row while a batch is gathered. */
export type DataArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array;

/**
 * A float32 array in native memory: a weight, an optimizer slot, a moving statistic, the state of a stateful layer. Shared by every
 * network that uses it.
 */
export declare class NativeVariable {
  /** One of zeros. No size: a scalar. */
  constructor(shape: number[]);
  /** Number of elements. */
  readonly size: number;
  /** Copies the values into an array of exactly `size` elements. RuntimeError ERR_BUSY while a batch is being trained. */
  read(into: Float32Array): void;
  /** Takes over the values of an array of exactly `size` elements. RuntimeError ERR_BUSY while any job uses the variable. */
  write(from: Float32Array): void;
  /** Gives up all elements: a state that the next run begins with zeros, for its batch size. RuntimeError ERR_BUSY while any job uses it. */
  clear(): void;
  /** What it holds, as it lies: see `VariableState`. RuntimeError ERR_BUSY while a batch is being trained. */
  readState(): VariableState;
  /** Takes such a state over; a variable of no size takes its shape, too. RuntimeError ERR_BUSY while any job uses the variable. */
  writeState(state: VariableState): void;
}

/**
 * A variable's numbers as they lie in memory. Rows of a large table may be behind (the optimizer makes up for steps without a gradient when the next
 * one comes): then it says which. A training that is put down and taken up so goes on to the bits of one that was not. All variables of a model are to be
 * read, and written, between the same two batches.
 */
export interface VariableState {
  /** Sizes of its axes. */
  shape: number[];
  /** Its numbers, row-major. */
  values: Float32Array;
  /** Steps after which each row was last up to date; empty where all are. */
  updated: Int32Array;
  /** What each step since all rows were up to date was worth. */
  scales: Float64Array;
}

/** Weight of a sample (or step) by its label's class. Classes that are not listed weigh 1. */
export interface FeedClassWeights {
  /** Class numbers. */
  classes: number[];
  /** The weight of each. */
  weights: number[];
  /** The label is a vector, whose class is where it is largest; else it is the class itself. */
  argmax: boolean;
  /** Elements of y an item. */
  labelWidth: number;
}

/** Arrays of a data set, read in place, and the order in which batches come. */
export interface FeedSpec {
  /** The samples, row after row. */
  x: DataArray;
  /** Elements of a sample of x. */
  xSize: number;
  /** Their labels. */
  y?: DataArray;
  /** Elements of a label. */
  ySize?: number;
  /** Sample weights. */
  weights?: DataArray;
  /** Weights of a sample: 1, or the number of steps. */
  weightSize?: number;
  /** The first row used. Default 0. */
  first?: number;
  /** Rows used. Default: all from `first` on. */
  count?: number;
  /** Rows of a batch; the last one of a pass may have fewer. */
  batch: number;
  /** 'rows': a new order of all rows each pass. 'batches': whole chunks of `batch` rows change places (an incomplete one stays last), and the rows within each. */
  shuffle?: 'none' | 'rows' | 'batches';
  /** The rows of each pass, counted from `first`, `count` of them: some may come often, others never. In the place of `shuffle`. */
  order?: Uint32Array;
  /** The order of a pass is a function of (seed, pass) alone. */
  seed?: number;
  /** Number of the first pass. */
  pass?: number;
  /** Passes over the rows until the feed is at its end; below 0: no end. */
  passes?: number;
  /** Batches of the first pass that are left out. Default 0. */
  skip?: number;
  /** Weights by the labels' classes. Default: none. */
  classWeights?: FeedClassWeights | null;
}

/** A stream of batches over arrays, which it references (and never copies) as long as it lives. */
export declare class Feed {
  /** ValueError where an array does not divide into rows. */
  constructor(spec: FeedSpec);
}

/** What the batches of a queue have in common. */
export interface FeedKind {
  /** Elements of a sample of x. */
  xSize: number;
  /** 0: no labels. */
  ySize: number;
  /** 0: no weights. */
  weightSize: number;
  /** Weights by the labels' classes. */
  classWeights: FeedClassWeights | null;
}

/** Batches that are put in while a run takes them, in their order. They are copied; memory is bounded by whoever minds the answer of `push`. */
export declare class FeedQueue {
  /** @param room called after `push` has said that there is none, when half of the queue is free. ValueError where it is none. */
  constructor(room: () => void);
  /** Of the batches that come from now on. A run takes batches of one kind and of one number of rows, and ends where others begin. */
  kind(kind: FeedKind): void;
  /** Puts in a batch. Returns whether there is room for another. */
  push(x: DataArray, y?: DataArray, weights?: DataArray): boolean;
  /** Batches that no run has taken. */
  length(): number;
  /** Gives these up, and the queue's memory. Returns how many they were. */
  clear(): number;
}

/** What loss and metrics have been summed up to, before they become results. */
export interface TrainingSums {
  /** The loss, summed over rows. */
  loss: number;
  /** Rows that it covers. */
  rows: number;
  /** Batches that it covers. */
  steps: number;
  /** The metrics' states, one array a chunk of rows. */
  metrics: Float64Array[];
}

/** Loss and metric values since the last reset. A metric has one value, or several. */
export interface Totals {
  /** The mean loss. */
  loss: number;
  /** The values of each metric. */
  metrics: number[][];
  /** Batches that they cover. */
  steps: number;
}

/** One run: what is done with how many batches. */
export interface RunRequest {
  /** What is done with each batch. */
  mode: 'train' | 'test' | 'predict';
  /** Shape of one sample of x. */
  sampleShape: number[];
  /** Floats of weight a sample: 0 when there are no sample or class weights, 1, or the number of steps. */
  weightSteps?: number;
  /** At most so many batches. */
  steps: number;
  /** Training: the learning rate of every step, or of each. */
  learningRates?: Float32Array;
  /** Training: steps the optimizer has taken before. */
  call?: number;
  /** Training: steps the model has taken before: the counter of its random numbers. */
  step?: number;
  /** Start loss and metrics anew. Default true. */
  reset?: boolean;
  /** Training of several epochs: batches of one. Loss and metrics start anew with each. Ends early with an epoch once it has taken 20 ms. */
  epochSteps?: number;
  /** Test and prediction: end at the first batch whose x is not finite. Default false. */
  checkFinite?: boolean;
  /** Prediction: where the rows go; room for all of them. Test: where the loss of each item goes, before weights; 0 where a mask leaves it out. */
  predictions?: Float32Array;
}

/** What a run came to. */
export interface RunResult extends Totals {
  /** Batches done by this call: fewer than asked for where the feed ended or `stop` was called. */
  done: number;
  /** Rows of them. */
  samples: number;
  /** With `checkFinite`: x of the batch after these is not finite, so that it was not counted. */
  foundNotFinite: boolean;
  /** The first of these batches whose loss is NaN or infinite; -1 where there is none. */
  lossNotFinite: number;
  /** With `epochSteps`: the totals of each epoch that came to its end. What is then left of `done` belongs to one that did not. */
  epochs: Totals[];
}

/** What the threads did: see native/engine/trace.h. */
export interface TraceData {
  /** Names of what was done, such as 'forward dense #0'. */
  labels: string[];
  /** What each thread did. */
  threads: {
    /** Seconds, floating-point operations of products, and count of each label. */
    totals: Float64Array;
    /** Of the first spans: the index of the label. */
    label: Int32Array;
    /** When each began, in seconds. */
    begin: Float64Array;
    /** How long each took, in seconds. */
    duration: Float64Array;
  }[];
}

/**
 * A compiled model, which trains: program, schedule, memory and weights. Or a reader of one, with plans and sums of its own, which evaluates
 * and predicts, also while the model trains. One job at a time; a second one is a RuntimeError ERR_BUSY.
 */
export declare class Network {
  /**
   * @param spec `{ seed, ops, result, logits?, head?, variables, optimizer? }`: plain data, see lib/model/lower.ts.
   * @param slots the optimizer's state arrays.
   * @param states those of stateful ops, of no elements before their first run; a run whose batch size does not fit them is a ValueError ERR_STATEFUL.
   */
  constructor(spec: object, variables: NativeVariable[], slots: NativeVariable[], states: NativeVariable[]);
  /**
   * A reader. While a training holds the weights it reads a copy of them, as they are after a whole batch.
   * @param traced what it does is recorded in the trace of the model.
   */
  constructor(model: Network, traced: boolean);
  /** Of a reader: shape of an output sample for that of an input sample. ValueError where the program does not fit it. */
  outputShape(sampleShape: number[]): number[];
  /** Runs batches on the pool, off the JavaScript thread. */
  run(feed: Feed | FeedQueue, request: RunRequest): Promise<RunResult>;
  /**
   * Predicts a few rows on the calling thread: the lowest latency, the event loop waits meanwhile.
   * @returns false where `checkFinite` is set and x is not finite
   */
  predictSync(x: DataArray, sampleShape: number[], predictions: Float32Array, checkFinite?: boolean): boolean;
  /** After `writeState` of all variables of a checkpoint: rows of tables that are behind are read as such from now on, also before a run. */
  takeUpRows(): void;
  /** Sums of a training since the last reset: with `setTrainingSums` an epoch is put down between two batches and taken up again. */
  trainingSums(): TrainingSums;
  /** Goes on from such sums. */
  setTrainingSums(sums: TrainingSums): void;
  /** Loss and metrics since the last reset. */
  totals(): Totals;
  /** Recent totals while a job runs. */
  progress(): Totals;
  /** Ends a running job at its next batch. */
  stop(): void;
  /** Of a reader: its runs so far have seen the same weights, those after it see newer ones. Of a model: a training is over, and copies of its weights can go. */
  rest(): void;
  /** Runs are traced from now on. */
  beginTrace(): void;
  /** Ends it: what was recorded, a log for each thread. */
  endTrace(): TraceData;
  /** Frees the native memory at once. */
  dispose(): void;
}

/** What the addon exports. */
export interface Binding {
  /** See `NativeVariable`. */
  Variable: typeof NativeVariable;
  /** See `Feed`. */
  Feed: typeof Feed;
  /** See `FeedQueue`. */
  FeedQueue: typeof FeedQueue;
  /** See `Network`. */
  Network: typeof Network;
  /** Classes of the errors thrown: called with (message, code). */
  setErrorClasses(
    valueError: new (message: string, code: string) => Error,
    runtimeError: new (message: string, code: string) => Error,
  ): void;
  /** Threads of the process-wide pool, 1 to 256. */
  setThreads(count: number): void;
  /** What the engine is made of, and on how many threads it runs. */
  info(): {
    blas: string;
    gemm: 'auto' | 'openblas' | 'own';
    simd: string;
    bfloat16: 'AMX' | 'AVX512_BF16' | 'emulated';
    threads: number;
  };
  /** Fills with random numbers that follow from (seed, position) alone: uniform in [a, b), normal with mean a and deviation b, or that cut at two deviations. */
  randomFill(kind: 'uniform' | 'normal' | 'truncatedNormal', seed: number, out: Float32Array, a: number, b: number): void;
  /** A random matrix with orthonormal rows or columns, times gain. */
  orthogonal(seed: number, rows: number, columns: number, gain: number, out: Float32Array): void;
  /** GFLOP/s that one thread multiplies and adds in registers. */
  measurePeak(): number;
  /**
   * With GEMMFIT_GUARD=1: how often each way of an op that sizes, shapes or the processor choose was taken, by its name and mode
   * (`'dense.spreadX predict'`). All that this machine can take are there. See native/engine/paths.def.
   */
  paths(): Record<string, number>;
  /** Index of the first element outside [low, high] (or NaN, or no whole number where asked); -1 when all fit. `except` is allowed besides. */
  firstOutside(data: DataArray, low: number, high: number, wholeNumbers: boolean, except: number | null): number;
  /** Index of the first element that is NaN, infinite or beyond float32; -1 when there is none. */
  firstNotFinite(data: DataArray): number;
}
