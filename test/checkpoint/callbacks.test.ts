import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Callback } from '../../lib/callbacks/callback.js';
import { fillPattern } from '../../lib/callbacks/file_pattern.js';
import { callbacks } from '../../lib/callbacks/index.js';
import { array } from '../../lib/data/ndarray.js';
import { layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { optimizers } from '../../lib/optimizers/index.js';
import { setRandomSeed } from '../../lib/random.js';
import { sequential } from '../../lib/sequential.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gemmfit-callbacks-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const x = array(
  Float32Array.from({ length: 80 }, (_, i) => Math.sin(i)),
  [20, 4],
);
const y = array(
  Float32Array.from({ length: 20 }, (_, i) => Math.cos(i)),
  [20, 1],
);
const make = (optimizer: unknown = 'adam') => {
  setRandomSeed(3);
  const model = sequential([layers.dense({ units: 3, inputShape: [4] }), layers.dense({ units: 1 })]);
  model.compile({ optimizer: optimizer as never, loss: 'mse' });
  return model;
};
const options = { batchSize: 5, verbose: 0 as const };
const weights = (model: ReturnType<typeof make>) => model.getWeights().map((w) => [...w.data]);

describe('ModelCheckpoint', () => {
  it('names files as Python does', () => {
    expect(fillPattern('t', 'm-{epoch:02d}-{val_loss:.3f}-{loss:.2e}.keras', { epoch: 7, val_loss: 0.12345, loss: 12.5 })).toBe(
      'm-07-0.123-1.25e+01.keras',
    );
    expect(() => fillPattern('t', '{acc}', { loss: 1 })).toThrow("names 'acc'");
    expect(() => fillPattern('t', '{loss:x}', { loss: 1 })).toThrow('no form that is known');
  });
  it('saves after every epoch, into folders that it makes', async () => {
    const model = make();
    const folder = join(root, 'each/deep');
    await model.fit(x, y, {
      ...options,
      epochs: 3,
      callbacks: [callbacks.modelCheckpoint({ filepath: join(folder, 'm-{epoch}.keras') })],
    });
    expect(readdirSync(folder).sort()).toEqual(['m-1.keras', 'm-2.keras', 'm-3.keras']);
    expect(weights(await loadModel(join(folder, 'm-3.keras')))).toEqual(weights(model));
  });
  it('saves the best alone', async () => {
    const losses = [3, 2, 5, 1, 4];
    const folder = join(root, 'best');
    const fake = {
      onEpochEnd(epoch: number, logs: Record<string, number>) {
        logs.score = losses[epoch];
      },
    };
    await make().fit(x, y, {
      ...options,
      epochs: 5,
      callbacks: [
        fake,
        callbacks.modelCheckpoint({
          filepath: join(folder, '{epoch}.weights.h5'),
          monitor: 'score',
          saveBestOnly: true,
          saveWeightsOnly: true,
        }),
      ],
    });
    expect(readdirSync(folder).sort()).toEqual(['1.weights.h5', '2.weights.h5', '4.weights.h5']);
  });
  it('counts batches over epochs', async () => {
    const folder = join(root, 'batches');
    await make().fit(x, y, {
      ...options,
      epochs: 2,
      callbacks: [
        callbacks.modelCheckpoint({ filepath: join(folder, '{epoch}-{batch}.safetensors'), saveFreq: 3, saveWeightsOnly: true }),
      ],
    });
    expect(readdirSync(folder).sort()).toEqual(['1-3.safetensors', '2-2.safetensors']);
  });
  it.each([
    [{ filepath: 'm.weights.h5' }, 'ERR_FORMAT'],
    [{ filepath: 'm.keras', saveWeightsOnly: true }, 'ERR_FORMAT'],
    [{ filepath: 3 }, 'ERR_TYPE'],
    [{ filepath: 'm.keras', saveFreq: 'batch' }, 'ERR_TYPE'],
  ])('%j is refused', (given, code) => {
    expect(() => callbacks.modelCheckpoint(given as never)).toThrow(expect.objectContaining({ code }));
  });
});

describe('BackupAndRestore', () => {
  it('goes on where the training was killed, and removes its backup at the end', async () => {
    const whole = make();
    await whole.fit(x, y, { ...options, epochs: 4 });
    const folder = join(root, 'backup');
    const backup = () => callbacks.backupAndRestore({ backupDir: folder });
    const kill = {
      onEpochBegin: (epoch: number) => {
        if (epoch === 2) throw new Error('killed');
      },
    };
    await expect(make().fit(x, y, { ...options, epochs: 4, callbacks: [backup(), kill] })).rejects.toThrow('killed');
    expect(readdirSync(folder).length).toBe(1);
    const again = make();
    const history = await again.fit(x, y, { ...options, epochs: 4, callbacks: [backup()] });
    expect(history.resumedFrom).toMatchObject({ epoch: 2, step: 0 });
    expect(history.epoch).toEqual([0, 1, 2, 3]);
    expect(weights(again)).toEqual(weights(whole));
    expect(readdirSync(folder)).toEqual([]);
  });
  it('beside checkpoint is refused', async () => {
    const given = {
      ...options,
      checkpoint: join(root, 'c'),
      callbacks: callbacks.backupAndRestore({ backupDir: join(root, 'b') }),
    };
    await expect(make().fit(x, y, given)).rejects.toMatchObject({ code: 'ERR_OPTIONS' });
  });
});

describe('SwapEMAWeights', () => {
  const ema = () => optimizers.sgd({ learningRate: 0.1, useEma: true, emaMomentum: 0.9 });
  it('changes nothing but what validation, and files of epochs, see', async () => {
    const [plain, swapped] = [make(ema()), make(ema())];
    const validationData: [unknown, unknown] = [x, y];
    const a = await plain.fit(x, y, { ...options, epochs: 3, validationData: validationData as never, shuffle: false });
    const b = await swapped.fit(x, y, {
      ...options,
      epochs: 3,
      validationData: validationData as never,
      shuffle: false,
      callbacks: [callbacks.swapEMAWeights({ swapOnEpoch: true })],
    });
    expect(b.history.loss).toEqual(a.history.loss);
    expect(b.history.val_loss).not.toEqual(a.history.val_loss);
    expect(weights(swapped)).toEqual(weights(plain));
    // The last validation saw what the model ends with.
    expect((await swapped.evaluate(x, y, { verbose: 0 })) as number).toBeCloseTo(b.history.val_loss[2], 6);
  });
  it('without averages is refused', async () => {
    await expect(
      make().fit(x, y, { ...options, callbacks: [callbacks.swapEMAWeights({ swapOnEpoch: true })] }),
    ).rejects.toMatchObject({ code: 'ERR_NO_AVERAGES' });
  });
});

describe('the option checkpoint', () => {
  const path = () => join(root, `o${Math.random()}`);
  it('keeps the newest, and falls back to the one before where the newest is damaged', async () => {
    const folder = path();
    await make().fit(x, y, { ...options, epochs: 5, checkpoint: { path: folder, keep: 2 } });
    const names = readdirSync(folder).sort();
    // Where training is faster than the disk, one that is waiting to be written gives its place to a newer one.
    expect(names.length).toBe(2);
    expect(names[1]).toBe('checkpoint-00000005-00000000.safetensors');
    const bytes = readFileSync(join(folder, names[1]));
    bytes[bytes.length - 3] ^= 1;
    writeFileSync(join(folder, names[1]), bytes);
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const history = await make().fit(x, y, { ...options, epochs: 5, checkpoint: folder });
    expect(history.resumedFrom?.file).toBe(names[0]);
    expect(history.epoch).toEqual([0, 1, 2, 3, 4]);
    expect(String(warned.mock.calls[0][0])).toContain(names[1]);
    expect(String(warned.mock.calls[0][0])).toContain(names[0]);
    warned.mockRestore();
  });
  it.each([
    ['x is other data', { x: array(new Float32Array(80), [20, 4]) }],
    ['batchSize', { batchSize: 4 }],
    ['compiled otherwise', { optimizer: 'sgd' }],
  ])('of another training is refused: %s', async (why, change) => {
    const folder = path();
    await make().fit(x, y, { ...options, epochs: 2, checkpoint: folder });
    const { x: other = x, optimizer, ...rest } = change as { x?: unknown; optimizer?: string };
    await expect(
      make(optimizer).fit(other as never, y, { ...options, epochs: 3, ...rest, checkpoint: folder }),
    ).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
      message: expect.stringContaining(why),
    });
    const anew = await make(optimizer).fit(other as never, y, {
      ...options,
      epochs: 1,
      ...rest,
      checkpoint: { path: folder, resume: 'never' },
    });
    expect(anew.resumedFrom).toBe(null);
  });
  it("resume: 'must' needs one", async () => {
    await expect(make().fit(x, y, { ...options, checkpoint: { path: path(), resume: 'must' } })).rejects.toMatchObject({
      code: 'ERR_NO_CHECKPOINT',
    });
  });
  it('goes on where a signal aborted', async () => {
    const whole = make();
    await whole.fit(x, y, { ...options, epochs: 4 });
    const folder = path();
    const abort = new AbortController();
    let batches = 0;
    const stopping = {
      onTrainBatchEnd: () => {
        if (++batches === 6) abort.abort();
      },
    };
    await expect(
      make().fit(x, y, { ...options, epochs: 4, checkpoint: folder, signal: abort.signal, callbacks: [stopping] }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    const model = make();
    const history = await model.fit(x, y, { ...options, epochs: 4, checkpoint: folder });
    expect(history.resumedFrom).toMatchObject({ epoch: 1, step: 2 });
    expect(weights(model)).toEqual(weights(whole));
  });
  describe('goes on where a signal came while it waited for', () => {
    const never = () => new Promise<void>(() => undefined);
    /** Where it stood, and whether the callbacks behind have heard of the last batch or epoch. */
    const places = [
      ['onTrainBatchBegin', { epoch: 1, step: 1 }],
      ['onTrainBatchEnd', { epoch: 1, step: 2 }],
      ['onEpochBegin', { epoch: 1, step: 0 }],
      ['onTestBegin', { epoch: 1, step: 4 }],
      ['onTestBatchEnd', { epoch: 1, step: 4 }],
      ['onEpochEnd', { epoch: 2, step: 0 }],
    ] as const;
    const more = { ...options, epochs: 4, validationData: [x, y] as never };
    /** Counts what it hears, behind the one that keeps the fit waiting. */
    class Counter extends Callback {
      batches = 0;
      epochs = 0;
      override onTrainBatchEnd() {
        this.batches++;
      }
      override onEpochEnd() {
        this.epochs++;
      }
      override getState() {
        return { batches: this.batches, epochs: this.epochs };
      }
      override setState(state: { batches: number; epochs: number }) {
        Object.assign(this, state);
      }
    }
    const idle = { onTrainBatchEnd: () => undefined };
    it.each(places)('%s', async (hook, place) => {
      const whole = make();
      const counted = new Counter();
      const right = await whole.fit(x, y, { ...more, callbacks: [idle, counted] });
      const checkpoint = { path: path(), every: { epochs: 100 } };
      const abort = new AbortController();
      let epochs = 0;
      const onEpochBegin = (epoch: number) => {
        epochs = epoch;
      };
      const wait = (at: number) => {
        if (hook === 'onEpochBegin') onEpochBegin(at);
        if (epochs !== 1 || (/TrainBatch/.test(hook) && at !== 1)) return undefined;
        setTimeout(() => abort.abort(), 5);
        return never();
      };
      const waiting = { onEpochBegin, [hook]: wait };
      const stopped = make().fit(x, y, { ...more, checkpoint, signal: abort.signal, callbacks: [waiting, new Counter()] });
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
      const model = make();
      const counter = new Counter();
      const history = await model.fit(x, y, { ...more, checkpoint, callbacks: [idle, counter] });
      expect(history.resumedFrom).toMatchObject(place);
      expect(weights(model)).toEqual(weights(whole));
      expect(history.history).toEqual(right.history);
      expect(counter).toMatchObject({ batches: counted.batches, epochs: counted.epochs });
    });
    it('it, and the model has been disposed of meanwhile: the signal is what counts', async () => {
      const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const abort = new AbortController();
      const model = make();
      const onTrainBatchEnd = () => {
        setTimeout(() => {
          model.dispose();
          abort.abort();
        }, 5);
        return never();
      };
      const stopped = model.fit(x, y, { ...more, checkpoint: path(), signal: abort.signal, callbacks: { onTrainBatchEnd } });
      await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
      warned.mockRestore();
    });
  });
  it('what cannot be written is a warning, and training goes on', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const file = join(root, 'file');
    writeFileSync(file, '');
    const history = await make().fit(x, y, {
      ...options,
      epochs: 2,
      checkpoint: { path: join(file, 'folder'), resume: 'never' },
    });
    expect(history.epoch).toEqual([0, 1]);
    expect(String(warned.mock.calls[0][0])).toContain('could not be written');
    warned.mockRestore();
  });
});
