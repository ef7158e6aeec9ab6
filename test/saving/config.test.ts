import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layerOptions, readTopology } from '../../lib/saving/config.js';

const read = (json: unknown) => readTopology('modelFromJSON', json);
/** The options of each layer. */
const options = (json: unknown) => {
  const t = read(json);
  return t.layers.map((l) => layerOptions(l, t));
};
const stack = (...layers: unknown[]) => ({ class_name: 'Sequential', config: { name: 's', layers } });

const dense = { class_name: 'Dense', config: { name: 'd', units: 2, use_bias: false, batch_input_shape: [null, 3] } };

describe('readTopology', () => {
  it('reads Keras 3', () => {
    const t = read({
      module: 'keras',
      class_name: 'Sequential',
      config: {
        name: 'mlp',
        trainable: true,
        dtype: { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null },
        layers: [
          {
            module: 'keras.layers',
            class_name: 'InputLayer',
            config: { batch_shape: [null, 3], dtype: 'float32', name: 'in' },
            registered_name: null,
          },
          {
            module: 'keras.layers',
            class_name: 'Dense',
            config: { name: 'd', units: 2 },
            registered_name: null,
            build_config: { input_shape: [null, 3] },
          },
        ],
        build_input_shape: [null, 3],
      },
      registered_name: null,
      compile_config: { loss: 'mse' },
    });
    expect(t).toEqual({
      dialect: 'keras3',
      old: false,
      tfjs: false,
      name: 'mlp',
      trainable: true,
      layers: [
        { className: 'InputLayer', config: { batch_shape: [null, 3], dtype: 'float32', name: 'in' } },
        { className: 'Dense', config: { name: 'd', units: 2 } },
      ],
      buildInputShape: [null, 3],
      compileConfig: { loss: 'mse' },
    });
  });

  it.each<[string, unknown, string, boolean]>([
    ['Keras 2.2.4', { ...stack(dense), keras_version: '2.2.4', backend: 'tensorflow' }, 'keras2', true],
    [
      'Keras 2.1 with a bare list',
      { class_name: 'Sequential', config: [dense], keras_version: '2.1.6', backend: 'theano' },
      'keras2',
      true,
    ],
    ['a bare list and nothing else', [dense], 'keras2', true],
    ['tf.keras 1.13', { ...stack(dense), keras_version: '2.2.4-tf', backend: 'tensorflow' }, 'keras2', false],
    ['Keras 2.3', { ...stack(dense), keras_version: '2.3.1', backend: 'tensorflow' }, 'keras2', false],
    ['tf.keras 2.21', { ...stack(dense), keras_version: '2.21.0', backend: 'tensorflow' }, 'keras2', false],
    ["tf.keras's .keras file", { ...stack(dense), module: 'keras', registered_name: null }, 'keras2', false],
    ['Keras 3 in an HDF5 attribute', { ...stack(dense), keras_version: '3.15.1' }, 'keras3', false],
    ['TensorFlow.js', { ...stack(dense), keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' }, 'keras2', true],
    [
      'model.json of TensorFlow.js',
      { format: 'layers-model', modelTopology: { ...stack(dense), keras_version: 'tfjs-layers 4.22.0' }, weightsManifest: [] },
      'keras2',
      true,
    ],
    [
      "model.json of TensorFlow.js's converter",
      { modelTopology: { keras_version: '2.2.4', backend: 'tensorflow', model_config: stack(dense) } },
      'keras2',
      true,
    ],
    ['text in an attribute', { model_config: JSON.stringify({ ...stack(dense), keras_version: '2.9.0' }) }, 'keras2', false],
    [
      'camelCase',
      {
        className: 'Sequential',
        config: { layers: [{ className: 'Dense', config: { name: 'd', units: 2, useBias: false, batchInputShape: [null, 3] } }] },
      },
      'keras2',
      true,
    ],
  ])('reads %s', (_, json, dialect, old) => {
    for (const form of [json, JSON.stringify(json)]) {
      const t = read(form);
      expect([t.dialect, t.old]).toEqual([dialect, old]);
      expect(t.layers).toHaveLength(1);
      expect(layerOptions(t.layers[0], t)).toEqual({ name: 'd', units: 2, useBias: false, batchInputShape: [null, 3] });
    }
  });

  it.each<[string, unknown, string, RegExp]>([
    ['text that is no JSON', '{"class_name": ', 'ERR_JSON', /no valid JSON/],
    ['null', 'null', 'ERR_CONFIG', /Received: null/],
    ['a number', 5, 'ERR_CONFIG', /Received: 5/],
    ['nothing', undefined, 'ERR_CONFIG', /Received: undefined/],
    ['another object', { a: 1 }, 'ERR_CONFIG', /keys \[a\]/],
    ['a functional model', { class_name: 'Functional', config: { layers: [] } }, 'ERR_CONFIG', /'Functional'/],
    ['a graph model of TensorFlow.js', { format: 'graph-model', modelTopology: { node: [] } }, 'ERR_CONFIG', /keys \[node\]/],
    ['layers that are no list', { class_name: 'Sequential', config: { layers: {} } }, 'ERR_CONFIG', /'layers'/],
    ['a layer without a class', stack({ config: {} }), 'ERR_CONFIG', /layer 0/],
    ['a layer that is a word', stack(dense, 'Dense'), 'ERR_CONFIG', /layer 1/],
    ['a config that is a list', stack({ class_name: 'Dense', config: [] }), 'ERR_CONFIG', /layer 0 \('Dense'\)/],
    [
      'a lambda',
      stack({ class_name: 'Dense', config: { activation: { class_name: '__lambda__', config: { value: 'abc' } } } }),
      'ERR_LAMBDA',
      /lambda/,
    ],
    [
      'a function with code',
      stack({ class_name: 'Dense', config: { activation: { class_name: 'function', config: { code: 'x' } } } }),
      'ERR_LAMBDA',
      /function/,
    ],
  ])('refuses %s', (_, json, code, message) => {
    expect(() => read(json)).toThrow(
      expect.objectContaining({ name: 'ValueError', code, message: expect.stringMatching(message) }),
    );
  });
});

describe('layerOptions', () => {
  const k3 = (class_name: string, config: object) =>
    options({ ...stack({ class_name, config }), module: 'keras', keras_version: '3.0' })[0];
  const k2 = (class_name: string, config: object, keras_version = '2.15.0') =>
    options({ ...stack({ class_name, config }), keras_version })[0];

  it('names dtypes and functions, unpacks tuples', () => {
    expect(k3('Dense', { dtype: { class_name: 'DTypePolicy', config: { name: 'float32' } } })).toEqual({ dtype: 'float32' });
    expect(
      k3('Dense', { activation: { module: 'builtins', class_name: 'function', config: 'my_act', registered_name: 'function' } }),
    ).toEqual({ activation: 'my_act' });
    expect(k2('Conv2D', { kernel_size: { class_name: '__tuple__', items: [3, 3] } })).toEqual({ kernelSize: [3, 3] });
  });

  it('takes hard_sigmoid for what it was in Keras 2', () => {
    expect(k2('LSTM', { activation: 'tanh', recurrent_activation: 'hard_sigmoid' })).toMatchObject({
      activation: 'tanh',
      recurrentActivation: 'hard_sigmoid_keras2',
    });
    expect(k2('Activation', { activation: 'hardSigmoid' }, 'tfjs-layers 4.0')).toEqual({ activation: 'hard_sigmoid_keras2' });
    expect(k3('Activation', { activation: 'hard_sigmoid' })).toEqual({ activation: 'hard_sigmoid' });
  });

  it('gives recurrent layers the defaults of their time, only where nothing is said', () => {
    expect(k2('GRU', { units: 2 }, '2.2.4')).toEqual({ units: 2, recurrentActivation: 'hard_sigmoid_keras2', resetAfter: false });
    expect(k2('GRU', { units: 2, reset_after: true, recurrent_activation: 'sigmoid' }, '2.2.4')).toEqual({
      units: 2,
      recurrentActivation: 'sigmoid',
      resetAfter: true,
    });
    expect(k2('GRU', { units: 2 }, '2.11.0')).toEqual({ units: 2 });
    expect(k3('GRU', { units: 2 })).toEqual({ units: 2 });
  });

  it('renames and drops what other versions say in other words', () => {
    expect(k2('LeakyReLU', { alpha: 0.1 })).toEqual({ negativeSlope: 0.1 });
    expect(k2('BatchNormalization', { axis: [3] })).toEqual({ axis: [3] });
    expect(k2('LayerNormalization', { axis: [1, 2] })).toEqual({ axis: [1, 2] });
    expect(k2('SeparableConv2D', { filters: 3, groups: 1, kernel_initializer: {}, kernel_regularizer: null })).toEqual({
      filters: 3,
    });
    expect(k2('Conv2DTranspose', { filters: 3, groups: 1 })).toEqual({ filters: 3 });
    expect(k2('Conv2DTranspose', { filters: 3, groups: 2 })).toEqual({ filters: 3, groups: 2 });
    expect(k2('Dense', { activity_regularizer: null, time_major: false })).toEqual({});
    expect(
      k2('Dense', { kernel_initializer: { class_name: 'VarianceScaling', config: { distribution: 'normal' } } })
        .kernelInitializer,
    ).toMatchObject({
      config: { distribution: 'truncated_normal' },
    });
    expect(
      k3('Dense', {
        kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null, input_axes: null, output_axes: null } },
      }),
    ).toEqual({
      kernelInitializer: { class_name: 'GlorotUniform', config: { seed: null } },
    });
  });

  it('keeps keys that nobody knows, for the layer to refuse', () => {
    expect(k3('Dense', { units: 1, unitz: 2 })).toEqual({ units: 1, unitz: 2 });
  });
});

describe('hostile JSON', () => {
  it('does not reach any prototype', () => {
    const text = JSON.stringify(stack(dense)).replace(
      '"units":2',
      '"units":2,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}',
    );
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining('__proto__') }),
    );
    const [config] = options(text.replace('"__proto__":{"polluted":true},', ''));
    expect(Object.getPrototypeOf(config)).toBe(Object.prototype);
    expect(Object.hasOwn(config, 'constructor')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('may not be deep, endless or vast', () => {
    const deep = `${'{"class_name":"Sequential","config":{"layers":['.repeat(5000)}${']}}'.repeat(5000)}`;
    expect(() => read(deep)).toThrow(expect.objectContaining({ name: 'ValueError', message: expect.stringMatching(/100 deep/) }));
    expect(() => read('['.repeat(100_000))).toThrow(expect.objectContaining({ name: 'ValueError' }));
    const loop: Record<string, unknown> = { class_name: 'Sequential' };
    loop.config = { layers: [loop] };
    expect(() => read(loop)).toThrow(/100 deep/);
    let shared: unknown = 1;
    for (let i = 0; i < 30; i++) shared = [shared, shared];
    expect(() => read(stack({ class_name: 'Dense', config: { units: shared } }))).toThrow(/entries/);
  });

  it('gives a topology or a ValueError, whatever it is', () => {
    const word = fc.constantFrom('Sequential', 'Dense', 'InputLayer', '__tuple__', 'function', 'relu', '2.2.4', 'config');
    const leaf = fc.oneof(word, fc.integer(), fc.constant(null), fc.boolean());
    const keys = fc.constantFrom(
      'class_name',
      'className',
      'config',
      'layers',
      'items',
      'module',
      'modelTopology',
      'model_config',
      'keras_version',
      'dtype',
      'activation',
      'axis',
      'alpha',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 5 }),
      ),
    }));
    const model = fc.record({
      class_name: fc.constant('Sequential'),
      config: fc.record({ layers: fc.array(fc.record({ class_name: word, config: fc.dictionary(keys, tree) })) }),
      keras_version: tree,
    });
    fc.assert(
      fc.property(fc.oneof(tree, model), (json) => {
        try {
          options(json);
        } catch (e) {
          expect((e as Error).name).toBe('ValueError');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

/** A value as text: numbers as float32, keys in order. */
const comparable = (value: unknown): string =>
  JSON.stringify(value, (_, v) =>
    typeof v === 'number'
      ? Math.fround(v)
      : typeof v === 'object' && v !== null && !Array.isArray(v)
        ? Object.fromEntries(Object.entries(v).sort())
        : v,
  );

describe('the golden configs', () => {
  const folder = join(__dirname, '..', 'parity', 'cases');
  const cases = readdirSync(folder)
    .filter((f) => f.endsWith('.json') && f !== 'index.json')
    .map((f) => JSON.parse(readFileSync(join(folder, f), 'utf8')));

  it('are told apart, and come out with the same layers', () => {
    expect(cases.length).toBeGreaterThan(100);
    for (const c of cases)
      for (const [key, dialect] of [
        ['modelConfig', 'keras3'],
        ['modelConfigKeras2', 'keras2'],
      ] as const) {
        if (!c[key]) continue;
        const t = read(c[key]);
        expect([c.name, t.dialect, t.old]).toEqual([c.name, dialect, false]);
        expect(t.layers.map((l) => l.className)).toEqual(c[key].config.layers.map((l: { class_name: string }) => l.class_name));
        for (const l of t.layers) for (const name of Object.keys(layerOptions(l, t))) expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/);
      }
  });

  it('say the same in both versions of Keras, where a case has both', () => {
    const differing = new Set<string>();
    for (const { modelConfig, modelConfigKeras2 } of cases) {
      if (!modelConfig || !modelConfigKeras2) continue;
      const [a, b] = [options(modelConfig), options(modelConfigKeras2)];
      const layers = read(modelConfig).layers;
      layers.forEach(({ className }, i) => {
        if (className === 'InputLayer') return;
        for (const key of new Set([...Object.keys(a[i]), ...Object.keys(b[i])])) {
          if (key !== 'name' && key !== 'layer' && key !== 'backwardLayer' && comparable(a[i][key]) !== comparable(b[i][key]))
            differing.add(`${className}.${key}`);
        }
      });
    }
    // What is left is new in Keras 3, or written as an axis from the front in Keras 2.
    expect([...differing].sort()).toEqual([
      'BatchNormalization.axis',
      'BatchNormalization.renorm',
      'BatchNormalization.renormClipping',
      'BatchNormalization.renormMomentum',
      'GRU.seed',
      'GRU.zeroOutputForMask',
      'LSTM.seed',
      'LSTM.zeroOutputForMask',
      'LayerNormalization.axis',
      'LayerNormalization.rmsScaling',
      'SimpleRNN.zeroOutputForMask',
      'SpatialDropout1D.trainable',
      'ZeroPadding1D.dataFormat',
    ]);
  });
});
