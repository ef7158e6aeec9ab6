// npm run bench: seconds an epoch of the workloads in bench/workloads.json, beside what the machine allows and beside other systems.
//   -- --only W1,W3        some workloads                      -- --peers             the other systems too (installs them first)
//   -- --systems a,b       some systems                        -- --serving           latency, event loop, many models, busy machine, growth
//   -- --files             what checkpoints cost, and saving and loading, alone
//   -- --epochs N --budget S   at most N epochs, or S seconds once five are done      -- --threads N
//   -- --most S            after S seconds no further epoch, were it the second       -- --timeout S     for a trial as a whole
//   -- --keep-openblas     OPENBLAS_* as they are
//   -- --json FILE         keep the results; a file that is there is added to         -- --chart FILE.json   an SVG beside it
//   -- --compare A B       what a change did                   -- --readme FILE.json   what README and docs/benchmarks.md say
//   -- --golden            writes the losses that results are held against: after a change that changes numbers, and a look at why
// Each trial is a process of its own: an epoch in the order of the file from given weights, whose loss must be right, or there is no time;
// then shuffled epochs, of which the median and the minimum are shown.
// OPENBLAS_* in the environment choose kernels for one machine and slow all who use that library on another, so trials do not see them.
// Where OpenBLAS does not know the processor, the handwritten loop and the limits are told which of its kernels fit.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chart } from './lib/chart.mjs';
import { compare } from './lib/compare.mjs';
import { prepare } from './lib/data.mjs';
import { files } from './lib/files.mjs';
import { bestLimit, bestRegistersLimit, measureLimits } from './lib/limits.mjs';
import { blasEnvironment, nativePrograms } from './lib/native.mjs';
import { writePages } from './lib/pages.mjs';
import { report, rowsReport } from './lib/report.mjs';
import { serving } from './lib/serving.mjs';
import { neededMiB } from './lib/stack.mjs';
import { median } from './lib/statistics.mjs';
import { systems } from './lib/systems.mjs';
import { cacheFolder, workloads } from './lib/workloads.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    systems: { type: 'string' },
    peers: { type: 'boolean' },
    serving: { type: 'boolean' },
    files: { type: 'boolean' },
    epochs: { type: 'string', default: '15' },
    budget: { type: 'string', default: '8' },
    most: { type: 'string', default: '40' },
    timeout: { type: 'string', default: '600' },
    'keep-openblas': { type: 'boolean' },
    threads: { type: 'string' },
    json: { type: 'string' },
    chart: { type: 'string' },
    compare: { type: 'boolean' },
    readme: { type: 'string' },
    golden: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (values.help) {
  const text = readFileSync(new URL(import.meta.url), 'utf8');
  console.log(text.slice(0, text.indexOf('\nimport ')).replaceAll(/^\/\/ ?/gm, ''));
  process.exit(0);
}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const list = (text, all, what) => {
  const names = text ? text.split(',') : all;
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length) throw new Error(`unknown ${what}: ${unknown.join(', ')}. There are ${all.join(', ')}`);
  return names;
};

function machine() {
  return {
    cpu: cpus()[0].model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** Takes OPENBLAS_* out of the environment of this process and so of all trials; their names and values. */
function cleanEnvironment() {
  if (values['keep-openblas']) return [];
  const names = Object.keys(process.env).filter((name) => name.startsWith('OPENBLAS_'));
  const found = names.map((name) => `${name}=${process.env[name]}`);
  for (const name of names) delete process.env[name];
  return found;
}

/** One trial in a process of its own; a peer that cannot run says why. */
function runTrial(name, manifest, options) {
  const system = systems[name];
  const [program, args] = system.command(manifest, options);
  const timeout = 1000 * Number(values.timeout);
  const env = { ...process.env, ...system.environment, ...(system.native && options.blas) };
  const child = spawnSync(program, args, { encoding: 'utf8', env, timeout });
  const line = child.stdout?.split('\n').findLast((text) => text.startsWith('{'));
  if (child.error?.code === 'ETIMEDOUT') return { system: name, failed: `no epoch timed within ${values.timeout} s` };
  if (child.status !== 0 || !line) {
    const reason = child.error?.message ?? child.stderr?.trim().split('\n').at(-1) ?? `exit status ${child.status}`;
    return { system: name, failed: reason.slice(0, 200) };
  }
  return { system: name, ...JSON.parse(line), ...(system.otherWork && { otherWork: system.otherWork }) };
}

/** Trials of one system on a workload: the handwritten loop tries each number of threads and keeps the best. */
function trialsOf(name, manifest, options) {
  if (name !== 'handwritten' || options.threads) return runTrial(name, manifest, options);
  const tries = [1, 2].map((threads) => runTrial(name, manifest, { ...options, threads }));
  return tries.sort((a, b) => (a.failed ? 1 : b.failed ? -1 : median(a.epochs) - median(b.epochs)))[0];
}

function installPeers(names) {
  const failures = {};
  for (const peer of new Set(names.map((name) => systems[name].peer).filter(Boolean))) {
    try {
      peer.install();
    } catch (error) {
      const reason = `cannot be installed: ${String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1)}`;
      for (const name of names) if (systems[name].peer === peer) failures[name] = reason.slice(0, 200);
    }
  }
  return failures;
}

async function measure() {
  const unset = cleanEnvironment();
  const names = list(values.only, Object.keys(workloads), 'workloads');
  const quick = Object.keys(systems).filter((name) => values.peers || !systems[name].peer);
  const chosen = values.systems ? list(values.systems, Object.keys(systems), 'systems') : quick;
  const failures = values.peers ? installPeers(chosen) : {};
  const programs = nativePrograms(['gemmfit_limits', 'gemmfit_handwritten']);
  const picked = Object.fromEntries(names.map((name) => [name, workloads[name]]));
  const old = values.json && existsSync(values.json) ? readJson(values.json) : { workloads: {} };
  const blas = values['keep-openblas'] ? {} : blasEnvironment();
  const limits = measureLimits(programs.gemmfit_limits, 2, picked, blas);
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(join(cacheFolder, 'limits.json'), JSON.stringify(limits));
  const results = {
    ...old,
    date: new Date().toISOString(),
    machine: machine(),
    unset,
    blas,
    limits,
    workloads: { ...old.workloads },
  };
  const keep = () => values.json && writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
  for (const name of names) {
    const manifest = await prepare(name);
    const before = results.workloads[name]?.results ?? [];
    const entry = {
      limit: bestLimit(workloads[name], limits),
      registersLimit: bestRegistersLimit(workloads[name], limits),
      neededMiB: neededMiB(workloads[name]),
      expectedLoss: workloads[name].expectedLoss,
      results: [],
    };
    results.workloads[name] = entry;
    for (const system of chosen) {
      if (systems[system].takes && !systems[system].takes(workloads[name])) continue;
      process.stderr.write(`${name} ${system}\n`);
      const options = {
        epochs: Number(values.epochs),
        budget: Number(values.budget),
        most: Number(values.most),
        threads: values.threads && Number(values.threads),
        blas,
        read: readJson,
        program: programs[systems[system].native],
      };
      entry.results.push(failures[system] ? { system, failed: failures[system] } : trialsOf(system, manifest, options));
      keep();
    }
    entry.results.push(...before.filter((b) => !entry.results.some((r) => r.system === b.system)));
    keep();
  }
  if (values.serving) {
    results.serving = await serving((name) => process.stderr.write(`${name}\n`));
    keep();
  }
  console.log(report(results, names));
  if (results.serving) console.log(rowsReport('serving and growth', results.serving));
  if (values.json) writeFileSync(values.json.replace(/\.json$/, '.svg'), chart(results));
}

/** What stands beside the workloads in a file of results. */
async function measureFiles() {
  cleanEnvironment();
  const rows = await files((name) => process.stderr.write(`${name}\n`));
  if (values.json) {
    const old = existsSync(values.json)
      ? readJson(values.json)
      : { date: new Date().toISOString(), machine: machine(), workloads: {} };
    writeFileSync(values.json, `${JSON.stringify({ ...old, files: rows }, null, 1)}\n`);
  }
  console.log(rowsReport('checkpoints and files', rows));
}

async function writeGolden() {
  cleanEnvironment();
  const file = new URL('workloads.json', import.meta.url);
  let text = readFileSync(file, 'utf8');
  for (const name of list(values.only, Object.keys(workloads), 'workloads')) {
    const result = runTrial('gemmfit', await prepare(name), { epochs: 1, budget: 0, most: 0 });
    if (result.failed) throw new Error(`${name}: ${result.failed}`);
    const loss = Number(result.loss.toPrecision(6));
    text = text.replace(new RegExp(`("${name}": \\{[^]*?"expectedLoss": )[^,\\s]+`), `$1${loss}`);
    console.log(`${name}: ${loss}`);
  }
  writeFileSync(file, text);
}

if (values.compare) console.log(compare(...positionals.map(readJson)));
else if (values.readme) writePages(readJson(values.readme), values.readme);
else if (values.chart) writeFileSync(values.chart.replace(/\.json$/, '.svg'), chart(readJson(values.chart)));
else if (values.golden) await writeGolden();
else if (values.files) await measureFiles();
else await measure();
