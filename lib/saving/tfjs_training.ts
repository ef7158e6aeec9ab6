import type { Weight } from '../layers/layer.js';
import { lossRegistry } from '../losses/index.js';
import { metricRegistry } from '../metrics/index.js';
import type { Model } from '../model/model.js';
import { snake } from '../registry.js';
import { variablesOf } from './model_state.js';
import { isObject } from './plain.js';
import type { SavedOptimizer } from './saved_model.js';
import { scalarOf, type Tensor, toFloat32 } from './tensor.js';

type Json = Record<string, unknown>;
type Entry = { class_name: string; config: Json };

// How TensorFlow.js 4.22 keeps a training: `trainingConfig`, which knows losses and metrics by name alone and a few optimizers, and among the weights those of the
// group 'optimizer': the count of updates, then slot by slot the weights that train, in the model's order.

/** What one of its optimizers is here. */
interface Kind {
  /** Its own name for the class. */
  name: string;
  /** Options by its names, from Keras's; null where it computes something else. */
  options(config: Json): Json | null;
  /** Its slots with ours. */
  slots: readonly (readonly [ending: string, slot: string])[];
  /** What our numbers are of its own: a momentum there does not hold the learning rate. */
  scale?(config: Json): number;
}

const betas = ({ beta_1, beta_2, epsilon }: Json): Json => ({ beta1: beta_1, beta2: beta_2, epsilon });

/** By Keras's class. Of Adamax it neither saves nor loads what was kept. */
const kinds: Readonly<Record<string, readonly Kind[]>> = {
  SGD: [
    { name: 'SGD', options: ({ momentum }) => (momentum ? null : {}), slots: [] },
    {
      name: 'Momentum',
      options: ({ momentum, nesterov }) => ({ momentum, use_nesterov: nesterov === true }),
      slots: [['momentum', 'momentum']],
      scale: ({ learning_rate }) => -(learning_rate as number),
    },
  ],
  Adam: [
    {
      name: 'Adam',
      options: (config) => (config.amsgrad ? null : betas(config)),
      slots: [
        ['m', 'momentum'],
        ['v', 'velocity'],
      ],
    },
  ],
  RMSprop: [
    {
      name: 'RMSProp',
      // Its centered rule is another one.
      options: ({ rho, momentum, epsilon, centered }) => (centered ? null : { decay: rho, momentum, epsilon, centered: false }),
      slots: [
        ['rms', 'velocity'],
        ['momentum', 'momentum'],
      ],
    },
  ],
  Adagrad: [
    {
      name: 'Adagrad',
      options: ({ initial_accumulator_value, epsilon }) => (epsilon === 1e-7 ? { initial_accumulator_value } : null),
      slots: [['accumulator', 'accumulator']],
    },
  ],
  Adadelta: [
    {
      name: 'Adadelta',
      // It divides by the sum before the last gradient; what it kept is read all the same.
      options: () => null,
      slots: [
        ['accum_grad', 'accumulated_grad'],
        ['accum_var', 'accumulated_delta_var'],
      ],
    },
  ],
};

/** Options of every optimizer that it has none of, while they have the values that mean nothing. */
const idle = (config: Json): boolean =>
  typeof config.learning_rate === 'number' &&
  !config.use_ema &&
  ['weight_decay', 'clipnorm', 'global_clipnorm', 'clipvalue', 'gradient_accumulation_steps'].every((key) => config[key] == null);

const losses = new Set(
  (
    'mean_squared_error mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error squared_hinge hinge ' +
    'categorical_hinge logcosh categorical_crossentropy sparse_categorical_crossentropy binary_crossentropy kullback_leibler_divergence poisson'
  ).split(' '),
);
const otherLosses: Readonly<Record<string, string>> = { log_cosh: 'logcosh', kl_divergence: 'kullback_leibler_divergence' };

const metrics = new Set(
  'accuracy acc crossentropy ce binary_accuracy categorical_accuracy categorical_crossentropy sparse_categorical_crossentropy mse mae mape'.split(
    ' ',
  ),
);
const otherMetrics: Readonly<Record<string, string>> = {
  mean_squared_error: 'mse',
  mean_absolute_error: 'mae',
  mean_absolute_percentage_error: 'mape',
};

/** A compiled model in TensorFlow.js's words, or what it has none for. */
export type Words = { config: Json; kind: Kind; optimizer: Json } | { without: string };

/** @param compiled Keras 3's `compile_config` */
export function toTrainingConfig(compiled: Json): Words {
  const optimizer = compiled.optimizer as Entry;
  const { name: _, ...config } = optimizer.config;
  const kind = idle(config) ? kinds[optimizer.class_name]?.find((k) => k.options(config)) : undefined;
  if (!kind) return { without: `optimizer ${optimizer.class_name} with these options` };
  const loss = lossName(compiled.loss);
  if (loss === null) return { without: `loss ${JSON.stringify(compiled.loss)}` };
  const names = Array.isArray(compiled.metrics) ? compiled.metrics.map(metricName) : compiled.metrics == null ? [] : [null];
  if (names.includes(null)) return { without: `metrics ${JSON.stringify(compiled.metrics)}` };
  for (const key of ['weighted_metrics', 'loss_weights', 'sample_weight_mode'])
    if (compiled[key] != null) return { without: key };
  const own = { learning_rate: config.learning_rate, ...kind.options(config) };
  return {
    config: { loss, metrics: names, optimizer_config: { class_name: kind.name, config: own } },
    kind,
    optimizer: config,
  };
}

/** A loss by its name, or by its class where its options are those by default. */
function lossName(value: unknown): string | null {
  const entry = isObject(value) && isObject(value.config) ? (value as Entry) : null;
  const found = lossRegistry.find(typeof value === 'string' ? value : String(entry?.class_name));
  if (!found) return null;
  if (entry) {
    const made = lossRegistry.resolve(entry).getConfig();
    if (JSON.stringify({ ...made, name: '' }) !== JSON.stringify({ ...new found().getConfig(), name: '' })) return null;
  }
  const name = snake(found.className);
  const theirs = otherLosses[name] ?? name;
  return losses.has(theirs) ? theirs : null;
}

function metricName(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (metrics.has(value)) return value;
  const found = metricRegistry.find(value);
  const name = found ? snake(found.className) : '';
  const theirs = otherMetrics[name] ?? name;
  return metrics.has(theirs) ? theirs : null;
}

/** An array of a weights file. */
export interface StateArray {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32';
  data: Float32Array | Int32Array;
  group: 'optimizer';
}

/**
 * What the optimizer keeps, as TensorFlow.js saves it.
 * @param nameOf the name of a weight in the file
 */
export function stateArrays(
  model: Model,
  words: Extract<Words, { kind: Kind }>,
  nameOf: (weight: Weight) => string,
): StateArray[] {
  const { kind, optimizer } = words;
  const variables = variablesOf(model, false)?.variables;
  if (!variables) return [];
  const [counter, ...slots] = variables;
  const count = Number((counter.read() as BigInt64Array)[0]);
  const out: StateArray[] = [{ name: 'iter', shape: [], dtype: 'int32', data: Int32Array.of(count), group: 'optimizer' }];
  const scale = kind.scale ? 1 / kind.scale(optimizer) : 1;
  const weights = [...new Set(slots.map((v) => v.weight as Weight))];
  for (const [ending, slot] of kind.slots)
    for (const weight of weights) {
      // A momentum whose factor is 0 is kept there all the same.
      const own = slots.find((v) => v.slot === slot && v.weight === weight)?.read() as Float32Array | undefined;
      const data = own?.map((value) => value * scale) ?? new Float32Array(weight.variable.size);
      out.push({ name: `${nameOf(weight)}/${ending}`, shape: [...weight.shape], dtype: 'float32', data, group: 'optimizer' });
    }
  return out;
}

/** `optimizer_config`, whose options TensorFlow.js writes in camelCase and its converter in Keras's spelling. */
function optimizerOf(config: Json | null): Entry | null {
  const optimizer = config?.optimizer_config;
  if (!isObject(optimizer)) return null;
  const options = isObject(optimizer.config) ? optimizer.config : {};
  const spelled = Object.entries(options).map(([key, value]) => [snake(key), value]);
  return { class_name: String(optimizer.class_name), config: Object.fromEntries(spelled) };
}

/** Keras's words for a `trainingConfig`: optimizers have other names and options there. */
export function fromTrainingConfig(config: Json): Json {
  const optimizer = optimizerOf(config);
  if (!optimizer) return config;
  const keras = (class_name: string, changed: Json) => ({ ...config, optimizer_config: { class_name, config: changed } });
  const { decay, use_nesterov, ...rest } = optimizer.config;
  if (optimizer.class_name === 'RMSProp') return keras('RMSprop', { ...rest, ...(decay === undefined ? {} : { rho: decay }) });
  if (optimizer.class_name === 'Momentum') return keras('SGD', { ...rest, nesterov: use_nesterov === true });
  return keras(optimizer.class_name, decay === 0 ? rest : optimizer.config);
}

/** What the optimizer kept, from a folder that TensorFlow.js or this package wrote. */
export function savedState(
  where: string,
  config: Json | null,
  state: readonly (readonly [string, Tensor])[],
): SavedOptimizer | null {
  const optimizer = optimizerOf(config);
  const kind = Object.values(kinds)
    .flat()
    .find((k) => k.name === optimizer?.class_name);
  if (!optimizer || !kind || state.length === 0) return null;
  const own = optimizer.config;
  const tensors = state.map(([, tensor]) => tensor);
  const each = kind.slots.length ? (tensors.length - 1) / kind.slots.length : 0;
  const kept = kind.slots.flatMap(([, slot], i) =>
    // Here there is none where its factor is 0.
    slot === 'momentum' && kind.name !== 'Adam' && !own.momentum ? [] : tensors.slice(1 + i * each, 1 + (i + 1) * each),
  );
  const scale = kind.scale?.(own) ?? 1;
  const label = `${where}: what the optimizer kept`;
  const counter = { shape: [], data: Int32Array.of(scalarOf(label, tensors[0])) };
  return {
    tensors: [counter, ...(scale === 1 ? kept : kept.map((t) => ({ ...t, data: toFloat32(label, t).map((v) => v * scale) })))],
    hasRate: false,
    bySlot: true,
  };
}
