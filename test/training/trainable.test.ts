import { describe, expect, it } from 'vitest';
import { layers, modelFromJSON, optimizers, Sequential, sequential } from '../../lib/index.js';
import { warnings } from '../callbacks/fakes.js';

const wave = (n: number, seed: number, scale = 1) => Float32Array.from({ length: n }, (_, i) => scale * Math.sin(i * 1.7 + seed));
const table = (rows: number, columns: number, seed: number) => ({ data: wave(rows * columns, seed), shape: [rows, columns] });

/** Weights that follow from a number, so that Keras can be given the same. */
function fill(model: Sequential, seed: number): Sequential {
  model.setWeights(
    model.weights.map((w, i) => {
      const values = wave(
        w.shape.reduce((a, b) => a * b, 1),
        seed + i,
        0.5,
      );
      const positive = /variance|gamma/.test(w.name);
      return { data: positive ? values.map((v) => 1 + 0.5 * Math.abs(v)) : values, shape: w.shape };
    }),
  );
  return model;
}

const real = table(6, 3, 3);
const labels = { data: Float32Array.of(1, 0, 1, 0, 1, 1), shape: [6, 1] };
const quiet = { verbose: 0, shuffle: false } as const;

/** dense, batch normalization, dense: eight weights, of which two are statistics. */
const stack = (options: { trainable?: boolean } = {}) =>
  fill(
    new Sequential({
      ...options,
      layers: [
        layers.dense({ units: 2, activation: 'tanh', inputShape: [3] }),
        layers.batchNormalization(),
        layers.dense({ units: 1 }),
      ],
    }),
    2,
  );

/** Which weights an epoch moves, as 0 and 1. */
async function moved(model: Sequential): Promise<string> {
  const before = model.getWeights();
  await model.fit(real, labels, quiet);
  return model
    .getWeights()
    .map((w, i) => (w.data.some((v, k) => v !== before[i].data[k]) ? 1 : 0))
    .join('');
}

describe('trainable is a state of the model', () => {
  it('false freezes what is below, whatever a layer says', async () => {
    const model = stack();
    model.trainable = false;
    for (const layer of model.layers) layer.trainable = true;
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(model.trainable).toBe(false);
    expect(model.trainableWeights).toEqual([]);
    expect(model.nonTrainableWeights).toHaveLength(8);
    expect(model.weights.map((w) => w.trainable)).not.toContain(true);
    expect(await moved(model)).toBe('00000000');
  });

  it('is an option of the constructor, which leaves the layers as they are', async () => {
    const model = stack({ trainable: false });
    expect(model.layers.map((l) => l.trainable)).toEqual([true, true, true]);
    expect(model.weights.map((w) => w.trainable)).not.toContain(true);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(await moved(model)).toBe('00000000');
    expect(() => new Sequential({ trainable: 0 as never })).toThrow(expect.objectContaining({ code: 'ERR_TYPE' }));
    expect(() => Object.assign(model, { trainable: 'no' })).toThrow(expect.objectContaining({ code: 'ERR_TYPE' }));
    expect(() => Object.assign(model.layers[0], { trainable: null })).toThrow(expect.objectContaining({ code: 'ERR_TYPE' }));
  });

  it('holds for models in models, and set to true it frees what is below', async () => {
    const inner = stack();
    const outer = fill(sequential([inner, layers.dense({ units: 1 })]), 5);
    inner.trainable = false;
    inner.layers[0].trainable = true;
    outer.compile({ optimizer: 'sgd', loss: 'mse' });
    expect([outer.trainable, outer.layers[0].trainable]).toEqual([true, false]);
    expect(await moved(outer)).toBe('0000000011');
    outer.trainable = true;
    expect([inner.trainable, inner.layers[1].trainable]).toEqual([true, true]);
    outer.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(await moved(outer)).toBe('1111111111');
  });

  it('goes into JSON and comes back, at any depth', () => {
    const inner = stack({ trainable: false });
    const outer = new Sequential({ layers: [inner, layers.dense({ units: 1 })] });
    const json = outer.toJSON();
    const again = modelFromJSON(JSON.stringify(json));
    expect(again.toJSON()).toEqual(json);
    expect(again.layers[0].trainable).toBe(false);
    expect(again.trainableWeights.map((w) => w.shape)).toEqual([[1, 1], [1]]);
    outer.trainable = false;
    expect(modelFromJSON(outer.toJSON()).trainable).toBe(false);
  });

  it('shows in the summary', () => {
    const lines: string[] = [];
    stack({ trainable: false }).summary({ printFn: (line) => lines.push(line) });
    expect(lines.join('\n')).toMatch(/ Trainable params: 0 /);
  });
});

describe('trainable is read at compile', () => {
  // Numbers of Keras 3.15.1 on TensorFlow, whose discriminator was traced before it was frozen.
  it("a GAN's discriminator, compiled before it was frozen, goes on training by itself", async () => {
    const generator = fill(sequential([layers.dense({ units: 3, activation: 'tanh', inputShape: [2] })]), 1);
    const discriminator = fill(
      sequential([
        layers.dense({ units: 4, inputShape: [3] }),
        layers.batchNormalization({ momentum: 0.8 }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ]),
      2,
    );
    const how = () => ({ optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }), loss: 'binary_crossentropy' });
    discriminator.compile(how());
    const noise = table(6, 2, 4);
    const ones = { data: new Float32Array(6).fill(1), shape: [6, 1] };
    const ofDiscriminator = [await discriminator.trainOnBatch(real, labels)];
    discriminator.trainable = false;
    const gan = sequential([generator, discriminator]);
    gan.compile(how());
    const ofGan: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const before = discriminator.getWeights();
      ofGan.push(await gan.trainOnBatch(noise, ones));
      expect(discriminator.getWeights()).toEqual(before);
      ofDiscriminator.push(await discriminator.trainOnBatch(real, labels));
    }
    const near = (given: ArrayLike<number>, right: readonly number[]) =>
      right.forEach((v, i) => {
        expect(given[i]).toBeCloseTo(v, 5);
      });
    near(ofDiscriminator as number[], [1.2192274332046509, 1.0811471939086914, 0.8910843729972839, 0.7353258728981018]);
    near(ofGan as number[], [0.6058388948440552, 0.5779017806053162, 0.5425997376441956]);
    near(generator.getWeights()[0].data, [0.391664, 0.2145916, -0.485145, -0.099155, 0.4938638, -0.040837]);
    near(generator.getWeights()[1].data, [0.5408992, -0.2001735, -0.3564534]);
    const [, , gamma, beta, mean, variance] = discriminator.getWeights();
    near(gamma.data, [1.0361056, 1.1272633, 1.0979294, 1.0411629]);
    near(beta.data, [-0.4028095, 0.1817083, 0.3559876, -0.273219]);
    near(mean.data, [-0.0335972, -0.0746703, 0.0496392, 0.0611518]);
    near(variance.data, [0.539639, 0.5316032, 0.5606507, 0.5107535]);
  });

  it('also for batch normalization, when the network is made anew', async () => {
    // Only the data tell how wide the output is: the network is made when they come.
    const model = sequential([layers.batchNormalization({ inputShape: [null, 2] }), layers.permute({ dims: [2, 1] })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    model.trainable = false;
    const before = model.getWeights().map((w) => w.toArray());
    await model.fit({ data: wave(24, 1), shape: [4, 3, 2] }, { data: wave(24, 2), shape: [4, 2, 3] }, quiet);
    const after = model.getWeights().map((w) => w.toArray());
    for (const [i, values] of after.entries()) expect(values).not.toEqual(before[i]);
  });

  it('a model compiled before it was built notes what trains when it is built', async () => {
    const model = sequential([layers.dense({ units: 2 }), layers.dense({ units: 1 })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    model.layers[0].trainable = false;
    model.build([null, 3]);
    expect(await moved(model)).toBe('0011');
  });

  it('warns once where it was changed since', async () => {
    const model = stack();
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const heard = await warnings(async () => {
      await model.fit(real, labels, quiet);
      model.layers[0].trainable = false;
      await model.fit(real, labels, quiet);
      await model.trainOnBatch(real, labels);
    });
    expect(heard).toEqual([expect.stringMatching(/'trainable' was changed after compile.*layer 'dense' still trains/)]);
  });

  it('warns once where nothing is left to train', async () => {
    const model = stack({ trainable: false });
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const heard = await warnings(async () => {
      await model.fit(real, labels, quiet);
      await model.trainOnBatch(real, labels);
    });
    expect(heard).toEqual([expect.stringMatching(/has no weights to train/)]);
  });
});

// Keras 3.15.1; tf.keras counts it.
it("a frozen layer's regularizer does not count in the loss", async () => {
  const l2 = { className: 'L2', config: { l2: 0.1 } };
  const model = fill(
    sequential([
      layers.dense({ units: 2, kernelRegularizer: l2, inputShape: [3] }),
      layers.dense({ units: 1, kernelRegularizer: l2 }),
    ]),
    2,
  );
  const loss = async () => {
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    return (await model.evaluate(real, labels, { verbose: 0 })) as number;
  };
  const whole = await loss();
  const penalty = model.getWeights()[0].data.reduce((sum, w) => sum + 0.1 * w * w, 0);
  model.layers[0].trainable = false;
  expect(await loss()).toBeCloseTo(whole - penalty, 5);
  const history = await model.fit(real, labels, quiet);
  expect(history.history.loss[0]).toBeCloseTo(whole - penalty, 5);
});
