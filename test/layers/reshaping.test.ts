import { describe, expect, it } from 'vitest';
import { array, layers, sequential } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Shape } from '../../lib/layers/layer.js';
import defaults from '../parity/units/layer_defaults.json';
import { throwing } from './helpers.js';

const count = (...shape: number[]) =>
  array(
    Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => i),
    shape,
  );
const apply = async (layer: Layer, x: ReturnType<typeof count>) => {
  const model = sequential([layer]);
  model.build([null, ...x.shape.slice(1)]);
  const y = await model.predict(x, { verbose: 0 });
  expect(y.shape).toEqual([x.shape[0], ...layer.computeOutputShape(x.shape.slice(1))]);
  return y.toArray();
};
const error = (call: () => unknown): unknown => {
  try {
    call();
  } catch (e) {
    return e;
  }
  return undefined;
};

describe('shapes', () => {
  const cases: [Layer, Shape, Shape][] = [
    [layers.flatten(), [2, 3, 4], [24]],
    [layers.flatten(), [5], [5]],
    [layers.flatten(), [], [1]],
    [layers.flatten(), [null, 3], [null]],
    [layers.reshape({ targetShape: [3, -1] }), [4, 6], [3, 8]],
    [layers.reshape({ targetShape: [] }), [1], []],
    [layers.reshape({ targetShape: [2, -1] }), [null, 3], [2, null]],
    [layers.permute({ dims: [3, 1, 2] }), [4, null, 6], [6, 4, null]],
    [layers.repeatVector({ n: 3 }), [7], [3, 7]],
    [layers.masking(), [null, 4], [null, 4]],
    [layers.rescaling({ scale: [1, 2] }), [5, 2], [5, 2]],
  ];
  it.each(cases.map(([layer, input, output]) => ({ layer, name: layer.className, input, output })))(
    '$name of $input is $output',
    (c) => {
      expect(c.layer.computeOutputShape(c.input)).toEqual(c.output);
    },
  );
});

describe('values', () => {
  it('Flatten, also with the channels first', async () => {
    expect(await apply(layers.flatten(), count(2, 2, 3))).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
    // As of Keras: the channels go last, so that the numbers come in the order of the other format.
    expect(await apply(layers.flatten({ dataFormat: 'channels_first' }), count(1, 2, 3))).toEqual([[0, 3, 1, 4, 2, 5]]);
    expect(await apply(layers.flatten({ dataFormat: 'channels_first' }), count(1, 3))).toEqual([[0, 1, 2]]);
  });

  it('Reshape, Permute, RepeatVector', async () => {
    expect(await apply(layers.reshape({ targetShape: [-1, 2] }), count(1, 6))).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ]);
    expect(await apply(layers.permute({ dims: [2, 1] }), count(1, 2, 3))).toEqual([
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    ]);
    expect(await apply(layers.repeatVector({ n: 2 }), count(1, 3))).toEqual([
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    ]);
  });

  it('Rescaling by numbers, lists and typed arrays', async () => {
    expect(await apply(layers.rescaling({ scale: 0.5, offset: -1 }), count(1, 3))).toEqual([[-1, -0.5, 0]]);
    expect(await apply(layers.rescaling({ scale: new Float32Array([1, 2, 4]), offset: [0, 1, 0] }), count(1, 3))).toEqual([
      [0, 3, 8],
    ]);
    const numpy = { class_name: '__numpy__', config: { value: [1, 2, 4], dtype: 'float64' } };
    const layer = layerRegistry.resolve({ class_name: 'Rescaling', config: { scale: numpy, offset: 0 } });
    expect(layer.getConfig()).toMatchObject({ scale: [1, 2, 4], offset: 0 });
  });

  it('Masking: masked steps become 0 and do not count', async () => {
    const x = array([
      [
        [7, 7],
        [1, 2],
        [7, 3],
      ],
      [
        [7, 7],
        [7, 7],
        [5, 6],
      ],
    ]);
    expect(await apply(layers.masking({ maskValue: 7 }), x)).toEqual([
      [
        [0, 0],
        [1, 2],
        [7, 3],
      ],
      [
        [0, 0],
        [0, 0],
        [5, 6],
      ],
    ]);
    const model = sequential([layers.masking({ maskValue: 7, inputShape: [3, 2] })]);
    model.compile({ optimizer: 'sgd', loss: 'mae' });
    // Steps left: |1|+|2|, |7|+|3|, |5|+|6|, each a mean over two features, over three steps.
    expect(await model.evaluate(x, array(new Array(12).fill(0), [2, 3, 2]), { verbose: 0 })).toBeCloseTo((1.5 + 5 + 5.5) / 3, 5);
  });
});

describe('configs', () => {
  it("are Keras's by default", () => {
    for (const [name, layer] of [
      ['Flatten', layers.flatten()],
      ['Masking', layers.masking()],
      ['RepeatVector', layers.repeatVector({ n: 2 })],
    ] as const)
      for (const version of ['keras3', 'tfkeras'] as const) {
        const read = layerRegistry.resolve({ class_name: name, config: defaults[version][name] });
        expect(read.getConfig()).toEqual(layer.getConfig());
      }
  });

  it('come back', () => {
    for (const layer of [
      layers.reshape({ targetShape: [2, -1] }),
      layers.permute({ dims: [2, 1] }),
      layers.rescaling({ scale: [1, 2], offset: 3 }),
    ])
      expect(layerRegistry.resolve({ className: layer.className, config: layer.getConfig() }).getConfig()).toEqual(
        layer.getConfig(),
      );
  });
});

describe('errors', () => {
  it('of options', () => {
    expect(error(() => layers.reshape({ targetShape: [-1, -1] }))).toEqual(throwing('ERR_SHAPE', /-1 at most once/));
    expect(error(() => layers.reshape({ targetShape: [0] }))).toEqual(throwing('ERR_SHAPE', /Received: \[0\]/));
    expect(error(() => layers.reshape({} as never))).toEqual(throwing('ERR_TYPE', /'targetShape'/));
    expect(error(() => layers.permute({ dims: [1, 3] }))).toEqual(throwing('ERR_OUT_OF_RANGE', /each of 1 to 2 once/));
    expect(error(() => layers.permute({ dims: [0, 1] }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'dims'/));
    expect(error(() => layers.permute({ dims: 2 as never }))).toEqual(throwing('ERR_TYPE', /'dims'/));
    expect(error(() => layers.repeatVector({ n: 0 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'n'/));
    expect(error(() => layers.repeatVector({ n: 1.5 }))).toEqual(throwing('ERR_TYPE', /'n'/));
    expect(error(() => layers.flatten({ dataFormat: 'last' }))).toEqual(throwing('ERR_OUT_OF_RANGE', /channels_last/));
    expect(error(() => layers.masking({ maskValue: null as never }))).toEqual(throwing('ERR_TYPE', /'maskValue'/));
    expect(error(() => layers.rescaling({} as never))).toEqual(throwing('ERR_TYPE', /'scale'/));
    expect(error(() => layers.rescaling({ scale: [] }))).toEqual(throwing('ERR_TYPE', /'scale'/));
    expect(error(() => layers.rescaling({ scale: ['a'] as never }))).toEqual(throwing('ERR_TYPE', /'scale'/));
  });

  it('of shapes', () => {
    const shape = (layer: Layer, input: Shape) => error(() => layer.computeOutputShape(input));
    expect(shape(layers.reshape({ targetShape: [5] }), [6])).toEqual(throwing('ERR_SHAPE', /6 numbers/));
    expect(shape(layers.reshape({ targetShape: [4, -1] }), [6])).toEqual(throwing('ERR_SHAPE', /do not fill/));
    expect(shape(layers.permute({ dims: [2, 1] }), [6])).toEqual(throwing('ERR_SHAPE', /has 1/));
    expect(shape(layers.repeatVector({ n: 2 }), [6, 2])).toEqual(throwing('ERR_SHAPE', /rank 1/));
    expect(shape(layers.masking(), [])).toEqual(throwing('ERR_SHAPE', /rank 1 or more/));
    expect(shape(layers.rescaling({ scale: [1, 2] }), [3])).toEqual(throwing('ERR_SHAPE', /last axis of 3/));
  });
});
