// Saving and loading again and again holds no more memory than doing it a few times. `npm run bench -- --files` does it 1,000 times in a process of its own.
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const runner = join(resolve(import.meta.dirname, '../..'), 'bench/runners/files.mjs');

// HDF5 files are made in a thread each, which takes its time, and more than the limit here if it were left.
it.each([
  ['safetensors', 200],
  ['npz', 100],
  ['keras', 10],
  ['weights.h5', 10],
  ['h5', 10],
  ['tfjs/', 60],
])(
  '.%s',
  async (ending, count) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', runner, 'many', ending, String(count)]);
    const { marks } = JSON.parse(stdout) as { marks: number[] };
    expect(marks.length).toBe(10);
    // MiB, each tenth: a leak of what one file holds (34 KiB of weights, ten times that with a library's memory) would show in the later half.
    const [early, late] = [marks.slice(3, 6), marks.slice(7)].map((list) => Math.min(...list));
    expect(late - early, marks.join(' ')).toBeLessThan(25);
  },
  180_000,
);
