import { afterAll, describe, expect, it } from 'vitest';
import * as gemmfit from '../lib/index.js';

// Whatever is passed as an option is taken or refused by an error of ours with a code and a short message, by every factory there is.
const { layers } = gemmfit;
type Make = (options?: unknown) => unknown;

const revoked = (target: object) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const fails = () => {
  throw new Error('trap');
};
const itself: unknown[] = [];
itself.push(itself);
const containsItself: Record<string, unknown> = { className: 'Dense' };
containsItself.config = containsItself;
let deepList: unknown[] = [];
let deepConfig: unknown = {};
for (let i = 0; i < 10_000; i++) {
  deepList = [deepList];
  deepConfig = { className: 'TimeDistributed', config: { layer: deepConfig } };
}
class Mine {
  units = 3;
}

/** What no option of any part can be. */
const wrong: Record<string, unknown> = {
  NaN: Number.NaN,
  'a symbol': Symbol('s'),
  'a BigInt': 10n ** 400n,
  'a promise': Promise.resolve({ units: 2 }),
  'a Map': new Map([['units', 2]]),
  'a Set': new Set([1]),
  'a Date': new Date(),
  'a class instance': new Mine(),
  'a revoked proxy': revoked({}),
  'a revoked list': revoked([]),
  'a list in itself': itself,
  'a config in itself': containsItself,
  'a deep list': deepList,
  'a deep config': deepConfig,
  // biome-ignore lint/suspicious/noSparseArray: holes are what it is about
  'a list with a hole': [, 1],
  'a long list of holes': new Array(2 ** 32 - 1),
  'a getter that throws': Object.defineProperty({}, 'className', { enumerable: true, get: fails }),
  'a list whose entry throws': Object.defineProperty([1], 0, { get: fails }),
  'a proxy that throws': new Proxy({}, { get: fails, ownKeys: fails, getPrototypeOf: fails }),
  'an object that is no text': { toString: fails, valueOf: fails },
  'a long list': new Array(1000).fill('y'.repeat(100)),
  'long keys': Object.fromEntries(Array.from({ length: 50 }, (_, i) => ['k'.repeat(200) + i, 1])),
  'a long string': 'x'.repeat(100_000),
};

/** The least that factories need, by the names of their options. */
const needed: Record<string, unknown> = {
  units: 2,
  filters: 2,
  kernelSize: 2,
  rate: 0.25,
  targetShape: [4],
  dims: [2, 1],
  n: 2,
  inputDim: 5,
  outputDim: 2,
  factor: 0.5,
  stddev: 0.1,
  height: 2,
  maxLearningRate: 0.1,
  totalSteps: 10,
  width: 2,
  activation: 'relu',
  cells: [layers.lstmCell({ units: 2 })],
  cell: layers.lstmCell({ units: 2 }),
  layer: layers.lstm({ units: 2 }),
  shape: [3],
  poolSize: 2,
  outputSize: 2,
  numClasses: 2,
  targetClassIds: [0],
  recall: 0.5,
  precision: 0.5,
  specificity: 0.5,
  sensitivity: 0.5,
  fn: 'mse',
  initialLearningRate: 0.1,
  decaySteps: 10,
  decayRate: 0.9,
  boundaries: [1],
  values: [1, 0.5],
  firstDecaySteps: 5,
  threshold: 0.1,
  scale: 2,
  defaultValue: 0,
  filename: 'log.csv',
  filepath: 'model.keras',
  backupDir: 'backup',
  schedule: () => 0.1,
  heightFactor: 0.1,
  widthFactor: 0.1,
  numTokens: 4,
  numBins: 4,
  binBoundaries: [0, 1],
  features: { age: 'float' },
};

/** Options whose values are the user's own: what they are good for shows where they are used. */
const anything =
  /inputLayer\.source|ookup\.(maskToken|oovToken)|ashing\.maskValue|embedding\.weights|renormClipping|\.(name|monitor|filename|filepath|backupDir|logDir|embeddingsMetadata|path|field|root|activation)$/;

// biome-ignore lint/performance/noDynamicNamespaceImportAccess: all there is, whatever it is called
const table = (name: (typeof tables)[number]): object => gemmfit[name];
const tables = [
  'layers',
  'initializers',
  'regularizers',
  'constraints',
  'activations',
  'losses',
  'metrics',
  'optimizers',
  'schedules',
  'callbacks',
] as const;
const factories: [string, Make][] = tables.flatMap((kind) =>
  Object.entries(table(kind))
    .filter(([name, f]) => typeof f === 'function' && /^[a-z]/.test(name) && name !== 'ctc')
    .map(([name, f]): [string, Make] => [`${kind}.${name}`, f as Make]),
);
const classes: [string, Make][] = tables.flatMap((kind) =>
  Object.entries(table(kind))
    .filter(([name, c]) => typeof c === 'function' && /^[A-Z]/.test(name))
    // Not those that are there to be extended.
    .filter(
      ([name]) =>
        !/^(Layer|Initializer|Regularizer|Constraint|Activation|Loss|LossMean|Metric|Optimizer|LearningRateSchedule|Callback|CTC)$/.test(
          name,
        ),
    )
    .map(([name, c]): [string, Make] => [`${kind}.${name}`, (o) => new (c as new (o: unknown) => unknown)(o)]),
);

const thrown = (f: () => unknown): (Error & { code?: unknown }) | null => {
  try {
    f();
    return null;
  } catch (error) {
    return error as Error;
  }
};
/** What is wrong with how a call ended, or null. */
function fault(f: () => unknown, mayBeTaken: boolean): string | null {
  const error = thrown(f);
  if (!error) return mayBeTaken ? null : 'taken';
  if (typeof error.code !== 'string' || !error.code.startsWith('ERR_')) return `${error.name} without a code: ${error.message}`;
  return error.message.length > 600 ? `a message of ${error.message.length} characters` : null;
}

/** Names of all options, as the message of an unknown one lists them; of the part's config where the list was cut. */
function optionsOf(make: Make, least: object): string[] {
  const known = /Known: (.*)\.$/.exec(thrown(() => make({ zzqqzzqqzzqqzzqq: 1 }))?.message ?? '')?.[1].split(', ') ?? [];
  const config = (make(least) as { getConfig?(): object }).getConfig?.() ?? {};
  return [...new Set([...known, ...Object.keys(config)])].filter((name) => /^[a-zA-Z0-9]+$/.test(name));
}
/** Adds what is missing until the factory is content. */
function leastOptions(make: Make): Record<string, unknown> {
  const least: Record<string, unknown> = {};
  for (const _ of Object.keys(needed)) {
    const message = thrown(() => make(least))?.message;
    if (message === undefined) return least;
    const missing = Object.keys(needed).find((name) => !(name in least) && message.includes(`'${name}'`));
    if (!missing) throw new Error(`no options found that it takes: ${message}`);
    least[missing] = needed[missing];
  }
  return least;
}

it.each([...factories, ...classes])('%s refuses an option nobody knows', (name, make) => {
  expect(thrown(() => make({ ...(/eanMetricWrapper/.test(name) ? { fn: 'mse' } : {}), wat: 1 }))).toMatchObject({
    name: 'TypeError',
    code: 'ERR_UNKNOWN_OPTION',
  });
});

it.each([...factories, ...classes])('%s refuses what is no options', (name, make) => {
  const faults = Object.entries(wrong).map(([what, value]) => [what, fault(() => make(value), /(csv|json)Logger/i.test(name))]);
  expect(faults.filter(([, f]) => f)).toEqual([]);
  expect(thrown(() => make(Promise.resolve({})))?.message).toMatch(/await/);
});

let calls = 0;
it.each(factories)('%s refuses values of the wrong kind for each of its options', (name, make) => {
  const least = leastOptions(make);
  const faults = optionsOf(make, least).flatMap((option) =>
    Object.entries(wrong).map(([what, value]) => {
      calls++;
      return [option, what, fault(() => make({ ...least, [option]: value }), anything.test(`${name}.${option}`))];
    }),
  );
  expect(faults.filter(([, , f]) => f)).toEqual([]);
});
afterAll(() => {
  if (factories.length > 200) expect(calls).toBeGreaterThan(20_000);
});

describe('methods of a model', () => {
  const model = gemmfit.sequential([layers.dense({ units: 1, inputShape: [2] })]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const x = [[1, 2]];
  const y = [[1]];
  const methods: Record<string, (options: never) => unknown> = {
    fit: (o) => model.fit(x, y, o),
    evaluate: (o) => model.evaluate(x, y, o),
    predict: (o) => model.predict(x, o),
    trainOnBatch: (o) => model.trainOnBatch(x, y, o),
    testOnBatch: (o) => model.testOnBatch(x, y, o),
    compile: (o) => model.compile(o),
    summary: (o) => model.summary(o),
    'new Sequential': (o) => new gemmfit.Sequential(o),
  };
  const options: Record<string, string[]> = {
    fit: 'batchSize epochs verbose callbacks validationSplit validationData shuffle classWeight sampleWeight initialEpoch stepsPerEpoch validationSteps validationBatchSize validationFreq signal profile checkpoint handleSignals checkFinite'.split(
      ' ',
    ),
    evaluate: 'batchSize sampleWeight steps verbose returnDict callbacks'.split(' '),
    predict: 'batchSize steps verbose callbacks'.split(' '),
    trainOnBatch: 'sampleWeight classWeight resetMetrics returnDict'.split(' '),
    testOnBatch: 'sampleWeight resetMetrics returnDict'.split(' '),
    compile: 'optimizer loss metrics weightedMetrics lossWeights sampleWeightMode'.split(' '),
    summary: 'lineLength positions printFn'.split(' '),
  };
  // Data have tests of their own, and lists of holes as data too.
  const data = /sampleWeight|validationData/;
  const failure = async (f: () => unknown) => {
    try {
      await f();
      return null;
    } catch (error) {
      return error as Error & { code?: unknown };
    }
  };

  it.each(Object.keys(methods))('%s refuses what is no options', async (name) => {
    for (const [what, value] of Object.entries(wrong)) {
      const error = await failure(() => methods[name](value as never));
      expect([what, error?.code]).toEqual([what, expect.stringMatching(/^ERR_/)]);
      expect(error?.message.length).toBeLessThanOrEqual(600);
    }
  });

  it.each(Object.entries(options).flatMap(([name, list]) => list.map((o) => [name, o])))('%s: %s', async (name, option) => {
    for (const [what, value] of Object.entries(wrong)) {
      if (data.test(option) && /list/.test(what)) continue;
      if (option === 'checkpoint' && what === 'a long string') continue; // a path
      if (/allbacks/.test(option) && what === 'an object that is no text') continue;
      const error = await failure(() =>
        methods[name]({ ...(name === 'compile' ? { loss: 'mse' } : {}), [option]: value } as never),
      );
      // A Map is a source of batches, and a way to give class weights; a file to profile into has any name.
      if (error === null && /validationData|classWeight|profile/.test(option)) continue;
      expect([what, error?.code, error?.message]).toEqual([what, expect.stringMatching(/^ERR_/), expect.anything()]);
      expect(error?.message.length).toBeLessThanOrEqual(600);
    }
    expect(await model.evaluate(x, y, { verbose: 0 })).toEqual(expect.any(Number));
  });
});

it('says how options look where a plain value was given', () => {
  const message = (f: () => unknown) => thrown(f)?.message;
  expect(message(() => layers.dense(64 as never))).toContain('{ units: 64 }');
  expect(message(() => layers.dropout(0.5 as never))).toContain('{ rate: 0.5 }');
  expect(message(() => gemmfit.optimizers.adam(0.01 as never))).toContain('{ learningRate: 0.01 }');
  expect(message(() => gemmfit.losses.huber(2 as never))).toContain('{ delta: 2 }');
  expect(message(() => layers.activation('relu' as never))).toContain('{ activation: "relu" }');
});

it('messages of the engine are as short, whatever they quote', async () => {
  const name = 'a'.repeat(5000);
  const model = new gemmfit.Sequential([layers.masking({ inputShape: [3, 2] }), layers.softmax({ axis: 1, name })]);
  const failed = await model
    .predict(
      [
        [
          [1, 2],
          [0, 0],
          [3, 4],
        ],
      ],
      { verbose: 0 },
    )
    .catch((error) => error);
  expect(failed).toMatchObject({ name: 'ValueError', code: 'ERR_MASK' });
  expect(failed.message.length).toBeLessThanOrEqual(600);
  expect(failed.message).toMatch(/a \.\.\. .*name another axis/);
});

describe('lists that are long and hold nothing, or hold each other', () => {
  it('are refused before they are gone through', async () => {
    const doubled = Array.from({ length: 40 }).reduce<unknown[]>((inner) => [inner, inner], []);
    const { modelFromJSON } = await import('../lib/load_model.js');
    const { toCallbacks } = await import('../lib/callbacks/plain.js');
    const sparse: unknown[] = [];
    sparse.length = 2 ** 32 - 1;
    const config = { class_name: 'Sequential', config: { layers: [{ class_name: 'Dense', config: { units: sparse } }] } };
    expect(() => modelFromJSON(config)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
    expect(() => toCallbacks(sparse)).toThrow(expect.objectContaining({ code: 'ERR_CALLBACK' }));
    expect(() => toCallbacks(doubled)).toThrow(expect.objectContaining({ code: 'ERR_CALLBACK' }));
  });
});
