import { describe, expect, it } from 'vitest';
import { input, layers, sequential } from '../../lib/index.js';
import { throwing } from '../layers/helpers.js';

const coded = expect.objectContaining({ code: expect.stringMatching(/^ERR_/) });
/** None of them is a shape. */
const wrong = ['', 'ab', 0, 4, -1, Number.NaN, false, true, {}, Promise.resolve([4]), new Map(), Symbol('x'), 4n, () => [4]];
const wrongEntries = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '4', false, [4], {}, undefined, Promise.resolve(4), 4n];

describe('build', () => {
  it('takes the shape that is known again, and no other', () => {
    for (const [known, same, others] of [
      [
        [null, 4],
        [
          [null, 4],
          [32, 4],
        ],
        [[null, 5], [null, 4, 4], [null, null], [null]],
      ],
      [
        [null, null, 4],
        [[null, null, 4]],
        [
          [null, 7, 4],
          [null, null, 5],
          [null, 4],
        ],
      ],
      [
        [null, 7, 4],
        [[null, 7, 4]],
        [
          [null, null, 4],
          [null, 8, 4],
        ],
      ],
    ] as const) {
      const late = sequential([layers.dense({ units: 1 })]);
      late.build([...known]);
      const told = sequential([layers.dense({ units: 1, inputShape: known.slice(1) })]);
      const input_ = sequential([input({ shape: known.slice(1) }), layers.dense({ units: 1 })]);
      for (const model of [late, told, input_]) {
        model.build();
        for (const shape of same) model.build([...shape]);
        for (const shape of others) expect(() => model.build([...shape])).toThrow(throwing('ERR_SHAPE', /already/));
        expect(model.inputShape).toEqual(known);
      }
    }
  });

  it('refuses what is no shape, whether the model is built or not', () => {
    const built = sequential([layers.dense({ units: 1, inputShape: [4] })]);
    const unbuilt = sequential([layers.dense({ units: 1 })]);
    for (const model of [built, unbuilt]) {
      for (const shape of [...wrong, null, []]) expect(() => model.build(shape as never)).toThrow(coded);
      for (const entry of wrongEntries) {
        expect(() => model.build([null, entry] as never)).toThrow(coded);
        expect(() => model.build([entry, 4] as never)).toThrow(coded);
      }
    }
    expect(() => unbuilt.build()).toThrow(coded);
    expect(unbuilt.built).toBe(false);
  });
});

describe('shapes of first layers and inputs', () => {
  it('of the wrong type are refused', () => {
    for (const value of wrong) {
      expect(() => layers.dense({ units: 1, inputShape: value as never })).toThrow(coded);
      expect(() => layers.dense({ units: 1, batchInputShape: value as never })).toThrow(coded);
      expect(() => input({ shape: value as never })).toThrow(coded);
      expect(() => input({ batchShape: value as never })).toThrow(coded);
    }
    for (const entry of wrongEntries) {
      expect(() => layers.dense({ units: 1, inputShape: [entry] as never })).toThrow(coded);
      expect(() => layers.dense({ units: 1, batchInputShape: [null, entry] as never })).toThrow(coded);
      expect(() => layers.dense({ units: 1, batchInputShape: [entry, 4] as never })).toThrow(coded);
      expect(() => input({ shape: [entry] as never })).toThrow(coded);
    }
    for (const inputDim of ['', 0, -1, 1.5, Number.NaN, false, '4', [4]])
      expect(() => layers.dense({ units: 1, inputDim: inputDim as never })).toThrow(coded);
  });

  it('told twice are refused, for a layer where they differ', () => {
    expect(() => input({ shape: [4], batchShape: [null, 4] })).toThrow(throwing('ERR_OPTIONS', /'shape' and 'batchShape'/));
    expect(() => input({})).toThrow(throwing('ERR_SHAPE', /missing/));
    expect(input({ batchShape: [32, 4] }).shape).toEqual([4]);
    expect(() => layers.dense({ units: 1, inputShape: [4], inputDim: 5 })).toThrow(
      throwing('ERR_OPTIONS', /\[4\] and \[5\]|\[5\] and \[4\]/),
    );
    expect(layers.dense({ units: 1, inputShape: [4], batchInputShape: [null, 4] }).batchInputShape).toEqual([null, 4]);
  });
});
