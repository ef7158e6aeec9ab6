import type { LossFunction } from '../losses/function_loss.js';
import { asTensor } from '../ops/as_tensor.js';
import type { Tensor } from '../ops/tensor.js';
import { snake } from '../registry.js';
import { Metric, type MetricSpec } from './metric.js';

/** The mean over an epoch of a function of labels and predictions: `(yTrue, yPred) => tensor`. */
export class FunctionMetric extends Metric {
  static override readonly className = 'FunctionMetric';
  constructor(private readonly fn: LossFunction) {
    super({ name: snake(fn.name || 'custom_metric') });
  }
  override get isTraced(): boolean {
    return true;
  }
  override traced(yTrue: Tensor, yPred: Tensor): Tensor {
    return asTensor(`metric '${this.name}' gives`, this.fn(yTrue, yPred));
  }
  protected override describe(): MetricSpec {
    return { metric: 'given' };
  }
}
