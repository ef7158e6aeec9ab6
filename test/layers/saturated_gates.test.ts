import { expect, it } from 'vitest';
import { array, layers, optimizers, Sequential } from '../../lib/index.js';

// Gradients of Keras 3.15.1 where inputs are so large that gates end at their limits: their slope there is 0, however large what it is multiplied by.
const base = [
  [
    [1, -0.5],
    [0.3, 0.8],
    [-1, 0.2],
  ],
  [
    [-0.7, 0.1],
    [0.9, -0.4],
    [0.5, 1.1],
  ],
];
const isLarge = {
  all: () => true,
  first: (_sample: number, step: number) => step === 0,
  mix: (sample: number, _step: number, feature: number) => sample === 0 && feature === 0,
};

it.each<['gru' | 'lstm', keyof typeof isLarge, number, number[], number[]]>([
  ['gru', 'all', 100000, [0, 0, 0, 0], [0, 0, 0]],
  ['gru', 'mix', 100000, [-21582.2, -0.0498018, 0.0373665, -0.0492862], [-0.118705, -0.0147457, -0.00977405]],
  ['gru', 'first', -1e11, [0.0879164, 0.0330997, 0.0652994, -0.138347], [-0.111468, 0.0675665, -0.0987956]],
  ['lstm', 'all', -1e11, [0, 0, 0, 0], [0, 0, 0]],
  ['lstm', 'mix', -1e11, [1.67155e10, -0.0775502, 0.0104738, -0.0261631], [-0.000511706, -0.0119569, -0.00312513]],
  ['lstm', 'first', 100000, [0.01933, -0.0362055, 0.0208702, -0.0239456], [0.00546371, 0.0287624, -0.00625024]],
])('%s, %s of %d', async (kind, which, scale, kernel, recurrent) => {
  const model = new Sequential([layers[kind]({ units: 2, inputShape: [3, 2] })]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 1 }), loss: 'mse' });
  const start = model.getWeights().map((w, k) => Float32Array.from(w.data, (_, i) => Math.sin(i * 1.3 + k) * 0.5));
  model.setWeights(model.getWeights().map((w, k) => array(start[k], w.shape)));
  const x = base.map((steps, s) => steps.map((step, t) => step.map((v, f) => (isLarge[which](s, t, f) ? v * scale : v))));
  await model.fit(
    x,
    [
      [1, 1],
      [1, 1],
    ],
    { batchSize: 2, shuffle: false, verbose: 0 },
  );
  const slopes = model.getWeights().map((w, k) => Array.from(w.data as Float32Array, (v, i) => start[k][i] - v));
  const picked = (g: number[], at: number[]) => at.map((i) => g[(i + g.length) % g.length]);
  const [k, r] = slopes;
  for (const [found, right] of [
    [picked(k, [0, 5, k.length / 2 + 1, -1]), kernel],
    [picked(r, [0, 5, -1]), recurrent],
  ])
    for (const [i, slope] of right.entries())
      expect(Math.abs(found[i] - slope)).toBeLessThan(1e-5 * Math.max(0.2, Math.abs(slope)));
});
