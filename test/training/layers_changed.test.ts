import { describe, expect, it } from 'vitest';
import { layers, optimizers, type Sequential, sequential } from '../../lib/index.js';
import { throwing } from '../layers/helpers.js';

const wave = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + seed));
const x = { data: wave(48, 1), shape: [12, 4] };
const y = (width: number) => ({ data: wave(12 * width, 2), shape: [12, width] });
const quiet = { verbose: 0, shuffle: false, batchSize: 4 } as const;
const momentum = () => ({ optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }), loss: 'mse' });
const base = () => sequential([layers.dense({ units: 3, activation: 'tanh', inputShape: [4] })]);
const parameters = (model: Sequential): number => {
  let found = -1;
  model.summary({
    printFn: (line) => {
      const match = / Optimizer params: ([\d,]+)/.exec(line);
      if (match) found = Number(match[1].replaceAll(',', ''));
    },
  });
  return found;
};

async function moved(model: Sequential): Promise<string> {
  const before = model.getWeights();
  await model.fit(x, y((model.outputShape as number[]).at(-1) as number), quiet);
  return model
    .getWeights()
    .map((w, i) => (w.data.some((v, k) => v !== before[i].data[k]) ? 1 : 0))
    .join('');
}

describe('layers added or taken off after compile', () => {
  it('train, before the first fit and after it, a nested model too', async () => {
    const model = base();
    model.compile(momentum());
    model.add(layers.dense({ units: 2 }));
    expect(await moved(model)).toBe('1111');
    model.add(sequential([layers.dense({ units: 2 }), layers.layerNormalization()]));
    model.add(layers.dense({ units: 1 }));
    expect(await moved(model)).toBe('1111111111');
    model.pop();
    expect(await moved(model)).toBe('11111111');
  });

  it('are as if they had been there: the same bits', async () => {
    const late = base();
    const early = base();
    late.compile(momentum());
    early.add(layers.dense({ units: 2 }));
    early.compile(momentum());
    late.add(layers.dense({ units: 2 }));
    late.setWeights(early.getWeights());
    await late.fit(x, y(2), quiet);
    await early.fit(x, y(2), quiet);
    expect(late.getWeights()).toEqual(early.getWeights());
  });

  it("leave the optimizer's state of the others as it is", async () => {
    const [model, same] = [base(), base()];
    same.setWeights(model.getWeights());
    for (const m of [model, same]) {
      m.compile(momentum());
      await m.fit(x, y(3), quiet);
    }
    const { iterations } = model.optimizer;
    model.add(layers.dense({ units: 3 }));
    model.pop();
    expect(model.optimizer.iterations).toBe(iterations);
    for (const m of [model, same]) await m.fit(x, y(3), quiet);
    expect(model.getWeights()).toEqual(same.getWeights());
  });

  it('what was taken off goes, its state in the optimizer too', async () => {
    const model = base();
    model.compile(momentum());
    model.add(layers.dense({ units: 2 }));
    await model.fit(x, y(2), quiet);
    // Iterations, learning rate, and one number for each weight.
    expect(parameters(model)).toBe(2 + 15 + 8);
    const top = model.pop();
    expect(parameters(model)).toBe(2 + 15);
    model.add(top);
    expect(await moved(model)).toBe('1111');
    expect(parameters(model)).toBe(2 + 15 + 8);
  });

  it('make a recompile of what was frozen unnecessary', async () => {
    const model = base();
    model.compile(momentum());
    model.layers[0].trainable = false;
    model.add(layers.dense({ units: 1 }));
    expect(await moved(model)).toBe('0011');
  });

  it('a stack that was emptied takes another shape', async () => {
    const model = base();
    model.compile(momentum());
    model.pop();
    expect([model.built, model.inputShape, model.outputShape]).toEqual([false, null, null]);
    model.add(layers.dense({ units: 1, inputShape: [2] }));
    expect(model.inputShape).toEqual([null, 2]);
  });

  it('an inner model that changed is refused at the next use, also where the outer one was in use before', async () => {
    const inner = base();
    const outer = sequential([inner, layers.dense({ units: 1 })]);
    outer.compile(momentum());
    await outer.fit(x, y(1), quiet);
    inner.add(layers.dense({ units: 3 }));
    await expect(outer.fit(x, y(1), quiet)).rejects.toThrow(/other layers now/);
    inner.pop();
    await outer.fit(x, y(1), quiet);
  });
});

describe('what fails leaves the model as it was', () => {
  it('add: shape, names and layers', async () => {
    const model = base();
    model.compile(momentum());
    const seen = () => [model.layers.length, model.outputShape, model.weights.length, model.predictSync(x).toArray()];
    const before = seen();
    const layer = layers.conv1d({ filters: 2, kernelSize: 2 });
    expect(() => model.add(layer)).toThrow(throwing('ERR_SHAPE', /conv1d/));
    expect([layer.name, layer.builtFor, layer.weights.length]).toEqual([undefined, undefined, 0]);
    expect(() => model.add(layers.dense({ units: 2, name: 'dense' }))).toThrow(throwing('ERR_LAYER', /'dense' is taken/));
    expect(seen()).toEqual(before);
    expect(await moved(model)).toBe('11');
  });

  it('add of the first layer', () => {
    const model = sequential();
    expect(() => model.add(layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4] }))).toThrow(throwing('ERR_SHAPE', /./));
    expect(model.built).toBe(false);
    model.add(layers.dense({ units: 2, inputShape: [7] }));
    expect(model.inputShape).toEqual([null, 7]);
  });

  it('add of a model whose second layer does not fit', () => {
    const inner = sequential([layers.dense({ units: 2 }), layers.conv1d({ filters: 2, kernelSize: 1 })]);
    expect(() => base().add(inner)).toThrow(throwing('ERR_SHAPE', /conv1d/));
    expect([inner.built, inner.weights.length]).toEqual([false, 0]);
    inner.build([null, 5, 4]);
    expect(inner.weights.map((w) => w.shape)).toEqual([[4, 2], [2], [1, 2, 2], [2]]);
  });

  it('build', () => {
    const model = sequential([layers.dense({ units: 2 }), layers.flatten(), layers.conv1d({ filters: 1, kernelSize: 1 })]);
    expect(() => model.build([null, 3, 4])).toThrow(throwing('ERR_SHAPE', /conv1d/));
    expect([model.built, model.weights.length, model.layers[0].builtFor]).toEqual([false, 0, undefined]);
  });

  it('the constructor: layers that were made before', () => {
    const [first, second] = [layers.dense({ units: 2, inputShape: [4] }), layers.dense({ units: 3 })];
    const list = [first, second, layers.conv1d({ filters: 1, kernelSize: 1 })];
    expect(() => sequential(list)).toThrow(throwing('ERR_SHAPE', /conv1d/));
    for (const layer of list) expect([layer.name, layer.builtFor, layer.weights.length]).toEqual([undefined, undefined, 0]);
    expect(sequential([second, first].slice(0, 1)).layers[0].name).toBe('dense');
  });

  it('fit, evaluate and predict of a model that is not built: it stays so', async () => {
    const model = sequential([layers.dense({ units: 2 })]);
    model.compile(momentum());
    const stays = async (call: Promise<unknown>) => {
      await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_/) });
      expect([model.built, model.layers[0].builtFor, model.weights.length]).toEqual([false, undefined, 0]);
    };
    await stays(model.fit(x, y(3), quiet));
    await stays(model.fit(x, y(2), { ...quiet, validationData: [x, y(3)] }));
    await stays(model.fit(() => [[x, y(3)]], null, quiet));
    await stays(model.trainOnBatch(x, y(3)));
    await stays(model.testOnBatch(x, y(3)));
    await stays(model.evaluate(x, y(3), { verbose: 0 }));
    await model.fit(x, y(2), quiet);
    expect(model.built).toBe(true);
  });

  it('compile', async () => {
    const model = base();
    model.compile(momentum());
    await model.fit(x, y(3), quiet);
    const { optimizer } = model;
    const before = await model.evaluate(x, y(3), { verbose: 0 });
    const another = optimizers.adam();
    expect(() => model.compile({ optimizer: another, loss: 'circle', metrics: ['no such metric'] })).toThrow(
      throwing('ERR_UNKNOWN_NAME', /no such metric/),
    );
    expect(() => model.compile({ optimizer: another, loss: 'binary_crossentropy', lossWeights: 'x' as never })).toThrow();
    expect(model.optimizer).toBe(optimizer);
    expect(await model.evaluate(x, y(3), { verbose: 0 })).toBe(before);
    // The optimizer of the failed compile belongs to nobody.
    base().compile({ optimizer: another, loss: 'mse' });
  });

  it('a layer that was built elsewhere and has weights for another input', () => {
    const layer = base().layers[0];
    expect(() => sequential([layers.dense({ units: 5, inputShape: [2] }), layer])).toThrow(
      throwing('ERR_SHAPE', /layer 'dense\w*' was built for input shape \[4\] and cannot take \[5\]/),
    );
    const inside = layers.timeDistributed({ layer, inputShape: [3, 5] });
    expect(() => sequential([inside])).toThrow(throwing('ERR_SHAPE', /was built for/));
    expect(sequential([layers.timeDistributed({ layer, inputShape: [3, 4] })]).weights).toHaveLength(2);
  });
});
