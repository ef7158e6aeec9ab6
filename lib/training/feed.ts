import type { DataArray, FeedClassWeights } from '../../binding.js';
import type { Shape } from '../layers/layer.js';
import type { Compilation } from '../model/compilation.js';
import { Engine, type NativeFeed, type RunShape } from '../model/engine.js';
import type { ClassWeights } from './class_weights.js';
import { rowSize, type Samples } from './samples.js';

/** What a run must know of its batches, and whoever takes what comes of them. */
export interface BatchShape extends RunShape {
  /** Samples of a batch; the last may have fewer. */
  rows: number;
  /** The shape of an output sample. */
  output: Shape;
}

export interface FeedOptions {
  batch: number;
  first?: number;
  count?: number;
  shuffle?: 'none' | 'rows' | 'batches';
  seed?: number;
  pass?: number;
  passes?: number;
  skip?: number;
  /** Rows in an order of their own, in the place of `shuffle`. */
  order?: Uint32Array;
  classWeights?: ClassWeights | null;
}

/** Samples as the engine reads them, and what a run must know of them. */
export interface FeedParts {
  x: DataArray;
  xSize: number;
  y: DataArray | undefined;
  ySize: number;
  weights: DataArray | undefined;
  weightSize: number;
  classWeights: FeedClassWeights | null;
  rows: number;
  shape: BatchShape;
}

export function feedParts(
  compilation: Compilation | null,
  { x, y, weights, count }: Samples,
  output: Shape,
  given: ClassWeights | null | undefined,
): FeedParts {
  let items = 1;
  for (let k = 0; k < output.length - 1; k++) items *= output[k] ?? 1;
  const weightSize = weights ? rowSize(weights) : 0;
  const ySize = y ? rowSize(y) : 0;
  const labelWidth = y ? ySize / items : 1;
  const byNumber = compilation?.loss?.sparse || labelWidth === 1;
  const classWeights = given?.classes.length && y ? { ...given, argmax: !byNumber, labelWidth: byNumber ? 1 : labelWidth } : null;
  return {
    x: x.data as DataArray,
    xSize: rowSize(x),
    y: y?.data as DataArray | undefined,
    ySize,
    weights: weights?.data as DataArray | undefined,
    weightSize,
    classWeights,
    rows: count,
    shape: {
      sampleShape: x.shape.slice(1),
      weightSteps: classWeights ? Math.max(items, weightSize) : weightSize,
      rows: count,
      output,
    },
  };
}

/** A feed over samples, and what the engine must know of it. */
export function feedOf(
  compilation: Compilation | null,
  samples: Samples,
  output: Shape,
  { classWeights, count, ...options }: FeedOptions,
): { feed: NativeFeed; shape: BatchShape } {
  const { shape, rows, ...parts } = feedParts(compilation, samples, output, classWeights);
  return { feed: Engine.feed({ ...parts, ...options, count: count ?? rows }), shape: { ...shape, rows: options.batch } };
}
