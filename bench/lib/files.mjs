// What checkpoints cost a training, how fast a large model is saved and loaded beside the disk itself, and whether memory stays flat.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from './data.mjs';
import { rowsOf } from './measurements.mjs';
import { median } from './statistics.mjs';
import { benchFolder } from './workloads.mjs';

/** One measurement in a process of its own. */
function run(...args) {
  const options = { encoding: 'utf8', timeout: 1_800_000 };
  const child = spawnSync(process.execPath, ['--expose-gc', join(benchFolder, 'runners/files.mjs'), ...args], options);
  if (child.status !== 0) throw new Error(`${args.join(' ')}: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

const whole = ['keras', 'h5'];
const weights = ['weights.h5', 'safetensors', 'npz'];
const rate = (MB, seconds) => `${(MB / seconds).toFixed(0)} MB/s`;

const measurements = {
  checkpoint: () => {
    const { pairs } = run('checkpoint', '10', '25', '4');
    const cost = median(pairs.map(([without, withThem]) => withThem / without - 1));
    return [['W3 with a checkpoint every 10 s: longer by', `${(100 * cost).toFixed(1)} %`, 'below 1 %']];
  },
  large: () => {
    const folder = mkdtempSync(join(tmpdir(), 'gemmfit-large-'));
    try {
      return [...weights, ...whole].flatMap((ending) => {
        const path = join(folder, `model.${ending}`);
        const lines = ['save', 'load'].map((way) => {
          const { MB, seconds, disk, copies } = run('large', way, path);
          const held = copies === null ? 'unknown' : copies.toFixed(1);
          return [
            `${way} a model of 100 million parameters, .${ending}`,
            `${rate(MB, seconds)} (the disk itself ${rate(MB, disk)}), ${held} copies in memory`,
            '500 MB/s, 1 copy',
          ];
        });
        rmSync(path);
        return lines;
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  many: () =>
    [...weights, ...whole, 'tfjs/'].map((ending) => {
      const { marks } = run('many', ending, '1000');
      return [`1,000 saves and loads, .${ending}: MiB held after each hundred`, marks.map((m) => m.toFixed(0)).join(' '), 'flat'];
    }),
};

export async function files(say) {
  await prepare('W3');
  return rowsOf(measurements, say);
}
