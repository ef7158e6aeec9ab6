import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { array, layers, type NDArray, sequential, setRandomSeed, setThreads } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import { layerOptions } from '../../lib/saving/config.js';

// Layers of images against live Keras on TensorFlow (test/parity/make_units.py), where a range leaves no choice; and how they draw.

// biome-ignore lint/suspicious/noExplicitAny: JSON of Keras, and layers made of it
type Anything = any;
const { cases } = JSON.parse(readFileSync(join(__dirname, '../parity/units/images.json'), 'utf8'));

const layerOf = ({ class_name: className, config }: Anything): Anything =>
  layerRegistry.resolve({ className, config: layerOptions({ className, config }, { dialect: 'keras3', old: false }) });

/** How far what a layer makes in training is from y: the loss of a model that is nothing else. */
async function distanceInTraining(layer: Anything, x: NDArray, y: NDArray): Promise<number> {
  const model = sequential([layer]);
  model.compile({ optimizer: 'sgd', loss: 'mae' });
  return (await model.trainOnBatch(x, y)) as number;
}

const named: [number, string, string, Anything][] = cases.map((c: Anything, i: number) => {
  return [i, c.class_name, JSON.stringify(c.config).slice(0, 160), c];
});
it.each(named)('%i: %s %s', async (_i, _name, _config, c: Anything) => {
  const [x, y] = [array(c.x.data, c.x.shape), array(c.y.data, c.y.shape)];
  if (c.training) expect(await distanceInTraining(layerOf(c), x, y)).toBeLessThan(2e-3);
  const predicted = sequential([layerOf(c)]).predictSync(x);
  if (!c.training) {
    expect(predicted.shape).toEqual(y.shape);
    // TensorFlow's cubes come from a table of 1024 places.
    const most = c.config.interpolation === 'bicubic' ? 0.3 : 0.005;
    predicted.data.forEach((v, i) => void expect(Math.abs(v - y.data[i])).toBeLessThan(most));
  } else if (c.class_name !== 'RandomCrop') expect(predicted.data).toEqual(x.data);
});

const image = array(
  Float32Array.from({ length: 64 * 6 * 5 * 3 }, (_, i) => (i * 37) % 256),
  [64, 6, 5, 3],
);
const random: [string, Anything][] = [
  ['RandomFlip', {}],
  ['RandomRotation', { factor: 0.2 }],
  ['RandomZoom', { heightFactor: 0.4 }],
  ['RandomTranslation', { heightFactor: 0.3, widthFactor: 0.3 }],
  ['RandomShear', { xFactor: 0.5, yFactor: 0.2 }],
  ['RandomBrightness', { factor: 0.3 }],
  ['RandomContrast', { factor: [0.5, 0.5] }],
  ['RandomErasing', {}],
  ['RandomCrop', { height: 3, width: 4 }],
];

describe.each(random)('%s', (name, options) => {
  const Class = (layers as Anything)[name];
  const train = async (more = {}) => {
    setRandomSeed(7);
    const model = sequential([
      new Class({ ...options, ...more, inputShape: [6, 5, 3] }),
      layers.flatten(),
      layers.dense({ units: 1, kernelInitializer: 'ones' }),
    ]);
    model.compile({ optimizer: { className: 'SGD', config: { learningRate: 1e-7 } }, loss: 'mae' });
    const y = new Float32Array(64);
    const { history } = await model.fit(image, y, { epochs: 3, batchSize: 16, shuffle: false, verbose: 0 });
    return { history, weights: model.getWeights() };
  };

  it('draws the same on one and two threads, and other numbers each step and for another seed', async () => {
    setThreads(2);
    const two = await train();
    setThreads(1);
    expect(await train()).toEqual(two);
    setThreads(2);
    const seeded = await train({ seed: 4 });
    expect(seeded).toEqual(await train({ seed: 4 }));
    expect(seeded.history.loss).not.toEqual(two.history.loss);
  });
  it('goes to Keras and back as a config', () => {
    const layer = new Class(options);
    expect(new Class(JSON.parse(JSON.stringify(layer.getConfig()))).getConfig()).toEqual(layer.getConfig());
  });
});

it('flips about every other image, both ways at once', async () => {
  const x = array([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
  const turned = array([6, 5, 4, 3, 2, 1], [1, 2, 3, 1]);
  let flips = 0;
  const model = sequential([layers.randomFlip({ inputShape: [2, 3, 1] })]);
  model.compile({ optimizer: 'sgd', loss: 'mae' });
  for (let i = 0; i < 200; i++) {
    const loss = await model.trainOnBatch(x, turned);
    if (loss === 0) flips++;
    expect([0, 3]).toContain(loss);
  }
  expect(flips).toBeGreaterThan(70);
  expect(flips).toBeLessThan(130);
});

it('crops to its size in prediction, and asks for images', () => {
  const model = sequential([layers.randomCrop({ height: 3, width: 4, inputShape: [6, 8, 1] })]);
  expect(model.predictSync(array(new Float32Array(48), [1, 6, 8, 1])).shape).toEqual([1, 3, 4, 1]);
  expect(() => sequential([layers.randomFlip({ inputShape: [5] })])).toThrow(/rank 3/);
  expect(() => layers.randomBrightness({ factor: 2 })).toThrow(/factor/);
  expect(() => layers.resizing({ height: 0, width: 2 })).toThrow(/height/);
  expect(() => layers.resizing({ height: 2, width: 2, cropToAspectRatio: true, padToAspectRatio: true })).toThrow(/only one/);
});
