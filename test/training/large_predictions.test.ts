import { expect, it } from 'vitest';
import { layers, sequential } from '../../lib/index.js';

it('predictions that no array can hold are an error of ours', async () => {
  const model = sequential([layers.zeroPadding1D({ padding: [0, 2 ** 35], inputShape: [1, 1] })]);
  const refused = expect.objectContaining({ name: 'ValueError', code: expect.stringMatching(/^ERR_/) });
  expect(() => model.predictSync([[[1]]])).toThrow(refused);
  await expect(model.predict([[[1]]], { verbose: 0 })).rejects.toThrow(refused);
});
