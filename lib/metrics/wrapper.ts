import { show, typeError, ValueError } from '../errors.js';
import type { MetricIdentifier } from '../identifiers.js';
import { isCustomLoss, Loss, lossRegistry } from '../losses/index.js';
import type { LogitsFrom } from '../losses/loss.js';
import { checkReadable, isPlain, reading } from '../options.js';
import { type Config, classNameOf, fromKerasConfig } from '../registry.js';
import { LossMean } from './loss_mean.js';
import { type Direction, Metric, type MetricOptions, type MetricSpec } from './metric.js';
import { metricRegistry } from './registry.js';

export interface MeanMetricWrapperOptions extends MetricOptions {
  /** What is averaged: the name of a metric or loss function such as `'huber'`, or a loss. */
  fn: MetricIdentifier;
  /** Options of the function: `{ fn: 'huber', delta: 2 }`. */
  // biome-ignore lint/suspicious/noExplicitAny: those of whichever function is named
  [option: string]: any;
}

class WrappedLoss extends LossMean {
  static override readonly className = 'MeanMetricWrapper';
  constructor(loss: Loss) {
    super({}, 'mean_metric_wrapper', loss);
  }
}

/** Keras 3 saves a function as `{ class_name: 'function', config: its name }`: the name, or undefined for anything else. */
export function functionName(id: unknown): string | undefined {
  return isPlain(id) && (id.class_name ?? id.className) === 'function' && typeof id.config === 'string' ? id.config : undefined;
}

/** A plain function runs in JavaScript once for each sample, in the middle of native batches: refused, and what to do said. */
export function refuseFunction(where: string, fn: unknown): ValueError {
  return new ValueError(
    `${where}: a JavaScript function cannot be a metric, because metrics run in the native engine. Received: ${show(fn)}. ` +
      'Give the name of a metric or loss, or compute it in a callback from model.predict.',
    'ERR_UNSUPPORTED',
  );
}

/** A loss to average. Its reduction is not asked for, so that even 'none' will do. */
export function lossOf(id: unknown, where: string): Loss {
  if (id instanceof Loss) return id;
  if (isCustomLoss(id)) throw refuseFunction(where, id.call);
  return lossRegistry.resolve(
    isPlain(id) && isPlain(id.config) ? { ...id, config: { ...id.config, reduction: undefined } } : id,
    where,
  );
}

/** The class of a metric under any of its names; classes that users registered for other kinds of parts do not count. */
export function findMetric(name: string): (new (options?: Config) => Metric) | undefined {
  const found = metricRegistry.find(name);
  return found && found.prototype instanceof Metric ? found : undefined;
}

function metricOf(fn: unknown, options: Config): Metric {
  const where = 'MeanMetricWrapper';
  const name = typeof fn === 'string' ? fn : functionName(fn);
  if (name !== undefined) {
    const metric = findMetric(name);
    if (metric) return new metric(options);
    return new WrappedLoss(lossOf({ className: name, config: options }, `${where}: 'fn'`));
  }
  if (typeof fn === 'function') throw refuseFunction(where, fn);
  const loss = lossOf(fn, `${where}: 'fn'`);
  const unused = Object.keys(options);
  if (unused.length)
    throw typeError(`${where}: option '${unused[0]}' goes only with the name of a function as 'fn'.`, 'ERR_UNKNOWN_OPTION');
  return new WrappedLoss(loss);
}

/**
 * The mean of a metric or loss function over samples. Every loss that has a value for each sample can be a metric this way;
 * its own reduction does not matter.
 * @example model.compile({ loss: 'mse', metrics: [new metrics.MeanMetricWrapper({ fn: 'huber', delta: 2, name: 'huber2' })] })
 */
export class MeanMetricWrapper extends Metric {
  static override readonly className = 'MeanMetricWrapper';
  override readonly direction: Direction;
  readonly #inner: Metric;
  readonly #fn: unknown;
  readonly #options: Config;

  constructor(options: MeanMetricWrapperOptions) {
    if (!reading('MeanMetricWrapper', () => isPlain(options)))
      throw typeError(`MeanMetricWrapper: options must be one object such as { fn: 'huber' }. Received: ${show(options)}`);
    const { fn, name, dtype, ...own } = reading('MeanMetricWrapper', () => ({ ...options }));
    for (const [key, value] of Object.entries({ fn, ...own })) checkReadable(`MeanMetricWrapper: '${key}'`, value);
    super({ name, dtype }, 'mean_metric_wrapper');
    this.#fn = fn;
    this.#options = fromKerasConfig(own);
    this.#inner = metricOf(fn, this.#options);
    this.direction = this.#inner.direction;
  }

  override get sparse(): boolean {
    return this.#inner.sparse;
  }
  override get logitsFrom(): LogitsFrom {
    return this.#inner.logitsFrom;
  }
  override resultSize(width: number): number {
    return this.#inner.resultSize(width);
  }
  override spec(width: number, labelWidth: number): MetricSpec {
    return this.#inner.spec(width, labelWidth);
  }
  protected override describe(): MetricSpec {
    throw new Error('the wrapped metric describes itself');
  }
  protected override config(): Config {
    const fn = this.#fn;
    return { fn: fn instanceof Loss ? { className: classNameOf(fn), config: fn.getConfig() } : fn, ...this.#options };
  }
}

export const wrapperMetrics = { MeanMetricWrapper };
