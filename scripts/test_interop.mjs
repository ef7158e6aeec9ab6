// npm run test:interop [-- --only TEXT] [--part NAME]... [--table]: models of every layer class and every optimizer go to real Keras 3, tf-keras, safetensors,
// NumPy, TensorFlow.js and onnxruntime and back. Makes Python environments and an npm folder of its own under build/interop: needs a network for the packages,
// and half an hour of one core.
//   --only TEXT  only the models whose name has this text
//   --part NAME  only these parts, on the files that an earlier run of 'write' left
//   --table      no trial at all: the table of the last run, into docs/files.md

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { base, packages, python, run } from './interop/environments.mjs';
import { results, table } from './interop/table.mjs';
import { writeSection } from './lib/sections.mjs';
import { Failure, main, root, seconds } from './lib/shell.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    part: { type: 'string', multiple: true },
    table: { type: 'boolean', default: false },
  },
});
const folder = join(base, 'files');
const program = (name) => join(root, 'test/interop', name);
const node = (name, ...args) => run(process.execPath, [program(name), ...args]);
const keras = (environment, backend, ...tags) =>
  run(python(environment), [program('keras3.py'), folder, ...tags], { env: { KERAS_BACKEND: backend } });

/** Each leaves DIR/results.NAME.json, and files of its own in DIR/back. */
const parts = {
  write: () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    node('ours.mjs', 'write', folder, values.only);
  },
  arrays: () => run(python('newest'), [program('arrays.py'), folder]),
  'keras3-tensorflow': () => keras('newest', 'tensorflow', 'k3tf'),
  'keras3-jax': () => keras('newest', 'jax', 'k3jax'),
  'keras3-first': () => keras('first', 'jax', 'k30', 'k3tf'),
  'tf-keras': () => run(python('newest'), [program('tf_keras_2.py'), folder]),
  tfjs: () => node('tfjs.mjs', folder, packages()),
  onnx: () => {
    node('onnx_cases.mjs', folder);
    run(python('newest'), [program('onnx_check.py'), folder]);
  },
  read: () => node('ours.mjs', 'read', folder),
};

main('interop', () => {
  for (const name of values.part ?? (values.table ? [] : Object.keys(parts))) {
    if (!parts[name]) throw new Failure(`--part is one of ${Object.keys(parts).join(', ')}. Received: ${name}`);
    const start = performance.now();
    parts[name]();
    console.log(`interop: ${name} (${seconds(start)})`);
  }
  const { rows, wrong } = results(folder);
  console.log(table(rows));
  for (const line of wrong) console.log(`wrong: ${line}`);
  if (values.table)
    writeSection('docs/files.md', { name: 'interop', command: 'npm run test:interop -- --table', body: table(rows) });
  if (wrong.length) throw new Failure(`${wrong.length} trials went wrong`);
});
