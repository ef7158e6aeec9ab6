import { describe, expect, test } from 'vitest';
import { array, layers, losses, type Sequential, sequential } from '../../lib/index.js';
import { warnings } from '../callbacks/fakes.js';

const x = [[0], [1], [2], [3]];
const quiet = { verbose: 0 } as const;

function model(units: number, activation: string, loss: unknown): Sequential {
  const m = sequential([layers.dense({ units, activation, inputShape: [1] })]);
  m.compile({ optimizer: 'sgd', loss: loss as never });
  return m;
}
const refused = (code: string, message: RegExp) => ({ name: 'ValueError', code, message: expect.stringMatching(message) });
const oneHot = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 0, 0],
];

describe('labels that cannot be meant are refused, with what to use', () => {
  test.each<[string, number, string, unknown, unknown, RegExp]>([
    [
      '1 and 2',
      1,
      'sigmoid',
      'binary_crossentropy',
      [1, 2, 2, 1],
      /label of sample 1 is 2, .*from 0 to 1\. Number two classes 0 and 1\./,
    ],
    ['-1 and 1', 1, 'sigmoid', 'binary_crossentropy', [1, 1, -1, 1], /sample 2 is -1, .*'hinge'.*\(label \+ 1\) \/ 2/],
    ['0 to 3', 1, 'sigmoid', losses.binaryFocalCrossentropy(), [0, 1, 2, 3], /softmax with a unit for each/],
    ['temperatures', 1, 'sigmoid', 'binary_crossentropy', [0.5, 21.5, 3, 1], /sample 1 is 21\.5.*regression loss/],
    [
      'pixels',
      3,
      'sigmoid',
      'binary_crossentropy',
      Uint8Array.of(0, 1, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      /sample 0 is 255.*Divide pixels by 255/,
    ],
    ['no distribution', 3, 'softmax', 'categorical_crossentropy', oneHot.map((row) => row.map((v) => -v)), /sample 0 is -1/],
  ])('%s', async (_name, units, activation, loss, y, message) => {
    const m = model(units, activation, loss);
    for (const run of [
      () => m.fit(x, y as never, quiet),
      () => m.evaluate(x, y as never, quiet),
      () => m.trainOnBatch(x, y as never),
    ])
      await expect(run()).rejects.toMatchObject(refused('ERR_LABEL', message));
    await m.fit(x, units === 1 ? [0, 1, 0.5, 1] : oneHot, quiet);
  });

  test('one-hot labels for a loss of class numbers', async () => {
    const m = model(3, 'softmax', 'sparse_categorical_crossentropy');
    await expect(m.fit(x, oneHot, quiet)).rejects.toMatchObject(refused('ERR_SHAPE', /use 'categorical_crossentropy'/));
    const flat = Uint8Array.from(oneHot.flat());
    await expect(m.fit(x, flat, quiet)).rejects.toMatchObject(
      refused('ERR_LENGTHS', /3 numbers for each .* 'categorical_crossentropy'/),
    );
    await m.fit(x, [0, 1, 2, 0], quiet);
  });

  test('class numbers for a loss of one-hot labels', async () => {
    const m = model(3, 'softmax', 'categorical_crossentropy');
    await expect(m.fit(x, [0, 1, 2, 0], quiet)).rejects.toMatchObject(refused('ERR_SHAPE', /'sparse_categorical_crossentropy'/));
  });

  test('a generator of x alone', async () => {
    const m = model(1, 'linear', 'mse');
    const batches = function* () {
      yield array(x);
    };
    await expect(m.fit(batches, null, quiet)).rejects.toMatchObject(refused('ERR_MISSING_DATA', /yield \[x, y\]/));
    await expect(m.evaluate(batches, null, quiet)).rejects.toMatchObject(refused('ERR_MISSING_DATA', /yield \[x, y\]/));
    expect((await m.predict(batches, quiet)).shape).toEqual([4, 1]);
  });

  test('hinge losses take -1 and 1', async () => {
    await model(1, 'tanh', 'hinge').fit(x, [-1, 1, 1, -1], quiet);
  });

  test('NaN among them is told of as such, and passes where that is meant', async () => {
    const m = model(1, 'sigmoid', 'binary_crossentropy');
    const y = [0, Number.NaN, 1, 0];
    await expect(m.fit(x, y, quiet)).rejects.toMatchObject(refused('ERR_NOT_FINITE', /y\[1\]\[0\] is NaN/));
    expect(await m.evaluate(x, y, { ...quiet, checkFinite: false })).toBeNaN();
  });
});

describe('what hardly is meant is warned of, once', () => {
  test.each(['binary_crossentropy', 'mse'])('softmax over one unit, %s', async (loss) => {
    const said = await warnings(() => model(1, 'softmax', loss).fit(x, [0, 1, 0, 1], { ...quiet, epochs: 3 }));
    expect(said).toEqual([expect.stringMatching(/softmax over one unit is always 1/)]);
  });

  test.each([
    ['sigmoid', [0, 5, 1, 1], /y holds 5, .*from 0 to 1 only \(activation 'sigmoid'\)/],
    ['tanh', [0, -3, 1, 1], /y holds -3, .*from -1 to 1 only/],
  ])('a regression beyond %s', async (activation, y, message) => {
    const m = model(1, activation, 'mse');
    const batches = () => [
      [array(x), array(y)],
      [array(x), array(y)],
    ];
    expect(await warnings(() => m.fit(batches, null, { ...quiet, epochs: 2 }))).toEqual([expect.stringMatching(message)]);
    expect(await warnings(() => m.fit(x, y, quiet))).toEqual([]);
  });

  test('nothing is said of what fits', async () => {
    expect(
      await warnings(async () => {
        await model(1, 'sigmoid', 'mse').fit(x, [0, 0.5, 1, 1], quiet);
        await model(1, 'linear', 'mse').fit(x, [0, 50, -1, 1], quiet);
        await model(2, 'softmax', 'sparse_categorical_crossentropy').fit(x, [0, 1, 0, 1], quiet);
        await model(1, 'sigmoid', 'binary_crossentropy').fit(x, [0, 1, 0.25, 1], quiet);
      }),
    ).toEqual([]);
  });
});
