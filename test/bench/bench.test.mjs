import { describe, expect, it } from 'vitest';
import { chart } from '../../bench/lib/chart.mjs';
import { compare, noise } from '../../bench/lib/compare.mjs';
import { makeData } from '../../bench/lib/data.mjs';
import { limitOf, registersLimitOf, workOf } from '../../bench/lib/limits.mjs';
import { fittingCore } from '../../bench/lib/native.mjs';
import { section } from '../../bench/lib/pages.mjs';
import { ranked, report } from '../../bench/lib/report.mjs';
import { describe as layersIn, layersOf, neededMiB } from '../../bench/lib/stack.mjs';
import { exponent, lossTolerance, median, wrongness } from '../../bench/lib/statistics.mjs';
import { systems } from '../../bench/lib/systems.mjs';
import { workloads } from '../../bench/lib/workloads.mjs';

const result = (system, loss, epochs, rest = {}) => ({
  system,
  loss,
  epochs,
  importMs: 1,
  firstEpochMs: 2,
  peakMiB: 3,
  threads: 2,
  version: `${system} 1`,
  ...rest,
});
const results = (own) => ({
  date: '2026-01-02T00:00:00.000Z',
  machine: { cpu: 'A <chip>', cores: 2, memoryGiB: 8, platform: 'linux x64', node: 'v20.0.0' },
  limits: { peak: [100, 200], triad: [10, 12], adam: [], products: [], blas: 'BLAS' },
  workloads: {
    W1: {
      limit: 0.5,
      expectedLoss: 0.7,
      results: [
        result('slow', 0.7001, [4, 4, 4, 4, 4]),
        result('gemmfit', 0.7, own),
        result('wrong', 0.75, [0.1, 0.1, 0.1, 0.1, 0.1]),
        result('other', 9, [3, 3, 3, 3, 3], { otherWork: 'something else' }),
        { system: 'absent', failed: 'cannot be installed: no such package' },
      ],
    },
  },
});

describe('bench', () => {
  it('has no time for a wrong loss, and says so', () => {
    expect(wrongness(result('a', 1 + lossTolerance / 2, [1]), 1)).toBeNull();
    expect(wrongness(result('a', 1 + lossTolerance * 2, [1]), 1)).toContain('wrong loss');
    expect(wrongness(result('a', Number.NaN, [1]), 1)).toContain('wrong loss');
    expect(wrongness({ ...result('a', 5, [1]), otherWork: 'x' }, 1)).toBeNull();
    const order = ranked(results([2, 2, 2, 2, 2]).workloads.W1).map((row) => row.system);
    expect(order.slice(0, 3)).toEqual(['gemmfit', 'other', 'slow']);
    const text = report(results([2, 2, 2, 2, 2]));
    expect(text).toMatch(/wrong +- +-/);
    expect(text).toContain('absent: cannot be installed');
    expect(text).toMatch(/slow +4.00 s +4.00 s +2.00 x +13 %/);
    expect(text).not.toContain('100 ms');
  });

  it('compares medians, and calls noise what is smaller than it', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(noise([1, 1, 1, 1])).toBe(0);
    const text = compare(results([2, 2, 2, 2, 2]), results([1, 1, 1, 1, 1]));
    expect(text).toMatch(/W1 gemmfit +2.00 s +1.00 s +0.500 .* faster/);
    expect(text).toMatch(/W1 slow .* 1.000 .* noise/);
    expect(compare(results([2, 2, 2, 2, 2]), results([1.6, 2.4, 2.1, 1.5, 2.6]))).toMatch(/W1 gemmfit .* noise/);
    expect(() => compare(results([1]), undefined)).toThrow('two files');
  });

  it('finds exponents of growth', () => {
    expect(
      exponent([
        [1, 5],
        [10, 500],
        [100, 50000],
      ]),
    ).toBeCloseTo(2, 10);
  });

  it('counts the work of a step', () => {
    const { products, parameters } = workOf({ units: [128, 10], batchSize: 32, data: { features: 784 } });
    expect(products).toEqual([
      [32, 128, 784, 0, 0],
      [784, 128, 32, 1, 0],
      [32, 10, 128, 0, 0],
      [32, 128, 10, 0, 1],
      [128, 10, 32, 1, 0],
    ]);
    expect(parameters).toBe(784 * 128 + 128 + 128 * 10 + 10);
    const workload = { units: [1], batchSize: 10, data: { features: 100, rows: 25 } };
    // 3 steps of two products of 2000 operations each, forward and for the weights; no time for an optimizer that was not measured.
    expect(registersLimitOf(workload, { peak: [1e-3], adam: [] }, 1)).toBeCloseTo(3 * 4000e-6, 12);
    const at = (product, blas, engine) => ({ product, threads: 1, blas, engine });
    const rates = [at([10, 1, 100, 0, 0], 1e-3, 2e-3), at([100, 1, 10, 1, 0], 5e-4, 1e-4)];
    expect(limitOf(workload, { peak: [1], adam: [], products: rates }, 1)).toBeCloseTo(3 * (1000e-6 + 4000e-6), 12);
    expect(limitOf(workload, { peak: [1], adam: [], products: rates.slice(1) }, 1)).toBeNaN();
  });

  it('counts the rows of a table that a batch reads, and those it updates', () => {
    const layers = [
      ['embedding', { inputDim: 10, outputDim: 2 }],
      ['globalAveragePooling1d', {}],
    ];
    const workload = { layers, batchSize: 2, data: { kind: 'ids', rows: 2, steps: 1, vocabulary: 10 } };
    const limits = { peak: [1], triad: [1e-3], adam: [{ threads: 1, parameters: 20, us: 40 }], products: [] };
    // 2 us for each of 2 numbers of 10 (1 - 0.9^2) = 1.9 rows; 2 rows of 2 numbers of 4 bytes at 1 byte a microsecond.
    const reading = 2 * 2 * 4 * 1e-6;
    const traffic = 2e-6 * 2 * 1.9 + reading;
    const flops = registersLimitOf(workload, { ...limits, triad: [Infinity], adam: [] }, 1);
    expect(registersLimitOf(workload, limits, 1) - flops).toBeCloseTo(traffic, 12);
  });

  it('counts convolutions as products of their windows, and recurrent layers step by step', () => {
    const images = { rows: 4, shape: [9, 9, 2] };
    const layers = [
      ['conv2d', { filters: 3, kernelSize: 3, strides: 2, padding: 'same' }],
      ['batchNormalization', {}],
      ['activation', { activation: 'relu' }],
      ['depthwiseConv2d', { kernelSize: 3, useBias: false }],
      ['maxPooling2d', { poolSize: 2 }],
      ['flatten', {}],
      ['dense', { units: 1 }],
    ];
    const convolution = { layers, batchSize: 4, data: images };
    expect(layersIn(convolution).map((layer) => layer.out)).toEqual([
      [5, 5, 3],
      [5, 5, 3],
      [5, 5, 3],
      [3, 3, 3],
      [1, 1, 3],
      [3],
      [1],
    ]);
    const { products, flops, parameters } = workOf(convolution);
    expect(products).toEqual([
      [100, 3, 18, 0, 0],
      [18, 3, 100, 1, 0],
      [4, 1, 3, 0, 0],
      [4, 3, 1, 0, 1],
      [3, 1, 4, 1, 0],
    ]);
    expect(flops).toBe(3 * 4 * 2 * 9 * 9 * 3);
    expect(parameters).toBe(19 * 3 + 6 + 27 + 4);
    // What is kept of a sample: the input, both outputs of the first two layers, of the depthwise one, the pool and the last.
    const floats = 4 * (162 + 75 + 75 + 27 + 3 + 1) + 3 * parameters + 6;
    expect(neededMiB(convolution) * 2 ** 18).toBeCloseTo(floats, 6);
    const gru = workOf({ layers: [['gru', { units: 5 }]], batchSize: 2, data: { steps: 3, features: 4, rows: 2 } });
    expect(gru.products.slice(0, 2)).toEqual([
      [6, 15, 4, 0, 0],
      [4, 15, 6, 1, 0],
    ]);
    expect(gru.products.length).toBe(2 + 3 * 3);
    expect(gru.parameters).toBe(4 * 15 + 5 * 15 + 2 * 15);
  });

  it('knows the shape and the parameters of every workload as the model does', async () => {
    const { buildModel } = await import('../../bench/runners/gemmfit_model.mjs');
    const smallTable = ([layer, options]) => [layer, options.inputDim ? { ...options, inputDim: 1000 } : options];
    for (const [name, full] of Object.entries(workloads)) {
      const workload = { ...full, layers: layersOf(full).map(smallTable) };
      const { model } = await buildModel(workload);
      const { parameters, statistics } = layersIn(workload).reduce((a, b) => ({
        parameters: a.parameters + b.parameters,
        statistics: a.statistics + b.statistics,
      }));
      expect(parameters + statistics, name).toBe(model.countParams());
      expect(layersIn(workload).at(-1).out, name).toEqual(model.outputShape.slice(1));
      model.dispose();
    }
  });

  it('labels the axis of a chart with labels that do not touch', () => {
    for (const slowest of [3, 40, 1000, 60000]) {
      const of = results([2, 2, 2, 2, 2]);
      of.workloads.W1.results[0].epochs = Array(5).fill(2 * slowest);
      const labels = [...chart(of).matchAll(/<text x="([\d.]+)" [^>]*fill="#666">([\d.]+ x)</g)].map(([, x, text]) => [
        Number(x),
        text,
      ]);
      expect(labels.length).toBeGreaterThan(2);
      for (let i = 1; i < labels.length; i++)
        expect(labels[i][0] - labels[i - 1][0], labels.join(' ')).toBeGreaterThan(
          3.5 * (labels[i][1].length + labels[i - 1][1].length),
        );
    }
  });

  it('writes memory beside what is needed, and how few epochs were timed', () => {
    const of = results([2, 2]);
    of.workloads.W1.results[1].grownMiB = 4;
    of.workloads.W4 = structuredClone(of.workloads.W1);
    of.workloads.W4.neededMiB = 20;
    of.workloads.W4.results[1].grownMiB = 34;
    of.unset = ['OPENBLAS_CORETYPE=Haswell'];
    const text = report(of);
    expect(text).toMatch(/gemmfit .* 34 MiB +1.5 x/);
    expect(text).toContain('gemmfit: the median of 2 only');
    expect(text).toContain('taken out of the environment: OPENBLAS_CORETYPE=Haswell');
  });

  it('draws and writes what was measured, with nothing that breaks the markup', () => {
    const svg = chart(results([2, 2, 2, 2, 2]));
    expect(svg).toContain('A &lt;chip&gt;');
    expect(svg).not.toContain('wrong');
    expect(svg.match(/<rect [^>]*rx/g)?.length).toBe(3);
    const text = section(results([2, 2, 2, 2, 2]), 'bench/results/x.json').join('\n');
    expect(text).toContain('|  | slow | **gemmfit** | wrong | other | absent | limit | gemmfit of limit |');
    expect(text).toContain(', batch 32 | 4.00 s | 2.00 s | other loss | 3.00 s * | failed | 500 ms |');
    expect(text).toContain('(../bench/results/x.svg)');
  });

  it('makes the same data from a seed, and every workload names data and a loss that exist', () => {
    for (const [name, workload] of Object.entries(workloads)) {
      const data = { ...workload.data, rows: 20 };
      const { x, y } = makeData(data);
      expect(Buffer.from(makeData(data).x.buffer).equals(Buffer.from(x.buffer)), name).toBe(true);
      expect(y.length).toBe(20);
      expect(x.every(Number.isFinite)).toBe(true);
      expect(workload.expectedLoss).toBeGreaterThan(0);
      expect(['binary_crossentropy', 'sparse_categorical_crossentropy', 'mean_squared_error']).toContain(workload.loss);
    }
  });

  it('names kernels of OpenBLAS only where it does not know a processor with wide vectors', () => {
    expect(fittingCore('AVX3', 'Prescott')).toBe('SKYLAKEX');
    expect(fittingCore('AVX2', 'Nehalem')).toBe('HASWELL');
    expect(fittingCore('AVX3', 'Zen')).toBeUndefined();
    expect(fittingCore('SSE4', 'Prescott')).toBeUndefined();
    const named = { ...results([1]), blas: { OPENBLAS_CORETYPE: 'SKYLAKEX' } };
    expect(report(named)).toContain('its SKYLAKEX kernels');
    expect(section(named, 'a.json').join()).toContain('its SKYLAKEX kernels');
    expect(report(results([1]))).not.toContain('kernels are named');
  });

  it('starts each system with the manifest and its limits of time', () => {
    for (const [name, system] of Object.entries(systems)) {
      if (name === 'handwritten') continue;
      const [program, args] = system.command('M.json', { epochs: 7, budget: 3, most: 11 });
      expect(typeof program, name).toBe('string');
      expect(args.slice(1)).toEqual(['M.json', '7', '3', '11']);
    }
  });
});
