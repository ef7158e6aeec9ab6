// Random stacks of ordinary and awkward sizes, each from a seed. Layers, losses and optimizers are those of the registries.

import type { Layer } from '../../layers/layer.js';
import type { Sequential } from '../../sequential.js';
import { sizeOf } from '../../shapes.js';
import { Draw, narrow, wide } from './draw.js';
import { classesOf, layerRules, type Options, placeOf, type Sample } from './layers.js';
import { type Head, lossOf, lossRules } from './losses.js';

/** The package as the stacks use it. */
export type Package = Pick<
  typeof import('../../index.js'),
  'input' | 'layers' | 'losses' | 'optimizers' | 'sequential' | 'setRandomSeed'
>;

export interface StackName {
  seed: number;
  /** A layer that must be in it. */
  wanted?: string;
}

export interface Stack {
  name: StackName;
  /** What is trained how, as one line. */
  story: string;
  model: Sequential;
  /** Class names of its layers and of what is inside them. */
  classes: string[];
  loss: string;
  optimizer: string;
  head: Head;
  /** Ids of the input are below this; 0: it takes numbers. */
  ids: number;
  rows: number;
  batch: number;
  stateful: boolean;
  mixed: boolean;
  /** Goes on where the drawing ended, for data and the sizes of later batches. */
  d: Draw;
}

/** `123`, or `123:Conv2D` for a stack with that layer. */
export const nameOf = ({ seed, wanted }: StackName): string => (wanted ? `${seed}:${wanted}` : String(seed));
export function parseName(text: string): StackName {
  const [, seed, wanted] = /^(\d{1,9})(?::(\w+))?$/.exec(text) ?? [];
  if (seed === undefined || (wanted && !layerRules[wanted] && wanted !== 'Embedding'))
    throw new TypeError(`a stack is named by a number, or by a number and a layer such as 12:Conv2D. Received: ${text}`);
  return { seed: Number(seed), wanted };
}

/** So many stacks of each layer, and so many times 50 of wide dense ones. */
export function fixedSet(ofEach: number): StackName[] {
  const layers = ['Embedding', ...Object.keys(layerRules)];
  const names = Array.from({ length: ofEach }, () => [...layers, ...Array<string>(50).fill('Dense')]).flat();
  return names.map((wanted, seed) => ({ seed, wanted }));
}

const image: (d: Draw) => Sample = (d) => [d.of([7, 8, 11, 14, 28, 32]), d.of([7, 8, 12, 28]), d.of([1, 2, 3, 4, 8, 16, 32])];
/** Shapes of samples, the common ones more often. */
const inputs: readonly ((d: Draw) => Sample)[] = [
  (d) => [d.of(wide)],
  (d) => [d.of([2, 5, 16, 33]), d.of(narrow)],
  (d) => [d.of([50, 64, 129, 500]), d.of([1, 2, 8])],
  image,
  image,
  (d) => [d.of([2, 3, 5]), d.of([5, 8, 11]), d.of([4, 7, 8]), d.of([1, 2, 3, 8])],
];
const text: (d: Draw) => Sample = (d) => [d.of([3, 8, 31])];

/** What most stacks are made of, by the rank of a sample. */
const usual: readonly (readonly string[])[] = [
  [],
  ['Dense', 'Dense', 'Dense', 'Dense', 'BatchNormalization', 'LayerNormalization', 'Dropout'],
  ['LSTM', 'GRU', 'SimpleRNN', 'Bidirectional', 'Conv1D', 'Dense', 'GlobalAveragePooling1D', 'GlobalMaxPooling1D'],
  ['Conv2D', 'Conv2D', 'DepthwiseConv2D', 'SeparableConv2D', 'MaxPooling2D', 'BatchNormalization', 'GlobalAveragePooling2D'],
  ['Conv3D', 'MaxPooling3D', 'ConvLSTM2D', 'TimeDistributed', 'GlobalAveragePooling3D'],
];
const names = Object.keys(layerRules);
const optimizers = ['SGD', 'RMSprop', 'Adam', 'AdamW', 'Adamax', 'Nadam', 'Adagrad', 'Adadelta', 'Ftrl', 'Lion'] as const;
const optimizerOptions: readonly Options[] = [
  { clipnorm: 1 },
  { clipvalue: 0.1 },
  { globalClipnorm: 1 },
  { useEma: true },
  { weightDecay: 0.01 },
  { gradientAccumulationSteps: 2 },
];
const ofOptimizer: Record<string, readonly Options[]> = {
  SGD: [{ momentum: 0.9 }, { momentum: 0.9, nesterov: true }],
  RMSprop: [{ momentum: 0.9 }, { centered: true }],
  Adam: [{ amsgrad: true }],
};

/** Floats of a sample and weights of a layer, at most. */
const [mostOfSample, mostWeights] = [40_000, 1_500_000];
/** Multiplications of a batch's forward pass, at most. */
const mostOfBatch = 1.5e8;

/** Layers and the shape that they give. Makes none that is too large to be tried quickly. */
class Builder {
  readonly layers: Layer[] = [];
  readonly classes: string[] = ['InputLayer'];
  stateful = false;

  constructor(
    readonly gemmfit: Package,
    readonly d: Draw,
    public shape: Sample,
    /** All but recurrent layers can be. */
    readonly mixed: boolean,
  ) {}

  add(className: string, options: Options): boolean {
    const Class = this.gemmfit.layers[className as 'Dense'] as unknown as new (options: Options) => Layer;
    const mixed = this.mixed && !/LSTM|GRU|RNN|Bidirectional|TimeDistributed/.test(className);
    const layer = new Class({ ...options, ...(mixed ? { dtype: 'mixed_bfloat16' } : {}) });
    const shape = layer.computeOutputShape(this.shape) as number[];
    const { units = 0, filters = 0 } = options as { units?: number; filters?: number };
    const weights = (this.shape[this.shape.length - 1] as number) * Math.max(units, filters);
    if (sizeOf(shape) > mostOfSample || weights > mostWeights || shape.length > 4) return false;
    this.layers.push(layer);
    this.classes.push(...classesOf(className, options));
    this.stateful ||= options.stateful === true;
    this.shape = shape;
    return true;
  }

  /** A layer of this class with drawn options, where one fits. */
  draw(className: string): boolean {
    const options = layerRules[className](this.d, this.shape);
    if (!options) return false;
    const place = placeOf(className);
    const carries = /^(LSTM|GRU|SimpleRNN|RNN)$/.test(place) && this.d.chance(0.1);
    return this.add(place, carries ? { ...options, stateful: true } : options);
  }

  /** Some layer: it need not be one. */
  drawAny(): void {
    this.draw(this.d.of(this.d.chance(0.6) ? usual[this.shape.length] : names));
  }

  /** Dense layers of all widths, with something between them or not: they meet most of the ways in which products are made. */
  drawDense(): void {
    for (let i = 1 + this.d.below(4); i > 0; i--) {
      this.draw('Dense');
      if (this.d.chance(0.5)) this.draw(this.d.of(['BatchNormalization', 'LayerNormalization', 'Dropout', 'GaussianNoise']));
    }
  }

  /** The end that a loss compares. false where it would be too large. */
  close(head: Head): boolean {
    const rank = this.shape.length;
    // An embedding of circle loss is one of a sample; other losses compare steps and pixels too.
    if (rank > 1 && (head.unit || this.d.chance(0.8)))
      if (sizeOf(this.shape) > 4096 || this.d.chance(0.3)) this.add(`GlobalAveragePooling${(rank - 1) as 1}D`, {});
      else this.add('Flatten', {});
    return (
      this.add('Dense', { units: head.units, activation: head.activation }) && (!head.unit || this.add('UnitNormalization', {}))
    );
  }
}

/** Multiplications of a sample, roughly: each weight once at each position. */
function workOf(layers: readonly Layer[], input: Sample): number {
  let [work, shape] = [0, input];
  for (const layer of layers) {
    const out = layer.computeOutputShape(shape) as number[];
    const positions = (s: Sample) => sizeOf(s) / s[s.length - 1];
    work +=
      sizeOf(out) + layer.countParams() * (layer.className === 'Embedding' ? 0 : Math.max(positions(shape), positions(out)));
    shape = out;
  }
  return work;
}

function drawLayers(gemmfit: Package, d: Draw, wanted: string | undefined, mixed: boolean, head: Head) {
  const dense = wanted === 'Dense' || (!wanted && d.chance(0.35));
  const readsText = wanted === 'Embedding' || (!wanted && !dense && d.chance(0.15));
  const ids = readsText ? d.of([11, 300, 5000, 60000]) : 0;
  for (let tries = 0; tries < 200; tries++) {
    const input = readsText ? text(d) : dense ? [d.of(wide)] : d.of(inputs)(d);
    const b = new Builder(gemmfit, d, input, mixed);
    if (readsText) b.add('Embedding', { inputDim: ids, outputDim: d.of(narrow), maskZero: d.chance(0.5) });
    if (dense) b.drawDense();
    else {
      if (wanted && d.chance(0.5)) b.drawAny();
      if (wanted && !readsText && !b.draw(wanted)) continue;
      for (let i = d.below(4) + (wanted ? 0 : 1); i > 0; i--) b.drawAny();
    }
    if (b.close(head)) return { input, ids, b };
  }
  throw new Error(`no stack with ${wanted} was found in 200 tries`);
}

/** The stack of a name: the same layers, options and initial weights each time. */
export function drawStack(gemmfit: Package, name: StackName): Stack {
  const { seed, wanted } = name;
  const d = new Draw(seed * 64 + (wanted ? names.indexOf(wanted) + 2 : 0));
  const loss = lossOf(seed, d);
  const head = lossRules[loss](d);
  const mixed = d.chance(0.15);
  const { input, ids, b } = drawLayers(gemmfit, d, wanted, mixed, head);

  gemmfit.setRandomSeed(seed);
  const model = gemmfit.sequential([gemmfit.input({ shape: [...input] }), ...b.layers]);
  const optimizer = optimizers[seed % optimizers.length];
  const options = d.rarely({}, [...optimizerOptions, ...(ofOptimizer[optimizer] ?? [])]);
  const weighted = loss !== 'Circle' && d.chance(0.2);
  model.compile({
    optimizer: new gemmfit.optimizers[optimizer](options),
    loss: new gemmfit.losses[loss as 'MeanSquaredError'](),
    [weighted ? 'weightedMetrics' : 'metrics']:
      head.labels === 'real' ? ['mae'] : head.labels === 'class' && !head.unit ? ['accuracy'] : [],
  });

  const work = workOf(b.layers, input);
  const batch = d.of([1, 5, 8, 31, 32, 64, 100, 256].filter((n) => n === 1 || n * work < mostOfBatch));
  const steps = batch < 8 ? 5 : d.of([1, 2, 3]);
  const rows = Math.max(2, batch * steps + (b.stateful ? 0 : d.of([0, 0, 1, batch - 1])));
  const layers = b.layers.map((layer) => layer.className + ((layer as { units?: number }).units ?? ''));
  const story = [
    `[${input}]${ids ? ` ids below ${ids}` : ''}`,
    layers.join('-'),
    `${rows} rows, batch ${batch}`,
    `${optimizer}${Object.keys(options).length ? ` ${JSON.stringify(options)}` : ''}`,
    loss,
    ...(mixed ? ['mixed_bfloat16'] : []),
    ...(b.stateful ? ['stateful'] : []),
  ].join(', ');
  return { name, story, model, classes: b.classes, loss, optimizer, head, ids, rows, batch, stateful: b.stateful, mixed, d };
}
