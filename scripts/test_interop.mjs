// npm run test:interop [-- --only TEXT] [--python PROGRAM]: models of every layer class and every optimizer go to real Keras 3, tf-keras, safetensors, NumPy and
// TensorFlow.js and back. Makes a Python environment and an npm folder of its own under build/interop: minutes, and a network for the packages.
//   --only TEXT  only the models whose name has this text
//   --python PROGRAM  one that has the packages already

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main, root } from './lib/shell.mjs';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, python: { type: 'string' } } });
const python = [
  'keras==3.15.1',
  'tensorflow-cpu==2.21.0',
  'tf-keras==2.21.0',
  'h5py==3.16.0',
  'safetensors==0.8.0',
  'numpy==2.4.6',
];
const npm = ['@tensorflow/tfjs@4.22.0'];
const base = join(root, 'build/interop');
const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '', TF_USE_LEGACY_KERAS: '' };

function run(command, args, options = {}) {
  const { status, error, stderr } = spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
  if (status !== 0) throw new Failure(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr?.slice(-2000)}`);
}

/** An environment of its own with the pinned packages; made once. */
function pythonOfOurs() {
  const own = join(base, 'venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const mark = join(base, 'venv', 'packages.txt');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === python.join('\n')) return own;
  run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', join(base, 'venv')]);
  run(own, ['-m', 'pip', 'install', '--quiet', ...python]);
  writeFileSync(mark, python.join('\n'));
  return own;
}

function packagesOfOurs() {
  const folder = join(base, 'npm');
  if (existsSync(join(folder, 'node_modules/@tensorflow/tfjs'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...npm], {
    cwd: folder,
    shell: process.platform === 'win32',
  });
  return folder;
}

/** How many of each kind went right, and what did not. */
function report(folder) {
  const counts = new Map();
  const wrong = [];
  for (const file of readdirSync(folder).filter((name) => /^results\..*\.json$/.test(name)))
    for (const { what, name, result } of JSON.parse(readFileSync(join(folder, file), 'utf8'))) {
      const [right, all] = counts.get(what) ?? [0, 0];
      counts.set(what, [right + (result === 'ok'), all + 1]);
      if (result !== 'ok') wrong.push(`${what}: ${name}: ${result}`);
    }
  console.log('| | right | of |\n|---|---|---|');
  for (const [what, [right, all]] of counts) console.log(`| ${what} | ${right} | ${all} |`);
  for (const line of wrong) console.log(`wrong: ${line}`);
  return wrong.length;
}

main('interop', async () => {
  mkdirSync(base, { recursive: true });
  const interpreter = values.python ?? pythonOfOurs();
  const packages = packagesOfOurs();
  const folder = join(base, 'files');
  rmSync(folder, { recursive: true, force: true });
  const here = join(root, 'test/interop');
  run(process.execPath, [join(here, 'ours.mjs'), 'write', folder, values.only]);
  run(interpreter, [join(here, 'keras3.py'), folder]);
  run(interpreter, [join(here, 'tf_keras_2.py'), folder]);
  run(process.execPath, [join(here, 'tfjs.mjs'), folder, packages]);
  run(process.execPath, [join(here, 'ours.mjs'), 'read', folder]);
  const wrong = report(folder);
  if (wrong) throw new Failure(`${wrong} trials went wrong`);
});
