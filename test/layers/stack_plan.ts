import { type Sequential, sequential, setRandomSeed } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Shape } from '../../lib/layers/layer.js';
import { Draw, drawLayer, fitting, grammar } from './stack_grammar.js';

export interface Input {
  sample: number[];
  /** The shape that the stack is told; null where it is to find a size with the data. */
  told: Shape;
  /** Where samples are ids: below this. Otherwise 0. */
  ids: number;
}

/** A stack that can be made anew at any time, each time with the same random numbers. */
export interface Plan {
  input: Input;
  layers: ((shape: Shape, name: string) => Layer)[];
}

/** Numbers from -1 to 1 that follow from a seed. */
export function randomNumbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Samples for a stack. */
export function inputs({ sample, ids }: Input, rows: number) {
  const raw = randomNumbers(rows * sizeOf(sample), 7);
  // The first id of a sample is none that a mask leaves out: the mean of nothing is nothing to differentiate.
  const id = (v: number, i: number) => (i % sample[0] === 0 ? ids - 1 : Math.floor(((v + 1) / 2) * (ids - 0.01)));
  return { data: ids ? raw.map(id) : raw, shape: [rows, ...sample] };
}

/** A stack around a layer of class `wanted`: something to learn below it, and whatever comes above it. */
export function drawPlan(wanted: string, choices: readonly number[][]): Plan {
  const d = new Draw(choices[0]);
  const { ranks } = grammar[wanted];
  const ids = wanted === 'Embedding' || (ranks.includes(2) && d.int(5) === 4) ? d.of([6, 40]) : 0;
  const rank = ids ? 1 : d.of(ranks);
  const longest = rank > 3 ? 4 : 7;
  const sample = Array.from({ length: rank }, (_, i) => (i === rank - 1 && !ids ? d.of([2, 1, 4, 3]) : 1 + d.int(longest)));
  const told = rank > 1 && d.int(6) === 5 ? [null, ...sample.slice(1)] : sample;

  const layers: Plan['layers'] = [];
  const put = (className: string, options: object) =>
    layers.push((_, name) => new (layerRegistry.find(className) as new (options: object) => Layer)({ ...options, name }));
  const draw = (at: number, className?: string) =>
    layers.push((shape, name) => {
      const own = new Draw(choices[at]);
      const fits = fitting(shape.length);
      const wild = own.int(8) === 7 || fits.length === 0;
      const from = wild ? Object.keys(grammar).filter((n) => n !== 'Embedding') : fits;
      return drawLayer(own, className ?? own.of(from), shape, name);
    });

  if (wanted === 'Embedding') draw(1, 'Embedding');
  else if (ids) put('Embedding', { inputDim: ids, outputDim: d.of([3, 4]), maskZero: d.of([false, true]) });
  else put('Dense', { units: d.of([2, 4, 6, 1, 3]) });
  if (d.int(4) === 3) draw(2, d.of(['LayerNormalization', 'Activation', 'Dropout', 'PReLU']));
  if (wanted !== 'Embedding') draw(3, wanted);
  const more = d.int(4);
  for (let i = 0; i < more; i++) draw(4 + i);
  if (d.int(3) === 2) {
    put('Flatten', {});
    put('Dense', { units: d.of([1, 3]) });
  }
  return { input: { sample, told, ids: wanted === 'Embedding' ? 1 : ids }, layers };
}

/** What a constructor or `add` threw, and what the message has to name. */
export class Refused extends Error {
  constructor(
    readonly error: unknown,
    readonly names: readonly string[],
  ) {
    super(String(error));
  }
}

/** Makes the stack, layer by layer, and tells in `story` of each. Throws `Refused` where one does not fit. */
export function build({ input, layers }: Plan, story: string[] = []): Sequential {
  setRandomSeed(1);
  const model = sequential();
  let shape = input.told;
  layers.forEach((make, i) => {
    const name = `drawn_${i}`;
    let names: readonly string[] = layerRegistry.names; // a constructor knows its class, not yet its place
    try {
      const layer = make(shape, name);
      names = [name];
      story.push(describe(layer));
      if (i === 0) model.build([null, ...shape]);
      shape = model.outputShape.slice(1);
    } catch (error) {
      throw new Refused(error, names);
    }
  });
  return model;
}

/** A layer's options, without the many that the grammar leaves alone. */
function describe(layer: Layer): string {
  const plain = (key: string, value: unknown) =>
    value === null || /nitializer|onstraint|^dtype|^trainable|^weights/.test(key) ? undefined : value;
  return `${layer.className} ${JSON.stringify(layer.getConfig(), plain)}`;
}
