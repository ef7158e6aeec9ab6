import { describe, expect, it } from 'vitest';
import { layers, optimizers, schedules, sequential } from '../../lib/index.js';
import { throwing } from '../layers/helpers.js';

const make = (inputShape?: number[]) => sequential([layers.dense({ units: 3, ...(inputShape ? { inputShape } : {}) })]);
const refused = throwing('ERR_OPTIMIZER', /belongs to another model.*optimizer\.clone\(\)/);
const x = [[1, 2, 3, 4]];
const y = [[1, 2, 3]];
const quiet = { verbose: 0 } as const;

describe('an optimizer belongs to the weights it was first compiled with', () => {
  it("another model's are refused, at compile, and that model stays as it was", async () => {
    const optimizer = optimizers.adam();
    const [a, b] = [make([4]), make([4])];
    a.compile({ optimizer, loss: 'mse' });
    expect(() => b.compile({ optimizer, loss: 'mse' })).toThrow(refused);
    expect(b.compiled).toBe(false);
    b.compile({ optimizer: optimizer.clone(), loss: 'mse' });
    await b.fit(x, y, quiet);
    expect([optimizer.iterations, b.optimizer.iterations]).toEqual([0, 1]);
    expect(() => sequential([...make([4]).layers, a.layers[0]].slice(0, 1)).compile({ optimizer, loss: 'mse' })).toThrow(refused);
  });

  it('also where neither is built yet', async () => {
    const optimizer = optimizers.adam();
    const [a, b] = [make(), make()];
    a.compile({ optimizer, loss: 'mse' });
    expect(() => b.compile({ optimizer, loss: 'mse' })).toThrow(refused);
    await a.fit(x, y, quiet);
    expect(optimizer.iterations).toBe(1);
  });

  it('a model that would train nothing else may have it: the same layers, or those besides frozen', async () => {
    const optimizer = optimizers.adam();
    const a = make([4]);
    a.compile({ optimizer, loss: 'mse' });
    await a.fit(x, y, quiet);
    const same = sequential([...a.layers, layers.activation({ activation: 'tanh' })]);
    same.compile({ optimizer, loss: 'mse' });
    await same.fit(x, y, quiet);
    expect(optimizer.iterations).toBe(2);
    const more = sequential([...a.layers, layers.dense({ units: 3, trainable: false })]);
    more.compile({ optimizer, loss: 'mse' });
    expect(() => sequential([...a.layers, layers.dense({ units: 3 })]).compile({ optimizer, loss: 'mse' })).toThrow(refused);
  });

  it('the same model may compile again, with other layers and other layers frozen', async () => {
    const optimizer = optimizers.adam();
    const a = make([4]);
    a.layers[0].trainable = false;
    a.add(layers.dense({ units: 3 }));
    a.compile({ optimizer, loss: 'mse' });
    await a.fit(x, y, quiet);
    a.layers[0].trainable = true;
    a.compile({ optimizer, loss: 'mae' });
    a.pop();
    a.add(layers.dense({ units: 3 }));
    await a.fit(x, y, quiet);
    a.compile({ optimizer, loss: 'mse' });
    await a.fit(x, y, quiet);
    expect(optimizer.iterations).toBe(3);
  });
});

it('clone makes an optimizer of the same options that has done nothing', () => {
  const optimizer = optimizers.adamW({ learningRate: 0.1, clipnorm: 2, useEma: true, name: 'mine' });
  optimizer.excludeFromWeightDecay({ varNames: ['bias'] });
  optimizer.learningRate = 0.2;
  optimizer.iterations = 7;
  const copy = optimizer.clone();
  expect(copy).toBeInstanceOf(optimizers.AdamW);
  expect(copy.getConfig()).toEqual(optimizer.getConfig());
  expect([copy.iterations, copy.learningRate, copy.isExcludedFromWeightDecay('bias')]).toEqual([0, 0.2, true]);
  const schedule = schedules.exponentialDecay({ initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 });
  expect(optimizers.sgd({ learningRate: schedule, momentum: 0.5 }).clone().rateAt(2)).toBe(0.5);
});
