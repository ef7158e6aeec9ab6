// The system refuses, tears or flips what is written: the old file, or a clear error, and training goes on.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newestCheckpoint } from '../../lib/checkpoint/file.js';
import { layers } from '../../lib/layers/index.js';
import { loadModel } from '../../lib/load_model.js';
import { files, writeFileAtomically } from '../../lib/saving/atomic_file.js';
import { sequential } from '../../lib/sequential.js';

const real = { ...files };
let folder: string;
let warnings: string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemmfit-faults-'));
});
beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
});
afterEach(() => {
  Object.assign(files, real);
  vi.restoreAllMocks();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const failure = (code: string) => Object.assign(new Error(`${code}: the system refuses`), { code });

/** Makes the n-th call of the system that saving makes fail; counts the calls where n is beyond them. */
function failing(n: number, code: string): { calls: () => number } {
  let calls = 0;
  const turn =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (++calls === n) throw failure(code);
      return call(...args);
    };
  Object.assign(files, {
    stat: turn(real.stat as never),
    rm: real.rm,
    mkdir: turn(real.mkdir as never),
    // Before anything is written a fit looks for what there is: what fails there is an error, see below.
    readdir: (...args: Parameters<typeof real.readdir>) => (calls > 0 ? turn(real.readdir)(...args) : real.readdir(...args)),
    rename: turn(real.rename as never),
    open: turn(async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      return {
        write: turn(handle.write.bind(handle) as never),
        sync: turn(handle.sync.bind(handle)),
        close: () => handle.close(),
      } as unknown as FileHandle;
    }),
  });
  return { calls: () => calls };
}

/** Makes the n-th call of who reads a file fail; gives how many there were. */
function readingFails(n: number, code: string): () => number {
  let calls = 0;
  const turn = () => {
    if (++calls === n) throw failure(code);
  };
  Object.assign(files, {
    readdir: async (...args: Parameters<typeof real.readdir>) => {
      turn();
      return real.readdir(...args);
    },
    open: async (...args: Parameters<typeof real.open>) => {
      turn();
      const handle = await real.open(...args);
      return {
        stat: async () => {
          turn();
          return handle.stat();
        },
        read: async (...given: Parameters<typeof handle.read>) => {
          turn();
          return handle.read(...given);
        },
        close: () => handle.close(),
      } as unknown as FileHandle;
    },
  });
  return () => calls;
}

const small = () => sequential([layers.dense({ units: 2, inputShape: [3] })]);
const temporary = (where: string) => readdirSync(where).filter((f) => f.endsWith('.tmp'));

describe.each(['ENOSPC', 'EACCES', 'EIO'])('%s', (code) => {
  it('at every call in turn: the old file, or all of the new one', async () => {
    const path = join(folder, 'w.safetensors');
    const counted = failing(1000, code);
    await small().saveWeights(path);
    const calls = counted.calls();
    expect(calls).toBeGreaterThan(5);
    for (let n = 1; n <= calls; n++) {
      Object.assign(files, real);
      const [before, model] = [small(), small()];
      await before.saveWeights(path);
      const old = readFileSync(path);
      failing(n, code);
      const error = await model.saveWeights(path).catch((e) => e);
      Object.assign(files, real);
      await model.saveWeights(join(folder, 'right.safetensors'));
      const right = readFileSync(join(folder, 'right.safetensors'));
      if (error === undefined) expect(readFileSync(path).equals(right), `call ${n}`).toBe(true);
      else {
        expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(WRITE|NO_FOLDER)$/) });
        expect(readFileSync(path).equals(old), `call ${n}`).toBe(true);
      }
      expect(temporary(folder)).toEqual([]);
    }
  });
});

it('what the system writes in parts is whole', async () => {
  Object.assign(files, {
    open: async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      return {
        write: (bytes: Uint8Array, at: number, count: number) => handle.write(bytes, at, Math.min(count, 7)),
        sync: () => handle.sync(),
        close: () => handle.close(),
      } as unknown as FileHandle;
    },
  });
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  await writeFileAtomically('test', join(folder, 'parts'), [bytes.subarray(0, 400), bytes.subarray(400)]);
  expect(readFileSync(join(folder, 'parts')).equals(bytes)).toBe(true);
});

it('a disk that takes nothing any more ends it, instead of turning for ever', async () => {
  Object.assign(files, {
    open: async (...args: Parameters<typeof real.open>) => {
      const handle = await real.open(...args);
      return {
        write: async () => ({ bytesWritten: 0 }),
        sync: () => handle.sync(),
        close: () => handle.close(),
      } as unknown as FileHandle;
    },
  });
  await expect(writeFileAtomically('test', join(folder, 'full'), [new Uint8Array(9)])).rejects.toMatchObject({
    code: 'ERR_WRITE',
  });
  expect(existsSync(join(folder, 'full'))).toBe(false);
});

const X = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i));
const Y = Float32Array.from({ length: 20 }, (_, i) => i % 2);
const trained = async (path: string, model = compiled()) => {
  const history = await model.fit(X, Y, {
    epochs: 3,
    batchSize: 4,
    verbose: 0,
    checkpoint: { path, every: { steps: 2 }, keep: 2 },
  });
  return { model, history };
};
function compiled() {
  const model = sequential([layers.dense({ units: 1, inputShape: [3] })]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  return model;
}

describe('checkpoints', () => {
  it.each(['ENOSPC', 'EACCES', 'EIO'])('%s at any call: training goes on, with a warning', async (code) => {
    for (let n = 1; n <= 12; n++) {
      const path = join(folder, `c-${code}-${n}`);
      failing(n, code);
      warnings.length = 0;
      const { history } = await trained(path);
      Object.assign(files, real);
      expect(history.epoch).toEqual([0, 1, 2]);
      expect(warnings.length).toBeLessThanOrEqual(1);
      for (const warning of warnings) expect(warning).toMatch(/checkpoint could not be written, and training goes on/);
      expect(temporary(path)).toEqual([]);
    }
  });
  it.each(['EIO', 'EACCES'])('%s at any call of who reads them: the one before, a clear error, or anew', async (code) => {
    const path = mkdtempSync(join(folder, 'read-'));
    await trained(path);
    const names = readdirSync(path).sort().reverse();
    const found = async (n: number) => {
      const counted = readingFails(n, code);
      const one = await newestCheckpoint(path).catch((e) => e);
      Object.assign(files, real);
      return { one, calls: counted() };
    };
    const { calls } = await found(1000);
    expect(calls).toBeGreaterThan(2);
    for (let n = 1; n <= calls; n++) {
      warnings.length = 0;
      const { one } = await found(n);
      if (one instanceof Error) {
        expect(one).toMatchObject({ code: expect.stringMatching(/^ERR_/), message: expect.stringContaining(path) });
        continue;
      }
      expect(one.name).toBe(names[1]);
      for (const name of names) expect(warnings[0]).toContain(name);
    }
    // All of them.
    Object.assign(files, { open: () => Promise.reject(failure(code)) });
    await expect(newestCheckpoint(path)).rejects.toMatchObject({ code: 'ERR_NO_CHECKPOINT' });
  });
  it('a disk that stays full: one warning, and the model is usable', async () => {
    Object.assign(files, { rename: () => Promise.reject(failure('ENOSPC')) });
    const { model, history } = await trained(join(folder, 'full-disk'));
    expect(history.epoch).toEqual([0, 1, 2]);
    expect(warnings.length).toBe(1);
    expect(readdirSync(join(folder, 'full-disk'))).toEqual([]);
    Object.assign(files, real);
    await model.predict(X, { verbose: 0 });
  });
  it('a folder that goes away is made anew', async () => {
    const path = join(folder, 'gone');
    const model = compiled();
    let epoch = 0;
    const gone = { onEpochEnd: () => ++epoch === 2 && rmSync(path, { recursive: true, force: true }) };
    const history = await model.fit(X, Y, {
      epochs: 3,
      batchSize: 4,
      verbose: 0,
      callbacks: [gone],
      checkpoint: { path, every: { steps: 2 } },
    });
    expect(history.epoch).toEqual([0, 1, 2]);
    expect(await newestCheckpoint(path)).not.toBeNull();
  });
  it('a file in the place of the folder is an error before the training', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'x');
    await expect(trained(path)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_/),
      message: expect.stringContaining(path),
    });
  });

  const damaged = async (change: (bytes: Buffer) => Buffer, older: Buffer | null, newest: Buffer, names: [string, string]) => {
    const path = mkdtempSync(join(folder, 'd-'));
    if (older) writeFileSync(join(path, names[0]), older);
    writeFileSync(join(path, names[1]), change(newest));
    const found = await newestCheckpoint(path).catch((e) => e);
    rmSync(path, { recursive: true });
    return found;
  };
  const two = async () => {
    const path = mkdtempSync(join(folder, 'two-'));
    await trained(path);
    const names = readdirSync(path)
      .filter((f) => f.endsWith('.safetensors'))
      .sort() as [string, string];
    expect(names.length).toBe(2);
    return { names, older: readFileSync(join(path, names[0])), newest: readFileSync(join(path, names[1])) };
  };
  it('torn at every 64th byte: the one before is taken, and a warning names both', async () => {
    const { names, older, newest } = await two();
    for (let length = 0; length < newest.length; length += 64) {
      warnings.length = 0;
      const found = await damaged((b) => b.subarray(0, length), older, newest, names);
      expect(found.name, `${length} bytes`).toBe(names[0]);
      expect(warnings.length).toBe(1);
      for (const name of names) expect(warnings[0]).toContain(name);
    }
  });
  it('a flipped bit at every 256th byte, and in each of the first hundred: the same', async () => {
    const { names, older, newest } = await two();
    for (let at = 0; at < newest.length; at += at < 100 ? 1 : 256) {
      const found = await damaged(
        (b) => {
          const copy = Buffer.from(b);
          copy[at] ^= 1 << (at % 8);
          return copy;
        },
        older,
        newest,
        names,
      );
      // A version that is another now, and blanks that are no part of what is read, do not show as damage.
      if (found.name !== names[0])
        expect([found.code, found.name === names[1] && newest[at] === 0x20], `byte ${at}`).toContainEqual(
          found.code === undefined ? true : 'ERR_CHECKPOINT',
        );
    }
  });
  it('none that is whole is a clear error', async () => {
    const { names, newest } = await two();
    const error = await damaged((b) => b.subarray(0, 100), null, newest, names);
    expect(error).toMatchObject({ code: 'ERR_NO_CHECKPOINT' });
  });
});

describe.each(['keras', 'safetensors', 'npz'])('a .%s file', (format) => {
  /** What the file gives, or its error: a model goes on as it was where there is one. */
  const loaded = async (bytes: Buffer): Promise<Error | string[]> => {
    const file = join(folder, `damaged.${format}`);
    writeFileSync(file, bytes);
    if (format === 'keras') return loadModel(file).then(bits, (e) => e);
    const model = small();
    const before = bits(model);
    return model.loadWeights(file).then(
      () => bits(model),
      (e) => {
        expect(bits(model)).toEqual(before);
        return e;
      },
    );
  };
  const bits = (model: ReturnType<typeof small>) => model.getWeights().map((w) => Buffer.from(w.data.buffer).toString('hex'));

  it('that is torn at any 64th byte is an error with a code', async () => {
    const bytes = Buffer.from(await small().toBuffer(format));
    for (let length = 0; length < bytes.length; length += 64)
      expect(await loaded(bytes.subarray(0, length)), `${length} bytes`).toMatchObject({
        code: expect.stringMatching(/^ERR_/),
      });
  });
  it('with a flipped bit at any 256th byte, and in the first hundred, is an error with a code or the same model', async () => {
    const model = small();
    const bytes = Buffer.from(await model.toBuffer(format));
    const [before, whole] = [bits(model), await loaded(bytes)];
    expect(whole).toEqual(before);
    const numbers = 8 + Number(bytes.readBigUInt64LE(0));
    for (let at = 0; at < bytes.length; at += at < 100 ? 1 : 256) {
      const copy = Buffer.from(bytes);
      copy[at] ^= 1 << (at % 8);
      const came = await loaded(copy);
      if (came instanceof Error) expect(came, `byte ${at}`).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
      // Its numbers have no checksums.
      else if (format !== 'safetensors' || at < numbers) expect(came, `byte ${at}`).toEqual(before);
    }
  });
});
