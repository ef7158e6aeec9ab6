import { describe, expect, it, vi } from 'vitest';
import type { Layer } from '../../lib/layers/layer.js';
import { built, lowering, throwing } from './helpers.js';

vi.mock('../../lib/engine/addon.js', () => import('./fake_addon.js'));
const { GroupNormalization } = await import('../../lib/layers/group_normalization.js');
const { RMSNormalization, UnitNormalization } = await import('../../lib/layers/vector_normalization.js');
const { Normalization } = await import('../../lib/layers/feature_normalization.js');
const { PReLU } = await import('../../lib/layers/prelu.js');
const { layerRegistry: registry } = await import('../../lib/layers/index.js');
const { toKerasConfig } = await import('../../lib/registry.js');
const { toKeras } = await import('../../lib/registry.js');
const { default: defaults } = await import('../parity/units/layer_defaults.json');

const weightsOf = (layer: Layer) => layer.weights.map((w) => [w.name, [...w.shape], w.trainable]);

it.each(['GroupNormalization', 'PReLU'] as const)("%s has Keras's options and defaults", (name) => {
  const layer = registry.resolve(name);
  const config = Object.fromEntries(
    Object.entries(toKerasConfig(layer.getConfig())).map(([k, v]) => [
      k,
      v && typeof v === 'object' && 'getConfig' in v ? toKeras(v as never, 'keras.initializers') : v,
    ]),
  );
  const { name: _, dtype: __, ...keras } = defaults.keras3[name] as Record<string, unknown>;
  expect(config).toMatchObject(JSON.parse(JSON.stringify(keras)));
  for (const version of ['keras3', 'tfkeras'] as const)
    expect(registry.resolve({ class_name: name, config: defaults[version][name] }).getConfig()).toEqual(layer.getConfig());
});

describe('GroupNormalization', () => {
  it('has a gamma and beta for each channel', () => {
    expect(weightsOf(built(new GroupNormalization({ groups: 2 }), [4, 4, 6]))).toEqual([
      ['gamma', [6], true],
      ['beta', [6], true],
    ]);
    expect(weightsOf(built(new GroupNormalization({ groups: -1, axis: 1, center: false }), [6, 4]))).toEqual([
      ['gamma', [6], true],
    ]);
  });
  it('tells the engine the number of groups', () => {
    const layer = built(new GroupNormalization({ groups: -1, axis: -2 }), [6, 4]);
    expect(layer.lower([6, 4], lowering)).toMatchObject([{ op: 'groupNormalization', groups: 6, axis: 1, weights: [0, 1] }]);
    expect(layer.getConfig()).toMatchObject({ groups: -1, axis: -2, epsilon: 1e-3 });
  });
  it('says why a shape does not fit', () => {
    expect(() => new GroupNormalization({ name: 'g' }).computeOutputShape([4, 33])).toThrow(
      throwing('ERR_SHAPE', /'g'.*32 groups for 33 channels/),
    );
    expect(() => new GroupNormalization().computeOutputShape([4, 16])).toThrow(throwing('ERR_SHAPE', /32 groups for 16/));
    expect(() => new GroupNormalization({ axis: 3 }).computeOutputShape([4, 32])).toThrow(throwing('ERR_SHAPE', /no axis 3/));
    expect(() => new GroupNormalization({ groups: 0 })).toThrow(throwing('ERR_OUT_OF_RANGE', /groups/));
  });
});

describe('UnitNormalization and RMSNormalization', () => {
  it('take an axis or some', () => {
    expect(new UnitNormalization({ axis: [-1, 1] }).lower([3, 4, 5])).toEqual([{ op: 'unitNormalization', axis: [1, 3] }]);
    const layer = built(new RMSNormalization({ axis: [2, 1], epsilon: 1e-3 }), [3, 4]);
    expect(weightsOf(layer)).toEqual([['scale', [3, 4], true]]);
    expect([...layer.weights[0].read().data]).toEqual(new Array(12).fill(1));
    expect(layer.lower([3, 4], lowering)).toEqual([{ op: 'rmsNormalization', axis: [1, 2], epsilon: 1e-3, weights: [0] }]);
  });
  it('come back from their configs', () => {
    for (const layer of [new UnitNormalization({ axis: [1, 2] }), new RMSNormalization({ axis: [-1], epsilon: 0.5 })]) {
      expect(registry.resolve({ class_name: layer.className, config: toKerasConfig(layer.getConfig()) }).getConfig()).toEqual(
        layer.getConfig(),
      );
    }
    expect(new UnitNormalization().getConfig()).toMatchObject({ axis: -1 });
  });
  it('say why an axis does not fit', () => {
    expect(() => new UnitNormalization({ name: 'u', axis: 0 }).computeOutputShape([3])).toThrow(
      throwing('ERR_SHAPE', /'u'.*\[0\]/),
    );
    expect(() => new UnitNormalization({ axis: [1, -1] }).computeOutputShape([3])).toThrow(
      throwing('ERR_SHAPE', /different axes/),
    );
    expect(() => new UnitNormalization({ axis: [] })).toThrow(throwing('ERR_OUT_OF_RANGE', /axis/));
    expect(() => new UnitNormalization({ axis: '1' as never })).toThrow(TypeError);
    expect(() => new RMSNormalization().computeOutputShape([3, null])).toThrow(throwing('ERR_SHAPE', /must be known/));
    expect(new UnitNormalization().computeOutputShape([3, null])).toEqual([3, null]);
  });
});

describe('PReLU', () => {
  it('has slopes for each element, or shared ones', () => {
    expect(weightsOf(built(new PReLU(), [3, 4, 2]))).toEqual([['alpha', [3, 4, 2], true]]);
    const layer = built(new PReLU({ sharedAxes: [1, 2] }), [null, 4, 2]);
    expect(weightsOf(layer)).toEqual([['alpha', [1, 1, 2], true]]);
    expect(layer.lower([null, 4, 2], lowering)).toEqual([{ op: 'prelu', sharedAxes: [1, 2], weights: [0] }]);
    expect(new PReLU({ sharedAxes: 1 }).getConfig().sharedAxes).toEqual([1]);
  });
  it('says why axes do not fit', () => {
    expect(() => new PReLU({ sharedAxes: [3] }).computeOutputShape([3, 4])).toThrow(throwing('ERR_SHAPE', /from 1 to 2/));
    expect(() => new PReLU({ sharedAxes: [0] }).computeOutputShape([3, 4])).toThrow(throwing('ERR_SHAPE', /sharedAxes/));
    expect(() => new PReLU().computeOutputShape([null, 4])).toThrow(throwing('ERR_SHAPE', /known size/));
    expect(() => new PReLU({ sharedAxes: 'all' as never })).toThrow(TypeError);
  });
});

describe('Normalization', () => {
  const read = (layer: Layer) => layer.weights.map((w) => [...w.read().data]);
  // The examples of Keras's documentation.
  const rows = [
    [0, 7, 4],
    [2, 9, 6],
    [0, 7, 4],
    [2, 9, 6],
  ];
  it('finds mean and variance', () => {
    const layer = new Normalization({ axis: -1 });
    layer.adapt(rows);
    expect(weightsOf(layer)).toEqual([
      ['mean', [3], false],
      ['variance', [3], false],
      ['count', [], false],
    ]);
    expect(read(layer).slice(0, 2)).toEqual([
      [1, 8, 5],
      [1, 1, 1],
    ]);
    const one = new Normalization({ axis: null });
    one.adapt([[1], [2], [3], [4], [5]]);
    expect(read(one).slice(0, 2)).toEqual([[3], [2]]);
  });
  it('keeps the axes it is told', () => {
    const data = [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 12],
      ],
    ]; // [2, 2, 2]
    const layer = new Normalization({ axis: 1 });
    layer.adapt(data);
    expect(read(layer)[0]).toEqual([3.5, 6.5]);
    const both = new Normalization({ axis: [1, 2] });
    both.adapt(data);
    expect(read(both).slice(0, 2)).toEqual([
      [3, 4, 5, 8],
      [4, 4, 4, 16],
    ]);
    expect(both.lower([2, 2], lowering)).toEqual([{ op: 'normalization', axis: [1, 2], invert: false, weights: [0, 1, 2] }]);
    layer.adapt([
      [
        [0, 0],
        [9, 9],
      ],
    ]);
    expect(read(layer)[0]).toEqual([0, 9]);
  });
  it('takes mean and variance, spread over its axes', () => {
    const layer = built(new Normalization({ mean: 3, variance: 2 }), [3]);
    expect(layer.weights).toEqual([]);
    expect(layer.lower([3], lowering)).toEqual([
      { op: 'normalization', axis: [1], invert: false, mean: [3, 3, 3], variance: [2, 2, 2] },
    ]);
    const spread = new Normalization({ axis: [1, 2], mean: [[1], [2]], variance: [[1], [4]], invert: true });
    expect(spread.lower([2, 3], lowering)).toMatchObject([
      { invert: true, mean: [1, 1, 1, 2, 2, 2], variance: [1, 1, 1, 4, 4, 4] },
    ]);
    expect(spread.getConfig()).toMatchObject({ axis: [1, 2], mean: [[1], [2]], variance: [[1], [4]], invert: true });
    const again = registry.resolve({ class_name: 'Normalization', config: toKerasConfig(spread.getConfig()) });
    expect(again.getConfig()).toEqual(spread.getConfig());
    expect(new Normalization({ axis: null }).getConfig()).toMatchObject({ axis: [], mean: null, variance: null });
  });
  it('says what does not fit', () => {
    expect(() => new Normalization({ mean: 1 })).toThrow(throwing('ERR_VALUE', /together/));
    expect(() => new Normalization({ mean: [1, 2], variance: [1] })).toThrow(throwing('ERR_SHAPE', /one shape/));
    expect(() => new Normalization({ mean: [[1]], variance: [[1]] })).toThrow(throwing('ERR_SHAPE', /at most 1/));
    expect(() => built(new Normalization({ mean: [1, 2], variance: [1, 2] }), [3])).toThrow(throwing('ERR_SHAPE', /sizes \[3\]/));
    expect(() => new Normalization({ axis: 0 }).computeOutputShape([3])).toThrow(throwing('ERR_SHAPE', /0 is the batch/));
    expect(() => new Normalization({ mean: 1, variance: 1 }).adapt([[1]])).toThrow(/nothing to adapt/);
    expect(() => built(new Normalization(), [3]).adapt([[1, 2]])).toThrow(throwing('ERR_SHAPE', /adapt/));
    expect(() => new Normalization().adapt([])).toThrow(throwing('ERR_EMPTY', /empty/));
  });
});
