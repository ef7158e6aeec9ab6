// Files as real Keras saved them: they give the recorded predictions, weights and evaluation, and one more epoch gives the recorded state.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { array } from '../../lib/data/ndarray.js';
import { coreOf } from '../../lib/faces.js';
import { loadModel, modelFromJSON } from '../../lib/load_model.js';
import type { Model } from '../../lib/model/model.js';
import type { Sequential } from '../../lib/sequential.js';

interface Recorded {
  shape: number[];
  dtype: string;
  data: number[];
}
interface Expected {
  files: string[];
  modelConfig: object;
  x: Recorded;
  y?: Recorded;
  predictions: Recorded;
  evaluate?: Record<string, number>;
  weights: Recorded[];
  optimizerVariables?: (Recorded & { name: string })[];
  afterOneMoreEpoch?: { dropoutDisabled?: boolean; loss: number; predictions: Recorded };
  tolerance: number;
}

const folder = join(__dirname, 'files');
const cases: [string, Expected][] = readdirSync(folder)
  .filter((f) => f.endsWith('.expected.json'))
  .map((f) => [f.replace('.expected.json', ''), JSON.parse(readFileSync(join(folder, f), 'utf8'))]);
const nd = ({ shape, data, dtype }: Recorded) =>
  array(dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data), shape);
function near(got: ArrayLike<number>, right: Recorded, tolerance: number, what: string): void {
  expect(got.length, what).toBe(right.data.length);
  right.data.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${what}[${i}]: ${got[i]}, right: ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(value)),
    );
  });
}
const isWeights = (file: string) => /weights\.h5$/.test(file);

describe.each(cases)('%s', (_, expected) => {
  const { tolerance } = expected;
  it.each(expected.files)('%s predicts what it predicted', async (file) => {
    const path = join(folder, file);
    let model: Sequential;
    if (isWeights(file)) {
      model = modelFromJSON(expected.modelConfig);
      await model.loadWeights(path);
    } else model = await loadModel(path);
    expected.weights.forEach((w, i) => {
      expect([...model.getWeights()[i].data], `${file}: weight ${i}`).toEqual(w.data.map(Math.fround));
    });
    near((await model.predict(nd(expected.x), { verbose: 0 })).data, expected.predictions, tolerance, 'predictions');
  });

  const whole = expected.files.filter((f) => !isWeights(f) && expected.y && expected.afterOneMoreEpoch);
  it.each(whole)('%s is evaluated and trained on as it was there', async (file) => {
    const model = await loadModel(join(folder, file));
    const [x, y] = [nd(expected.x), nd(expected.y as Recorded)];
    const results = (await model.evaluate(x, y, { verbose: 0, returnDict: true })) as Record<string, number>;
    for (const [name, value] of Object.entries(expected.evaluate ?? {})) expect(results[name], name).toBeCloseTo(value, 4);
    // Without dropout, as it was recorded.
    for (const layer of model.layers) if ('rate' in layer) Object.assign(layer, { rate: 0 });
    model.compile({ ...coreOf<Model>(model)?.compilation('test').options, optimizer: model.optimizer });
    const history = await model.fit(x, y, { epochs: 1, batchSize: 8, shuffle: false, verbose: 0 });
    expect(history.history.loss[0]).toBeCloseTo(expected.afterOneMoreEpoch?.loss as number, 5);
    near(
      (await model.predict(x, { verbose: 0 })).data,
      expected.afterOneMoreEpoch?.predictions as Recorded,
      tolerance,
      'after one more epoch',
    );
  });
});
