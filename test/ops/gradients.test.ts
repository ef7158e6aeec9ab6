// Gradients of what users compose, through the whole way: trace, lowering, engine. Held against finite differences of the loss.
import { beforeEach, describe, expect, it } from 'vitest';
import { layers, ops, sequential, setRandomSeed, type Tensor, type Weight } from '../../lib/index.js';

/** Layers over samples [4, 3] with a weight [3, 3] and a vector [3]. */
const computed: Record<string, (x: Tensor, w: Weight, v: Weight) => Tensor> = {
  'a chain of elements': (x, _w, v) => ops.multiply(ops.tanh(ops.add(x, v)), ops.sigmoid(ops.subtract(ops.square(x), v))),
  'a product with a weight': (x, w, v) => ops.add(ops.matmul(x, w), v),
  'a weight that is used twice': (x, w, v) => ops.add(ops.matmul(ops.tanh(ops.matmul(x, w)), ops.transpose(w)), v),
  'attention of steps': (x, w, v) => {
    const q = ops.matmul(x, w);
    const scores = ops.softmax(ops.divide(ops.matmul(q, ops.transpose(x, [0, 2, 1])), Math.sqrt(3)));
    return ops.add(ops.matmul(scores, x), v);
  },
  'normalization of samples': (x, _w, v) => {
    const [m, s] = ops.moments(x, [1, 2], true);
    return ops.multiply(ops.divide(ops.subtract(x, m), ops.sqrt(ops.add(s, 1e-3))), v);
  },
  'normalization over the batch': (x, _w, v) => {
    const centred = ops.subtract(x, ops.mean(x, { axis: [0, 1], keepdims: true }));
    return ops.multiply(ops.divide(centred, ops.sqrt(ops.add(ops.var(x, { axis: [0, 1], keepdims: true }), 0.1))), v);
  },
  'parts put together anew': (x, _w, v) => {
    const [a, b] = ops.split(x, 2, 1);
    return ops.concatenate([ops.flip(ops.multiply(a, v), 2), ops.roll(ops.exp(b), 1, 1)], 1);
  },
  'weights of weights': (x, w, v) => ops.matmul(x, ops.add(ops.multiply(ops.softmax(w, 0), v), ops.eye(3))),
  'rows of a table': (x, w, v) => {
    const places = ops.clip(ops.round(ops.multiply(ops.abs(x), 2)), 0, 2);
    return ops.add(ops.take(w, ops.argmax(places, -1), 0), ops.multiply(x, v));
  },
  'sums along an axis': (x, _w, v) => ops.cumsum(ops.multiply(x, v), 1),
  'an einsum': (x, w, v) => ops.einsum('btc,cd->btd', ops.multiply(x, v), w),
  'where and peaks': (x, _w, v) =>
    ops.where(ops.greater(x, 0), ops.multiply(x, v), ops.subtract(x, ops.max(x, { axis: 2, keepdims: true }))),
};

/** Those that jump where x changes a little stand first, so that x is data. */
const jumps = ['rows of a table', 'where and peaks'];

class Own extends layers.Layer {
  static override readonly className = 'Own';
  w!: Weight;
  v!: Weight;
  constructor(private readonly name_: string) {
    super({ inputShape: [4, 3] });
  }
  override build() {
    this.w = this.addWeight({ name: 'w', shape: [3, 3] });
    this.v = this.addWeight({ name: 'v', shape: [3], initializer: 'randomNormal' });
  }
  override call(x: Tensor): Tensor {
    return computed[this.name_](x, this.w, this.v);
  }
}

const x = Array.from({ length: 7 }, (_, i) =>
  Array.from({ length: 4 }, (_, t) => Array.from({ length: 3 }, (_, c) => Math.sin(1 + i * 12 + t * 5 + c * 2))),
);
const y = x.map((_, i) => [Math.cos(i), Math.sin(2 * i)]);

describe('gradients of a layer of ops', () => {
  beforeEach(() => setRandomSeed(5));
  it.each(Object.keys(computed))('%s', async (name) => {
    const model = sequential([
      ...(jumps.includes(name) ? [] : [layers.dense({ units: 3, activation: 'tanh', inputShape: [4, 3] })]),
      new Own(name),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const start = model.getWeights();
    model.optimizer.learningRate = 1;
    await model.trainOnBatch(x, y);
    const gradients = model.getWeights().map((after, k) => after.data.map((value, i) => start[k].data[i] - value));
    const lossAt = async (k: number, i: number, step: number) => {
      const moved = start.map((w) => w.data.slice());
      moved[k][i] += step;
      model.weights.forEach((weight, j) => {
        weight.write(moved[j]);
      });
      return (await model.evaluate(x, y, { verbose: 0, batchSize: 7 })) as number;
    };
    const largest = Math.max(...gradients.flatMap((g) => [...g].map(Math.abs)));
    expect(largest).toBeGreaterThan(1e-3);
    for (const [k, g] of gradients.entries())
      for (let i = 0; i < g.length; i += 1 + Math.floor(g.length / 5)) {
        const h = 1e-2;
        const slope = ((await lossAt(k, i, h)) - (await lossAt(k, i, -h))) / (2 * h);
        expect(Math.abs(g[i] - slope), `${model.weights[k].path}[${i}]: ${g[i]} and ${slope}`).toBeLessThan(
          0.02 * largest + 1e-3,
        );
      }
  });
});
