import { single } from '../data/containers.js';
import type { SpecValue } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import type { LossOption, MetricsOption, OptimizerIdentifier } from '../identifiers.js';
import type { Layer, Shape } from '../layers/layer.js';
import { CustomLoss, type Loss, lossRegistry } from '../losses/index.js';
import type { LogitsFrom } from '../losses/loss.js';
import { type NamedMetric, nameMetrics } from '../metrics/index.js';
import { type Optimizer, optimizerRegistry } from '../optimizers/index.js';
import { checkNumber, checkOneOf, readOptions } from '../options.js';

/** Options of `compile`. Optimizer, loss and metrics: a name, an instance or a config. */
export interface CompileOptions {
  /** Default `'rmsprop'`. */
  optimizer?: OptimizerIdentifier | null;
  /** Needed for `fit`. */
  loss?: LossOption;
  /** Not weighted by sample or class weights. */
  metrics?: MetricsOption;
  /** Weighted by sample and class weights. */
  weightedMetrics?: MetricsOption;
  /** Factor of the data loss (not of regularization). */
  lossWeights?: number | readonly number[] | { readonly [output: string]: number } | null;
  /** `'temporal'`: sample weights are two-dimensional, `[samples, steps]`. Default null: both kinds are taken as they come. */
  sampleWeightMode?: null | 'temporal';
  /**
   * `'ignore'`: labels that are NaN are left out of loss and metrics, whose means are over those that are there. Of a loss that goes number by number
   * (regression, binary cross-entropy) each number stands for itself; of others a label with a NaN is left out as a whole. Not saved with the
   * model. Default null: NaN is refused.
   */
  missingTargets?: null | 'ignore';
  /** Taken from Keras's compile configs; there is nothing to switch. */
  runEagerly?: boolean | null;
  stepsPerExecution?: number | 'auto' | null;
  jitCompile?: boolean | 'auto' | null;
  autoScaleLoss?: boolean | null;
}

function list(where: string, value: unknown, outputName: string): unknown[] {
  const own = single(where, value, [outputName]);
  if (own === undefined || own === null) return [];
  const items = Array.isArray(own) ? own : [own];
  return items.flatMap((m) => (Array.isArray(m) ? m : [m]));
}

/** What `compile` settles: parts resolved by name, and which weights train. Shapes are looked at when the model is built. */
export class Compilation {
  readonly optimizer: Optimizer;
  readonly loss: Loss | null;
  readonly lossWeight: number;
  readonly sampleWeightMode: 'temporal' | null;
  /** Whether labels that are NaN are left out. */
  readonly ignoresMissing: boolean;
  readonly options: CompileOptions;
  readonly #metrics: unknown[];
  readonly #weightedMetrics: unknown[];
  /** Layers that train: noted at `compile`, or at the first use of a model that was built, or whose layers changed, since. */
  training: ReadonlySet<Layer> | null = null;
  /** Metrics with their keys in the logs; which accuracy is meant is known once the output's shape is. */
  named: NamedMetric[] = [];
  readonly #told = new Set<string>();

  constructor(given: CompileOptions, outputName: string) {
    const o = readOptions<CompileOptions>('compile', given, {
      optimizer: 'rmsprop',
      loss: null,
      metrics: null,
      weightedMetrics: null,
      lossWeights: null,
      sampleWeightMode: null,
      missingTargets: null,
      runEagerly: undefined,
      stepsPerExecution: undefined,
      jitCompile: undefined,
      autoScaleLoss: undefined,
    });
    this.options = o;
    this.optimizer = optimizerRegistry.resolve(o.optimizer ?? 'rmsprop', "compile: 'optimizer'");
    const loss = single("compile: 'loss'", o.loss, [outputName]);
    this.loss = loss === null || loss === undefined ? null : lossRegistry.resolve(loss, "compile: 'loss'");
    if (this.loss instanceof CustomLoss)
      throw new ValueError(
        "compile: 'loss': a loss of your own, { call, gradient }, is not available yet; losses run in the native engine. Give the name of a loss or one of losses.*.",
        'ERR_UNSUPPORTED',
      );
    const listed = single("compile: 'lossWeights'", o.lossWeights, [outputName]);
    const weight = Array.isArray(listed) && listed.length === 1 ? listed[0] : listed;
    this.lossWeight = weight === null || weight === undefined ? 1 : checkNumber('compile', 'lossWeights', weight);
    if (o.sampleWeightMode !== null && o.sampleWeightMode !== 'temporal') {
      if (typeof o.sampleWeightMode !== 'string')
        throw typeError(`compile: 'sampleWeightMode' must be null or 'temporal'. Received: ${show(o.sampleWeightMode)}`);
      throw new ValueError(
        `compile: 'sampleWeightMode' must be null or 'temporal'. Received: ${show(o.sampleWeightMode)}`,
        'ERR_OUT_OF_RANGE',
      );
    }
    this.sampleWeightMode = o.sampleWeightMode;
    this.ignoresMissing =
      o.missingTargets !== null && checkOneOf('compile', 'missingTargets', o.missingTargets, ['ignore']) !== null;
    this.#metrics = list("compile: 'metrics'", o.metrics, outputName);
    this.#weightedMetrics = list("compile: 'weightedMetrics'", o.weightedMetrics, outputName);
    // Names are checked at once; which accuracy is meant depends on shapes and is settled by `head`.
    this.named = nameMetrics(this.#metrics, this.#weightedMetrics, { outputWidth: 2, labelWidth: 2 });
    const own = [this.loss, ...this.named.map(({ metric }) => metric)].find((part) => part?.isTraced);
    if (this.ignoresMissing && own)
      throw new ValueError(
        `compile: with missingTargets 'ignore' losses and metrics are the engine's. Received: ${own.name}, which is your own: leave missing labels out in it, by ops.where and ops.isnan.`,
        'ERR_UNSUPPORTED',
      );
  }

  /** Warns of labels and outputs that hardly are what is meant: once each, however many batches have them. */
  warnOnce(kind: 'units' | 'labels', message: string): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    process.emitWarning(message, { code: 'GEMMFIT_LABELS' });
  }

  /** Keys of the results: 'loss', then the metrics. */
  get resultNames(): string[] {
    return ['loss', ...this.named.map((m) => m.key)];
  }

  /** Whether a result is better when it is smaller or larger, by its key in the logs. */
  direction(key: string): 'min' | 'max' | undefined {
    if (key === 'loss') return 'min';
    // Behind the name of a validation set: `recent_accuracy`.
    const named = this.named.find((m) => m.key === key) ?? this.named.find((m) => key.endsWith(`_${m.key}`));
    if (!named && key.endsWith('_loss')) return 'min';
    const direction = named?.metric.direction;
    return direction === 'up' ? 'max' : direction === 'down' ? 'min' : undefined;
  }

  /** Elements of a label for each item of the output: 1 where classes are given by number. */
  labelWidth(outputShape: Shape): number {
    return this.loss?.sparse ? 1 : (outputShape.at(-1) ?? 1);
  }

  /** The head of the engine's program, for predictions of this shape, whose last axis has `outputWidth` elements where the data tell it. */
  head(finalActivation: string | null, outputShape: Shape, outputWidth: number): SpecValue {
    const concrete = outputShape.length ? [...outputShape.slice(0, -1), outputWidth] : [];
    const labelWidth = this.labelWidth(concrete);
    const named = nameMetrics(this.#metrics, this.#weightedMetrics, { outputWidth, labelWidth });
    this.loss?.checkOutput(concrete as number[]);
    if (outputWidth === 1 && finalActivation === 'softmax' && this.loss)
      this.warnOnce(
        'units',
        "compile: softmax over one unit is always 1, so that nothing can be learned. For two classes use one unit with 'sigmoid' and 'binary_crossentropy', or two units.",
      );
    this.named = named;
    // As Keras does: a cross-entropy takes what the final sigmoid or softmax was given, whichever of the two it is.
    const hasLogits = finalActivation === 'sigmoid' || finalActivation === 'softmax';
    const usesLogits = ({ logitsFrom }: { logitsFrom: LogitsFrom }) =>
      logitsFrom === 'onlySigmoid' ? finalActivation === 'sigmoid' : logitsFrom !== null && hasLogits;
    const byElement = this.#byElement(outputWidth);
    const [width, ofLabel] = byElement ? [1, 1] : [outputWidth, labelWidth];
    let given = 0;
    const head: { [key: string]: SpecValue | undefined } = {
      ...(this.ignoresMissing && { missing: true, byElement }),
      // Where the width is known only with the data, labels are as wide as the outputs.
      labelWidth: this.loss?.sparse || outputShape.at(-1) !== null ? ofLabel : undefined,
      metrics: this.named.map(({ metric, weighted }) => {
        const logits = usesLogits(metric);
        const spec = { ...metric.spec(width, ofLabel), ...(logits ? { fromLogits: true } : {}), weighted, useLogits: logits };
        return metric.isTraced ? { ...spec, value: given++ } : spec;
      }),
    };
    if (this.loss) {
      const logits = usesLogits(this.loss);
      head.loss = { ...this.loss.spec(), ...(logits ? { fromLogits: true } : {}) };
      head.logits = logits;
      head.lossWeight = this.lossWeight;
      head.reduction = this.loss.reduction;
    }
    return head;
  }

  /** Whether each number of a label may be missing by itself. Throws a ValueError where a metric takes them together. */
  #byElement(outputWidth: number): boolean {
    if (!this.ignoresMissing || !this.loss?.elementwise || outputWidth === 1) return false;
    const together = this.named.find(({ metric }) => !metric.elementwise);
    if (!together) return true;
    throw new ValueError(
      `compile: with missingTargets 'ignore' each of the ${outputWidth} numbers of a label may be missing, and the metric '${together.key}' takes them together. Leave it out, or give means such as 'mae'.`,
      'ERR_METRIC',
    );
  }
}
