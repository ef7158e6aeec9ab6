// Optimizers, regularizers, constraints and activations of one's own, beside the engine's.
import { expect, it } from 'vitest';
import {
  activations,
  constraints,
  layers,
  ops,
  optimizers,
  regularizers,
  sequential,
  setRandomSeed,
  type Tensor,
} from '../../lib/index.js';

const x = Array.from({ length: 40 }, (_, i) => Array.from({ length: 5 }, (_, j) => Math.sin(i * 5 + j)));
const y = x.map((row) => [row[0] * row[1]]);

async function trained(optimizer: unknown, options: object = {}) {
  setRandomSeed(9);
  const model = sequential([
    layers.dense({ units: 6, inputShape: [5], activation: 'tanh', ...options }),
    layers.dense({ units: 1 }),
  ]);
  model.compile({ optimizer: optimizer as never, loss: 'mse' });
  const { history } = await model.fit(x, y, { epochs: 4, verbose: 0, batchSize: 8 });
  return { loss: history.loss, weights: model.getWeights().flatMap((w) => [...w.data]) };
}

async function alike(own: Awaited<ReturnType<typeof trained>>, built: Awaited<ReturnType<typeof trained>>) {
  own.weights.forEach((w, i) => {
    expect(w).toBeCloseTo(built.weights[i], 4);
  });
  own.loss.forEach((l, i) => {
    expect(l).toBeCloseTo(built.loss[i], 5);
  });
}

class OwnAdam extends optimizers.Optimizer {
  static override readonly className = 'OwnAdam';
  override slotNames() {
    return ['m', 'v'];
  }
  override updateStep(g: Tensor, w: Tensor, rate: Tensor, slots: { [name: string]: Tensor }, step: Tensor) {
    const m = ops.add(ops.multiply(0.9, slots.m), ops.multiply(0.1, g));
    const v = ops.add(ops.multiply(0.999, slots.v), ops.multiply(0.001, ops.square(g)));
    const alpha = ops.divide(
      ops.multiply(rate, ops.sqrt(ops.subtract(1, ops.power(0.999, step)))),
      ops.subtract(1, ops.power(0.9, step)),
    );
    return [ops.subtract(w, ops.divide(ops.multiply(alpha, m), ops.add(ops.sqrt(v), 1e-7))), { m, v }] as const;
  }
}

it('an optimizer of ops is the one of the engine', async () => {
  await alike(await trained(new OwnAdam({ learningRate: 0.01 })), await trained(optimizers.adam({ learningRate: 0.01 })));
  const clipped = { learningRate: 0.01, clipnorm: 0.1, weightDecay: 0.01 };
  await alike(await trained(new OwnAdam(clipped)), await trained(optimizers.adam(clipped)));
});

it('a regularizer of ops is the one of the engine: as a function and as a class', async () => {
  const built = await trained('sgd', { kernelRegularizer: regularizers.l2({ l2: 0.05 }) });
  await alike(await trained('sgd', { kernelRegularizer: (w: Tensor) => ops.multiply(0.05, ops.sum(ops.square(w))) }), built);
  class Own extends regularizers.Regularizer {
    static override readonly className = 'Own';
    override call(w: Tensor) {
      return ops.sum(ops.multiply(ops.square(w), 0.05));
    }
  }
  await alike(await trained('sgd', { kernelRegularizer: new Own() }), built);
});

it('a constraint of ops is the one of the engine', async () => {
  const built = await trained('sgd', { kernelConstraint: 'non_neg' });
  await alike(await trained('sgd', { kernelConstraint: (w: Tensor) => ops.maximum(w, 0) }), built);
  class Own extends constraints.Constraint {
    static override readonly className = 'Own';
    override call(w: Tensor) {
      return ops.relu(w);
    }
  }
  await alike(await trained('sgd', { kernelConstraint: new Own() }), built);
});

it('an activation of ops is the one of the engine', async () => {
  const built = await trained('sgd', { activation: activations.leakyRelu({ negativeSlope: 0.2 }) });
  await alike(await trained('sgd', { activation: (t: Tensor) => ops.where(ops.greater(t, 0), t, ops.multiply(0.2, t)) }), built);
});

it('what is not element by element is refused with a reason', async () => {
  const refused = async (options: object) =>
    trained('sgd', options).then(
      () => 'taken',
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    );
  expect(await refused({ kernelConstraint: (w: Tensor) => ops.divide(w, ops.sum(w)) })).toMatch(
    /ERR_UNSUPPORTED.*element by element/,
  );
  expect(await refused({ kernelRegularizer: (w: Tensor) => ops.max(w) })).toMatch(/ERR_UNSUPPORTED.*sum over/);
});
