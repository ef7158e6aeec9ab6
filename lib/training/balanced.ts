import type { Tensor } from '../data/convert.js';
import { ValueError } from '../errors.js';
import type { Shape } from '../layers/layer.js';
import { sizeOf } from '../shapes.js';
import { type ClassWeights, rowSize, type Samples } from './sources.js';

/** What tells the class of a label. */
interface LabelKind {
  readonly sparse: boolean;
  readonly ignoreClass: number | null;
}

/**
 * `classWeight: 'balanced'`: a class weighs `labels / (classes * labels of the class)`, as in scikit-learn, so that each has the same part in the
 * loss. Only the first `rows` samples are counted: those that train.
 */
export function balancedWeights(samples: Samples, loss: LabelKind | null, output: Shape, rows: number): ClassWeights {
  const y = samples.y as Tensor;
  const items = sizeOf(output.slice(0, -1));
  const width = rowSize(y) / items;
  const byNumber = loss?.sparse === true || width === 1;
  const counts = new Map<number, number>();
  let counted = 0;
  for (let i = 0; i < rows * items; i++) {
    const label = byNumber ? Number(y.data[i * width]) : place(y, i, width);
    if (!Number.isInteger(label)) throw notAClass(i, items, byNumber ? label : null);
    if (label === loss?.ignoreClass) continue;
    counts.set(label, (counts.get(label) ?? 0) + 1);
    counted++;
  }
  const classes = [...counts.keys()].sort((a, b) => a - b);
  return { classes, weights: classes.map((c) => counted / (classes.length * (counts.get(c) as number))) };
}

/** Where the 1 of a one-hot label stands; NaN where it is none. */
function place({ data }: Tensor, item: number, width: number): number {
  let at = Number.NaN;
  for (let k = 0; k < width; k++) {
    const v = Number(data[item * width + k]);
    if (v === 0) continue;
    if (v !== 1 || !Number.isNaN(at)) return Number.NaN;
    at = k;
  }
  return at;
}

function notAClass(item: number, items: number, label: number | null): ValueError {
  return new ValueError(
    `fit: classWeight 'balanced' counts classes, so that each label must be a class number or one-hot. Received: ${label ?? 'another label'} for sample ${Math.floor(item / items)}. Give the weights yourself, { 0: 1, 1: 5 }.`,
    'ERR_CLASS_WEIGHT',
  );
}
