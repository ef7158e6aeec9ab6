// Sizes that pass what integers or memory hold, wherever they come from: options, configs, shapes of data. Refused with a code, before memory is taken.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { array, layers, modelFromJSON, sequential, ValueError } from '../../lib/index.js';

const run = promisify(execFile);
const root = join(__dirname, '..', '..');
const one = (...shape: number[]) => array(new Float32Array(shape.reduce((n, d) => n * d, 1)), shape);

describe('a sample may have 2^31 - 1 numbers, whatever layer makes it', () => {
  const large = {
    upSampling3D: () => layers.upSampling3D({ size: [2 ** 22, 2 ** 21, 2 ** 21], inputShape: [1, 1, 1, 1] }),
    zeroPadding3D: () =>
      layers.zeroPadding3D({
        padding: [
          [2 ** 22 - 1, 0],
          [2 ** 21 - 1, 0],
          [2 ** 21 - 1, 0],
        ],
        inputShape: [1, 1, 1, 1],
      }),
    adaptiveMaxPooling3D: () =>
      layers.adaptiveMaxPooling3D({ outputSize: [2 ** 22, 2 ** 21, 2 ** 21], inputShape: [1, 1, 1, 1] }),
    adaptiveAveragePooling2D: () => layers.adaptiveAveragePooling2D({ outputSize: 2 ** 20, inputShape: [1, 1, 1] }),
    conv2DTranspose: () =>
      layers.conv2DTranspose({ filters: 1, kernelSize: 1, strides: 2 ** 31, inputShape: [2 ** 20, 2 ** 20, 1] }),
    repeatVector: () => layers.repeatVector({ n: 2 ** 53 - 1, inputShape: [3] }),
    zeroPadding1D: () => layers.zeroPadding1D({ padding: [0, 2 ** 35], inputShape: [1, 1] }),
    flatten: () => layers.flatten({ inputShape: [2 ** 22, 2 ** 21, 2 ** 21] }),
  };
  for (const [name, make] of Object.entries(large))
    it(name, () => {
      const { batchInputShape } = make();
      const shape = batchInputShape?.slice(1) as number[];
      for (const model of [sequential([make()]), modelFromJSON(JSON.stringify(sequential([make()])))]) {
        const label = `layer '${model.layers[0].name}'`;
        const refused = expect.objectContaining({ code: 'ERR_MEMORY', message: expect.stringMatching(/numbers \(.* GiB\)/) });
        expect(() => model.compile({ loss: 'mse' })).toThrow(refused);
        expect(model.compiled).toBe(false);
        const sample = shape.reduce((n, d) => n * d, 1) < 100 ? one(1, ...shape) : null;
        if (!sample) continue;
        expect(() => model.predictSync(sample)).toThrow(ValueError);
        expect(() => model.predictSync(sample)).toThrow(label);
        expect(() => model.layers[0].computeOutputShape(shape)).toThrow(refused);
      }
    });

  it('shapes that only the data tell', () => {
    const m = sequential([layers.upSampling2D({ size: 2 ** 11, inputShape: [null, null, 1] })]);
    expect(m.predictSync(one(1, 1, 1, 1)).shape).toEqual([1, 2 ** 11, 2 ** 11, 1]);
    expect(() => m.predictSync(one(1, 32, 32, 1))).toThrow(
      expect.objectContaining({ code: 'ERR_MEMORY', message: expect.stringContaining("layer 'up_sampling2d'") }),
    );
  });

  it('weights', () => {
    const kernel = expect.objectContaining({
      code: 'ERR_MEMORY',
      message: expect.stringMatching(/layer 'dense.*kernel.*\[4, 1099511627776\]/),
    });
    expect(() => sequential([layers.dense({ units: 2 ** 40, name: 'dense_x', inputShape: [4] })])).toThrow(kernel);
    const m = sequential([layers.dense({ units: 2 ** 40, name: 'dense_x' })]);
    expect(() => m.build([null, 4])).toThrow(kernel);
    expect(m.layers[0].weights).toEqual([]);
    expect(m.built).toBe(false);
  });

  it('predictions of many samples', () => {
    const m = sequential([layers.zeroPadding1D({ padding: [0, 2 ** 30], inputShape: [1, 1] })]);
    expect(() => m.predictSync(one(2 ** 12, 1, 1))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY' }));
  });
});

describe('ids that reach an embedding inside a model', () => {
  const stacks = {
    reshape: () => [layers.reshape({ targetShape: [2, 2], inputShape: [4] })],
    flatten: () => [layers.flatten({ inputShape: [2, 2] })],
    permute: () => [layers.permute({ dims: [2, 1], inputShape: [2, 2] })],
    zeroPadding1D: () => [layers.zeroPadding1D({ padding: 1, inputShape: [4, 1] })],
    cropping1D: () => [layers.cropping1D({ cropping: [1, 0], inputShape: [4, 1] })],
    repeatVector: () => [layers.repeatVector({ n: 3, inputShape: [4] })],
    rescaling: () => [layers.rescaling({ scale: 1, inputShape: [4] })],
    timeDistributed: () => [layers.reshape({ targetShape: [2, 2], inputShape: [4] })],
  };
  const make = (name: keyof typeof stacks) => {
    const embedding = layers.embedding({ inputDim: 5, outputDim: 2, name: 'words' });
    const inner = name === 'timeDistributed' ? layers.timeDistributed({ layer: embedding, name: 'words' }) : embedding;
    const m = sequential([...stacks[name](), inner, layers.flatten(), layers.dense({ units: 1 })]);
    m.compile({ optimizer: 'adam', loss: 'mse' });
    return m;
  };
  for (const name of Object.keys(stacks) as (keyof typeof stacks)[])
    it(name, async () => {
      const m = make(name);
      const shape = [12, ...(m.inputShape as number[]).slice(1)];
      const right = array(
        Float32Array.from({ length: 48 }, (_, i) => i % 5),
        shape,
      );
      const y = new Float32Array(12);
      for (const id of [-1, 5, 1e9]) {
        const x = array(right.data.slice(), shape);
        x.data[4 * 7 + 2] = id;
        const refused = expect.objectContaining({
          code: 'ERR_INDEX',
          message: expect.stringMatching(/^layer 'words'.*from 0 to 4.*inputDim: 5/),
        });
        const before = m.getWeights().map((w) => [...w.data]);
        expect(() => m.predictSync(x)).toThrow(refused);
        await expect(m.predict(x, { verbose: 0 })).rejects.toThrow(refused);
        await expect(m.predict(x, { verbose: 0 })).rejects.toThrow(/sample 7/);
        await expect(m.evaluate(x, y, { verbose: 0 })).rejects.toThrow(refused);
        await expect(m.trainOnBatch(x, y)).rejects.toThrow(refused);
        await expect(m.fit(x, y, { verbose: 0 })).rejects.toBeInstanceOf(ValueError);
        expect(m.getWeights().map((w) => [...w.data])).toEqual(before);
      }
      expect(m.predictSync(right).shape).toEqual([12, 1]);
      await m.fit(right, y, { verbose: 0 });
    });
});

it('hostile options and shapes of every layer: an error with a code or a result, never the end of the process', async () => {
  const script = `
    const g = require(${JSON.stringify(root)});
    let state = 20261201;
    const random = (n) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor((state / 2 ** 32) * n); };
    const of = (list) => list[random(list.length)];
    const large = [2 ** 31, 2 ** 32, 2 ** 31 - 1, 2 ** 35, 2 ** 40, 2 ** 53 - 1, 2 ** 53, 1e300, Infinity, NaN, -1, 0, -(2 ** 53), 1.5, 2 ** 21, 2 ** 22, 4294967295];
    const size = () => random(3) ? of(large) : 1 + random(3);
    const sizes = (n) => random(2) ? size() : Array.from({ length: n + (random(8) === 0) }, size);
    const keys = { units: () => size(), filters: () => size(), kernelSize: sizes, strides: sizes, dilationRate: sizes, poolSize: sizes, size: sizes, outputSize: sizes, outputPadding: sizes,
      padding: (n) => random(2) ? sizes(n) : Array.from({ length: n }, () => [size(), size()]), cropping: (n) => random(2) ? sizes(n) : Array.from({ length: n }, () => [size(), size()]),
      n: size, targetShape: sizes, dims: sizes, inputDim: size, outputDim: size, depthMultiplier: size, groups: size, axis: sizes, noiseShape: sizes, sharedAxes: sizes, seed: size, maskValue: size, maxValue: size };
    const base = { dense: { units: 2 }, embedding: { inputDim: 5, outputDim: 2 }, repeatVector: { n: 2 }, reshape: { targetShape: [-1] }, permute: { dims: [1] }, rescaling: { scale: 1 } };
    const rank = (name) => /1D/.test(name) ? 1 : /3D/.test(name) ? 3 : /2D/.test(name) ? 2 : 1;
    const needs = (name) => /lstm|gru|rnn/i.test(name) && !/conv/i.test(name) ? { units: 2 } : /conv/i.test(name) ? { ...(/depthwise/i.test(name) ? {} : { filters: 2 }), kernelSize: 1 } : /adaptive/i.test(name) ? { outputSize: 1 } : /dropout|Noise/i.test(name) ? { rate: 0.5, stddev: 1 } : base[name] ?? {};
    const names = Object.keys(g.layers).filter((n) => typeof g.layers[n] === 'function' && /^[a-z]/.test(n));
    let refused = 0, made = 0;
    for (let i = 0; i < Number(process.argv[1]); i++) {
      const name = names[i % names.length], r = rank(name);
      const options = { ...needs(name) };
      for (const key of Object.keys(keys)) if (key in options ? random(2) : random(12) === 0) options[key] = keys[key](r);
      if (random(3)) options.inputShape = Array.from({ length: r + (random(4) ? 1 : random(3)) }, () => random(4) ? 1 + random(4) : size());
      const tell = () => JSON.stringify([i, name, options], (k, v) => typeof v === 'number' && !Number.isFinite(v) ? String(v) : v);
      if (process.argv[2]) console.error(tell());
      const begin = performance.now();
      try {
        let layer;
        for (let k = 0; k < 3 && !layer; k++) try { layer = g.layers[name](options); } catch (e) { if (e.code !== 'ERR_UNKNOWN_OPTION') throw e; for (const key of Object.keys(options)) if (e.message.includes("'" + key + "'")) delete options[key]; }
        if (!layer) continue;
        if (options.inputShape) layer.computeOutputShape(options.inputShape);
        const m = g.sequential([layer]);
        const shape = options.inputShape ?? Array.from({ length: r + 1 }, () => 2);
        if (!(shape.reduce((a, b) => a * b, 1) < 1e5)) { m.compile({ loss: 'mse' }); continue; }
        const p = m.predictSync(g.array(new Float32Array(shape.reduce((a, b) => a * b, 1)), [1, ...shape]));
        if (p.data.length !== p.shape.reduce((a, b) => a * b, 1)) console.log('wrong size', tell());
        g.modelFromJSON(JSON.stringify(m)).predictSync(g.array(new Float32Array(shape.reduce((a, b) => a * b, 1)), [1, ...shape]));
        made++;
      } catch (e) {
        refused++;
        if (typeof e.code !== 'string' || !e.code.startsWith('ERR_')) console.log('no code', tell(), e.stack);
      }
      if (performance.now() - begin > 20000) console.log('slow', Math.round(performance.now() - begin), tell());
    }
    console.log('done', refused > 100, made > 20);`;
  const count = process.env.GEMMFIT_HOSTILE_SIZES ?? '1500';
  const node = [process.execPath, '-e', script, count];
  // Memory that is limited turns what would end a whole machine into an error.
  const limited = process.platform === 'linux' && !process.env.GEMMFIT_SANITIZE;
  const { stdout } = limited
    ? await run('bash', ['-c', 'ulimit -v 6000000; exec "$@"', 'bash', ...node], { timeout: 280_000 })
    : await run(node[0], node.slice(1), { timeout: 280_000 });
  expect(stdout.trim()).toBe('done true true');
}, 300_000);
