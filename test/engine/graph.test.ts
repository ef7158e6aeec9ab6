// Programs that are not a line, from a layer of the tests' own: gradients against finite differences, on one thread and on two.
import { afterAll, describe, expect, it } from 'vitest';
import { layers, Sequential, setRandomSeed, setThreads } from '../../lib/index.js';
import { Layer, type Lowering, type Shape } from '../../lib/layers/layer.js';

/** Layers over one value, merged with it or with each other. */
class Branches extends Layer {
  static override readonly className = 'Branches';
  constructor(
    readonly merge: string,
    readonly branches: Layer[][],
  ) {
    super({});
  }
  override get sublayers() {
    return this.branches.flat();
  }
  override outputShapeOf(input: Shape): Shape {
    const [first, ...others] = this.branches.map((branch) =>
      branch.reduce((shape, layer) => layer.computeOutputShape(shape), input),
    );
    if (this.merge !== 'concatenate') return first;
    return [...first.slice(0, -1), others.reduce((sum, shape) => sum + (shape.at(-1) as number), first.at(-1) as number)];
  }
  protected override createWeights(input: Shape): void {
    for (const branch of this.branches) {
      let shape = input;
      for (const layer of branch) {
        layer.name ??= `inner_${this.sublayers.indexOf(layer)}`;
        layer.buildFor(shape);
        shape = layer.computeOutputShape(shape);
        this.weights.push(...layer.weights);
      }
    }
  }
  override lowerInto(x: number, input: Shape, lowering: Lowering): number {
    const fork = lowering.fork();
    const values = this.branches.map((branch, i) =>
      fork(i + 1, () => {
        let shape = input;
        return branch.reduce((value, layer) => {
          const made = lowering.of(layer, () => layer.lowerInto(value, shape, lowering));
          shape = layer.computeOutputShape(shape);
          return made;
        }, x);
      }),
    );
    return fork(0, () => lowering.add({ op: this.merge }, values));
  }
  protected override config() {
    return {};
  }
}

const dense = (units: number, activation = 'linear') => layers.dense({ units, activation: activation as 'tanh' });
const networks = {
  'a residual': () => [dense(4), new Branches('add', [[], [dense(6, 'tanh'), dense(4)]]), dense(2)],
  'two branches': () => [
    dense(4, 'tanh'),
    new Branches('concatenate', [[dense(3, 'sigmoid')], [dense(5), layers.layerNormalization()]]),
    dense(2),
  ],
  'gates, one inside another': () => [
    dense(4),
    new Branches('multiply', [[dense(4, 'sigmoid')], [new Branches('subtract', [[], [dense(4, 'tanh')]])]]),
    dense(2),
  ],
  'both directions in a residual over steps': () => [
    layers.reshape({ targetShape: [3, 2] }),
    layers.timeDistributed({ layer: dense(4) }),
    new Branches('average', [[], [layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) })]]),
    layers.flatten(),
    dense(2),
  ],
};

const samples = { x: [] as number[][], y: [] as number[][] };
for (let r = 0; r < 8; r++) {
  samples.x.push(Array.from({ length: 6 }, (_, i) => Math.sin(r * 7 + i * 3)));
  samples.y.push([Math.cos(r), Math.sin(r * 2)]);
}

function compiled(make: () => Layer[]): Sequential {
  setRandomSeed(5);
  const model = new Sequential([layers.inputLayer({ shape: [6] }), ...make()] as never);
  model.compile({ optimizer: { className: 'SGD', config: { learningRate: 1 } } as never, loss: 'meanSquaredError' });
  return model;
}

const lossOf = (model: Sequential) => model.evaluate(samples.x, samples.y, { batchSize: 8, verbose: 0 }) as Promise<number>;

describe('programs that are graphs', () => {
  afterAll(() => setThreads(1));

  it.each(Object.entries(networks))('%s: gradients are those of finite differences', async (_, make) => {
    const steps: Float32Array[][] = [];
    for (const threads of [1, 2]) {
      setThreads(threads);
      const model = compiled(make as () => Layer[]);
      const before = model.getWeights().map((w) => Float32Array.from(w.data));
      await model.trainOnBatch(samples.x, samples.y);
      steps.push(model.getWeights().map((w, i) => w.data.map((v, k) => before[i][k] - v) as Float32Array));
    }
    expect(steps[1]).toEqual(steps[0]);

    const model = compiled(make as () => Layer[]);
    const weights = model.getWeights().map((w) => ({ data: Float32Array.from(w.data), shape: [...w.shape] }));
    const largest = Math.max(...steps[0].flatMap((g) => Array.from(g, Math.abs)));
    for (const [i, weight] of weights.entries()) {
      for (let k = 0; k < weight.data.length; k += 3) {
        const at = weight.data[k];
        const losses: number[] = [];
        for (const side of [1e-2, -1e-2]) {
          weight.data[k] = at + side;
          model.setWeights(weights);
          losses.push(await lossOf(model));
        }
        weight.data[k] = at;
        expect(Math.abs(steps[0][i][k] - (losses[0] - losses[1]) / 2e-2)).toBeLessThan(1e-2 * largest);
      }
    }
  });
});
