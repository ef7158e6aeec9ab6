import type { Sequential } from '../sequential.js';
import type { Command, Context, Package } from './command.js';

/** 784-128-10: what reads handwritten digits. */
const LAYERS = '784,128,10';
const ROWS = 4096;

function made({ layers, sequential }: Package, sizes: readonly number[]): Sequential {
  const [inputs, ...units] = sizes;
  const last = units.length - 1;
  return sequential(
    units.map((n, i) =>
      layers.dense({ units: n, activation: i < last ? 'relu' : 'linear', ...(i === 0 ? { inputShape: [inputs] } : {}) }),
    ),
  );
}

/** Numbers that any input takes: zeros where the layer looks up rows by them. */
function inputsOf({ array }: Package, model: Sequential, rows: number) {
  const shape = (model.inputShape ?? []).slice(1).map((d) => d ?? 32);
  const size = shape.reduce((a, b) => a * b, 1);
  const isIds = model.layers.some((layer) => layer.className === 'Embedding');
  const data = Float32Array.from({ length: rows * size }, (_, i) => (isIds ? 0 : ((i * 7919) % 1000) / 1000));
  return array(data, [rows, ...shape]);
}

/** Runs `work` until the time is over; how many times a second. */
async function rate(seconds: number, work: () => unknown): Promise<number> {
  await work();
  const start = performance.now();
  let times = 0;
  do {
    await work();
    times++;
  } while (performance.now() - start < seconds * 1000);
  return (1000 * times) / (performance.now() - start);
}

async function measure(context: Context, gemmfit: Package, model: Sequential, batchSize: number, seconds: number) {
  const rows = Math.max(batchSize, Math.floor(ROWS / batchSize) * batchSize);
  const x = inputsOf(gemmfit, model, rows);
  const one = inputsOf(gemmfit, model, 1);
  const shape = (await model.predict(inputsOf(gemmfit, model, 2), { verbose: 0 })).shape.slice(1);
  const y = gemmfit.array(new Float32Array(rows * shape.reduce((a, b) => a * b, 1)), [rows, ...shape]);
  // A loss that any output takes; what the model was compiled with may want labels of a kind.
  model.compile({ optimizer: 'adam', loss: 'mse' });
  context.note(`bench: ${model.name}, batches of ${batchSize}, ${seconds} s each for training, predicting and one row at once`);
  const epochs = await rate(seconds, () => model.fit(x, y, { batchSize, epochs: 1, verbose: 0 }));
  const passes = await rate(seconds, () => model.predict(x, { batchSize, verbose: 0 }));
  const single = await rate(seconds, () => model.predictSync(one));
  return {
    model: model.name,
    parameters: model.countParams(),
    batchSize,
    threads: gemmfit.version.threads,
    trainSamplesPerSecond: epochs * rows,
    stepMicroseconds: (1e6 * batchSize) / (epochs * rows),
    predictSamplesPerSecond: passes * rows,
    predictSyncMicroseconds: 1e6 / single,
  };
}

export const bench: Command = {
  name: 'bench',
  about: 'times training and prediction of a model on this machine',
  args: { 'model?': 'file of the model (.keras, .h5), or folder of TensorFlow.js' },
  options: {
    layers: { value: 'sizes', default: LAYERS, about: 'without a file: inputs, then units of dense layers' },
    'batch-size': { value: 'N', default: '32', about: 'samples of a step' },
    seconds: { value: 'N', default: '1', about: 'how long each of the three is timed, 0.1 to 60' },
  },
  description: [
    'Trains on made-up numbers and times it: samples a second in training and in prediction, and how long predictSync takes for one row. Nothing is saved. Other programs that work at the same time make it slower.',
  ],
  examples: [
    ['gemmfit bench', 'a network that reads handwritten digits'],
    ['gemmfit bench model.keras --batch-size 128 --json', 'a model of yours'],
  ],
  async run(context) {
    const seconds = context.number('seconds', { min: 0.1, max: 60 });
    const batchSize = context.number('batch-size', { min: 1, integer: true });
    const sizes = context.numbers('layers', { min: 1, integer: true });
    const [file] = context.args;
    if (file === undefined && sizes.length < 2) throw new TypeError('--layers must be inputs and units, such as 784,128,10');
    const gemmfit = await context.gemmfit();
    const model = file === undefined ? made(gemmfit, sizes) : await gemmfit.loadModel(file, { compile: false });
    const found = await measure(context, gemmfit, model, batchSize, seconds);
    const round = (n: number) => Math.round(n).toLocaleString('en-US');
    const lines = [
      `training    ${round(found.trainSamplesPerSecond)} samples a second, ${found.stepMicroseconds.toFixed(1)} us a step of ${batchSize}`,
      `prediction  ${round(found.predictSamplesPerSecond)} samples a second`,
      `one row     ${found.predictSyncMicroseconds.toFixed(1)} us by predictSync`,
      `threads     ${found.threads}`,
    ];
    return context.result(found, lines.join('\n'));
  },
};
