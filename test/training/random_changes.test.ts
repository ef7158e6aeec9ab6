import { expect, it } from 'vitest';
import { layers, modelFromJSON, optimizers, Sequential, sequential, setRandomSeed } from '../../lib/index.js';
import type { Layer, Weight } from '../../lib/layers/layer.js';
import { Nested } from '../../lib/layers/nested.js';
import { withInner } from '../../lib/layers/stack.js';

/** Whole numbers below `n` that follow from a seed. */
function numbers(seed: number): (n: number) => number {
  let s = (seed * 7919 + 1) % 2147483647;
  return (n) => {
    s = (s * 16807) % 2147483647;
    return s % n;
  };
}

const width = 3;
const rows = 4;
const wave = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + seed));
const data = (columns: number, seed: number) => ({ data: wave(rows * columns, seed), shape: [rows, columns] });

/** What the test knows of a model besides: the layers it noted as training, as `compile` is to note them. */
interface Known {
  model: Sequential;
  noted: Set<Layer> | null;
}

/** Said again here, in other words: a path of trainable things leads to the layer. */
function training(layers: readonly Layer[], on: boolean, found = new Set<Layer>()): Set<Layer> {
  for (const layer of layers) {
    const inside = layer instanceof Nested ? layer.stack.layers : layer.sublayers;
    if (on && layer.trainable) found.add(layer);
    training(inside, on && layer.trainable, found);
  }
  return found;
}

/** A spectral normalization divides its kernel before each training step, frozen or not, as in Keras. */
const normalized = (model: Sequential) =>
  withInner(model.layers).flatMap((l) => (l.className === 'SpectralNormalization' ? l.weights.slice(0, 2) : []));

const mayMove = (w: Weight, { model, noted }: Known) =>
  (noted?.has(w.layer) && (w.learned || w.layer.className === 'BatchNormalization')) || normalized(model).includes(w);

const bits = (weights: Iterable<Weight>) =>
  new Map([...weights].map((w) => [w, Buffer.from(w.read().data.buffer).toString('hex')]));

/** All that one can see of a model. */
const seen = (m: Sequential) =>
  JSON.stringify([
    m.layers.map((l) => [l.name, l.trainable, l.builtFor, l.weights.length]),
    [m.inputShape, m.outputShape, m.built, m.compiled, m.trainable],
    m.weights.map((w) => [...w.read().data]),
  ]);

function works(model: Sequential): boolean {
  try {
    model.predictSync(data(width, 1));
    return true;
  } catch {
    return false;
  }
}

function draw(int: (n: number) => number): Layer | Sequential {
  const units = [width, width, 2, 5][int(4)];
  const shape = int(3) === 0 ? { inputShape: [width] } : {};
  const dense = () => layers.dense({ units, activation: 'tanh', ...shape });
  switch (int(9)) {
    case 0:
      return layers.batchNormalization(shape);
    case 1:
      return layers.layerNormalization(shape);
    case 2:
      return layers.spectralNormalization({ layer: layers.dense({ units }), ...shape });
    case 3:
      return sequential([dense(), ...(int(2) ? [layers.batchNormalization()] : [])]);
    case 4:
      return layers.dropout({ rate: 0.5 });
    case 5:
      // Does not fit.
      return layers.conv1d({ filters: 2, kernelSize: 1 });
    case 6:
      return layers.dense({ units, trainable: false, ...(int(4) ? {} : { name: 'mine' }) });
    default:
      return dense();
  }
}

/** One step of a story: what is done to one of the models. Gives a model that is new, or nothing. */
async function step(int: (n: number) => number, all: Known[], known: Known): Promise<Sequential | undefined> {
  const { model } = known;
  const other = all[int(all.length)].model;
  const use = () => {
    if (model.compiled) known.noted ??= training(model.layers, model.trainable);
  };
  switch (int(13)) {
    case 0:
    case 1:
      model.add(draw(int));
      known.noted = null;
      return;
    case 2:
      model.pop();
      known.noted = null;
      return;
    case 3:
      model.trainable = int(2) === 0;
      return;
    case 4:
    case 5:
      if (model.layers.length) model.getLayer(int(model.layers.length)).trainable = int(3) > 0;
      return;
    case 6:
    case 7: {
      const optimizer = [
        () => optimizers.sgd({ learningRate: 0.1, momentum: 0.5 }),
        () => model.optimizer,
        () => other.optimizer,
      ][int(3)];
      const loss = int(6) ? 'mse' : 'sparse_categorical_crossentropy';
      const given = model.compiled || other.compiled ? optimizer() : 'sgd';
      const own = model.compiled && given === model.optimizer;
      try {
        model.compile({ optimizer: given, loss });
      } catch (error) {
        if (own) expect((error as { code: string }).code).not.toBe('ERR_OPTIMIZER');
        throw error;
      }
      known.noted = model.built && model.layers.length ? training(model.layers, model.trainable) : null;
      return;
    }
    case 8:
      model.build([[null, width], [null, 5], [null, width, 2], 'no' as never][int(4)]);
      return;
    case 9:
      return sequential([model, layers.dense({ units: 2 })]);
    case 10:
      return new Sequential({ layers: [...model.layers.slice(0, 2), ...other.layers], trainable: int(4) > 0 });
    case 11:
      return model.clone();
    default: {
      const before = bits(all.flatMap((k) => k.model.weights));
      const columns = (model.outputShape?.at(-1) as number | undefined) ?? width;
      if (model.built) use();
      await model.fit(data(width, int(9)), data(columns, int(9)), { verbose: 0, batchSize: 2 });
      use();
      const noted = known.noted as Set<Layer>;
      for (const [w, now] of bits(all.flatMap((k) => k.model.weights)))
        if (now !== before.get(w) && before.has(w)) expect(model.weights.includes(w) && mayMove(w, known)).toBe(true);
      // What is on top is always reached.
      const top = model.layers.at(-1) as Layer;
      if (top.className === 'Dense' && noted.has(top) && before.has(top.weights[1]))
        expect(bits([top.weights[1]]).get(top.weights[1])).not.toBe(before.get(top.weights[1]));
    }
  }
}

it.each(Array.from({ length: 20 }, (_, i) => i))(
  'models that change in any order move only what trains (%i of 20)',
  async (part) => {
    for (let seed = part * 10; seed < part * 10 + 10; seed++) {
      setRandomSeed(seed + 1);
      const int = numbers(seed + 1);
      const all: Known[] = [{ model: sequential([layers.dense({ units: width, inputShape: [width] })]), noted: null }];
      for (let i = 0; i < 30; i++) {
        const known = all[int(all.length)];
        const before = all.map((k) => seen(k.model));
        try {
          const made = await step(int, all, known);
          if (made) all.push({ model: made, noted: made.compiled && made.built ? training(made.layers, made.trainable) : null });
          if (all.length > 4) all.shift();
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
          expect(all.map((k) => seen(k.model))).toEqual(before);
        }
        for (const { model } of all) {
          expect(new Set(model.layers.map((l) => l.name)).size).toBe(model.layers.length);
          expect(model.trainableWeights.length + model.nonTrainableWeights.length).toBe(model.weights.length);
        }
      }
      // Those that have not been built, or whose inner models changed, come back otherwise.
      for (const { model } of all)
        if (model.built && works(model)) {
          const json = model.toJSON();
          expect(modelFromJSON(JSON.stringify(json)).toJSON()).toEqual(json);
        }
    }
  },
);
