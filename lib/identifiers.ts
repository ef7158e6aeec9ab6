// What options take for a part: types alone. The registries read it (lib/registry.ts).
import type { Activation } from './activations.js';
import type { Constraint } from './constraints.js';
import type { DTypePolicy } from './dtype_policy.js';
import type { Initializer, InitializerFunction, InitializerLike } from './initializers.js';
import type { Layer } from './layers/layer.js';
import type { CustomLossFunctions } from './losses/custom.js';
import type { Loss } from './losses/loss.js';
import type { Metric } from './metrics/metric.js';
import type {
  ActivationName,
  ConstraintName,
  InitializerName,
  LayerName,
  LossName,
  MetricName,
  OptimizerName,
  RegularizerName,
} from './names.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { Config } from './registry.js';
import type { Regularizer } from './regularizers.js';
import type { Sequential } from './sequential.js';

/** One of these names, which an editor completes, or any other that was registered (`registerSerializable`). */
export type Name<Known extends string> = Known | (string & {});

/** A part written down: `{ className, config }` in camelCase, or Keras's `{ class_name, config }` with snake_case keys. */
export type PartConfig<Known extends string = string> =
  | { className: Name<Known>; config?: Config | Name<Known> }
  | {
      class_name: Name<Known>;
      config?: Config | Name<Known>;
      module?: string | null;
      registered_name?: string | null;
      build_config?: Config | null;
      shared_object_id?: number;
    };

/** A class of such parts, which is made without options. */
export type ClassOf<Part> = new (options?: never) => Part;

/** `'relu'`, `activations.relu`, `activations.leakyRelu({ negativeSlope: 0.1 })`, a config; or a layer such as LeakyReLU. null: none. */
export type ActivationIdentifier =
  | Name<ActivationName>
  | Activation
  | ClassOf<Activation>
  | ((options?: never) => Activation)
  | Layer
  | PartConfig<ActivationName>
  | null;

/** `'he_normal'`, `initializers.heNormal({ seed: 1 })`, a class, a config, or a function of the shape. */
export type InitializerIdentifier =
  | Name<InitializerName>
  | Initializer
  | ClassOf<Initializer>
  | InitializerFunction
  | InitializerLike
  | PartConfig<InitializerName>;

/** `'l2'`, `regularizers.l2({ l2: 1e-4 })`, a class or a config. null: none. */
export type RegularizerIdentifier =
  | Name<RegularizerName>
  | Regularizer
  | ClassOf<Regularizer>
  | PartConfig<RegularizerName>
  | null;

/** `'non_neg'`, `constraints.maxNorm({ maxValue: 2 })`, a class or a config. null: none. */
export type ConstraintIdentifier = Name<ConstraintName> | Constraint | ClassOf<Constraint> | PartConfig<ConstraintName> | null;

/** `'mse'`, `losses.huber({ delta: 2 })`, a class, a config, or functions of your own. */
export type LossIdentifier = Name<LossName> | Loss | ClassOf<Loss> | PartConfig<LossName> | CustomLossFunctions;

/** `'accuracy'`, `metrics.auc()`, a class or a config; a loss, in the same forms, is averaged. */
export type MetricIdentifier = Name<MetricName> | Metric | Loss | ClassOf<Metric> | ClassOf<Loss> | PartConfig<MetricName>;

/** `'adam'`, `optimizers.adam({ learningRate: 1e-3 })`, a class or a config. */
export type OptimizerIdentifier = Name<OptimizerName> | Optimizer | ClassOf<Optimizer> | PartConfig<OptimizerName>;

/** A layer: `layers.dense({ units: 10 })`, a model as one layer, a config, or the name of a layer that needs no options. */
export type LayerIdentifier = Layer | Sequential | Name<LayerName> | ClassOf<Layer> | PartConfig<LayerName>;

/** What a layer computes in: the name of a policy, or Keras's config of one. null: that of `dtypePolicy()`. */
export type DTypePolicyIdentifier = DTypePolicy | PartConfig<'DTypePolicy'> | null;

/** The type of what is computed, as Keras's configs carry it. There is one. */
export type FloatDType = 'float32' | PartConfig<'DTypePolicy'> | null;

/** What Keras and TensorFlow.js say of an input. Data of any type are taken whatever it says. */
export type InputDType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | PartConfig<'DTypePolicy'>
  | null;
