import { describe, expect, it, vi } from 'vitest';
import type { Layer, Lowering, Shape } from '../../lib/layers/layer.js';
import { throwing } from './helpers.js';

vi.mock('../../lib/engine/addon.js', () => import('./fake_addon.js'));
const { Cropping1D, Cropping2D, Cropping3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D } = await import(
  '../../lib/layers/resizing.js'
);
const { UpSampling1D, UpSampling2D, UpSampling3D } = await import('../../lib/layers/up_sampling.js');
const { layerRegistry: registry } = await import('../../lib/layers/index.js');
const { toKerasConfig } = await import('../../lib/registry.js');
const { default: defaults } = await import('../parity/units/layer_defaults.json');

const lower = (layer: Layer, input: Shape) => layer.lower(input, {} as Lowering);
/** Keras's config of a layer without what all layers have. */
function own(layer: Layer) {
  const { name, trainable, dtype, ...config } = layer.getConfig();
  return toKerasConfig(config);
}

describe('config', () => {
  it.each(['ZeroPadding2D', 'UpSampling2D'] as const)("%s has Keras's options and defaults", (name) => {
    const { name: _n, trainable: _t, dtype: _d, ...keras } = defaults.keras3[name] as Record<string, unknown>;
    expect(own(registry.resolve(name))).toEqual(keras);
    for (const version of ['keras3', 'tfkeras'] as const)
      expect(own(registry.resolve({ class_name: name, config: defaults[version][name] }))).toEqual(keras);
  });

  // What Keras 3.15 writes for these calls.
  it.each([
    [new ZeroPadding1D(), { padding: [1, 1], data_format: 'channels_last' }],
    [new ZeroPadding1D({ padding: [2, 0] }), { padding: [2, 0], data_format: 'channels_last' }],
    [
      new ZeroPadding2D({ padding: 3 }),
      {
        padding: [
          [3, 3],
          [3, 3],
        ],
        data_format: 'channels_last',
      },
    ],
    [
      new ZeroPadding2D({ padding: [1, 2] }),
      {
        padding: [
          [1, 1],
          [2, 2],
        ],
        data_format: 'channels_last',
      },
    ],
    [
      new ZeroPadding3D({
        padding: [
          [0, 1],
          [2, 3],
          [4, 5],
        ],
      }),
      {
        padding: [
          [0, 1],
          [2, 3],
          [4, 5],
        ],
        data_format: 'channels_last',
      },
    ],
    [new Cropping1D(), { cropping: [1, 1] }],
    [
      new Cropping2D(),
      {
        cropping: [
          [0, 0],
          [0, 0],
        ],
        data_format: 'channels_last',
      },
    ],
    [
      new Cropping3D(),
      {
        cropping: [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        data_format: 'channels_last',
      },
    ],
    [new UpSampling1D(), { size: 2 }],
    [
      new UpSampling2D({ size: 3, interpolation: 'bilinear' }),
      { size: [3, 3], data_format: 'channels_last', interpolation: 'bilinear' },
    ],
    [new UpSampling3D({ size: [1, 2, 3] }), { size: [1, 2, 3], data_format: 'channels_last' }],
  ] as const)('%#: as Keras writes it, and back', (layer, config) => {
    expect(own(layer)).toEqual(config);
    expect(own(registry.resolve({ class_name: layer.className, config }))).toEqual(config);
    expect(own(registry.resolve({ className: layer.className, config: layer.getConfig() }))).toEqual(config);
  });

  it('refuses what cannot be', () => {
    expect(() => new ZeroPadding2D({ padding: -1 })).toThrow(throwing('ERR_OUT_OF_RANGE', /padding.*Received: -1/));
    expect(() => new ZeroPadding2D({ padding: [1, 2, 3] })).toThrow(throwing('ERR_OUT_OF_RANGE', /padding/));
    expect(
      () =>
        new ZeroPadding2D({
          padding: [
            [1, 2, 3],
            [1, 1],
          ] as never,
        }),
    ).toThrow(throwing('ERR_OUT_OF_RANGE', /padding/));
    expect(() => new ZeroPadding1D({ padding: [1] as never })).toThrow(throwing('ERR_OUT_OF_RANGE', /\[before, after\]/));
    expect(() => new Cropping1D({ cropping: '1' as never })).toThrow(TypeError);
    expect(() => new Cropping1D({ dataFormat: 'channels_last' } as never)).toThrow(throwing('ERR_UNKNOWN_OPTION', /dataFormat/));
    expect(() => new UpSampling1D({ size: 0 })).toThrow(throwing('ERR_OUT_OF_RANGE', /size/));
    expect(() => new UpSampling2D({ interpolation: 'cubic' as never })).toThrow(throwing('ERR_OUT_OF_RANGE', /bicubic/));
  });
});

describe('shapes', () => {
  it.each([
    [new ZeroPadding1D({ padding: [2, 1] }), [5, 3], [8, 3]],
    [new ZeroPadding1D({ dataFormat: 'channels_first' }), [5, 3], [5, 5]],
    [new ZeroPadding2D({ padding: [1, 2] }), [4, null, 3], [6, null, 3]],
    [new ZeroPadding3D(), [1, 2, 3, 4], [3, 4, 5, 4]],
    [new Cropping1D({ cropping: [1, 2] }), [6, 2], [3, 2]],
    [
      new Cropping2D({
        cropping: [
          [0, 1],
          [1, 0],
        ],
        dataFormat: 'channels_first',
      }),
      [2, 3, 5],
      [2, 2, 4],
    ],
    [new Cropping3D(), [5, 4, 3, 2], [3, 2, 1, 2]],
    [new UpSampling1D({ size: 3 }), [null, 2], [null, 2]],
    [new UpSampling2D({ size: [2, 1] }), [3, 4, 5], [6, 4, 5]],
    [new UpSampling3D({ dataFormat: 'channels_first' }), [3, 1, 2, 3], [3, 2, 4, 6]],
  ] as const)('%#', (layer, input, output) => {
    expect(layer.computeOutputShape(input)).toEqual(output);
  });

  it('says which layer does not fit', () => {
    expect(() => new Cropping1D({ name: 'c', cropping: 2 }).computeOutputShape([4, 1])).toThrow(
      throwing('ERR_SHAPE', /'c'.*\[2, 2\].*\[4, 1\]/),
    );
    expect(() => new ZeroPadding2D().computeOutputShape([4, 1])).toThrow(
      throwing('ERR_SHAPE', /rank 3, \[height, width, channels\]/),
    );
    expect(() => new UpSampling1D().computeOutputShape([4])).toThrow(throwing('ERR_SHAPE', /rank 2/));
  });
});

it('tells the engine what to do', () => {
  expect(
    lower(
      new ZeroPadding2D({
        padding: [
          [1, 2],
          [3, 4],
        ],
      }),
      [5, 5, 1],
    ),
  ).toEqual([{ op: 'zeroPadding', before: [1, 3, 0], after: [2, 4, 0] }]);
  expect(
    lower(
      new Cropping2D({
        cropping: [
          [1, 2],
          [0, 4],
        ],
        dataFormat: 'channels_first',
      }),
      [1, 9, 9],
    ),
  ).toMatchObject([{ op: 'zeroPadding', before: [0, -1, 0], after: [0, -2, -4] }]);
  expect(lower(new UpSampling2D({ interpolation: 'area' }), [5, 5, 1])).toEqual([
    { op: 'upSampling', rank: 2, size: [2, 2], channelsFirst: false, interpolation: 'nearest' },
  ]);
});
