import { describe, expect, it } from 'vitest';
import { layers, modelFromJSON, regularizers, Sequential, setRandomSeed } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import { frontNames, plain, throwing } from './helpers.js';
import { Draw, grammar, layerClass } from './stack_grammar.js';

const rows = 3;
const [l1, l2] = [0.5, 0.25];
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const penalty = (values: Iterable<number>) => {
  let sum = 0;
  for (const v of values) sum += l1 * Math.abs(v) + l2 * v * v;
  return sum / rows;
};

/** The layer's plainest options in the grammar of random stacks, and data for it. */
function plainest(className: string) {
  const sample =
    className === 'Embedding'
      ? [4]
      : [5, 4, 3, 2].slice(0, grammar[className].ranks.includes(2) ? 2 : grammar[className].ranks[0]);
  const options = grammar[className].options(new Draw([0]), sample);
  const data = Float32Array.from({ length: rows * size(sample) }, (_, i) =>
    className === 'Embedding' ? i % 5 : Math.sin(1 + i * i),
  );
  return { sample, options, x: { data, shape: [rows, ...sample] } };
}
const refusing = layerRegistry.names.filter((n) => layerClass(n).noActivityRegularizer !== undefined);

/** Options that they cannot do without. */
const needed: Record<string, object> = {
  InputLayer: { shape: [2] },
  StackedRNNCells: { cells: [new layers.GRUCell({ units: 2 })] },
  SpatialDropout1D: { rate: 0.5 },
  SpatialDropout2D: { rate: 0.5 },
  SpatialDropout3D: { rate: 0.5 },
};

describe('activityRegularizer', () => {
  it('is refused by as few as in Keras', () => {
    const cells = ['GRUCell', 'LSTMCell', 'SimpleRNNCell', 'StackedRNNCells'];
    const spatial = ['SpatialDropout1D', 'SpatialDropout2D', 'SpatialDropout3D'];
    const preprocessing = ['CategoryEncoding', 'Discretization', ...frontNames];
    expect(refusing.sort()).toEqual(['ActivityRegularization', ...cells, 'InputLayer', ...spatial, ...preprocessing].sort());
  });

  it.each(layerRegistry.names.filter((n) => !refusing.includes(n)))(
    'of %s is the penalty of what it gives',
    async (className) => {
      const { sample, options, x } = plainest(className);
      const activityRegularizer = regularizers.l1L2({ l1, l2 });
      setRandomSeed(1);
      const model = new Sequential([new (layerClass(className))({ ...options, activityRegularizer, inputShape: sample })]);
      const y = model.predictSync(x);
      expect(penalty(y.data)).toBeGreaterThan(0);
      const json = plain(model.toJSON());
      const again = modelFromJSON(json);
      expect(plain(again.toJSON())).toEqual(json);
      again.setWeights(model.getWeights());
      for (const m of [model, again]) {
        m.compile({ optimizer: 'sgd', loss: 'mse' });
        expect(await m.evaluate(x, y, { verbose: 0, batchSize: rows })).toBeCloseTo(penalty(y.data), 4);
      }
      const config = new (layerClass(className))(options).getConfig();
      expect(config.activityRegularizer ?? null).toBe(null);
    },
  );

  it.each(refusing)('of %s is refused, and why is said', (className) => {
    const options = className.endsWith('Cell') ? { units: 2 } : (needed[className] ?? {});
    expect(() => new (layerClass(className))({ ...options, activityRegularizer: 'l2' })).toThrow(
      throwing('ERR_UNSUPPORTED', new RegExp(`${className}: 'activityRegularizer' is not available: .*Received`)),
    );
  });

  it('of another kind is refused', () => {
    expect(() => layers.flatten({ activityRegularizer: regularizers.orthogonalRegularizer() })).toThrow(
      throwing('ERR_UNSUPPORTED', /Flatten: 'activityRegularizer'.*OrthogonalRegularizer/),
    );
    expect(() => layers.flatten({ activityRegularizer: 'l3' })).toThrow(throwing('ERR_UNKNOWN_NAME', /l3/));
  });

  it('of layers inside wrappers counts as well', async () => {
    const activityRegularizer = regularizers.l1L2({ l1, l2 });
    const dense = () => layers.dense({ units: 2, activityRegularizer });
    const stacks = {
      spectral: [layers.spectralNormalization({ layer: dense(), inputShape: [3] })],
      nested: [new Sequential([dense()]) as never, layers.flatten()],
      both: [layers.bidirectional({ layer: layers.gru({ units: 2, activityRegularizer }), inputShape: [4, 3] })],
    };
    for (const [name, stack] of Object.entries(stacks)) {
      const model = new Sequential(stack);
      const shape = name === 'both' ? [rows, 4, 3] : [rows, 3];
      const x = { data: Float32Array.from({ length: size(shape) }, (_, i) => Math.sin(1 + i * i)), shape };
      model.build([null, ...shape.slice(1)]);
      const y = model.predictSync(x);
      model.compile({ optimizer: 'sgd', loss: 'mse' });
      expect(await model.evaluate(x, y, { verbose: 0 }), name).toBeCloseTo(penalty(y.data), 5);
    }
  });
});
