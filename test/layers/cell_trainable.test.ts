import { expect, it } from 'vitest';
import { array, input, type Layer, layers, modelFromJSON, Sequential } from '../../lib/index.js';

const lstm = (trainable: boolean, units = 4) => new layers.LSTMCell({ units, trainable });
const gru = () => new layers.GRUCell({ units: 3 });
const x = array(
  Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  [4, 3, 2],
);

function modelOf(layer: Layer) {
  const model = new Sequential([input({ shape: [3, 2] }), layer, layers.dense({ units: 1 })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
}

/** Which weights of the first layer a fit changes. */
async function changed(model: Sequential): Promise<boolean[]> {
  const before = model.layers[0].getWeights();
  await model.fit(x, array(Float32Array.from([1, 2, 3, 4]), [4, 1]), { epochs: 2, verbose: 0 });
  return model.layers[0].getWeights().map((w, i) => String(w.data) !== String(before[i].data));
}

const [frozen, trains] = [Array(3).fill(false), Array(3).fill(true)];
it.each([
  ['a frozen cell', () => layers.rnn({ cell: lstm(false) }), frozen],
  ['one of two', () => layers.rnn({ cell: [lstm(false), gru()] }), [...frozen, ...trains]],
  [
    'stacked cells',
    () => layers.rnn({ cell: new layers.StackedRNNCells({ cells: [gru(), lstm(false)] }) }),
    [...trains, ...frozen],
  ],
  [
    'a frozen stack',
    () => layers.rnn({ cell: new layers.StackedRNNCells({ cells: [gru(), gru()], trainable: false }) }),
    [...frozen, ...frozen],
  ],
  ['a frozen layer', () => layers.rnn({ cell: gru(), trainable: false }), frozen],
  ['both directions', () => layers.bidirectional({ layer: layers.rnn({ cell: lstm(false) }) }), [...frozen, ...frozen]],
  ['none', () => layers.rnn({ cell: [lstm(true), gru()] }), [...trains, ...trains]],
])('%s', async (_, make, expected) => {
  const model = modelOf(make());
  expect(model.trainableWeights).toHaveLength(expected.filter(Boolean).length + 2);
  expect(model.layers[0].weights.map((w) => w.trainable)).toEqual(expected);
  expect(await changed(model)).toEqual(expected);
  // Configs hold it.
  const again = modelFromJSON(JSON.stringify(model.toJSON()));
  again.compile({ optimizer: 'sgd', loss: 'mse' });
  expect(await changed(again)).toEqual(expected);
  expect(await changed(model.clone())).toEqual(expected);
});

it('a layer hands trainable down to its cells, and compile reads it', async () => {
  const cell = gru();
  const layer = layers.rnn({ cell });
  const model = modelOf(layer);
  cell.trainable = false;
  expect(layer.trainable).toBe(true);
  expect(await changed(model)).toEqual(trains);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  expect(await changed(model)).toEqual(frozen);
  layer.trainable = true;
  expect(cell.trainable).toBe(true);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  expect(await changed(model)).toEqual(trains);
});

it('the regularizer of a frozen cell counts as little as that of a frozen layer', async () => {
  const loss = async (trainable: boolean) => {
    const cell = new layers.SimpleRNNCell({ units: 2, kernelRegularizer: 'l2', kernelInitializer: 'ones', trainable });
    const model = new Sequential([input({ shape: [3, 2] }), layers.rnn({ cell })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const zeros = (...shape: number[]) => array(new Float32Array(shape.reduce((a, b) => a * b)), shape);
    return model.evaluate(zeros(2, 3, 2), zeros(2, 2), { verbose: 0 });
  };
  expect(await loss(true)).toBeCloseTo(0.04, 6);
  expect(await loss(false)).toBe(0);
});
