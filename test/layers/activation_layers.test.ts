import { describe, expect, it } from 'vitest';
import { activations, array, layers, modelFromJSON, sequential } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Shape } from '../../lib/layers/layer.js';
import defaults from '../parity/units/layer_defaults.json';
import mask from '../parity/units/softmax_mask.json';
import { throwing } from './helpers.js';

/** What one layer makes of a batch. */
async function apply(layer: Layer, x: unknown, inputShape: number[]): Promise<unknown> {
  const model = sequential([layer]);
  model.build([null, ...inputShape]);
  return (await model.predict(array(x as number[]), { verbose: 0 })).toArray();
}
const error = (call: () => unknown): unknown => {
  try {
    call();
  } catch (e) {
    return e;
  }
  return undefined;
};
const own = (layer: Layer) => {
  const { name: _, trainable: __, dtype: ___, ...config } = layer.getConfig();
  return config;
};

describe('configs', () => {
  it("are Keras's by default", () => {
    expect(own(new layers.Softmax())).toEqual({ axis: -1 });
    expect(own(new layers.ReLU())).toEqual({ maxValue: null, negativeSlope: 0, threshold: 0 });
    expect(own(new layers.LeakyReLU())).toEqual({ negativeSlope: 0.3 });
    expect(own(new layers.ELU())).toEqual({ alpha: 1 });
  });

  it('of Keras 3 are read', () => {
    for (const name of ['Softmax', 'ReLU', 'LeakyReLU', 'ELU'] as const) {
      const layer = layerRegistry.resolve({ class_name: name, config: defaults.keras3[name] });
      expect(own(layer)).toEqual(own(new layers[name]()));
    }
  });

  it('of Keras 2 are read', () => {
    expect(own(layerRegistry.resolve({ class_name: 'LeakyReLU', config: { alpha: 0.25, name: 'a', dtype: 'float32' } }))).toEqual(
      {
        negativeSlope: 0.25,
      },
    );
  });

  it('name the function of an Activation', () => {
    const model = sequential([
      layers.activation({ activation: 'swish', inputShape: [2] }),
      layers.activation({ activation: activations.elu({ alpha: 2 }) }),
    ]);
    const json = JSON.parse(JSON.stringify(model));
    expect(json.config.layers[1].config.activation).toBe('silu');
    expect(JSON.stringify(modelFromJSON(json))).toBe(JSON.stringify(model));
  });
});

describe('values', () => {
  it('Activation applies its function', async () => {
    expect(await apply(layers.activation({ activation: 'relu' }), [[-1, 2]], [2])).toEqual([[0, 2]]);
    expect(await apply(layers.activation({ activation: 'linear' }), [[-1, 2]], [2])).toEqual([[-1, 2]]);
    expect(await apply(layers.activation({ activation: 'glu' }), [[3, 5, 0, 0]], [4])).toEqual([[1.5, 2.5]]);
    expect(
      await apply(layers.activation({ activation: activations.threshold({ threshold: 1, defaultValue: -7 }) }), [[1, 2]], [2]),
    ).toEqual([[-7, 2]]);
    expect(await apply(layers.activation({ activation: layers.leakyReLU({ negativeSlope: 0.5 }) }), [[-4, 2]], [2])).toEqual([
      [-2, 2],
    ]);
  });

  it('ReLU, LeakyReLU, ELU', async () => {
    expect(await apply(layers.relu({ maxValue: 1.5, negativeSlope: 0.5, threshold: 1 }), [[-1, 1, 1.25, 9]], [4])).toEqual([
      [-1, 0, 1.25, 1.5],
    ]);
    expect(await apply(layers.leakyReLU({ alpha: 0.25 }), [[-4, 2]], [2])).toEqual([[-1, 2]]);
    expect(await apply(layers.elu({ alpha: 2 }), [[-100, 2]], [2])).toEqual([[-2, 2]]);
  });

  it('Softmax along one axis and over several', async () => {
    const x = [
      [
        [0, 0],
        [Math.log(3), 0],
      ],
    ];
    const close = (rows: number[][][]) => rows.map((m) => m.map((r) => r.map((v) => expect.closeTo(v, 6))));
    expect(await apply(layers.softmax(), x, [2, 2])).toEqual(
      close([
        [
          [0.5, 0.5],
          [0.75, 0.25],
        ],
      ]),
    );
    expect(await apply(layers.softmax({ axis: 1 }), x, [2, 2])).toEqual(
      close([
        [
          [0.25, 0.5],
          [0.75, 0.5],
        ],
      ]),
    );
    expect(await apply(layers.softmax({ axis: [1, 2] }), x, [2, 2])).toEqual(
      close([
        [
          [1 / 6, 1 / 6],
          [0.5, 1 / 6],
        ],
      ]),
    );
  });

  it('Softmax over axes that are not neighbours', async () => {
    const x = Array.from({ length: 24 }, (_, i) => Math.sin(i));
    const model = sequential([layers.softmax({ axis: [1, -1], inputShape: [2, 3, 4] })]);
    const y = (await model.predict(array(x, [1, 2, 3, 4]), { verbose: 0 })).data;
    for (let b = 0; b < 3; b++) {
      const members = [...x.keys()].filter((i) => Math.floor(i / 4) % 3 === b);
      const sum = members.reduce((s, i) => s + Math.exp(x[i]), 0);
      for (const i of members) expect(y[i]).toBeCloseTo(Math.exp(x[i]) / sum, 6);
    }
  });
});

describe('Softmax and masks', () => {
  const x = array([
    [
      [1, 2],
      [0, 0],
      [3, -1],
    ],
  ]);
  const masked = (...more: Layer[]) => sequential([layers.masking({ inputShape: [3, 2] }), ...more]);

  it('as with the function, steps are by themselves and the loss leaves masked ones out', async () => {
    const results = [];
    for (const last of [layers.softmax(), layers.activation({ activation: 'softmax' })]) {
      const model = masked(last);
      model.compile({ loss: 'sparse_categorical_crossentropy' });
      results.push([
        (await model.predict(x, { verbose: 0 })).toArray(),
        await model.evaluate(x, array([[0, 0, 1]], null, 'int32'), { verbose: 0 }),
      ]);
    }
    expect(results[0]).toEqual(results[1]);
    // log(1 + e) and log(1 + e^4) of the two steps that count.
    expect(results[0][1]).toBeCloseTo((Math.log(1 + Math.E) + Math.log(1 + Math.exp(4))) / 2, 5);
  });

  it('Keras refuses a mask that is not as wide as the input', () => {
    for (const message of Object.values(mask.refused)) expect(message).toMatch(/mask.*must be broadcastable/);
  });

  it('are refused along the masked axis, by name', async () => {
    for (const axis of [1, -2, [1, 2]]) {
      const failed = masked(layers.softmax({ axis, name: 'attention' })).predict(x, { verbose: 0 });
      await expect(failed).rejects.toEqual(throwing('ERR_MASK', /layer 'attention'.*axis 1.*masked/));
      await expect(failed).rejects.toMatchObject({ name: 'ValueError' });
    }
    // Without a mask there is nothing against it, and the function does not know of masks, as in Keras.
    const sums = (await apply(layers.softmax({ axis: 1 }), x, [3, 2])) as number[][][];
    expect(sums[0][0][0] + sums[0][1][0] + sums[0][2][0]).toBeCloseTo(1, 6);
    await masked(layers.activation({ activation: activations.softmax({ axis: 1 }) })).predict(x, { verbose: 0 });
  });
});

describe('errors', () => {
  it('of options', () => {
    expect(error(() => layers.activation({} as never))).toEqual(throwing('ERR_TYPE', /'activation' is missing/));
    expect(error(() => layers.activation({ activation: 'rleu' }))).toEqual(throwing('ERR_UNKNOWN_NAME', /'relu'/));
    expect(error(() => layers.relu({ maxValue: -1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'maxValue'.*Received: -1/));
    expect(error(() => layers.relu({ negativeSlope: -1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'negativeSlope'/));
    expect(error(() => layers.leakyReLU({ negativeSlope: -1 }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'negativeSlope'/));
    expect(error(() => layers.leakyReLU({ negativeSlope: 0.1, alpha: 0.2 }))).toEqual(throwing('ERR_VALUE', /'alpha'/));
    expect(error(() => layers.elu({ alpha: '1' as never }))).toEqual(throwing('ERR_TYPE', /'alpha'/));
    expect(error(() => layers.softmax({ axis: [] }))).toEqual(throwing('ERR_OUT_OF_RANGE', /'axis'/));
    expect(error(() => layers.softmax({ axes: 1 } as never))).toEqual(throwing('ERR_UNKNOWN_OPTION', /Did you mean 'axis'/));
  });

  it('of shapes', () => {
    const build = (layer: Layer, shape: Shape) => error(() => layer.computeOutputShape(shape));
    expect(build(layers.softmax({ axis: 3 }), [2, 2])).toEqual(throwing('ERR_OUT_OF_RANGE', /'axis' must be 1 to 2/));
    expect(build(layers.softmax({ axis: [1, 0] }), [2, 2])).toEqual(throwing('ERR_OUT_OF_RANGE', /the batch/));
    expect(build(layers.activation({ activation: 'glu' }), [3])).toEqual(throwing('ERR_SHAPE', /even/));
  });
});
