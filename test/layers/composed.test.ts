// Layers of one's own, composed of ops and other layers.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type LayerOptions,
  layers,
  type NDArray,
  ops,
  registerSerializable,
  sequential,
  setRandomSeed,
  type Tensor,
  type Weight,
} from '../../lib/index.js';

class Scaled extends layers.Layer {
  static override readonly className = 'Scaled';
  readonly units: number;
  readonly inner = layers.dense({ units: 3, activation: 'tanh' });
  kernel!: Weight;
  constructor({ units, ...options }: LayerOptions & { units: number }) {
    super(options);
    this.units = units;
  }
  override build(shape: readonly (number | null)[]) {
    this.kernel = this.addWeight({ name: 'kernel', shape: [shape.at(-1) as number, this.units] });
    super.build(shape);
  }
  override call(x: Tensor): Tensor {
    return ops.concatenate([ops.matmul(x, this.kernel), this.inner.call(x)], -1);
  }
  override getConfig() {
    return { ...super.getConfig(), units: this.units };
  }
}

const x = Array.from({ length: 40 }, (_, i) => Array.from({ length: 5 }, (_, j) => Math.sin(i * 5 + j)));
const y = x.map((row) => [row[0] * row[1]]);

describe('a layer of ops and layers', () => {
  beforeEach(() => setRandomSeed(1));

  it('has shapes, weights and paths', () => {
    const model = sequential([new Scaled({ units: 2, inputShape: [5], name: 'own' }), layers.dense({ units: 1 })]);
    expect(model.outputShape).toEqual([null, 1]);
    expect(model.layers[0].weights.map((w) => [w.path, w.shape])).toEqual([
      ['own/kernel', [5, 2]],
      ['own/inner/kernel', [5, 3]],
      ['own/inner/bias', [3]],
    ]);
  });

  it('computes and trains as the same stack of built-ins does', async () => {
    const own = sequential([new Scaled({ units: 2, inputShape: [5] }), layers.dense({ units: 1 })]);
    const [kernel, inner, bias] = own.layers[0].getWeights();
    // The same by one dense layer: tanh on three of five columns is not, so that only the linear part is compared.
    const plain = sequential([layers.dense({ units: 2, useBias: false, inputShape: [5] })]);
    plain.setWeights([kernel]);
    const part = (await own.predict(x)).toArray();
    expect(part).toHaveLength(40);
    const all = own.layers[0].call(x.slice(0, 3)) as NDArray;
    const linear = (await plain.predict(x.slice(0, 3))) as NDArray;
    for (let r = 0; r < 3; r++) {
      for (let k = 0; k < 2; k++) expect(all.at(r, k)).toBeCloseTo(linear.at(r, k), 6);
      for (let k = 0; k < 3; k++) {
        const sum = x[r].reduce((s, v, i) => s + v * inner.at(i, k), bias.at(k));
        expect(all.at(r, 2 + k)).toBeCloseTo(Math.tanh(sum), 5);
      }
    }
    own.compile({ optimizer: 'adam', loss: 'mse' });
    const { history } = await own.fit(x, y, { epochs: 20, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan(history.loss[0]);
  });

  it('survives its config', () => {
    registerSerializable('Scaled', Scaled as never);
    const model = sequential([new Scaled({ units: 2, inputShape: [5] })]);
    const copy = model.clone();
    expect((copy.layers[0] as Scaled).units).toBe(2);
    expect(copy.countParams()).toBe(model.countParams());
  });

  it('may compute otherwise in training', async () => {
    class Shifted extends layers.Layer {
      static override readonly className = 'Shifted';
      override call(t: Tensor, { training }: { training: boolean }) {
        return training ? ops.concatenate([t, t], -1) : ops.concatenate([t, ops.flip(t, -1)], -1);
      }
    }
    const model = sequential([new Shifted({ inputShape: [5] }), layers.dense({ units: 1, useBias: false })]);
    const [w] = model.getWeights();
    const predicted = (await model.predict(x)).toArray() as number[][];
    const expected = (r: number, turned: boolean) =>
      x[r].reduce((s, v, i) => s + v * (w.at(i, 0) + w.at(5 + (turned ? 4 - i : i), 0)), 0);
    expect(predicted[3][0]).toBeCloseTo(expected(3, true), 5);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    model.optimizer.learningRate = 0;
    const loss = await model.trainOnBatch(x, y);
    expect(loss).toBeCloseTo(x.reduce((s, _, r) => s + (expected(r, false) - y[r][0]) ** 2, 0) / 40, 5);
  });

  it('says what a trace cannot see', () => {
    const own = (call: (t: Tensor) => unknown) =>
      new (class extends layers.Layer {
        static override readonly className = 'Own';
        override call(t: Tensor) {
          return call(t) as Tensor;
        }
      })({ inputShape: [5] });
    const message = (call: (t: Tensor) => unknown) => {
      try {
        sequential([own(call)]);
      } catch (error) {
        return `${(error as { code?: string }).code} ${(error as Error).message}`;
      }
      return 'nothing';
    };
    expect(message((t) => ((t as unknown as number) > 0 ? t : ops.flip(t)))).toMatch(/ERR_TRACE.*ops\.where/);
    expect(message((t) => [...(t as unknown as Iterable<Tensor>)][0])).toMatch(/ERR_TRACE.*ops\.unstack/);
    expect(message(() => 3)).toMatch(/must return a tensor/);
    expect(message(async (t) => t)).toMatch(/promise/);
    expect(message((t) => ops.reshape(t, [5, -1]))).toMatch(/the batch/);
  });
});
