// What options take for an activation and for a layer: types alone.
import type { Activation } from '../activations/index.js';
import type { ActivationName, LayerName } from '../names.js';
import type { TensorLike } from '../ops/as_tensor.js';
import type { Tensor } from '../ops/tensor.js';
import type { ClassOf, Name, PartConfig } from '../part_config.js';
import type { Layer } from './layer.js';
import type { ModelAsLayer } from './nested.js';

/** `'relu'`, `activations.relu`, `activations.leakyRelu({ negativeSlope: 0.1 })`, a config; a layer such as LeakyReLU; or a function of a tensor. null: none. */
export type ActivationIdentifier =
  | Name<ActivationName>
  | Activation
  | ClassOf<Activation>
  | ((options?: never) => Activation)
  | ((x: Tensor) => TensorLike)
  | Layer
  | PartConfig<ActivationName>
  | null;

/** A layer: `layers.dense({ units: 10 })`, a model as one layer, a config, or the name of a layer that needs no options. */
export type LayerIdentifier = Layer | ModelAsLayer | Name<LayerName> | ClassOf<Layer> | PartConfig<LayerName>;
