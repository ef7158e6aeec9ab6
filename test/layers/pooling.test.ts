import { describe, expect, it, vi } from 'vitest';
import type { Layer, Lowering, Shape } from '../../lib/layers/layer.js';
import { throwing } from './helpers.js';

vi.mock('../../lib/engine/addon.js', () => import('./fake_addon.js'));
const pooling = await import('../../lib/layers/pooling.js');
const { AdaptiveAveragePooling2D, AdaptiveMaxPooling1D, adaptivePoolingLayers } = await import(
  '../../lib/layers/adaptive_pooling.js'
);
const { layerRegistry: registry } = await import('../../lib/layers/index.js');
const { toKerasConfig } = await import('../../lib/registry.js');
const { default: defaults } = await import('../parity/units/layer_defaults.json');

const {
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  AveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalAveragePooling3D,
} = pooling;
const all = Object.values({ ...pooling.poolingLayers, ...adaptivePoolingLayers });
const lower = (layer: Layer, input: Shape) => layer.lower(input, {} as Lowering);

describe('config', () => {
  it.each(['MaxPooling1D', 'MaxPooling2D', 'AveragePooling2D', 'GlobalMaxPooling2D'] as const)(
    "%s has Keras's options and defaults",
    (name) => {
      const layer = registry.resolve(name);
      const { name: _, trainable: __, dtype: ___, ...own } = layer.getConfig();
      const { name: _n, trainable: _t, dtype: _d, ...keras } = defaults.keras3[name] as Record<string, unknown>;
      expect(toKerasConfig(own)).toEqual(keras);
      expect(Object.keys(toKerasConfig(own))).toEqual(Object.keys(keras));
      for (const version of ['keras3', 'tfkeras'] as const)
        expect(registry.resolve({ class_name: name, config: defaults[version][name] }).getConfig()).toEqual(layer.getConfig());
    },
  );

  it.each(all.map((c) => [c.className, c] as const))('%s comes back from its config', (name) => {
    const rank = Number(/(\d)D/.exec(name)![1]);
    const config = /Global/.test(name)
      ? { keepdims: true, dataFormat: 'channels_first' }
      : /Adaptive/.test(name)
        ? { outputSize: 3 }
        : { poolSize: 3, strides: new Array(rank).fill(1), padding: 'SAME', dataFormat: 'channelsFirst' };
    const layer = registry.resolve({ className: name, config });
    expect(registry.resolve({ className: name, config: layer.getConfig() }).getConfig()).toEqual(layer.getConfig());
    expect(registry.resolve({ class_name: name, config: toKerasConfig(layer.getConfig()) }).getConfig()).toEqual(
      layer.getConfig(),
    );
    expect(layer.computeOutputShape(new Array(rank + 1).fill(5))).toHaveLength(rank + 1);
  });

  it("answers to Keras's short names", () => {
    expect(registry.resolve('MaxPool2D')).toBeInstanceOf(MaxPooling2D);
    expect(registry.resolve('AvgPool2D')).toBeInstanceOf(AveragePooling2D);
    expect(registry.resolve('GlobalMaxPool1D')).toBeInstanceOf(GlobalMaxPooling1D);
  });

  it('refuses what cannot be', () => {
    const make = (o: object) => () => new MaxPooling2D(o);
    expect(make({ size: 2 })).toThrow(throwing('ERR_UNKNOWN_OPTION', /poolSize/));
    expect(make({ poolSize: 0 })).toThrow(
      throwing('ERR_OUT_OF_RANGE', /'poolSize' must be a whole number >= 1 or an array of 2.*Received: 0/),
    );
    expect(make({ poolSize: [2, 2, 2] })).toThrow(throwing('ERR_OUT_OF_RANGE', /poolSize/));
    expect(make({ poolSize: 1.5 })).toThrow(throwing('ERR_OUT_OF_RANGE', /poolSize/));
    expect(make({ strides: '2' })).toThrow(TypeError);
    expect(make({ padding: 'causal' })).toThrow(throwing('ERR_OUT_OF_RANGE', /padding/));
    expect(make({ dataFormat: 'first' })).toThrow(throwing('ERR_OUT_OF_RANGE', /dataFormat/));
    expect(() => new GlobalMaxPooling2D({ keepdims: 1 } as never)).toThrow(TypeError);
    expect(() => new AdaptiveMaxPooling1D({} as never)).toThrow(TypeError);
  });
});

describe('shapes', () => {
  it.each([
    [{}, [28, 28, 3], [14, 14, 3]],
    [{}, [7, 5, 3], [3, 2, 3]],
    [{ padding: 'same' }, [7, 5, 3], [4, 3, 3]],
    [{ poolSize: 3, strides: 2 }, [9, 8, 1], [4, 3, 1]],
    [{ poolSize: [1, 3], strides: 1 }, [4, 4, 2], [4, 2, 2]],
    [{ poolSize: 3, strides: [2, 1], padding: 'same' }, [9, 8, 1], [5, 8, 1]],
    [{ dataFormat: 'channels_first' }, [3, 28, 14], [3, 14, 7]],
    [{}, [null, 28, 3], [null, 14, 3]],
    [{}, [4, 4, null], [2, 2, null]],
    [{ poolSize: 8, padding: 'same' }, [3, 3, 1], [1, 1, 1]],
  ] as const)('MaxPooling2D(%j) of [%s] is [%s]', (options, input, output) => {
    expect(new MaxPooling2D(options as object).computeOutputShape(input)).toEqual(output);
  });

  it('of global and adaptive ones', () => {
    expect(new GlobalMaxPooling1D().computeOutputShape([null, 5])).toEqual([5]);
    expect(new GlobalMaxPooling2D({ keepdims: true }).computeOutputShape([4, 6, 5])).toEqual([1, 1, 5]);
    expect(new GlobalAveragePooling3D({ keepdims: true, dataFormat: 'channels_first' }).computeOutputShape([2, 4, 6, 5])).toEqual(
      [2, 1, 1, 1],
    );
    expect(new AdaptiveAveragePooling2D({ outputSize: [7, 3] }).computeOutputShape([null, 5, 8])).toEqual([7, 3, 8]);
    expect(new AdaptiveMaxPooling1D({ outputSize: 4, dataFormat: 'channels_first' }).computeOutputShape([8, 9])).toEqual([8, 4]);
  });

  it('says which layer does not fit and how to mend it', () => {
    expect(() => new MaxPooling2D({ name: 'p' }).computeOutputShape([4, 1, 1])).toThrow(
      throwing('ERR_SHAPE', /'p'.*\[2, 2\].*\[4, 1, 1\].*'same'/),
    );
    expect(() => new MaxPooling1D().computeOutputShape([4])).toThrow(throwing('ERR_SHAPE', /rank 2, \[steps, channels\].*\[4\]/));
    expect(() => new MaxPooling3D().computeOutputShape([4, 4, 1])).toThrow(
      throwing('ERR_SHAPE', /\[depth, height, width, channels\]/),
    );
    expect(() => new GlobalMaxPooling2D({ dataFormat: 'channels_first' }).computeOutputShape([4])).toThrow(
      throwing('ERR_SHAPE', /\[channels, height, width\]/),
    );
  });
});

it('tells the engine what to do', () => {
  expect(lower(new AveragePooling2D({ poolSize: [2, 3], padding: 'same' }), [4, 4, 1])).toEqual([
    { op: 'pooling', kind: 'average', rank: 2, channelsFirst: false, size: [2, 3], strides: [2, 3], padding: 'same' },
  ]);
  expect(lower(new GlobalMaxPooling1D({ dataFormat: 'channels_first' }), [4, 4])).toEqual([
    { op: 'pooling', kind: 'max', rank: 1, channelsFirst: true, global: true, keepdims: false },
  ]);
  expect(lower(new AdaptiveAveragePooling2D({ outputSize: 2 }), [4, 4, 1])).toEqual([
    { op: 'pooling', kind: 'average', rank: 2, channelsFirst: false, outputs: [2, 2] },
  ]);
});
