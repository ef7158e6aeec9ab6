import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Sequential, sequential, setRandomSeed, setThreads, ValueError } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Shape } from '../../lib/layers/layer.js';
import { frontNames } from './helpers.js';
import { Draw, drawLayer, fitting, grammar } from './stack_grammar.js';

// Random stacks of every layer: each builds, and then its gradients are those of its loss and its bits those of one thread, or it
// throws a ValueError that names the layer. Nothing is known of a layer but its options, so it meets neighbours nobody thought of.

const seed = 20261127;
const runsOfEach = 12;
const seen = { stacks: 0, built: 0, tensors: 0, told: 0, corners: 0 };

/** Numbers that follow from a seed, from -1 to 1. */
function randomNumbers(count: number, from: number): Float32Array {
  let state = from >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

interface Input {
  sample: number[];
  /** The shape that the stack is told, where it is told less. */
  told: Shape;
  /** Ids below this, for an embedding. */
  ids: number;
}

function data(input: Input, rows: number) {
  const raw = randomNumbers(rows * size(input.sample), 7);
  // The first id of a sample is none that a mask leaves out: the mean of nothing is nothing to differentiate.
  const id = (v: number, i: number) =>
    i % input.sample[0] === 0 ? input.ids - 1 : Math.floor(((v + 1) / 2) * (input.ids - 0.01));
  return { data: input.ids ? raw.map(id) : raw, shape: [rows, ...input.sample] };
}

/** A stack as choices make it, anew at each call, and with the same random numbers. */
interface Plan {
  input: Input;
  layers: ((shape: Shape, name: string, names: string[]) => Layer)[];
}

const label = (layer: Layer) =>
  JSON.stringify({ class: layer.className, ...layer.getConfig() }, (k, v) =>
    v === null || /nitializer|onstraint|^dtype|^trainable/.test(k) ? undefined : v,
  );

const wrappers = ['TimeDistributed', 'Bidirectional', 'SpectralNormalization', 'RNN'];

class Thrown extends Error {
  constructor(
    readonly error: unknown,
    readonly names: string[],
  ) {
    super('');
  }
}

/** Adds the layers one by one: where one does not fit, it is that one which must be named. */
function build(plan: Plan, story: string[] = []): Sequential {
  setRandomSeed(seed);
  const model = sequential();
  let shape: Shape = plan.input.told;
  plan.layers.forEach((make, i) => {
    const name = `drawn_${i}`;
    story[i] = 'a layer that its constructor refuses';
    const names = [name];
    try {
      const layer = make(shape, name, names);
      story[i] = label(layer);
      if (i === 0) (layer as { batchInputShape?: Shape }).batchInputShape = [null, ...shape];
      model.add(layer);
      shape = (model.outputShape as (number | null)[]).slice(1);
    } catch (error) {
      throw new Thrown(error, names);
    }
  });
  return model;
}

function drawPlan(wanted: string, choices: readonly number[][]): Plan {
  const first = new Draw(choices[0]);
  const ids = wanted === 'Embedding' || (grammar[wanted].ranks.includes(2) && first.int(5) === 4) ? first.of([6, 40]) : 0;
  const rank = ids ? 1 : first.of(grammar[wanted].ranks);
  const most = rank > 3 ? 4 : 7;
  const sample = Array.from({ length: rank }, (_, i) => (i === rank - 1 && !ids ? first.of([2, 1, 4, 3]) : 1 + first.int(most)));
  const told = rank > 1 && first.int(6) === 5 ? [null, ...sample.slice(1)] : sample;

  const layers: Plan['layers'] = [];
  const drawn = (at: number, className: string | null, fixed?: object) =>
    layers.push((shape, name, names) => {
      const d = new Draw(choices[at]);
      const fits = fitting(shape.length);
      const any = d.int(8) === 7 || fits.length === 0 ? Object.keys(grammar).filter((n) => n !== 'Embedding') : fits;
      const chosen = className ?? d.of(any);
      // A constructor speaks of its class: what it makes has no name yet.
      names.push(chosen, ...(wrappers.includes(chosen) ? layerRegistry.names : []));
      if (!fixed) return drawLayer(d, chosen, shape, name);
      return new (layerRegistry.find(chosen) as new (options: object) => Layer)({ ...fixed, name });
    });
  // Something to learn lies below all else, so that each layer's gradient to its input shows.
  if (ids) drawn(1, 'Embedding', { inputDim: ids, outputDim: first.of([3, 4]), maskZero: first.of([false, true]) });
  else drawn(1, 'Dense', { units: first.of([2, 4, 6, 1, 3]) });
  if (first.int(4) === 3) drawn(2, first.of(['LayerNormalization', 'Activation', 'Dropout', 'PReLU']));
  if (wanted !== 'Embedding') drawn(3, wanted);
  const more = first.int(4);
  for (let i = 0; i < more; i++) drawn(4 + i, null);
  if (first.int(3) === 2) {
    drawn(7, 'Flatten', {});
    drawn(7, 'Dense', { units: first.of([1, 3]) });
  }
  return { input: { sample, told, ids }, layers };
}

/**
 * One step of plain gradient descent from given weights: the loss before it, and the weights after it. A new model each time, so that noise is the
 * same, and the vector from which a spectral normalization starts. With a learning rate of 0 the weights are left as the forward pass had them: those
 * given, but for a kernel that is normalized first.
 */
async function step(plan: Plan, rows: number, learningRate: number, weights?: readonly Float32Array[]) {
  const model = build(plan);
  model.compile({ optimizer: { className: 'SGD', config: { learningRate } }, loss: 'mse' });
  const own = model.trainableWeights;
  const at =
    weights ?? own.map((w, i) => w.read().data.map((v, k) => v + 0.3 * randomNumbers(k + 1, i * 977)[k]) as Float32Array);
  own.forEach((w, i) => {
    w.write({ data: at[i], shape: w.shape });
  });
  const x = data(plan.input, rows);
  const { shape } = model.predictSync(x);
  const y = { data: randomNumbers(size(shape), 3), shape };
  const loss = (await model.trainOnBatch(x, y)) as number;
  const after = own.map((w) => w.read().data as Float32Array);
  const names = own.map((w) => `${w.layer.name}/${w.name}`);
  model.dispose();
  return { loss, at, after, names };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);
const unit = (v: ArrayLike<number>) => {
  const norm = Math.sqrt(dot(v, v));
  return Array.from(v, (e) => (norm > 0 ? e / norm : 0));
};

/**
 * The derivative of the loss along a direction of each weight, beside differences of the loss. The gradient is that of the weights as the forward
 * pass had them, so that it is taken along the differences of those.
 */
async function checkGradient(plan: Plan, rows: number): Promise<void> {
  const { loss, at, after: used, names } = await step(plan, rows, 0);
  const { after } = await step(plan, rows, 1, at);
  const gradients = used.map((w, i) => Float64Array.from(w, (v, k) => v - after[i][k]));
  expect(Number.isFinite(loss), `loss ${loss}`).toBe(true);
  for (const [i, gradient] of gradients.entries()) {
    const random = unit(randomNumbers(gradient.length, 11 + i));
    const along = unit(unit(gradient).map((v, k) => v + random[k]));
    const tried: string[] = [];
    let claimed = 0;
    let agrees = false;
    let told = false;
    let atCorner = false;
    for (const epsilon of [0.01, 0.03, 0.003, 0.001]) {
      const moved = (sign: number) =>
        step(
          plan,
          rows,
          0,
          at.map((w, j) => (j === i ? w.map((v, k) => v + sign * epsilon * along[k]) : w)),
        );
      const [above, below] = [await moved(1), await moved(-1)];
      const [up, down] = [above.loss, below.loss];
      claimed = 0;
      for (const [j, w] of above.after.entries())
        claimed +=
          dot(
            gradients[j],
            w.map((v, k) => v - below.after[j][k]),
          ) /
          (2 * epsilon);
      const measured = (up - down) / (2 * epsilon);
      // float32: the loss and the weights have seven digits.
      const rounding = (1e-6 * Math.max(Math.abs(loss), 1e-2)) / epsilon + 1e-6;
      tried.push(`${measured} (epsilon ${epsilon})`);
      agrees = Math.abs(measured - claimed) <= 0.02 * Math.abs(claimed) + rounding;
      told = Math.abs(claimed) > 10 * rounding;
      if (agrees) break;
      // At a corner, of relu or a maximum, the derivative is that of one side or lies between the two.
      const [left, right] = [(loss - down) / epsilon, (up - loss) / epsilon].sort((a, b) => a - b);
      const slack = 0.02 * Math.abs(claimed) + 2 * rounding;
      if (claimed > left - slack && claimed < right + slack) atCorner = true;
    }
    if (!agrees && atCorner) {
      agrees = true;
      seen.corners++;
    }
    seen.tensors++;
    if (told) seen.told++;
    if (!agrees)
      throw new Error(
        `gradient of ${names[i]} [${at[i].length}]: ${claimed} along a direction, where the loss has ${tried.join(', ')}`,
      );
  }
}

/** Weights and losses of two epochs of Adam. */
async function trained(plan: Plan, threads: number, rows: number) {
  setThreads(threads);
  const model = build(plan);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const x = data(plan.input, rows);
  const { shape } = model.predictSync(x);
  const { history } = await model.fit(
    x,
    { data: randomNumbers(size(shape), 3), shape },
    { epochs: 2, batchSize: 16, verbose: 0 },
  );
  const bits = { loss: history.loss, weights: model.getWeights().map((w) => Buffer.from(w.data.slice().buffer).toString('hex')) };
  model.dispose();
  return bits;
}

/** A refusal that helps: a ValueError with a code, the layer's name or its class's, and what is wrong with what came. */
function checkRefusal(error: unknown, names: readonly string[]): void {
  if (!(error instanceof ValueError)) throw error;
  expect(error.code).toMatch(/^ERR_/);
  expect(
    names.some((name) => error.message.includes(name)),
    `'${error.message}' names none of ${names}`,
  ).toBe(true);
  // A size or what came, besides the names, some of which end in a number themselves.
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  const rest = longestFirst.reduce((text, name) => text.replaceAll(name, ''), error.message);
  expect(rest, error.message).toMatch(/\d|Received/);
}

/** The stack, or null where the layer that does not fit said so. */
function buildOrRefuse(plan: Plan, story: string[]): Sequential | null {
  try {
    return build(plan, story);
  } catch (error) {
    if (!(error instanceof Thrown)) throw error;
    checkRefusal(error.error, error.names);
    return null;
  }
}

async function checkStack(wanted: string, choices: readonly number[][]): Promise<boolean> {
  seen.stacks++;
  const plan = drawPlan(wanted, choices);
  const story: string[] = [];
  try {
    const model = buildOrRefuse(plan, story);
    if (!model) return false;
    try {
      model.predictSync(data(plan.input, 2));
    } catch (error) {
      // What the stack was not told it sees with the data, and not before.
      if (!plan.input.told.includes(null)) throw error;
      checkRefusal(
        error,
        model.layers.map((l) => l.name as string),
      );
      return false;
    }
    model.dispose();
    seen.built++;
    setThreads(2);
    const classes = story.map((s) => JSON.parse(s).class as string);
    await checkGradient(plan, 5);
    expect(await trained(plan, 2, 37), `${classes}: bits of two threads`).toEqual(await trained(plan, 1, 37));
    return true;
  } catch (error) {
    (error as Error).message +=
      `\ninput [${plan.input.told}] of [${plan.input.sample}]${plan.input.ids ? ` ids below ${plan.input.ids}` : ''}\n${story.join('\n')}\n`;
    throw error;
  }
}

describe('random stacks', () => {
  it('are drawn from every layer there is', () => {
    // Nothing flows back through these two, and gradients are asked for.
    const flat = ['CategoryEncoding', 'Discretization'];
    const notInStacks = ['InputLayer', 'SimpleRNNCell', 'LSTMCell', 'GRUCell', 'StackedRNNCells', ...flat, ...frontNames];
    expect(Object.keys(grammar).sort()).toEqual(layerRegistry.names.filter((n) => !notInStacks.includes(n)).sort());
  });

  it.each(Object.keys(grammar))('with %s', async (wanted) => {
    const one = fc.array(fc.nat(5039), { minLength: 16, maxLength: 16 });
    let built = 0;
    const property = fc.asyncProperty(fc.array(one, { minLength: 8, maxLength: 8 }), async (choices) => {
      if (await checkStack(wanted, choices)) built++;
    });
    const own = [...wanted].reduce((hash, c) => (Math.imul(hash, 31) + c.charCodeAt(0)) | 0, seed);
    await fc.assert(property, { seed: own, numRuns: runsOfEach });
    expect(built).toBeGreaterThan(0);
  });

  afterAll(() => {
    console.log(seen);
  });
});
