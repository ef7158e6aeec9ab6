import type { DataArray } from '../../binding.js';
import type { Shape } from '../layers/layer.js';
import type { Compilation } from '../model/compilation.js';
import { Engine, type NativeFeed, type RunShape } from '../model/engine.js';
import { type ClassWeights, rowSize, type Samples } from './sources.js';

export interface FeedOptions {
  batch: number;
  first?: number;
  count?: number;
  shuffle?: 'none' | 'rows' | 'batches';
  seed?: number;
  pass?: number;
  passes?: number;
  skip?: number;
  classWeights?: ClassWeights | null;
}

/** A feed over samples, and what the engine must know of it. */
export function feedOf(
  compilation: Compilation | null,
  samples: Samples,
  output: Shape,
  options: FeedOptions,
): { feed: NativeFeed; shape: RunShape } {
  const { x, y, weights } = samples;
  const items = output.slice(0, -1).reduce<number>((n, d) => n * (d ?? 1), 1);
  const weightSize = weights ? rowSize(weights) : 0;
  const classes = options.classWeights?.classes.length && y ? options.classWeights : null;
  const steps = classes ? Math.max(items, weightSize) : weightSize;
  const labelWidth = y ? rowSize(y) / items : 1;
  const byNumber = compilation?.loss?.sparse || labelWidth === 1;
  const feed = Engine.feed({
    x: x.data as DataArray,
    xSize: rowSize(x),
    ...(y ? { y: y.data as DataArray, ySize: rowSize(y) } : {}),
    ...(weights ? { weights: weights.data as DataArray, weightSize } : {}),
    batch: options.batch,
    first: options.first ?? 0,
    count: options.count ?? samples.count,
    shuffle: options.shuffle ?? 'none',
    seed: options.seed ?? 0,
    pass: options.pass ?? 0,
    passes: options.passes ?? 1,
    skip: options.skip ?? 0,
    classWeights: classes && { ...classes, argmax: !byNumber, labelWidth: byNumber ? 1 : labelWidth },
  });
  return { feed, shape: { sampleShape: x.shape.slice(1), weightSteps: steps } };
}
