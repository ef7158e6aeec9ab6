import { ValueError } from '../errors.js';
import type { Lowering, Shape, Weight } from '../layers/layer.js';
import { lowerTrace } from '../ops/lowering.js';
import { Tensor } from '../ops/tensor.js';
import { shapeText } from '../shapes.js';
import type { Compilation } from './compilation.js';

/** Values of a program that losses and metrics of the user's are. */
export interface TracedParts {
  losses: number | null;
  metricValues: number[];
}

/**
 * Puts the ops of a loss and of metrics of the user's over the predictions.
 * @param result the value that is the predictions @param output their shape, of a sample
 */
export function lowerParts(compilation: Compilation | null, result: number, output: Shape, lowering: Lowering): TracedParts {
  const metrics = compilation?.named.filter(({ metric }) => metric.isTraced) ?? [];
  const loss = compilation?.loss?.isTraced ? compilation.loss : null;
  if (!compilation || (!loss && metrics.length === 0)) return { losses: null, metricValues: [] };
  const width = output.at(-1);
  if (width == null)
    throw new ValueError(
      `compile: a loss or metric of your own needs an output whose last axis is known. Received: ${shapeText([null, ...output])}`,
      'ERR_SHAPE',
    );
  const labels = [null, ...output.slice(0, -1), compilation.labelWidth(output)];
  const yTrue = new Tensor(labels, true, 'float32', { kind: 'label' });
  const yPred = new Tensor([null, ...output], true, 'float32', { kind: 'input', index: 0 });
  const traced = [...(loss ? [loss] : []), ...metrics.map(({ metric }) => metric)].map(
    (part) => part.traced(yTrue, yPred) as Tensor,
  );
  const put = { add: lowering.add, weight: (w: unknown) => lowering.weight(w as Weight) };
  const values = lowerTrace(traced, [result], put);
  return { losses: loss ? values[0] : null, metricValues: loss ? values.slice(1) : values };
}
