// What options take for the parts below layers: types alone. The registries read it (lib/registry.ts).
import type { Constraint } from './constraints/index.js';
import type { Initializer, InitializerFunction, InitializerLike } from './initializers/index.js';
import type { CustomLossFunctions } from './losses/custom.js';
import type { LossFunction } from './losses/function_loss.js';
import type { Loss } from './losses/loss.js';
import type { Metric } from './metrics/metric.js';
import type { ConstraintName, InitializerName, LossName, MetricName, OptimizerName, RegularizerName } from './names.js';
import type { TensorLike } from './ops/as_tensor.js';
import type { Tensor } from './ops/tensor.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { ClassOf, Name, PartConfig } from './part_config.js';
import type { Regularizer } from './regularizers/index.js';

/** `'he_normal'`, `initializers.heNormal({ seed: 1 })`, a class, a config, or a function of the shape. */
export type InitializerIdentifier =
  | Name<InitializerName>
  | Initializer
  | ClassOf<Initializer>
  | InitializerFunction
  | InitializerLike
  | PartConfig<InitializerName>;

/** What is made of a weight by `ops.*`. */
export type WeightFunction = (w: Tensor) => TensorLike;

/** `'l2'`, `regularizers.l2({ l2: 1e-4 })`, a class, a config, or a function of the weight that gives a sum. null: none. */
export type RegularizerIdentifier =
  | Name<RegularizerName>
  | Regularizer
  | ClassOf<Regularizer>
  | PartConfig<RegularizerName>
  | WeightFunction
  | null;

/** `'non_neg'`, `constraints.maxNorm({ maxValue: 2 })`, a class, a config, or a function of the weight. null: none. */
export type ConstraintIdentifier =
  | Name<ConstraintName>
  | Constraint
  | ClassOf<Constraint>
  | PartConfig<ConstraintName>
  | WeightFunction
  | null;

/** `'mse'`, `losses.huber({ delta: 2 })`, a class, a config, or a function of labels and predictions. */
export type LossIdentifier = Name<LossName> | Loss | ClassOf<Loss> | PartConfig<LossName> | LossFunction | CustomLossFunctions;

/** `'accuracy'`, `metrics.auc()`, a class or a config; a loss, in the same forms, or a function of labels and predictions, is averaged. */
export type MetricIdentifier =
  | Name<MetricName>
  | Metric
  | Loss
  | ClassOf<Metric>
  | ClassOf<Loss>
  | PartConfig<MetricName>
  | LossFunction;

/** `'adam'`, `optimizers.adam({ learningRate: 1e-3 })`, a class or a config. */
export type OptimizerIdentifier = Name<OptimizerName> | Optimizer | ClassOf<Optimizer> | PartConfig<OptimizerName>;

/** A loss; in a list of one, or by the name of the output, as Keras writes them too. */
export type LossOption =
  | LossIdentifier
  | readonly [LossIdentifier]
  | { readonly [output: string]: LossIdentifier | null }
  | null
  | undefined;

/** One metric, or a list of them; by the name of the output too. */
export type MetricsOption =
  | MetricIdentifier
  | readonly (MetricIdentifier | readonly MetricIdentifier[])[]
  | { readonly [output: string]: MetricIdentifier | readonly MetricIdentifier[] | null }
  | null;
