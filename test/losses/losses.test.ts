import { describe, expect, it } from 'vitest';
import { CustomLoss, type Loss, losses, lossRegistry } from '../../lib/losses/index.js';
import table from '../parity/units/losses.json' with { type: 'json' };

const names: Record<string, string[]> = {
  MeanSquaredError: ['mse', 'MSE', 'mean_squared_error', 'MeanSquaredError', 'meanSquaredError', 'keras.losses.MeanSquaredError'],
  MeanAbsoluteError: ['mae', 'MAE', 'mean_absolute_error', 'meanAbsoluteError'],
  MeanAbsolutePercentageError: ['mape', 'MAPE', 'mean_absolute_percentage_error'],
  MeanSquaredLogarithmicError: ['msle', 'MSLE', 'mean_squared_logarithmic_error'],
  CosineSimilarity: ['cosine_similarity', 'cosine_proximity', 'cosine', 'cosineSimilarity'],
  LogCosh: ['logcosh', 'log_cosh', 'logCosh'],
  Huber: ['huber', 'huber_loss', 'HuberLoss'],
  Hinge: ['hinge'],
  SquaredHinge: ['squared_hinge', 'squaredHinge'],
  CategoricalHinge: ['categorical_hinge'],
  KLDivergence: ['kld', 'KLD', 'kl_divergence', 'kullback_leibler_divergence', 'kullbackLeiblerDivergence'],
  Poisson: ['poisson'],
  BinaryCrossentropy: ['bce', 'BCE', 'binary_crossentropy', 'binaryCrossentropy'],
  BinaryFocalCrossentropy: ['binary_focal_crossentropy'],
  CategoricalCrossentropy: ['categorical_crossentropy', 'categoricalCrossentropy'],
  CategoricalFocalCrossentropy: ['categorical_focal_crossentropy'],
  SparseCategoricalCrossentropy: ['sparse_categorical_crossentropy', 'sparseCategoricalCrossentropy'],
  CategoricalGeneralizedCrossEntropy: ['categorical_generalized_cross_entropy'],
  Dice: ['dice'],
  Tversky: ['tversky'],
  Circle: ['circle'],
};
const classes = losses as unknown as Record<string, new (options?: unknown) => Loss>;

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'nothing was thrown';
};

describe('names', () => {
  for (const [className, spellings] of Object.entries(names))
    it(`${className} is found as ${spellings.join(', ')}`, () => {
      for (const name of [...spellings, className]) {
        const loss = lossRegistry.resolve(name);
        expect(loss).toBeInstanceOf(classes[className]);
        expect(loss.className).toBe(className);
      }
    });

  it('an unknown name suggests the nearest', () => {
    expect(() => lossRegistry.resolve('mean_square_error')).toThrow(/Did you mean 'MeanSquaredError'/);
    expect(code(() => lossRegistry.resolve('nonsense'))).toBe('ERR_UNKNOWN_NAME');
    expect(code(() => lossRegistry.resolve(3))).toBe('ERR_TYPE');
  });

  it('default names are those of Keras', () => {
    const own = Object.fromEntries(
      ['Huber', 'LogCosh', 'KLDivergence', 'MeanSquaredError', 'Tversky'].map((n) => [n, new classes[n]().name]),
    );
    expect(own).toEqual({
      Huber: 'huber_loss',
      LogCosh: 'log_cosh',
      KLDivergence: 'kl_divergence',
      MeanSquaredError: 'mean_squared_error',
      Tversky: 'tversky',
    });
  });
});

describe('configs', () => {
  it('every class has a factory of the same options', () => {
    for (const className of [...Object.keys(names), 'CTC']) {
      const camel =
        className === 'KLDivergence'
          ? 'klDivergence'
          : className === 'CTC'
            ? 'ctc'
            : className[0].toLowerCase() + className.slice(1);
      const factory = (losses as unknown as Record<string, (o?: object) => Loss>)[camel];
      expect(factory, camel).toBeTypeOf('function');
      if (className !== 'CTC') expect(factory({ reduction: 'sum' })).toMatchObject({ className, reduction: 'sum' });
    }
  });

  it('getConfig gives back what makes the same loss', () => {
    const made: Loss[] = [
      losses.huber({ delta: 0.3 }),
      losses.binaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1, name: 'mine' }),
      losses.binaryFocalCrossentropy({ applyClassBalancing: true, alpha: 0.4, gamma: 1.5 }),
      losses.categoricalFocalCrossentropy({ alpha: [0.1, 0.2, 0.7] }),
      losses.sparseCategoricalCrossentropy({ ignoreClass: -1, reduction: 'sum' }),
      losses.tversky({ alpha: 0.3, beta: 0.7 }),
      losses.dice({ axis: -1 }),
      losses.circle({ gamma: 64, margin: 0.25, removeDiagonal: false }),
      losses.categoricalGeneralizedCrossEntropy({ q: 0.2 }),
    ];
    for (const loss of made) {
      const again = lossRegistry.resolve({ className: loss.className, config: loss.getConfig() });
      expect(again).toEqual(loss);
      expect(again.spec()).toEqual(loss.spec());
      expect(again).not.toBe(loss);
    }
  });

  it('takes what Keras 2 and 3 write', () => {
    const keras2 = {
      class_name: 'CategoricalCrossentropy',
      config: { reduction: 'auto', name: 'x', from_logits: true, label_smoothing: 0.2, axis: -1, fn: 'categorical_crossentropy' },
    };
    expect(lossRegistry.resolve(keras2)).toMatchObject({
      reduction: 'sum_over_batch_size',
      name: 'x',
      fromLogits: true,
      labelSmoothing: 0.2,
    });
    expect(
      lossRegistry.resolve({
        module: 'builtins',
        class_name: 'function',
        config: 'mean_squared_error',
        registered_name: 'function',
      }),
    ).toBeInstanceOf(losses.MeanSquaredError);
    expect(
      lossRegistry.resolve({
        class_name: 'Huber',
        config: { name: 'huber_loss', reduction: 'sum_over_batch_size', delta: 2, dtype: 'float32' },
      }),
    ).toMatchObject({ delta: 2 });
    const policy = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
    expect(lossRegistry.resolve({ class_name: 'MeanSquaredError', config: { dtype: policy } })).toBeInstanceOf(
      losses.MeanSquaredError,
    );
    expect(lossRegistry.resolve({ class_name: 'Dice', config: { axis: null } }).wholeBatch).toBe(true);
  });

  it('every config of the golden table is taken, or refused for its axis', () => {
    for (const { loss } of table) {
      if ((loss.config as { axis?: number }).axis === 0)
        expect(() => lossRegistry.resolve(loss)).toThrow(/'axis' must be -1, the last axis\. Received: 0/);
      else expect(lossRegistry.resolve(loss).className).toBe(loss.class_name);
    }
  });
});

describe('options that do not fit', () => {
  const wrong: [string, () => unknown, string, RegExp][] = [
    ['unknown option', () => losses.huber({ detla: 1 } as object), 'ERR_UNKNOWN_OPTION', /Did you mean 'delta'/],
    ['option of another loss', () => losses.meanSquaredError({ delta: 1 } as object), 'ERR_UNKNOWN_OPTION', /delta/],
    ['delta 0', () => losses.huber({ delta: 0 }), 'ERR_OUT_OF_RANGE', /Huber: 'delta'/],
    ['smoothing above 1', () => losses.binaryCrossentropy({ labelSmoothing: 1.1 }), 'ERR_OUT_OF_RANGE', /labelSmoothing/],
    ['fromLogits as a string', () => losses.binaryCrossentropy({ fromLogits: 'yes' as never }), 'ERR_TYPE', /fromLogits/],
    ['reduction', () => losses.poisson({ reduction: 'avg' as never }), 'ERR_OUT_OF_RANGE', /Poisson: 'reduction'/],
    ['dtype', () => losses.poisson({ dtype: 'float64' as never }), 'ERR_DTYPE', /float32/],
    ['axis of another place', () => losses.categoricalCrossentropy({ axis: -2 }), 'ERR_OUT_OF_RANGE', /last axis/],
    ['axis that is no axis', () => losses.dice({ axis: [1, 2, 3] }).checkOutput([3, 4]), 'ERR_OUT_OF_RANGE', /-1 to -3/],
    ['axis named twice', () => losses.dice({ axis: [1, -2] }).checkOutput([3, 4]), 'ERR_OUT_OF_RANGE', /each axis once/],
    ['alpha without numbers', () => losses.categoricalFocalCrossentropy({ alpha: [] }), 'ERR_OUT_OF_RANGE', /alpha/],
    ['alpha with a NaN', () => losses.categoricalFocalCrossentropy({ alpha: [Number.NaN] }), 'ERR_OUT_OF_RANGE', /alpha\[0\]/],
    ['q 1', () => losses.categoricalGeneralizedCrossEntropy({ q: 1 }), 'ERR_OUT_OF_RANGE', /'q'/],
    ['ignoreClass 0.5', () => losses.sparseCategoricalCrossentropy({ ignoreClass: 0.5 }), 'ERR_TYPE', /ignoreClass/],
    ['CTC', () => losses.ctc(), 'ERR_UNSUPPORTED', /aligns/],
    [
      'no number to minimise',
      () => lossRegistry.resolve(losses.meanSquaredError({ reduction: 'none' })),
      'ERR_REDUCTION',
      /sum_over_batch_size/,
    ],
    [
      'null reduction',
      () => lossRegistry.resolve({ class_name: 'MeanSquaredError', config: { reduction: null } }),
      'ERR_REDUCTION',
      /none/,
    ],
  ];
  for (const [title, run, expected, message] of wrong)
    it(title, () => {
      expect(run).toThrow(message);
      expect(code(run)).toBe(expected);
    });
});

describe('facts for compiling', () => {
  it('tells which activation leads to logits', () => {
    const from = (name: string) => lossRegistry.resolve(name).logitsFrom;
    expect(from('bce')).toBe('sigmoid');
    expect(from('categorical_crossentropy')).toBe('softmax');
    expect(from('sparse_categorical_crossentropy')).toBe('softmax');
    expect(from('binary_focal_crossentropy')).toBe('onlySigmoid');
    for (const name of ['mse', 'kld', 'categorical_focal_crossentropy', 'hinge']) expect(from(name), name).toBeNull();
  });

  it('tells which labels are class numbers, and their range', () => {
    const sparse = Object.keys(names).filter((name) => lossRegistry.resolve(name).sparse);
    expect(sparse.sort()).toEqual(['CategoricalGeneralizedCrossEntropy', 'Circle', 'SparseCategoricalCrossentropy']);
    expect(losses.sparseCategoricalCrossentropy({ ignoreClass: -1 })).toMatchObject({ ignoreClass: -1 });
    expect(losses.sparseCategoricalCrossentropy().labelRange(10)).toEqual([0, 10]);
    expect(losses.circle().labelRange()).toBeNull();
    expect(losses.meanSquaredError().labelRange(10)).toBeNull();
  });

  it('the spec names a loss of the engine and holds plain data only', () => {
    for (const name of Object.keys(names)) {
      const spec = lossRegistry.resolve(name).spec();
      expect(spec.loss.toLowerCase()).toBe(name.toLowerCase());
      expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    }
    expect(losses.dice({ axis: [0, -1] }).spec()).toEqual({ loss: 'dice', whole: true, axes: [0, -1] });
    expect(losses.dice({ axis: -1 }).spec()).toEqual({ loss: 'dice', whole: false });
  });

  it('refuses outputs that do not fit', () => {
    expect(() => losses.categoricalCrossentropy().checkOutput([1])).toThrow(/binary_crossentropy/);
    expect(() => losses.circle().checkOutput([4, 3])).toThrow(/one embedding a sample/);
    expect(() => losses.categoricalFocalCrossentropy({ alpha: [1, 2] }).checkOutput([3])).toThrow(/each of the 3 classes/);
    expect(() => losses.cosineSimilarity({ axis: 1 }).checkOutput([4, 3])).toThrow(/must be the last axis, -1 or 2/);
    expect(() => losses.cosineSimilarity({ axis: 2 }).checkOutput([4, 3])).not.toThrow();
    expect(() => losses.dice({ axis: [1] }).checkOutput([3])).not.toThrow();
    expect(() => losses.dice({ axis: [1] }).checkOutput([4, 3])).not.toThrow();
    expect(() => losses.categoricalCrossentropy().checkOutput([2])).not.toThrow();
  });

  it('an object of call and gradient is a custom loss', () => {
    const call = (_y: Float32Array, p: Float32Array) => p;
    const loss = lossRegistry.resolve({ call, gradient: call, name: 'own' });
    expect(loss).toBeInstanceOf(CustomLoss);
    expect(loss).toMatchObject({ name: 'own', reduction: 'sum_over_batch_size', functions: { call } });
    expect(() => lossRegistry.resolve({ call })).toThrow(/gradient/);
    expect(lossRegistry.resolve(loss)).toBe(loss);
  });
});
