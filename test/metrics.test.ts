import { describe, expect, it } from 'vitest';
import { losses } from '../lib/losses/index.js';
import { metricRegistry, metrics, nameMetrics, resolveMetric } from '../lib/metrics/index.js';
import { fromKerasConfig, registerSerializable, toKeras } from '../lib/registry.js';

const same = { outputWidth: 3, labelWidth: 3 };
const sparse = { outputWidth: 3, labelWidth: 1 };
const binary = { outputWidth: 1, labelWidth: 1 };

/** What a call throws: class name and code. */
function thrown(call: () => unknown): { name: string; code: string; message: string } {
  try {
    call();
  } catch (e) {
    const { name, code, message } = e as Error & { code: string };
    return { name, code, message };
  }
  throw new Error('nothing was thrown');
}

/** Options that a class cannot do without. */
const required: Record<string, object> = {
  SensitivityAtSpecificity: { specificity: 0.5 },
  SpecificityAtSensitivity: { sensitivity: 0.5 },
  PrecisionAtRecall: { recall: 0.5 },
  RecallAtPrecision: { precision: 0.5 },
  IoU: { numClasses: 3, targetClassIds: [0, 2] },
  MeanIoU: { numClasses: 3 },
  OneHotIoU: { numClasses: 3, targetClassIds: [1] },
  OneHotMeanIoU: { numClasses: 3 },
  MeanMetricWrapper: { fn: 'huber', delta: 2 },
};

/** Keras 3's name of each class's instances and which way its docs call better. */
const kerasNames: Record<string, [string, 'up' | 'down' | null]> = {
  Accuracy: ['accuracy', 'up'],
  BinaryAccuracy: ['binary_accuracy', 'up'],
  CategoricalAccuracy: ['categorical_accuracy', 'up'],
  SparseCategoricalAccuracy: ['sparse_categorical_accuracy', 'up'],
  TopKCategoricalAccuracy: ['top_k_categorical_accuracy', 'up'],
  SparseTopKCategoricalAccuracy: ['sparse_top_k_categorical_accuracy', 'up'],
  TruePositives: ['true_positives', 'up'],
  TrueNegatives: ['true_negatives', 'up'],
  FalsePositives: ['false_positives', 'down'],
  FalseNegatives: ['false_negatives', 'down'],
  Precision: ['precision', 'up'],
  Recall: ['recall', 'up'],
  AUC: ['auc', 'up'],
  SensitivityAtSpecificity: ['sensitivity_at_specificity', 'up'],
  SpecificityAtSensitivity: ['specificity_at_sensitivity', 'up'],
  PrecisionAtRecall: ['precision_at_recall', 'up'],
  RecallAtPrecision: ['recall_at_precision', 'up'],
  F1Score: ['f1_score', 'up'],
  FBetaScore: ['fbeta_score', 'up'],
  IoU: ['io_u', 'up'],
  BinaryIoU: ['binary_io_u', 'up'],
  MeanIoU: ['mean_io_u', 'up'],
  OneHotIoU: ['one_hot_io_u', 'up'],
  OneHotMeanIoU: ['one_hot_mean_io_u', 'up'],
  MeanSquaredError: ['mean_squared_error', 'down'],
  RootMeanSquaredError: ['root_mean_squared_error', 'down'],
  MeanAbsoluteError: ['mean_absolute_error', 'down'],
  MeanAbsolutePercentageError: ['mean_absolute_percentage_error', 'down'],
  MeanSquaredLogarithmicError: ['mean_squared_logarithmic_error', 'down'],
  LogCoshError: ['logcosh', 'down'],
  CosineSimilarity: ['cosine_similarity', 'up'],
  KLDivergence: ['kl_divergence', 'down'],
  Poisson: ['poisson', 'down'],
  Hinge: ['hinge', 'down'],
  SquaredHinge: ['squared_hinge', 'down'],
  CategoricalHinge: ['categorical_hinge', 'down'],
  BinaryCrossentropy: ['binary_crossentropy', 'down'],
  CategoricalCrossentropy: ['categorical_crossentropy', 'down'],
  SparseCategoricalCrossentropy: ['sparse_categorical_crossentropy', 'down'],
  R2Score: ['r2_score', 'up'],
  PearsonCorrelation: ['pearson_correlation', 'up'],
  ConcordanceCorrelation: ['concordance_correlation', 'up'],
  Mean: ['mean', null],
  Sum: ['sum', null],
  MeanMetricWrapper: ['mean_metric_wrapper', 'down'],
};

describe('every metric', () => {
  it('is in the table of names above', () => {
    expect([...metricRegistry.names].sort()).toEqual(Object.keys(kerasNames).sort());
  });

  it.each(metricRegistry.names)('%s: name, direction, config and factory', (className) => {
    const Class = metricRegistry.find(className)!;
    const metric = new Class(required[className]);
    expect([metric.name, metric.direction]).toEqual(kerasNames[className]);
    expect((metrics as unknown as Record<string, unknown>)[className]).toBe(Class);
    expect(new Class({ ...required[className], name: 'mine' }).name).toBe('mine');

    const config = metric.getConfig();
    expect(config).toMatchObject({ name: metric.name, dtype: 'float32', ...required[className] });
    expect(new Class(config).getConfig()).toEqual(config);
    // Keras's own form, there and back, through JSON.
    const saved = JSON.parse(JSON.stringify(toKeras(metric, 'keras.metrics')));
    expect(metricRegistry.resolve(saved).getConfig()).toEqual(config);
    expect(fromKerasConfig(saved.config)).toEqual(JSON.parse(JSON.stringify(config)));

    const short: Record<string, string> = { AUC: 'auc', IoU: 'iou', KLDivergence: 'klDivergence' };
    const factory = (metrics as unknown as Record<string, (o: unknown) => unknown>)[
      short[className] ?? className[0].toLowerCase() + className.slice(1)
    ];
    expect(factory(required[className])).toBeInstanceOf(Class);

    expect(thrown(() => new Class({ ...required[className], nmae: 'x' })).name).toBe('TypeError');
    expect(thrown(() => new Class({ ...required[className], name: 3 })).name).toBe('TypeError');
    expect(thrown(() => new Class({ ...required[className], dtype: 'float64' })).code).toBe('ERR_DTYPE');
    expect(new Class({ ...required[className], dtype: null, name: null }).name).toBe(metric.name);
  });
});

describe('names', () => {
  it.each([
    ['mse', 'MeanSquaredError'],
    ['MAE', 'MeanAbsoluteError'],
    ['mean_absolute_percentage_error', 'MeanAbsolutePercentageError'],
    ['msle', 'MeanSquaredLogarithmicError'],
    ['bce', 'BinaryCrossentropy'],
    ['kld', 'KLDivergence'],
    ['kl_divergence', 'KLDivergence'],
    ['log_cosh', 'LogCoshError'],
    ['cosine_similarity', 'CosineSimilarity'],
    ['AUC', 'AUC'],
    ['auc', 'AUC'],
    ['f1_score', 'F1Score'],
    ['fbeta_score', 'FBetaScore'],
    ['FBetaScore', 'FBetaScore'],
    ['r2_score', 'R2Score'],
    ['binary_io_u', 'BinaryIoU'],
    ['top_k_categorical_accuracy', 'TopKCategoricalAccuracy'],
    ['sparse_top_k_categorical_accuracy', 'SparseTopKCategoricalAccuracy'],
    ['keras.metrics.Precision', 'Precision'],
    ['huber', 'MeanMetricWrapper'],
    ['Huber', 'MeanMetricWrapper'],
    ['binary_focal_crossentropy', 'MeanMetricWrapper'],
  ])('%s is %s and keeps the name given', (name, className) => {
    const metric = resolveMetric(name, same);
    expect([metric.className, metric.name]).toEqual([className, name]);
  });

  it.each(['accuracy', 'acc', 'Accuracy'])('%s goes by shapes', (name) => {
    const classOf = (context: typeof same) => resolveMetric(name, context).className;
    expect([binary, sparse, same].map(classOf)).toEqual(['BinaryAccuracy', 'SparseCategoricalAccuracy', 'CategoricalAccuracy']);
    expect(resolveMetric(name, same).name).toBe(name);
  });

  it.each(['crossentropy', 'ce'])('%s goes by shapes', (name) => {
    const classOf = (context: typeof same) => resolveMetric(name, context).className;
    expect([binary, sparse, same].map(classOf)).toEqual([
      'BinaryCrossentropy',
      'SparseCategoricalCrossentropy',
      'CategoricalCrossentropy',
    ]);
  });

  it('takes instances, configs of both kinds, losses and the saved form of functions', () => {
    const auc = new metrics.AUC({ curve: 'PR' });
    expect(resolveMetric(auc, same)).toBe(auc);
    expect(resolveMetric({ className: 'AUC', config: { numThresholds: 20, name: 'a' } }, same)).toMatchObject({
      numThresholds: 20,
      name: 'a',
    });
    expect(resolveMetric({ class_name: 'AUC', config: { num_thresholds: 20, from_logits: true } }, same)).toMatchObject({
      numThresholds: 20,
      fromLogits: true,
      name: 'auc',
    });
    expect(resolveMetric({ class_name: 'function', config: 'mean_absolute_error' }, same).getConfig()).toMatchObject({
      name: 'mean_absolute_error',
    });
    const wrapped = {
      class_name: 'MeanMetricWrapper',
      config: { name: 'accuracy', dtype: 'float32', fn: 'sparse_categorical_accuracy' },
    };
    expect(resolveMetric(wrapped, sparse).spec(3, 1)).toEqual({ metric: 'sparseCategoricalAccuracy' });
    expect(resolveMetric(metrics.AUC, same)).toMatchObject({ className: 'AUC', name: 'auc' });
    expect(resolveMetric(losses.LogCosh, same)).toMatchObject({ className: 'MeanMetricWrapper', name: 'log_cosh' });
    for (const huber of [
      losses.huber({ delta: 2, reduction: 'none' }),
      { class_name: 'Huber', config: { delta: 2, reduction: 'none' } },
    ])
      expect(resolveMetric(huber, same).spec(3, 3)).toMatchObject({ metric: 'mean', loss: 'huber', delta: 2 });
  });

  it('refuses what is no metric', () => {
    expect(thrown(() => resolveMetric('acuracy', same))).toMatchObject({
      name: 'ValueError',
      code: 'ERR_UNKNOWN_NAME',
      message: expect.stringContaining("'accuracy'"),
    });
    for (const id of [losses.dice(), { class_name: 'Tversky', config: {} }, 'dice', { call: () => 0, gradient: () => 0 }])
      expect(thrown(() => resolveMetric(id, same))).toMatchObject({ name: 'ValueError', code: 'ERR_UNSUPPORTED' });
    expect(thrown(() => resolveMetric(null, same)).name).toBe('TypeError');
    expect(thrown(() => resolveMetric('PrecisionAtRecall', same))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining("'recall'"),
    });
    class Layer {
      static readonly className = 'CustomLayerOfUser';
      getConfig() {
        return {};
      }
    }
    registerSerializable('CustomLayerOfUser', Layer);
    expect(thrown(() => resolveMetric('CustomLayerOfUser', same)).code).toBe('ERR_UNKNOWN_NAME');
  });
});

describe('keys in the logs', () => {
  const keys = (m: unknown[], w: unknown[] = []) => nameMetrics(m, w, same).map(({ key }) => key);

  it('are the names, made unique as Keras does', () => {
    expect(keys(['mae', 'mse'], ['accuracy'])).toEqual(['mae', 'mse', 'accuracy']);
    expect(keys(['mae', 'mae', 'mae'])).toEqual(['mae', 'mae_1', 'mae_2']);
    expect(keys(['mae'], ['mae', 'mae'])).toEqual(['mae', 'weighted_mae', 'weighted_mae_1']);
    expect(keys([new metrics.AUC(), new metrics.AUC(), 'AUC'])).toEqual(['auc', 'auc_1', 'AUC']);
    expect(keys(['mae', 'mae', new metrics.Poisson({ name: 'mae_1' })])).toEqual(['mae', 'mae_1', 'mae_1_1']);
    expect(keys([new metrics.Poisson({ name: 'loss' })])).toEqual(['loss_1']);
  });

  it('say which are weighted', () => {
    expect(nameMetrics(['mae'], ['mse'], same).map(({ weighted }) => weighted)).toEqual([false, true]);
  });
});

describe('what the engine gets', () => {
  it('options that matter, and only as it names them', () => {
    expect(new metrics.BinaryAccuracy({ threshold: 0.4 }).spec(1, 1)).toEqual({ metric: 'binaryAccuracy', threshold: 0.4 });
    expect(new metrics.Precision({ thresholds: 0.7, topK: 2, classId: 1 }).spec(3, 3)).toEqual({
      metric: 'precision',
      thresholds: [0.7],
      topK: 2,
      classId: 1,
    });
    expect(new metrics.Recall().spec(3, 3)).toMatchObject({ metric: 'recall', thresholds: undefined });
    expect(new metrics.AUC({ thresholds: [0.7, 0.2] }).spec(1, 1)).toMatchObject({ thresholds: [0.2, 0.7] });
    expect(new metrics.PrecisionAtRecall({ recall: 0.8 }).spec(1, 1)).toEqual({
      metric: 'precisionAtRecall',
      value: 0.8,
      numThresholds: 200,
      classId: null,
    });
    expect(new metrics.F1Score().spec(3, 3)).toEqual({ metric: 'fBetaScore', average: null, beta: 1, threshold: null });
    expect(new metrics.BinaryIoU().spec(1, 1)).toMatchObject({
      metric: 'iou',
      numClasses: 2,
      targetClassIds: [0, 1],
      threshold: 0.5,
    });
    expect(new metrics.OneHotMeanIoU({ numClasses: 3 }).spec(3, 3)).toMatchObject({
      sparseYTrue: false,
      sparseYPred: false,
      targetClassIds: [0, 1, 2],
    });
    expect(new metrics.R2Score({ classAggregation: null }).spec(2, 2)).toMatchObject({ classAggregation: 'none' });
    expect(new metrics.RootMeanSquaredError().spec(2, 2)).toMatchObject({ metric: 'mean', loss: 'meanSquaredError', root: true });
    expect(new metrics.CosineSimilarity().spec(2, 2)).toMatchObject({ metric: 'mean', loss: 'cosineSimilarity', negate: true });
    expect(new metrics.BinaryCrossentropy({ labelSmoothing: 0.1 }).spec(2, 2)).toMatchObject({
      metric: 'mean',
      loss: 'binaryCrossentropy',
      labelSmoothing: 0.1,
    });
  });

  it('the logit shortcut of cross-entropies, as their losses have it', () => {
    expect(resolveMetric('bce', binary).logitsFrom).toBe('sigmoid');
    expect(resolveMetric('ce', same).logitsFrom).toBe('softmax');
    expect(resolveMetric('ce', sparse).logitsFrom).toBe('softmax');
    expect(resolveMetric('kld', same).logitsFrom).toBe(null);
    expect(resolveMetric('accuracy', same).logitsFrom).toBe(null);
  });

  it('labels: class numbers or vectors', () => {
    expect(new metrics.SparseCategoricalCrossentropy().sparse).toBe(true);
    expect(new metrics.SparseTopKCategoricalAccuracy().sparse).toBe(true);
    expect(new metrics.MeanIoU({ numClasses: 3, sparseYPred: false }).sparse).toBe(true);
    expect(new metrics.MeanIoU({ numClasses: 3 }).sparse).toBe(false);
    for (const call of [
      () => new metrics.SparseCategoricalAccuracy().spec(3, 3),
      () => new metrics.MeanSquaredError().spec(3, 1),
      () => new metrics.MeanIoU({ numClasses: 3 }).spec(3, 1),
      () => new metrics.AUC({ labelWeights: [1, 2] }).spec(3, 3),
      () => new metrics.AUC({ multiLabel: true, numLabels: 2 }).spec(3, 3),
    ])
      expect(thrown(call)).toMatchObject({ name: 'ValueError', code: 'ERR_SHAPE' });
    expect(thrown(() => new metrics.Precision({ classId: 3 }).spec(3, 3)).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrown(() => new metrics.Recall({ topK: 4 }).spec(3, 3)).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrown(() => new metrics.CategoricalCrossentropy().spec(1, 1)).name).toBe('ValueError');
    expect(thrown(() => new metrics.Mean().spec(1, 1)).code).toBe('ERR_UNSUPPORTED');
  });

  it('how many numbers come back', () => {
    expect(new metrics.F1Score().resultSize(4)).toBe(4);
    expect(new metrics.F1Score({ average: 'macro' }).resultSize(4)).toBe(1);
    expect(new metrics.R2Score({ classAggregation: null }).resultSize(2)).toBe(2);
    expect(new metrics.Recall({ thresholds: [0.1, 0.2, 0.3] }).resultSize(1)).toBe(3);
    expect(new metrics.Recall({ thresholds: 0.1 }).resultSize(1)).toBe(1);
  });
});

describe('options out of range', () => {
  it.each<[string, () => unknown, string]>([
    ['threshold 1', () => new metrics.BinaryAccuracy({ threshold: 1 }), 'ValueError'],
    ['threshold as a string', () => new metrics.BinaryAccuracy({ threshold: '0.5' as never }), 'TypeError'],
    ['k 0', () => new metrics.TopKCategoricalAccuracy({ k: 0 }), 'ValueError'],
    ['thresholds above 1', () => new metrics.Precision({ thresholds: [0.5, 2] }), 'ValueError'],
    ['no thresholds', () => new metrics.Precision({ thresholds: [] }), 'ValueError'],
    ['a threshold of null', () => new metrics.Precision({ thresholds: [null] as never }), 'TypeError'],
    ['topK 0', () => new metrics.Precision({ topK: 0 }), 'ValueError'],
    ['classId -1', () => new metrics.Recall({ classId: -1 }), 'ValueError'],
    ['one threshold', () => new metrics.AUC({ numThresholds: 1 }), 'ValueError'],
    ['an unknown curve', () => new metrics.AUC({ curve: 'XY' as never }), 'ValueError'],
    ['numLabels alone', () => new metrics.AUC({ numLabels: 2 }), 'ValueError'],
    ['thresholds that are no list', () => new metrics.AUC({ thresholds: 0.5 as never }), 'TypeError'],
    ['specificity 2', () => new metrics.SensitivityAtSpecificity({ specificity: 2 }), 'ValueError'],
    ['no options', () => new metrics.RecallAtPrecision(undefined as never), 'TypeError'],
    ['beta 0', () => new metrics.FBetaScore({ beta: 0 }), 'ValueError'],
    ['F threshold 0', () => new metrics.F1Score({ threshold: 0 }), 'ValueError'],
    ['beta of F1', () => new metrics.F1Score({ beta: 2 } as never), 'TypeError'],
    ['an unknown average', () => new metrics.F1Score({ average: 'mean' as never }), 'ValueError'],
    ['no numClasses', () => new metrics.MeanIoU({} as never), 'TypeError'],
    ['a target that is no class', () => new metrics.IoU({ numClasses: 2, targetClassIds: [2] }), 'ValueError'],
    ['no targets', () => new metrics.IoU({ numClasses: 2 } as never), 'TypeError'],
    ['another axis', () => new metrics.CosineSimilarity({ axis: 1 }), 'ValueError'],
    ['an unknown aggregation', () => new metrics.R2Score({ classAggregation: 'sum' as never }), 'ValueError'],
    ['negative regressors', () => new metrics.R2Score({ numRegressors: -1 }), 'ValueError'],
    ['an unknown fn', () => new metrics.MeanMetricWrapper({ fn: 'hubert' }), 'ValueError'],
    ['a function as fn', () => new metrics.MeanMetricWrapper({ fn: (() => 1) as never }), 'ValueError'],
  ])('%s', (_, call, name) => {
    expect(thrown(call).name).toBe(name);
  });
});

describe('Mean and Sum', () => {
  it('reduce what they are handed', () => {
    const mean = metrics.mean();
    expect(mean.result()).toBe(0);
    mean.updateState([1, 3, 5, 7]);
    expect(mean.result()).toBe(4);
    mean.resetState();
    mean.updateState(new Float32Array([1, 3, 5, 7]), [1, 1, 0, 0]);
    expect(mean.result()).toBe(2);
    mean.updateState(8, 2);
    expect(mean.result()).toBe(5);
    const sum = metrics.sum();
    sum.updateState({ data: [1, 3, 5, 7] }, [1, 1, 0, 0]);
    expect(sum.result()).toBe(4);
    expect(thrown(() => sum.updateState([1, 2], [1, 2, 3])).code).toBe('ERR_SHAPE');
    expect(thrown(() => sum.updateState([[1], [2]] as never)).name).toBe('TypeError');
  });
});
