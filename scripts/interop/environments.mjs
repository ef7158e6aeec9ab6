// The programs that files go to and come from: Python environments and an npm folder under build/interop, with pinned packages.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root, windows } from '../lib/shell.mjs';

export const base = join(root, 'build/interop');

/** The newest Keras 3, with TensorFlow, tf-keras and JAX; and the first Keras 3, which wants older ones. */
const pythons = {
  newest: [
    ...['keras==3.15.1', 'tensorflow-cpu==2.21.0', 'tf-keras==2.21.0', 'jax==0.10.2', 'h5py==3.14.0', 'numpy==2.4.6'],
    ...['safetensors==0.8.0', 'onnx==1.23.2', 'onnxruntime==1.32.0'],
  ],
  first: ['keras==3.0.5', 'jax==0.4.30', 'jaxlib==0.4.30', 'h5py==3.11.0', 'numpy==1.26.4', 'packaging==26.4'],
};
const npm = ['@tensorflow/tfjs@4.22.0'];

const variables = {
  ...process.env,
  TF_CPP_MIN_LOG_LEVEL: '3',
  ABSL_MIN_LOG_LEVEL: '3',
  CUDA_VISIBLE_DEVICES: '',
  TF_USE_LEGACY_KERAS: '',
};

/** Runs a program; a Failure with the end of what it printed where it fails. */
export function run(command, args, { env = {}, ...options } = {}) {
  const given = { env: { ...variables, ...env }, encoding: 'utf8', maxBuffer: 2 ** 28, ...options };
  const { status, error, stderr } = spawnSync(command, args, given);
  if (status !== 0) throw new Failure(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr?.slice(-2000)}`);
}

/** Makes something once: again where its packages are others. */
function made(folder, packages, make) {
  const mark = join(folder, 'packages.txt');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === packages.join('\n')) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  make();
  writeFileSync(mark, packages.join('\n'));
}

/** The interpreter of an environment: 'newest' or 'first'. */
export function python(name) {
  const folder = join(base, `python-${name}`);
  const own = join(folder, windows ? 'Scripts/python.exe' : 'bin/python');
  made(folder, pythons[name], () => {
    run(windows ? 'python' : 'python3', ['-m', 'venv', folder]);
    run(own, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pythons[name]]);
  });
  return own;
}

/** The folder whose node_modules has TensorFlow.js. */
export function packages() {
  const folder = join(base, 'npm');
  made(folder, npm, () => {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...npm], { cwd: folder, shell: windows });
  });
  return folder;
}
