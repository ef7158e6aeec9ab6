// What a server sees: latency, the event loop while a model trains, many models at once, a busy machine, and growth.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { host } from '../../scripts/prebuild/targets.mjs';
import { prepare } from './data.mjs';
import { rowsOf } from './measurements.mjs';
import { exponent, median, time } from './statistics.mjs';
import { benchFolder, root } from './workloads.mjs';

const runner = join(benchFolder, 'runners/serving.mjs');

/** One measurement in a process of its own. */
const run = (...args) => runWith({}, ...args);

function runWith(env, ...args) {
  const options = { encoding: 'utf8', timeout: 600_000, env: { ...process.env, ...env } };
  const child = spawnSync(process.execPath, ['--expose-gc', runner, ...args], options);
  if (child.status !== 0) throw new Error(`${args.join(' ')}: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

/** Binaries to try: that built here, which has the system's BLAS, and that which npm carries for this machine where it has been made. */
function binaries() {
  const shipped = host && join(root, host.file);
  return [
    ['built here', {}],
    ...(shipped && existsSync(shipped) ? [['as npm carries it', { GEMMFIT_ADDON_PATH: shipped }]] : []),
  ];
}

/** Runs while another process does nothing but occupy a core. */
function beside(work) {
  const spinner = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  try {
    return work();
  } finally {
    spinner.kill('SIGKILL');
  }
}

const percent = (x) => `${(100 * x).toFixed(0)} %`;
const milliseconds = (ms) => `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;

const measurements = {
  latency: () => {
    const { p50, p99, batch, products, registers, reading } = run('latency');
    return [
      ['W7 predictSync, one row: median', `${p50.toFixed(1)} us`, 'under 20 us'],
      ['W7 predictSync, one row: 99th percentile', `${p99.toFixed(1)} us`, 'under 60 us'],
      [
        'W7 predict, 60,000 rows at 256',
        `${time(batch)}: ${percent((products + reading) / batch)} of the limit (products alone ${percent(products / batch)}; as fast as registers ${percent(registers / batch)})`,
        '85 %',
      ],
    ];
  },
  loop: () => {
    const { idle, training } = run('loop');
    return [
      [
        'W8 delay of a 5 ms timer while W3 trains: 99th percentile',
        `${milliseconds(training.p99)} (idle ${milliseconds(idle.p99)})`,
        'under 3 ms',
      ],
      [
        'W8 delay of a 5 ms timer while W3 trains: maximum',
        `${milliseconds(training.max)} (idle ${milliseconds(idle.max)})`,
        'under 10 ms',
      ],
    ];
  },
  http: () => {
    const { idle, training } = run('http');
    return [
      [
        'W8 HTTP requests while W3 trains on one thread',
        `${((100 * training) / idle).toFixed(0)} % of ${idle.toFixed(0)} a second`,
        '80 %',
      ],
    ];
  },
  many: () => {
    // In turn, because a machine's speed changes from minute to minute.
    const pairs = Array.from({ length: 5 }, () => [run('many', '1'), run('many', '2')]);
    const [one, two] = [0, 1].map((i) => median(pairs.map((pair) => pair[i].seconds)));
    const modelKiB = median(pairs.map(([, { modelKiB }]) => modelKiB));
    return [
      ['W9 200 models side by side, 50 epochs: two threads to one', `${(one / two).toFixed(2)} x`, '1.8 x'],
      ['W9 200 models side by side: memory of a model beyond its data', `${modelKiB.toFixed(0)} KiB`, 'below 1024 KiB'],
    ];
  },
  busy: () =>
    ['W1', 'W2b32', 'W3'].map((name) => {
      const alone = median(run('train', name, '1').epochs);
      const busy = median(beside(() => run('train', name, '2')).epochs);
      return [
        `W10 ${name} on two threads beside a busy process, to one thread undisturbed`,
        `${(busy / alone).toFixed(2)} x`,
        'at most 1.3 x',
      ];
    }),
  uint8: () =>
    binaries().map(([which, env]) => {
      const { peakMiB, dataMiB } = runWith(env, 'uint8');
      return [
        `W2 from Uint8 images: peak memory beyond the data, ${which}`,
        `${(peakMiB - dataMiB).toFixed(1)} MiB`,
        'below 60 MiB',
      ];
    }),
  start: () =>
    binaries().flatMap(([which, env]) => {
      const runs = Array.from({ length: 9 }, () => runWith(env, 'start'));
      return [
        [`import, ${which}`, milliseconds(median(runs.map((r) => r.importMs))), 'under 30 ms'],
        [
          `first epoch of W1 after the start of user code, ${which}`,
          milliseconds(median(runs.map((r) => r.firstEpochMs))),
          'under 100 ms',
        ],
      ];
    }),
  growth: () => {
    const line = (what, { points }) => [
      `W11 ${what}: time grows as the floating-point work to the power of`,
      `${exponent(points.map((p) => [p.flops, p.seconds])).toFixed(2)} (${points.map((p) => `${p.at}: ${time(p.seconds)}`).join(', ')})`,
      '1',
    ];
    const memory = run('growth', 'depth');
    return [
      line('rows', run('growth', 'rows')),
      line('width', run('growth', 'width')),
      line('depth', memory),
      [
        'W11 depth: memory grows as parameters, slots and a batch to the power of',
        exponent(memory.points.slice(1).map((p) => [p.floats, p.memory])).toFixed(2),
        '1',
      ],
    ];
  },
};

export async function serving(say) {
  await prepare('W1');
  await prepare('W2b32');
  await prepare('W3');
  return rowsOf(measurements, say);
}
