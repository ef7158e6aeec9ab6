// The systems that are timed: how each is installed, and how a trial of it is started.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layersOf } from './stack.mjs';
import { benchFolder, peersFolder, root } from './workloads.mjs';

const runner = (file) => join(benchFolder, 'runners', file);
const quiet = (command, args, options = {}) => execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });

/** Sets a folder up, unless it was with the same packages: no registry is asked twice. To get newer ones remove the folder. */
function once(folder, packages, setUp) {
  const stamp = join(folder, 'installed.json');
  const wanted = JSON.stringify(packages);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  setUp();
  writeFileSync(stamp, wanted);
}

/** Python packages in an environment of their own. */
function python(environment, packages) {
  const folder = join(peersFolder, environment);
  const program = join(folder, 'bin/python');
  return {
    program,
    install: () =>
      once(folder, packages, () => {
        if (!existsSync(program)) quiet('python3', ['-m', 'venv', folder]);
        quiet(join(folder, 'bin/pip'), ['install', '-q', ...packages]);
      }),
  };
}

/** npm packages in a folder of their own. */
function npm(name, packages, finish) {
  const folder = join(peersFolder, name);
  return {
    folder,
    install: () =>
      once(folder, packages, () => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
        quiet('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], { cwd: folder });
        finish?.(folder);
      }),
  };
}

const trial = (program, file, environment = {}) => ({
  command: (manifest, { epochs, budget, most }) => [program, [runner(file), ...[manifest, epochs, budget, most].map(String)]],
  environment,
});

const tensorflow = python('keras-tf', ['tensorflow-cpu', 'keras']);
const jax = python('jax', ['jax[cpu]', 'keras']);
const torch = python('torch', ['torch', 'numpy']);
const sklearn = python('sklearn', ['scikit-learn']);

/** tfjs-node downloads TensorFlow's library when it is installed. Here it gets the one in the Python package, and is compiled against it. */
function linkTensorflow(folder) {
  tensorflow.install();
  const site = quiet(tensorflow.program, ['-c', 'import sysconfig; print(sysconfig.get_paths()["purelib"])']).toString().trim();
  const binding = join(folder, 'node_modules/@tensorflow/tfjs-node');
  const libraries = join(binding, 'deps/lib');
  mkdirSync(libraries, { recursive: true });
  const link = (from, to) => {
    rmSync(to, { force: true, recursive: true });
    symlinkSync(from, to);
  };
  link(join(site, 'tensorflow/include'), join(binding, 'deps/include'));
  for (const [name, file] of [
    ['libtensorflow', 'libtensorflow_cc.so.2'],
    ['libtensorflow_framework', 'libtensorflow_framework.so.2'],
  ])
    for (const end of ['so', 'so.2']) link(join(site, 'tensorflow', file), join(libraries, `${name}.${end}`));
  // The linker notes the name that a library gives itself.
  link(join(site, 'tensorflow/libtensorflow_cc.so.2'), join(libraries, 'libtensorflow_cc.so.2'));
  const gyp = join(folder, 'node_modules/node-gyp/bin/node-gyp.js');
  const options = [
    `--nodedir=${join(process.execPath, '../..')}`,
    '--module_name=tfjs_binding',
    `--module_path=${join(binding, 'lib/napi-v8')}`,
  ];
  quiet(process.execPath, [gyp, 'rebuild', ...options], { cwd: binding });
}

const tfjs = npm('tfjs', ['@tensorflow/tfjs@4.22.0', '@tensorflow/tfjs-backend-wasm@4.22.0']);
const brain = npm('brain', ['brain.js@2.0.0-beta.24']);
const silent = { TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: '1' };
const mlp = (workload) => workload.units !== undefined;
const small = (workload) => mlp(workload) && workload.units[0] <= 128;
const has = (pattern) => (workload) => layersOf(workload).some(([name]) => pattern.test(name));
const not = (test) => (workload) => !test(workload);
const convolutional = has(/conv/i);

/**
 * name: { command(manifest, options) -> [program, args], environment, peer?: { install() }, takes?(workload), otherWork? }.
 * otherWork: does something else than the rest, so that its loss is not compared.
 */
export const systems = {
  gemmfit: {
    command: (manifest, { epochs, budget, most, threads }) => [
      process.execPath,
      [runner('gemmfit.mjs'), ...[manifest, epochs, budget, most, ...(threads ? [threads] : [])].map(String)],
    ],
    environment: {},
  },
  handwritten: {
    native: 'gemmfit_handwritten',
    takes: mlp,
    command: (manifest, { epochs, budget, threads, read, program }) => {
      const w = read(manifest);
      const sizes = [w.data.features, ...w.units].map(String);
      return [
        program,
        [
          String(threads ?? 1),
          String(w.rows),
          String(w.batchSize),
          String(epochs),
          String(budget),
          w.x.file,
          w.y.file,
          w.weights.file,
          ...sizes,
        ],
      ];
    },
    environment: {},
  },
  'tfjs-node': {
    peer: npm('tfjs-node', ['@tensorflow/tfjs-node@4.22.0', 'node-gyp@12.4.0'], linkTensorflow),
    takes: not(has(/gru/)), // it has Keras 1's alone, whose reset gate comes before the product
    ...trial(process.execPath, 'tfjs.mjs', { ...silent, TFJS_BACKEND: 'node', TFJS_FOLDER: join(peersFolder, 'tfjs-node') }),
  },
  'tfjs-wasm': {
    peer: tfjs,
    takes: small,
    ...trial(process.execPath, 'tfjs.mjs', { TFJS_BACKEND: 'wasm', TFJS_FOLDER: tfjs.folder }),
  },
  'tfjs-cpu': {
    peer: tfjs,
    takes: (w) => small(w) && w.data.rows <= 10000,
    ...trial(process.execPath, 'tfjs.mjs', { TFJS_BACKEND: 'cpu', TFJS_FOLDER: tfjs.folder }),
  },
  'brain.js': {
    peer: brain,
    takes: (w) => small(w) && w.data.rows <= 10000,
    otherWork: 'gradient descent, a sample at a time',
    ...trial(process.execPath, 'brain.mjs', { BRAIN_FOLDER: brain.folder }),
  },
  'scikit-learn': {
    peer: sklearn,
    takes: mlp,
    otherWork: 'initial weights of its own',
    ...trial(sklearn.program, 'sklearn_mlp.py'),
  },
  'keras-tensorflow': {
    peer: tensorflow,
    ...trial(tensorflow.program, 'keras_fit.py', { ...silent, KERAS_BACKEND: 'tensorflow' }),
  },
  'keras-jax': { peer: jax, ...trial(jax.program, 'keras_fit.py', { KERAS_BACKEND: 'jax' }) },
  'jax-scan': { peer: jax, takes: not(convolutional), ...trial(jax.program, 'jax_scan.py') },
  'jax-steps': { peer: jax, takes: convolutional, ...trial(jax.program, 'jax_scan.py', { JAX_STEPS: '1' }) },
  pytorch: { peer: torch, ...trial(torch.program, 'pytorch.py') },
  'pytorch-compiled': {
    peer: torch,
    takes: not(has(/embedding/)),
    ...trial(torch.program, 'pytorch.py', { TORCH_COMPILE: '1' }),
  },
};
export { root };
