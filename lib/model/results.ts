import type { Totals } from '../../binding.js';
import type { Logs } from '../logs.js';
import type { Model } from './model.js';

/** Totals of the engine as logs: the loss, then the metrics under their keys. */
export function toLogs(model: Model, totals: Totals): Logs {
  const compilation = model.compilation('use');
  const logs: Logs = compilation.loss ? { loss: totals.loss } : {};
  compilation.named.forEach(({ key, metric }, i) => {
    const values = totals.metrics[i] && metric.finish(totals.metrics[i]);
    if (values) logs[key] = values.length === 1 ? values[0] : values;
  });
  return logs;
}

/** Who ran: the model's engine a training, a reading an evaluation. */
export interface Ran {
  totals(): Totals;
  progress(): Totals | null;
  readonly disposed: boolean;
}

/** Results of the run that has just ended. */
export function resultLogs(model: Model, ran: Ran = model.engine()): Logs {
  return toLogs(model, ran.totals());
}
