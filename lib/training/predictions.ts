import type { RunResult } from '../../binding.js';
import { allocate } from '../data/elements.js';
import { checkFinite, type Named } from '../data/finite.js';
import { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import { hasMemoryFor } from '../memory.js';
import type { NativeSource } from '../model/engine.js';
import type { Model } from '../model/model.js';
import type { Reading } from '../model/reading.js';
import { sizeOf } from '../shapes.js';
import type { Runner } from './batches.js';
import type { BatchShape } from './feed.js';

/** Room for predictions, by name where there is none. */
export function memoryFor(rows: number, width: number): Float32Array {
  try {
    if (!hasMemoryFor(4 * rows * width)) throw new RangeError('there is not as much memory');
    return new Float32Array(rows * width);
  } catch (cause) {
    const message = `predict: the predictions, ${rows} samples of ${width} numbers, do not fit into memory. Predict fewer samples at a time.`;
    throw Object.assign(new ValueError(message, 'ERR_MEMORY'), { cause });
  }
}

/** Numbers that come out of batches, kept: in one array where the number of samples is known, else run by run. */
export abstract class Outputs implements Runner {
  readonly makesRoom = true;
  #all: Float32Array | null = null;
  #parts: NDArray[] = [];
  #rows = 0;

  /** @param x what is looked at while it is gathered; null where nothing is */
  constructor(
    protected readonly model: Model,
    protected readonly reading: Reading,
    protected readonly x: Named | null,
  ) {}

  /** The shape of what comes of a sample. */
  protected abstract shapeOf(shape: BatchShape): number[];
  protected abstract fill(
    feed: NativeSource,
    shape: BatchShape,
    count: number,
    reset: boolean,
    room: Float32Array,
  ): Promise<RunResult>;

  begin(shape: BatchShape, rows: number | null): void {
    this.model.engine(); // refuses shapes that are too large, before memory is taken
    if (rows !== null) this.#all = memoryFor(rows, sizeOf(this.shapeOf(shape)));
  }

  async run(feed: NativeSource, shape: BatchShape, count: number, reset: boolean): Promise<RunResult> {
    const one = this.shapeOf(shape);
    const width = sizeOf(one);
    const room = this.#all?.subarray(this.#rows * width) ?? memoryFor(count * shape.rows, width);
    const result = await this.fill(feed, shape, count, reset, room);
    if (result.foundNotFinite && this.x) checkFinite(this.x);
    if (result.samples > 0) {
      this.#parts.push(new NDArray(room.subarray(0, result.samples * width), [result.samples, ...one]));
      this.#rows += result.samples;
    }
    return result;
  }

  /** Of the last run. */
  get last(): NDArray {
    return this.#parts[this.#parts.length - 1];
  }

  /** Of all runs, in one array. */
  all(): NDArray {
    const shape = [this.#rows, ...this.last.shape.slice(1)];
    if (!this.#all) return concatenate(this.#parts);
    const length = sizeOf(shape);
    return new NDArray(length < this.#all.length ? this.#all.slice(0, length) : this.#all, shape);
  }
}

/** Runs batches to predict them. */
export class Predictions extends Outputs {
  protected override shapeOf({ output }: BatchShape): number[] {
    return output as number[];
  }
  protected override fill(feed: NativeSource, shape: BatchShape, count: number, _reset: boolean, room: Float32Array) {
    return this.reading.predict(feed, shape.sampleShape, count, room, this.x !== null);
  }
}

/** Evaluates batches, and keeps the loss of each sample, or of each of its steps. */
export class SampleLosses extends Outputs {
  protected override shapeOf({ output }: BatchShape): number[] {
    return output.slice(0, -1) as number[];
  }
  protected override fill(feed: NativeSource, shape: BatchShape, count: number, reset: boolean, room: Float32Array) {
    return this.reading.test(feed, shape, count, reset, this.x !== null, room);
  }
}

function concatenate(parts: readonly NDArray[]): NDArray {
  const [first] = parts;
  if (parts.length === 1) return new NDArray(first.data.slice(), first.shape);
  const all = allocate('the predictions', 'float32', [parts.reduce((n, p) => n + p.data.length, 0)]) as Float32Array;
  let at = 0;
  for (const p of parts) {
    if (p.shape.slice(1).join() !== first.shape.slice(1).join())
      throw new ValueError(
        `predict: batches gave outputs of different shapes, [${first.shape}] and [${p.shape}]; predict them one by one.`,
        'ERR_SHAPE',
      );
    all.set(p.data as Float32Array, at);
    at += p.data.length;
  }
  return new NDArray(all, [parts.reduce((n, p) => n + p.shape[0], 0), ...first.shape.slice(1)]);
}
