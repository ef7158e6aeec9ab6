// What a model writes it reads again, to the bit, in every format; what does not fit changes nothing.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { array } from '../../lib/data/ndarray.js';
import { input, layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { optimizers } from '../../lib/optimizers/index.js';
import { type Sequential, sequential } from '../../lib/sequential.js';
import { bits, temporaryFolder } from './support.js';

const folder = temporaryFolder();

const x = array(
  Int32Array.from({ length: 96 }, (_, i) => (i * 7) % 10),
  [16, 6],
);
const y = array(
  Float32Array.from({ length: 16 }, (_, i) => i % 2),
  [16, 1],
);

/** Every way in which layers hold others. */
async function trained(optimizer: unknown = 'adam'): Promise<Sequential> {
  const model = sequential([
    input({ shape: [6] }),
    layers.embedding({ inputDim: 10, outputDim: 4 }),
    layers.bidirectional({ layer: layers.lstm({ units: 5, returnSequences: true }) }),
    layers.rnn({ cell: [new layers.GRUCell({ units: 4 }), new layers.LSTMCell({ units: 3 })], returnSequences: true }),
    layers.timeDistributed({ layer: layers.dense({ units: 4 }) }),
    layers.batchNormalization(),
    sequential([layers.conv1D({ filters: 4, kernelSize: 2 }), layers.conv1D({ filters: 3, kernelSize: 2 })]),
    layers.spectralNormalization({ layer: layers.dense({ units: 3 }) }),
    layers.flatten(),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: optimizer as never, loss: 'binary_crossentropy', metrics: ['accuracy'] });
  await model.fit(x, y, { epochs: 2, batchSize: 8, shuffle: false, verbose: 0 });
  return model;
}
const train = (model: Sequential) => model.fit(x, y, { epochs: 1, batchSize: 8, shuffle: false, verbose: 0 });

describe('whole models', () => {
  it.each([
    'sgd',
    optimizers.sgd({ learningRate: 0.01, momentum: 0.9 }),
    optimizers.adam({ amsgrad: true }),
    optimizers.rmsprop({ momentum: 0.9, centered: true }),
    optimizers.nadam(),
    optimizers.ftrl({ learningRate: 0.01 }),
    optimizers.adamW({ useEma: true, gradientAccumulationSteps: 2 }),
  ])('a .keras file: predictions and training go on, %#', async (optimizer) => {
    const model = await trained(optimizer);
    const path = join(folder, 'model.keras');
    await model.save(path);
    const same = await loadModel(path);
    expect(bits(same)).toEqual(bits(model));
    expect(same.optimizer.iterations).toBe(model.optimizer.iterations);
    await train(model);
    await train(same);
    expect(bits(same)).toEqual(bits(model));
  });

  it('bytes and streams are the file', async () => {
    const model = await trained();
    const bytes = await model.toBuffer('keras');
    expect(bits(await loadModel(bytes))).toEqual(bits(model));
    const stream = new PassThrough();
    const chunks: Buffer[] = [];
    stream.on('data', (c) => chunks.push(c));
    await model.save(stream);
    expect(bits(await loadModel(Buffer.concat(chunks)))).toEqual(bits(model));
  });

  it('without what the optimizer keeps, training starts it anew', async () => {
    const model = await trained();
    const same = await loadModel(await model.toBuffer('keras', { includeOptimizer: false }));
    expect(same.optimizer.iterations).toBe(0);
    expect(bits(same)).toEqual(bits(model));
  });

  it('compile: false gives a model that only predicts', async () => {
    const model = await trained();
    const same = await loadModel(await model.toBuffer(), { compile: false });
    expect(same.compiled).toBe(false);
    expect((await same.predict(x, { verbose: 0 })).data).toEqual((await model.predict(x, { verbose: 0 })).data);
  });
});

describe.each(['weights.h5', 'safetensors', 'npz'])('weights in a .%s file', (ending) => {
  it('are told by their bytes alone', async () => {
    const model = await trained();
    const bytes = await model.toBuffer(ending);
    const other = await trained('sgd');
    await other.loadWeights(bytes);
    expect(bits(other)).toEqual(bits(model));
    await expect(loadModel(bytes)).rejects.toMatchObject({ name: 'ValueError' });
  });

  it('come back to the bit', async () => {
    const model = await trained();
    const path = join(folder, `w.${ending}`);
    await model.saveWeights(path);
    const other = await trained();
    other.setWeights(
      other.getWeights().map((w) =>
        array(
          w.data.map(() => 0.5),
          [...w.shape],
        ),
      ),
    );
    await other.loadWeights(path);
    expect(bits(other)).toEqual(bits(model));
  });

  it('that do not fit are refused, by name, and nothing is changed', async () => {
    const model = await trained();
    const path = join(folder, `w2.${ending}`);
    await model.saveWeights(path);
    const other = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.dense({ units: 2 })]);
    const before = bits(other);
    await expect(other.loadWeights(path)).rejects.toMatchObject({ name: 'ValueError', code: 'ERR_WEIGHTS_MISMATCH' });
    expect(bits(other)).toEqual(before);
  });
});

it('byName takes the layers that both have', async () => {
  const a = sequential([layers.dense({ units: 3, inputShape: [4], name: 'first' }), layers.dense({ units: 2, name: 'second' })]);
  const b = sequential([layers.dense({ units: 3, inputShape: [4], name: 'other' }), layers.dense({ units: 2, name: 'second' })]);
  const path = join(folder, 'named.weights.h5');
  await a.saveWeights(path);
  const before = b.getWeights();
  await b.loadWeights(path, { byName: true });
  expect(b.getWeights()[2].data).toEqual(a.getWeights()[2].data);
  expect(b.getWeights()[0].data).toEqual(before[0].data);
});

describe('files on the disk', () => {
  const small = () => sequential([layers.dense({ units: 2, inputShape: [3] })]);
  it('overwrite: false leaves the file that is there', async () => {
    const path = join(folder, 'there.keras');
    writeFileSync(path, 'mine');
    await expect(small().save(path, { overwrite: false })).rejects.toMatchObject({ code: 'ERR_EXISTS' });
    expect(readFileSync(path, 'utf8')).toBe('mine');
    await small().save(path);
    expect((await loadModel(path)).layers.length).toBe(1);
  });
  it('a folder that is not there is named', async () => {
    await expect(small().save(join(folder, 'no/such/folder/m.keras'))).rejects.toMatchObject({
      code: 'ERR_NO_FOLDER',
      message: expect.stringContaining('no/such/folder'),
    });
  });
  it('leaves no other files', async () => {
    await small().save(join(folder, 'alone.keras'));
    expect(readdirSync(folder).filter((f) => f.includes('tmp'))).toEqual([]);
  });
  it.each([
    ['m.pb', 'ERR_FORMAT'],
    ['m', 'ERR_FORMAT'],
    ['w.safetensors', 'ERR_FORMAT'],
  ])('save to %s is refused: %s', async (name, code) => {
    await expect(small().save(join(folder, name))).rejects.toMatchObject({ code });
  });
  it.each([
    ['nothing.keras', 'ERR_NO_FILE'],
    ['nothing.xyz', 'ERR_FORMAT'],
  ])('loadModel of %s is refused: %s', async (name, code) => {
    await expect(loadModel(join(folder, name))).rejects.toMatchObject({ code });
  });
  it('a model without weights cannot be saved', async () => {
    await expect(sequential([layers.dense({ units: 2 })]).save(join(folder, 'm.keras'))).rejects.toMatchObject({
      code: 'ERR_NOT_BUILT',
    });
  });
});
