import { expect, test } from 'vitest';
import { callbacks, layers, sequential, ValueError } from '../../lib/index.js';

function compiled() {
  const model = sequential([layers.dense({ units: 1, activation: 'sigmoid', inputShape: [2] })]);
  model.compile({ optimizer: 'sgd', loss: 'binary_crossentropy', metrics: ['AUC'] });
  return model;
}
const x = [
  [0, 1],
  [1, 0],
  [1, 1],
  [0, 0],
];
const y = [[0], [1], [1], [0]];

test.each([
  ['EarlyStopping', (monitor: string) => callbacks.earlyStopping({ monitor, patience: 1 })],
  ['ReduceLROnPlateau', (monitor: string) => callbacks.reduceLROnPlateau({ monitor })],
])('%s: fit tells of a misspelt monitor after the first validation, and the model works as before', async (where, make) => {
  const model = compiled();
  let epochs = 0;
  const counting = { onEpochBegin: () => epochs++ };
  const options = { epochs: 9, verbose: 0, validationSplit: 0.5, validationFreq: 3 } as const;
  const failed = await model.fit(x, y, { ...options, callbacks: [counting, make('val_auc')] }).catch((e) => e);
  expect(failed).toBeInstanceOf(ValueError);
  expect(failed).toMatchObject({ code: 'ERR_MONITOR', message: expect.stringMatching(`${where}: .*Did you mean 'val_AUC'`) });
  expect(epochs).toBe(3);
  await model.fit(x, y, { ...options, callbacks: make('val_AUC') });
});
