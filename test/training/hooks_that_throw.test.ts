import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { array, layers, type Sequential, sequential } from '../../lib/index.js';

const x = array(
  Float32Array.from({ length: 8 }, (_, i) => Math.sin(i)),
  [4, 2],
);
const y = array(
  Float32Array.from({ length: 4 }, (_, i) => Math.cos(i)),
  [4, 1],
);

const open = { now: 0 };
async function* source() {
  open.now++;
  try {
    for (let i = 0; i < 3; i++) yield [x, y];
  } finally {
    open.now--;
  }
}
function* rows() {
  for (let i = 0; i < 3; i++) yield x;
}

function make(): Sequential {
  const model = sequential([layers.dense({ units: 1, inputShape: [2] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
}

const error = new RangeError('no');
const ways: [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw error;
    },
  ],
  ['rejects', () => Promise.reject(error)],
  ['rejects later', () => new Promise((_, reject) => setTimeout(reject, 3, error))],
];

const runs: [string, string[], (model: Sequential, callbacks: object) => Promise<unknown>][] = [
  [
    'fit',
    ['Train', 'Epoch', 'TrainBatch', 'Test', 'TestBatch'],
    (model, callbacks) => model.fit(source, null, { verbose: 0, epochs: 2, validationData: source, callbacks }),
  ],
  [
    'fit of arrays',
    ['Train', 'Epoch', 'TrainBatch', 'Test', 'TestBatch'],
    (model, callbacks) => model.fit(x, y, { verbose: 0, epochs: 2, batchSize: 2, validationData: [x, y], callbacks }),
  ],
  ['evaluate', ['Test', 'TestBatch'], (model, callbacks) => model.evaluate(source, null, { verbose: 0, callbacks })],
  ['predict', ['Predict', 'PredictBatch'], (model, callbacks) => model.predict(rows, { verbose: 0, callbacks })],
];

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

describe.each(runs)('%s', (_, phases, run) => {
  const hooks = phases.flatMap((phase) => [`on${phase}Begin`, `on${phase}End`]);

  it.each(hooks.flatMap((hook) => ways.map(([how, way]) => [hook, how, way] as const)))(
    'rejects with what %s %s; sources are closed, and the model works on',
    async (hook, __, way) => {
      const model = make();
      let calls = 0;
      const counting = Object.fromEntries(hooks.map((name) => [name, () => void calls++]));
      await expect(run(model, [{ [hook]: way }, counting])).rejects.toBe(error);
      const until = calls;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(open.now).toBe(0);
      expect(calls).toBe(until);
      expect((await model.fit(x, y, { verbose: 0, epochs: 2 })).history.loss).toHaveLength(2);
      expect(await model.evaluate(x, y, { verbose: 0 })).toEqual(expect.any(Number));
      expect((await model.predict(x, { verbose: 0 })).shape).toEqual([4, 1]);
    },
  );
});
