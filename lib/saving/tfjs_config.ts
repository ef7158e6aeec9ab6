import { ValueError } from '../errors.js';
import { toKeras2 } from './keras2_config.js';
import { isObject } from './plain.js';

type Json = Record<string, unknown>;
type Entry = { class_name: string; config: Json };

// What TensorFlow.js 4.22 loads. It passes over options that it does not know, and would then predict something else: what it has no words for is
// refused here, by the layer's name.

const classes = new Set(
  (
    'Sequential InputLayer Dense Activation Softmax ReLU LeakyReLU ELU PReLU Embedding Conv1D Conv2D Conv3D Conv2DTranspose Conv3DTranspose ' +
    'DepthwiseConv2D SeparableConv2D MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D ' +
    'GlobalMaxPooling1D GlobalMaxPooling2D GlobalAveragePooling1D GlobalAveragePooling2D GRU LSTM RNN SimpleRNN GRUCell LSTMCell SimpleRNNCell ' +
    'StackedRNNCells ConvLSTM2D Bidirectional TimeDistributed BatchNormalization LayerNormalization Dropout SpatialDropout1D AlphaDropout ' +
    'GaussianNoise GaussianDropout Flatten Reshape Permute RepeatVector Masking Rescaling ZeroPadding2D Cropping2D UpSampling2D'
  ).split(' '),
);

const activations = new Set(
  'elu selu relu relu6 linear sigmoid hard_sigmoid softplus softsign tanh softmax log_softmax gelu mish swish'.split(' '),
);

/** Options that it has not, with the values at which they change nothing. */
const without: Readonly<Record<string, readonly unknown[]>> = {
  groups: [1],
  keepdims: [false],
  reset_after: [false],
  negative_slope: [0],
  threshold: [0],
  zero_output_for_mask: [false],
  rms_scaling: [false],
  interpolation: ['nearest'],
  padding: ['valid', 'same'],
};

/** Parts by its names. */
const renamed: Readonly<Record<string, string>> = {
  LecunNormal: 'LeCunNormal',
  LecunUniform: 'LeCunUniform',
  L1: 'L1L2',
  L2: 'L1L2',
};

const refused = (layer: string, what: string) =>
  new ValueError(
    `save: ${layer}: TensorFlow.js has no ${what}, and would load another model. Save it as .keras or .h5.`,
    'ERR_NOT_EXPRESSIBLE',
  );

/** Keras 3's JSON of a model as TensorFlow.js reads it. ValueError ERR_NOT_EXPRESSIBLE names what it cannot express. */
export function toTensorFlowJS(architecture: Json): Json {
  return layerConfig(architecture as Entry) as unknown as Json;
}

function layerConfig({ class_name, config }: Entry, inside = ''): Entry {
  const label = `layer '${config.name}' (${class_name})`;
  if (!classes.has(class_name) || (class_name === 'Sequential' && inside === 'layer')) throw refused(label, 'such layer');
  const out: Json = {};
  for (const [key, value] of Object.entries(config)) {
    if (/^(dtype|build_input_shape)$/.test(key) && class_name !== 'InputLayer') continue;
    const fine = without[key];
    // A padding of numbers is that of layers that do nothing else.
    if (fine && !fine.includes(value) && !(key === 'padding' && Array.isArray(value)))
      throw refused(label, `'${key}' of ${JSON.stringify(value)}`);
    if (fine && !/^(padding|interpolation|reset_after)$/.test(key)) continue;
    out[key] = option(label, key, value);
  }
  if (class_name === 'Bidirectional') {
    checkBackward(label, config);
    delete out.backward_layer;
    // Both directions go by the name of the layer that was given.
    const { layer } = out;
    if (isEntry(layer)) layer.config.name = String(layer.config.name).replace(/^forward_/, '');
  }
  if (class_name === 'Softmax' && config.axis !== -1) throw refused(label, "'axis' but the last");
  if (class_name === 'ELU' && config.alpha !== 1) throw refused(label, `'alpha' of ${config.alpha}`);
  if (class_name === 'Rescaling' && (Array.isArray(config.scale) || Array.isArray(config.offset)))
    throw refused(label, 'scale a feature');
  return toKeras2({ class_name, config: out }) as Entry;
}

const isEntry = (value: unknown): value is Entry =>
  isObject(value) && typeof value.class_name === 'string' && isObject(value.config);

function option(label: string, key: string, value: unknown): unknown {
  if (/^(layer|cell|backward_layer)$/.test(key) && isEntry(value)) return layerConfig(value, key);
  if (/^(layers|cells)$/.test(key) && Array.isArray(value)) return value.map((item) => layerConfig(item as Entry, key));
  if (/activation$/.test(key)) return activation(label, value);
  if (!isEntry(value)) return value;
  const { class_name, config } = value;
  if (/^Orthogonal.*Regularizer$/.test(class_name)) throw refused(label, class_name);
  const sums = class_name === 'L1' ? { l1: config.l1, l2: 0 } : class_name === 'L2' ? { l1: 0, l2: config.l2 } : config;
  return { class_name: renamed[class_name] ?? class_name, config: sums };
}

function activation(label: string, value: unknown): unknown {
  // Its hard sigmoid is that of Keras 2.
  const name = value === 'silu' ? 'swish' : value === 'hard_sigmoid_keras2' ? 'hard_sigmoid' : value;
  if (typeof name === 'string' && activations.has(name) && value !== 'hard_sigmoid') return name;
  throw refused(label, `activation ${JSON.stringify(value)}`);
}

/** Its backward layer is always the forward one turned round. */
function checkBackward(label: string, { layer, backward_layer }: Json): void {
  const bare = (entry: unknown) =>
    isEntry(entry) ? JSON.stringify([entry.class_name, { ...entry.config, name: '', go_backwards: false }]) : '';
  if (isEntry(backward_layer) && bare(layer) !== bare(backward_layer)) throw refused(label, 'backward layer of another kind');
}
