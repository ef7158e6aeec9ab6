import { expect, it } from 'vitest';
import { layers, modelFromJSON, sequential } from '../../lib/index.js';

// Values of Keras 3.15.1, with image_data_format 'channels_first' or a NumPy array of [channels, 1, 1].
it.each([
  [{ scale: [2, 10], offset: [0, 1], dataFormat: 'channels_first' as const }],
  [{ scale: [[[2]], [[10]]], offset: [[[0]], [[1]]] }],
])('channels that come first have factors of their own: %j', (options) => {
  const model = sequential([layers.rescaling({ ...options, inputShape: [2, 1, 3] })]);
  const right = [[[[2, 4, 6]], [[41, 51, 61]]]];
  const x = [[[[1, 2, 3]], [[4, 5, 6]]]];
  expect(model.predictSync(x).toArray()).toEqual(right);
  expect(modelFromJSON(JSON.stringify(model)).predictSync(x).toArray()).toEqual(right);
  // Keras, which has no such option, reads it as an array that it broadcasts.
  expect(model.layers[0].getConfig()).toMatchObject({ scale: [[[2]], [[10]]], offset: [[[0]], [[1]]] });
});

it('refuses what does not fit', () => {
  expect(() => sequential([layers.rescaling({ scale: [1, 2, 3], dataFormat: 'channels_first', inputShape: [2, 4, 3] })])).toThrow(
    /3 numbers for channels of 2/,
  );
  expect(() => layers.rescaling({ scale: [1, 2], offset: [[[1]], [[2]]] })).toThrow(/one axis/);
  expect(() =>
    layers.rescaling({
      scale: [
        [1, 2],
        [3, 4],
      ],
    }),
  ).toThrow(expect.objectContaining({ code: 'ERR_TYPE' }));
});
