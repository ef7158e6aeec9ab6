import { describe, expect, it, vi } from 'vitest';
import type { Layer } from '../../lib/layers/layer.js';
import { lowering, throwing } from './helpers.js';

vi.mock('../../lib/engine/addon.js', () => import('./fake_addon.js'));
const { BatchNormalization, LayerNormalization } = await import('../../lib/layers/normalization.js');
const { layerRegistry: registry } = await import('../../lib/layers/index.js');
const { toKerasConfig } = await import('../../lib/registry.js');
const { default: defaults } = await import('../parity/units/layer_defaults.json');

const weightsOf = (layer: Layer) => layer.weights.map((w) => [w.name, [...w.shape], w.trainable]);

/** What Keras 3 writes, without what is left out here on purpose. */
function kerasDefaults(name: 'BatchNormalization' | 'LayerNormalization') {
  const { renorm, renorm_clipping, renorm_momentum, ...rest } = defaults.keras3[name] as Record<string, unknown>;
  return rest;
}
const partNames = (config: object) =>
  JSON.parse(JSON.stringify(config), (_, v) => ((v?.className ?? v?.class_name) ? (v.class_name ?? v.className) : v));

describe.each([
  ['BatchNormalization', () => new BatchNormalization()],
  ['LayerNormalization', () => new LayerNormalization()],
] as const)('%s', (name, make) => {
  it("has Keras's options and defaults", () => {
    const { name: _, trainable, dtype, ...own } = make().getConfig();
    const shown = Object.fromEntries(
      Object.entries(own).map(([k, v]) => [k, v && typeof v === 'object' ? { class_name: v.constructor.name } : v]),
    );
    expect(partNames(toKerasConfig(shown))).toEqual(partNames(kerasDefaults(name)));
  });

  it('comes back from its own config and from both versions of Keras', () => {
    const config = { epsilon: 0.5, center: false, gammaInitializer: 'zeros', betaRegularizer: 'l2' };
    const layer = registry.resolve({ className: name, config });
    const again = registry.resolve({ className: name, config: layer.getConfig() });
    expect(again.getConfig()).toEqual(layer.getConfig());
    for (const version of ['keras3', 'tfkeras'] as const)
      expect(registry.resolve({ class_name: name, config: defaults[version][name] }).getConfig()).toEqual(make().getConfig());
  });

  it('refuses what it does not know or cannot do', () => {
    const options = (o: object) => () => registry.resolve({ className: name, config: o });
    expect(options({ axes: 1 })).toThrow(throwing('ERR_UNKNOWN_OPTION', /axis/));
    expect(options({ axis: 1.5 })).toThrow(TypeError);
    expect(options({ axis: '1' })).toThrow(TypeError);
    expect(options({ axis: [] })).toThrow(throwing('ERR_OUT_OF_RANGE', /axis/));
    expect(options({ epsilon: -1 })).toThrow(throwing('ERR_OUT_OF_RANGE', /epsilon/));
    expect(options({ scale: 1 })).toThrow(TypeError);
    expect(options({ gammaInitializer: 'nothing' })).toThrow(throwing('ERR_UNKNOWN_NAME', /gammaInitializer/));
    for (const axis of [0, 3, -3]) {
      const layer = registry.resolve({ className: name, config: { axis } });
      expect(() => layer.computeOutputShape([3, 4])).toThrow(throwing('ERR_SHAPE', /1 to 2/));
    }
    expect(() => make().computeOutputShape([3, null])).toThrow(throwing('ERR_SHAPE', /must be known/));
    expect(make().computeOutputShape([null, 4])).toEqual([null, 4]);
  });
});

describe('BatchNormalization', () => {
  it("has Keras's weights", () => {
    const layer = new BatchNormalization({ axis: 1 });
    layer.buildFor([3, 4]);
    expect(weightsOf(layer)).toEqual([
      ['gamma', [3], true],
      ['beta', [3], true],
      ['moving_mean', [3], false],
      ['moving_variance', [3], false],
    ]);
    expect(layer.getWeights().map((w) => w.data[0])).toEqual([1, 0, 0, 1]);
    const bare = new BatchNormalization({ scale: false, center: false });
    bare.buildFor([5]);
    expect(weightsOf(bare).map(([n]) => n)).toEqual(['moving_mean', 'moving_variance']);
  });

  it('tells the engine its mode', () => {
    const layer = new BatchNormalization({ momentum: 0.9 });
    layer.buildFor([3]);
    const op = {
      op: 'batchNormalization',
      axis: -1,
      momentum: 0.9,
      epsilon: 1e-3,
      center: true,
      scale: true,
      weights: [0, 1, 2, 3],
    };
    expect(layer.lower([3], lowering)).toEqual([{ ...op, frozen: false, unbiasedMovingVariance: false }]);
    layer.trainable = false;
    expect(layer.lower([3], lowering)).toEqual([{ ...op, frozen: true, unbiasedMovingVariance: false }]);
  });

  it.each([
    [[3], [4, 4, 2], true],
    [[1], [4, 4, 2], true],
    [[-1], [4, 4, 4, 2], true],
    [[2], [4, 4, 2], false],
    [[1], [4], false],
    [[2], [4, 2], false],
    [3, [4, 4, 2], false],
  ])('follows the fused kernel of tf.keras for axis %j of %j: %s', (axis, shape, fused) => {
    const layer = new BatchNormalization({ axis });
    layer.buildFor(shape);
    expect(layer.lower(shape, lowering)[0].unbiasedMovingVariance).toBe(fused);
  });

  it('takes one axis and no renormalization', () => {
    expect(() => new BatchNormalization({ axis: [1, 2] })).toThrow(throwing('ERR_OUT_OF_RANGE', /one axis/));
    expect(() => new BatchNormalization({ renorm: true })).toThrow(throwing('ERR_UNSUPPORTED', /renorm/));
    expect(new BatchNormalization({ renorm: false, synchronized: true }).getConfig().synchronized).toBe(true);
  });
});

describe('LayerNormalization', () => {
  it('has weights of the sizes of its axes', () => {
    const layer = new LayerNormalization({ axis: [1, -1] });
    layer.buildFor([3, 4, 5]);
    expect(weightsOf(layer)).toEqual([
      ['gamma', [3, 5], true],
      ['beta', [3, 5], true],
    ]);
    expect(layer.lower([3, 4, 5], lowering)).toEqual([
      { op: 'layerNormalization', axis: [1, 3], epsilon: 1e-3, rmsScaling: false, scale: true, center: true, weights: [0, 1] },
    ]);
  });

  it('with rmsScaling learns gamma alone', () => {
    const layer = new LayerNormalization({ rmsScaling: true, scale: false });
    layer.buildFor([4]);
    expect(weightsOf(layer)).toEqual([['gamma', [4], true]]);
    expect(layer.lower([4], lowering)[0]).toMatchObject({ scale: true, center: false, rmsScaling: true });
    expect(layer.getConfig()).toMatchObject({ scale: false, center: true });
  });

  it('refuses an axis twice', () => {
    expect(() => new LayerNormalization({ axis: [2, -1] }).computeOutputShape([3, 4])).toThrow(throwing('ERR_SHAPE', /twice/));
  });
});
