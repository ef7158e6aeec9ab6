import { expect, it } from 'vitest';
import { type ArrayInput, array, input, type Loss, layers, losses, optimizers, Sequential } from '../../lib/index.js';

// Values of Keras 3.15.1.
const shape = [2, 3, 4, 2];
const count = 48;
const p = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + 1) * 0.5 + 0.5);
const y = array(
  Float32Array.from({ length: count }, (_, i) => ((i * 7) % 3 === 0 ? 1 : 0)),
  shape,
);
const quiet = { batchSize: 2, verbose: 0 as const };

async function measure(loss: Loss, sampleWeight?: ArrayInput) {
  const model = new Sequential([input({ shape: shape.slice(1) }), layers.activation({ activation: 'linear' })]);
  model.compile({ optimizer: 'sgd', loss });
  return (await model.evaluate(array(p, shape), y, { ...quiet, ...(sampleWeight ? { sampleWeight } : {}) })) as number;
}

/** The gradient by the predictions, which are weights of the model: one step of SGD moves them by it. */
async function gradient(loss: Loss) {
  const model = new Sequential([
    layers.dense({ units: count / 2, useBias: false, inputShape: [2] }),
    layers.reshape({ targetShape: shape.slice(1) }),
  ]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 1 }), loss });
  model.setWeights([array(p, [2, count / 2])]); // rows are the predictions of [1, 0] and [0, 1]
  await model.fit(array(Float32Array.from([1, 0, 0, 1]), [2, 2]), y, { ...quiet, epochs: 1, shuffle: false });
  const after = model.getWeights()[0].data as Float32Array;
  return [...p].map((value, i) => value - after[i]);
}

it.each<['dice' | 'tversky', number | number[] | null, number, number[]]>([
  ['dice', null, 0.591058, [-0.038248, 0.0098307, 0.0098307]],
  ['dice', -1, 0.706619, [-0.0195569, 0.0090278, 0.0089688]],
  ['dice', 0, 0.771386, [-0.0194449, 0.0, 0.0]],
  ['dice', 1, 0.589011, [-0.0291729, 0.0000344, 0.0127138]],
  ['dice', 2, 0.604907, [-0.0254165, 0.0118517, 0.0084307]],
  ['dice', 3, 0.706619, [-0.0195569, 0.0090278, 0.0089688]],
  ['dice', [1, 2, 3], 0.591192, [-0.0373628, 0.0105017, 0.0105017]],
  ['dice', [1, 2], 0.592003, [-0.0359556, 0.0100279, 0.0109287]],
  ['dice', [0, 1], 0.591393, [-0.0406302, 0.0078876, 0.0119751]],
  ['dice', [1, 3], 0.588233, [-0.0356789, 0.0066009, 0.0134893]],
  ['dice', [0, 2, 3], 0.593376, [-0.0330924, 0.009558, 0.009558]],
  ['dice', [0, 1, 2, 3], 0.591058, [-0.038248, 0.0098307, 0.0098307]],
  ['dice', [2], 0.604907, [-0.0254165, 0.0118517, 0.0084307]],
  ['dice', [-2, -1], 0.595049, [-0.0296086, 0.0098528, 0.0098528]],
  ['dice', [0, 1, 2], 0.591061, [-0.0384767, 0.0100412, 0.0096199]],
  ['dice', [], 0.795628, [-0.0112942, 0.0, 0.0]],
  ['tversky', null, 0.595154, [-0.0341085, 0.0115617, 0.0115617]],
  ['tversky', -1, 0.700743, [-0.0157292, 0.0096899, 0.0097227]],
  ['tversky', 0, 0.739932, [-0.0160162, 0.0, 0.0]],
  ['tversky', 1, 0.598098, [-0.0235148, 0.0000414, 0.0137654]],
  ['tversky', 2, 0.605642, [-0.0219816, 0.0121978, 0.0099942]],
  ['tversky', 3, 0.700743, [-0.0157292, 0.0096899, 0.0097227]],
  ['tversky', [1, 2, 3], 0.595391, [-0.032902, 0.0122533, 0.0122533]],
  ['tversky', [1, 2], 0.596424, [-0.0312334, 0.0118816, 0.0125664]],
  ['tversky', [0, 1], 0.596235, [-0.0369966, 0.0094723, 0.0137464]],
  ['tversky', [1, 3], 0.591154, [-0.032377, 0.0074913, 0.0146781]],
  ['tversky', [0, 2, 3], 0.595424, [-0.0290393, 0.0111439, 0.0111439]],
  ['tversky', [0, 1, 2, 3], 0.595154, [-0.0341085, 0.0115617, 0.0115617]],
  ['tversky', [2], 0.605642, [-0.0219816, 0.0121978, 0.0099942]],
  ['tversky', [-2, -1], 0.597074, [-0.0252281, 0.010998, 0.010998]],
  ['tversky', [0, 1, 2], 0.595165, [-0.034436, 0.0117865, 0.0113358]],
  ['tversky', [], 0.777288, [-0.0070059, 0.0, 0.0]],
])('%s with axis %j', async (name, axis, value, slopes) => {
  const loss = (o: object) =>
    name === 'dice' ? losses.dice({ axis, ...o }) : losses.tversky({ axis, alpha: 0.3, beta: 0.6, ...o });
  expect(await measure(loss({}))).toBeCloseTo(value, 5);
  const found = await gradient(loss({}));
  for (const [i, slope] of slopes.entries()) expect(found[i]).toBeCloseTo(slope, 6);
});

const bySample = array(Float32Array.from([0.5, 2]), [2]);
const byStep = array(Float32Array.from([0.5, 2, 1, 0, 1, 3]), [2, 3]);
it.each([
  [null, bySample, 0.7388225, 1.4776449, 0.591058],
  [[1, 2, 3], bySample, 0.7614921, 1.522984, 0.6091937],
  [[0, 1, 2, 3], bySample, 0.7388225, 1.4776449, 0.591058],
  [null, byStep, 0.7388225, 4.4329348, 0.591058],
  [[2, 3], byStep, 0.746052, 4.4763117, 0.5968416],
  [[0, 2, 3], byStep, 0.7641707, 4.5850244, 0.6113366],
])('weights scale the values of axis %j', async (axis, weights, mean, sum, weightedMean) => {
  expect(await measure(losses.dice({ axis }), weights)).toBeCloseTo(mean, 5);
  expect(await measure(losses.dice({ axis, reduction: 'sum' }), weights)).toBeCloseTo(sum, 4);
  expect(await measure(losses.dice({ axis, reduction: 'mean_with_sample_weight' }), weights)).toBeCloseTo(weightedMean, 5);
});

it.each([
  [[1, 2, 3], byStep],
  [0, bySample],
  [[0, 2, 3], bySample],
])('axis %j leaves nothing that such weights belong to', async (axis, weights) => {
  await expect(measure(losses.dice({ axis }), weights)).rejects.toMatchObject({ name: 'ValueError', code: 'ERR_WEIGHTS' });
});

it.each([
  [null, 0.6111942, 0.8828361],
  [-1, 0.6944017, 1.0041208],
  [[0, 2], 0.6076404, 0.8543167],
])('masked steps with axis %j', async (axis, plain, weighted) => {
  const model = new Sequential([input({ shape: [4, 2] }), layers.masking()]);
  model.compile({ optimizer: 'sgd', loss: losses.dice({ axis }) });
  const x = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * 12.9898 + 2) * 0.5 + 0.5);
  x.fill(0, 4, 8);
  x.fill(0, 18, 20);
  const labels = array(
    Float32Array.from({ length: 24 }, (_, i) => ((i * 5) % 3 === 0 ? 1 : 0)),
    [3, 4, 2],
  );
  const sampleWeight = array(Float32Array.from([1, 2, 0.5, 1, 3, 0, 1, 1, 1, 1, 2, 2]), [3, 4]);
  const options = { batchSize: 3, verbose: 0 as const };
  expect(await model.evaluate(array(x, [3, 4, 2]), labels, options)).toBeCloseTo(plain, 5);
  expect(await model.evaluate(array(x, [3, 4, 2]), labels, { ...options, sampleWeight })).toBeCloseTo(weighted, 5);
});

it('an axis that takes masked steps together is refused', async () => {
  const model = new Sequential([input({ shape: [4, 2] }), layers.masking()]);
  model.compile({ optimizer: 'sgd', loss: losses.dice({ axis: [1, 2] }) });
  const zeros = array(new Float32Array(8), [1, 4, 2]);
  await expect(model.evaluate(zeros, zeros, { verbose: 0 })).rejects.toMatchObject({ code: 'ERR_MASK' });
});

// Labels and embeddings of length 1.
const labels = array(Float32Array.from([0, 1, 0, 2, 1, 0]), [6]);
const embeddings = [
  0.19617477, -0.3866229, -0.90113157, -0.5540297, -0.61285627, -0.5634343, -0.89838445, -0.41688386, 0.13825065, 0.36741161,
  0.593997, 0.71566486, 0.72428112, 0.591523, 0.35428429, 0.09372766, -0.4387398, -0.89371276,
];
const weights = array(Float32Array.from([1, 0.5, 2, 3, 0, 1.5]), [6]);
it.each([
  ['sum_over_batch_size', 5.9190516, 4.3009963, [1.5856261, 0.6344117, -0.4288583]],
  ['sum', 29.5952568, 21.504982, [7.9281301, 3.1720583, -2.1442916]],
  ['mean_with_sample_weight', 5.9190512, 4.3009963, [1.5856259, 0.6344116, -0.4288583]],
] as const)('circle with weights, %s', async (reduction, plain, weighted, slopes) => {
  const model = new Sequential([layers.dense({ units: 3, useBias: false, inputShape: [6] })]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.001 }), loss: losses.circle({ gamma: 2, reduction }) });
  const x = array(
    Float32Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0)),
    [6, 6],
  );
  const start = Float32Array.from(embeddings);
  model.setWeights([array(start, [6, 3])]);
  const options = { batchSize: 6, verbose: 0 as const };
  expect(await model.evaluate(x, labels, options)).toBeCloseTo(plain, 4);
  expect(await model.evaluate(x, labels, { ...options, sampleWeight: weights })).toBeCloseTo(weighted, 4);
  await model.fit(x, labels, { ...options, epochs: 1, shuffle: false, sampleWeight: weights });
  const after = model.getWeights()[0].data as Float32Array;
  for (const [i, slope] of slopes.entries()) expect((start[i] - after[i]) / 0.001).toBeCloseTo(slope, 2);
});

it('circle takes class weights', async () => {
  const model = new Sequential([input({ shape: [3] }), layers.activation({ activation: 'linear' })]);
  model.compile({ optimizer: 'sgd', loss: losses.circle({ gamma: 2, reduction: 'sum' }) });
  const x = array(Float32Array.from(embeddings), [6, 3]);
  const options = { batchSize: 6, verbose: 0 as const, epochs: 1 };
  const { history } = await model.fit(x, labels, { ...options, classWeight: { 0: 2, 1: 0.5 } });
  // 2 (3.66475 + 4.10649 + 3.33144) + 0.5 (9.26019 + 9.23239)
  expect(history.loss[0]).toBeCloseTo(31.45165, 3);
});
