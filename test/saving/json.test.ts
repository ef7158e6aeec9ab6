import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Dense, InputLayer } from '../../lib/layers/core.js';
import { layerRegistry } from '../../lib/layers/index.js';
import { modelFromJSON } from '../../lib/load_model.js';
import { losses } from '../../lib/losses/index.js';
import { metrics } from '../../lib/metrics/index.js';
import { registerSerializable } from '../../lib/registry.js';
import { Sequential } from '../../lib/sequential.js';
import code from '../parity/units/code_layers.json';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the files
type Json = any;

const folder = join(__dirname, '..', 'parity', 'cases');
const cases: Json[] = readdirSync(folder)
  .filter((f) => f.endsWith('.json') && f !== 'index.json')
  .map((f) => JSON.parse(readFileSync(join(folder, f), 'utf8')));
const nested = (l: Json): string[] => [
  l.class_name,
  ...[l.config.layer, l.config.backward_layer].filter(Boolean).flatMap(nested),
];
const isKnown = (config: Json) => config.config.layers.flatMap(nested).every((name: string) => layerRegistry.find(name));

const stack = (...layers: unknown[]): Json => ({ class_name: 'Sequential', config: { name: 's', layers } });
const dense = (config: object = {}) => ({
  class_name: 'Dense',
  config: { name: 'd', units: 2, batch_input_shape: [null, 3], ...config },
});

/** A value with numbers as float32 and without keys that are new, or absent, in some version of Keras and say nothing. */
const silent = new Set(
  'seed input_axes output_axes quantization_config shared_object_id synchronized renorm renorm_clipping renorm_momentum activity_regularizer noise_shape rms_scaling zero_output_for_mask compile_config data_format'.split(
    ' ',
  ),
);
const comparable = (value: Json): Json => {
  if (typeof value === 'number') return Math.fround(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, v]) =>
          // What a cell was built for, the layer around it says.
          !(key === 'build_config' && /Cells?$/.test(String(value.class_name))) &&
          !(silent.has(key) && (v === null || v === false || key === 'compile_config' || v === 'channels_last' || v === 0.99)),
      )
      .map(([key, v]) => [key, comparable(v)]),
  );
};

describe('the golden models', () => {
  const known = cases.flatMap((c) =>
    ['modelConfig', 'modelConfigKeras2'].filter((k) => c[k] && isKnown(c[k])).map((k) => [c.name, k, c[k]] as const),
  );

  it('are enough', () => {
    expect(known.length).toBeGreaterThan(150);
  });

  it.each(known)('%s (%s) is read', (name, _, config) => {
    const { compile_config: __, ...architecture } = config;
    const model = modelFromJSON(architecture);
    const wanted = cases.find((c) => c.name === name).initialWeights;
    expect(model.weights.map((w) => w.shape)).toEqual(wanted.map((w: Json) => w.shape));
    expect(model.compiled).toBe(false);
    // Its own JSON gives the same model again.
    const json = JSON.parse(JSON.stringify(model));
    expect(modelFromJSON(json).toJSON()).toEqual(json);
    model.dispose();
  });

  it.each(known.filter(([, key]) => key === 'modelConfig'))('%s (%s) is written as Keras 3 wrote it', (_, __, config) => {
    const { compile_config: ___, ...architecture } = config;
    const written = comparable(modelFromJSON(architecture).toJSON());
    const wanted = comparable(architecture);
    // Ids may have had an integer type, which is none of the model's business here.
    for (const l of wanted.config.layers) if (l.class_name === 'InputLayer') l.config.dtype = 'float32';
    expect(written).toMatchObject({ ...wanted, config: { ...wanted.config, layers: expect.anything() } });
    wanted.config.layers.forEach((l: Json, i: number) => {
      // A few layers of Keras 3 write the name of their type where the others write its policy.
      if (l.config.dtype === 'float32' && l.class_name !== 'InputLayer') l.config.dtype = written.config.layers[i].config.dtype;
      // Keras does not say for every layer inside a wrapper what it was built for.
      if (l.config.layer && !l.config.layer.build_config) delete written.config.layers[i].config.layer.build_config;
      for (const key of Object.keys(l.config)) expect([key, written.config.layers[i].config[key]]).toEqual([key, l.config[key]]);
      for (const key of ['class_name', 'module', 'registered_name'])
        expect([key, written.config.layers[i][key]]).toEqual([key, l[key]]);
    });
  });

  it('are read with how they were compiled', () => {
    const c = cases.find((k) => k.name === 'arg_basic_mse_3_epochs');
    const model = modelFromJSON(c.modelConfig);
    expect(model.compiled).toBe(true);
    expect(model.optimizer.getConfig()).toMatchObject({ momentum: 0, nesterov: false });
    expect(model.toJSON()).toMatchObject({
      compile_config: { loss: 'mse', metrics: ['mae'], optimizer: { class_name: 'SGD', module: 'keras.optimizers' } },
    });
    expect(modelFromJSON(model.toJSON()).compiled).toBe(true);
  });
});

describe('modelFromJSON', () => {
  it('keeps names, shapes and options', () => {
    const model = modelFromJSON(
      stack(dense({ name: 'first', activation: 'relu', trainable: false }), {
        class_name: 'Dense',
        config: { name: 'last', units: 1 },
      }),
    );
    expect(model).toBeInstanceOf(Sequential);
    expect([model.name, model.inputShape, model.outputShape, model.layers.map((l) => l.name)]).toEqual([
      's',
      [null, 3],
      [null, 1],
      ['first', 'last'],
    ]);
    expect(model.layers[0].trainable).toBe(false);
    expect(model.layers[0].getConfig()).toMatchObject({ units: 2, useBias: true });
  });

  it('builds from build_input_shape, or waits for data', () => {
    const json = { ...stack({ class_name: 'Dense', config: { units: 2 } }), module: 'keras' };
    expect(modelFromJSON(json).built).toBe(false);
    json.config.build_input_shape = [null, 5];
    expect(modelFromJSON(json).inputShape).toEqual([null, 5]);
    expect(modelFromJSON(modelFromJSON(stack({ class_name: 'Dense', config: { units: 2 } })).toJSON()).built).toBe(false);
  });

  it('reads a model that is not trainable as such', () => {
    const json = stack(dense());
    json.config.trainable = false;
    expect(modelFromJSON(json).trainableWeights).toEqual([]);
  });

  it.each<[string, Json, string, RegExp]>([
    [
      'an unknown layer',
      stack(dense(), { class_name: 'Conv7D', config: { name: 'c' } }),
      'ERR_UNKNOWN_NAME',
      /layer 1 'c' \(Conv7D\).*registerSerializable/,
    ],
    ['an unknown key', stack(dense({ unitz: 3 })), 'ERR_UNKNOWN_OPTION', /layer 0 'd' \(Dense\).*'unitz'.*'units'/],
    ['a wrong value', stack(dense({ units: -1 })), 'ERR_OUT_OF_RANGE', /layer 0 'd' \(Dense\).*units/],
    ['a value of the wrong type', stack(dense({ units: 'two' })), 'ERR_TYPE', /layer 0 'd' \(Dense\).*units/],
    ['an unknown activation', stack(dense({ activation: 'rleu' })), 'ERR_UNKNOWN_NAME', /layer 0 'd'.*rleu/],
    [
      'an unknown initializer',
      stack(dense({ kernel_initializer: { class_name: 'Magic', config: {} } })),
      'ERR_UNKNOWN_NAME',
      /layer 0 'd'.*Magic/,
    ],
    [
      'a lambda layer',
      stack(dense(), { class_name: 'Lambda', config: { function: ['4wEAAA', null, null] } }),
      'ERR_LAMBDA',
      /Lambda.*never run/,
    ],
    ['a lambda layer of Keras 3', code.Lambda, 'ERR_LAMBDA', /layer 'twice' \(Lambda\) holds Python code.*must not carry code/],
    ['a lambda layer inside another', code.TimeDistributed, 'ERR_LAMBDA', /layer 'inner' \(Lambda\) holds Python code/],
    [
      'a call of TensorFlow',
      stack(dense(), { class_name: 'TFOpLambda', config: { name: 'tf.math.add', function: 'math.add' } }),
      'ERR_LAMBDA',
      /layer 'tf.math.add' \(TFOpLambda\) is a call of a TensorFlow function.*must not carry code/,
    ],
    [
      'slices of TensorFlow',
      stack(dense(), { class_name: 'SlicingOpLambda', config: { name: 's', function: '_operator.getitem' } }),
      'ERR_LAMBDA',
      /'s' \(SlicingOpLambda\) is a call/,
    ],
    [
      'a lambda layer where a layer is given as a part',
      stack({ class_name: 'TimeDistributed', config: { layer: { class_name: 'keras.layers>Lambda', config: {} } } }),
      'ERR_LAMBDA',
      /holds Python code/,
    ],
    [
      'a functional model in a model',
      stack({ class_name: 'Functional', config: { layers: [] } }),
      'ERR_CONFIG',
      /only those of class 'Sequential'/,
    ],
    ['a model in a model without layers', stack(stack()), 'ERR_LAYER', /has no layers/],
    ['an object prototype as a layer', stack({ class_name: 'constructor', config: {} }), 'ERR_UNKNOWN_NAME', /constructor/],
    ['an object prototype as a key', stack(dense({ hasOwnProperty: 1 })), 'ERR_UNKNOWN_OPTION', /hasOwnProperty/],
    ['another number type', stack(dense({ dtype: 'float16' })), 'ERR_DTYPE', /float16/],
  ])('refuses %s, and says where', (_, json, code, message) => {
    expect(() => modelFromJSON(json)).toThrow(
      expect.objectContaining({ name: 'ValueError', code, message: expect.stringMatching(message) }),
    );
  });

  it.each(['Lambda', 'TFOpLambda', 'SlicingOpLambda'])('a model refuses a config of %s and stays as it was', (className) => {
    const model = new Sequential([layerRegistry.resolve({ className: 'Dense', config: { units: 1 } })]);
    expect(() => model.add({ className, config: { function: 'x' } })).toThrow(
      expect.objectContaining({
        name: 'ValueError',
        code: 'ERR_LAMBDA',
        message: expect.stringMatching(new RegExp(`add: .*'${className}'.*must not carry code`)),
      }),
    );
    expect(model.layers).toHaveLength(1);
  });

  it('warns where how it was compiled cannot be read, and gives the model', async () => {
    const warnings: string[] = [];
    const note = (w: Error) => warnings.push(w.message);
    process.on('warning', note);
    const model = modelFromJSON({ ...stack(dense()), compile_config: { optimizer: 'magic', loss: 'mse' } });
    expect(model.compiled).toBe(false);
    await vi.waitFor(() => expect(warnings.join()).toMatch(/magic/));
    process.off('warning', note);
  });

  it('reads and writes layers of the user', () => {
    class Twice extends (layerRegistry.find('Dense') as typeof Dense) {
      static override readonly className = 'Twice' as 'Dense';
    }
    registerSerializable('Twice', Twice);
    const json = stack({ class_name: 'Custom>Twice', config: { units: 2, batch_input_shape: [null, 3] } });
    const model = modelFromJSON(json);
    expect(model.layers[0]).toBeInstanceOf(Twice);
    expect((model.toJSON() as Json).config.layers[1]).toMatchObject({
      class_name: 'Twice',
      module: null,
      registered_name: 'Custom>Twice',
    });
    expect(modelFromJSON(model.toJSON()).layers[0]).toBeInstanceOf(Twice);
  });

  it('refuses classes of the user whose code would never run, as instances and from configs', () => {
    class Doubled extends (layerRegistry.find('Dense') as typeof Dense) {
      static override readonly className = 'Doubled' as 'Dense';
      override call() {}
    }
    const refused = expect.objectContaining({ code: 'ERR_UNSUPPORTED', message: expect.stringMatching(/Doubled.*'call'/) });
    expect(() => new Sequential([new Doubled({ units: 2 })])).toThrow(refused);
    registerSerializable('Doubled', Doubled);
    const json = stack({ class_name: 'Custom>Doubled', config: { units: 2, batch_input_shape: [null, 3] } });
    expect(() => modelFromJSON(json)).toThrow(refused);
    class Cubic extends losses.MeanSquaredError {
      override call() {}
    }
    class Most extends metrics.MeanSquaredError {
      override updateState() {}
    }
    const model = new Sequential([layerRegistry.resolve('relu')]);
    expect(() => model.compile({ loss: new Cubic() })).toThrow("MeanSquaredError has a method 'call'");
    expect(() => model.compile({ loss: 'mse', metrics: [new Most()] })).toThrow("MeanSquaredError has a method 'updateState'");
  });

  it('reads models of TensorFlow.js', () => {
    const topology = {
      ...stack({
        class_name: 'Dense',
        config: {
          units: 1,
          activation: 'linear',
          use_bias: true,
          kernel_initializer: {
            class_name: 'VarianceScaling',
            config: { scale: 1, mode: 'fan_avg', distribution: 'normal', seed: null },
          },
          bias_initializer: { class_name: 'Zeros', config: {} },
          kernel_regularizer: null,
          bias_regularizer: null,
          activity_regularizer: null,
          kernel_constraint: null,
          bias_constraint: null,
          name: 'dense_Dense1',
          trainable: true,
          batch_input_shape: [null, 4],
          dtype: 'float32',
        },
      }),
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    };
    for (const json of [
      topology,
      JSON.stringify(topology),
      { format: 'layers-model', modelTopology: topology, weightsManifest: [] },
    ])
      expect(modelFromJSON(json).layers[0].name).toBe('dense_Dense1');
  });
});

describe('toJSON', () => {
  it('writes the input first, with its name', () => {
    const model = new Sequential({
      name: 'm',
      layers: [
        new InputLayer({ shape: [3], name: 'pixels' }),
        layerRegistry.resolve({ className: 'Dense', config: { units: 2, name: 'd' } }),
      ],
    });
    const { config } = model.toJSON() as Json;
    expect(config.layers[0]).toEqual({
      module: 'keras.layers',
      class_name: 'InputLayer',
      config: { batch_shape: [null, 3], dtype: 'float32', sparse: false, ragged: false, name: 'pixels', optional: false },
      registered_name: null,
    });
    expect(modelFromJSON(model.toJSON()).inputNames).toEqual(['pixels']);
  });

  it('writes activations by name, parts as objects', () => {
    const model = modelFromJSON(
      stack(dense({ activation: 'leaky_relu', kernel_regularizer: { class_name: 'L2', config: { l2: 0.25 } } })),
    );
    const { config } = model.toJSON() as Json;
    expect(config.layers[1].config).toMatchObject({
      activation: 'leaky_relu',
      kernel_regularizer: { module: 'keras.regularizers', class_name: 'L2', config: { l2: 0.25 }, registered_name: null },
      bias_initializer: { module: 'keras.initializers', class_name: 'Zeros', config: {}, registered_name: null },
    });
    const steep = new Sequential([
      layerRegistry.resolve({
        className: 'Dense',
        config: { units: 2, inputShape: [3], activation: { className: 'leaky_relu', config: { negativeSlope: 0.5 } } },
      }),
    ]);
    const again = modelFromJSON(steep.toJSON());
    expect(again.toJSON()).toEqual(steep.toJSON());
    expect(JSON.stringify(again)).toContain('"negative_slope":0.5');
  });

  it('refuses to write a schedule that is a function', () => {
    const model = modelFromJSON(stack(dense()));
    model.compile({ optimizer: { className: 'SGD', config: { learningRate: () => 0.1 } }, loss: 'mse' });
    expect(() => model.toJSON()).toThrow(/schedule.*getConfig/);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(model.toJSON()).toMatchObject({ compile_config: { loss: 'mean_squared_error' } });
  });
});
