import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import * as gemmfit from '../../lib/index.js';
import { namesFile, namesOf } from '../../scripts/names.mjs';

const root = resolve(import.meta.dirname, '../..');

test('lib/names.ts has the names that there are', () => {
  expect(readFileSync(join(root, 'lib/names.ts'), 'utf8')).toBe(namesFile(gemmfit));
});

const { layers, optimizers, sequential } = gemmfit;
const names = namesOf(gemmfit);
const known = (code) => expect.not.objectContaining({ code });

/** What is said of a name where one of its kind is asked for; null where it is known and needs no options. */
function refusal(run) {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

test('every name is known at run time', () => {
  const compile = (options) => sequential([layers.dense({ units: 2, inputShape: [2] })]).compile({ loss: 'mse', ...options });
  const dense = (options) => layers.dense({ units: 2, ...options });
  const uses = {
    Activation: (name) => dense({ activation: name }),
    Constraint: (name) => dense({ kernelConstraint: name }),
    Initializer: (name) => dense({ kernelInitializer: name }),
    Layer: (name) => sequential([name]),
    Loss: (name) => compile({ loss: name }),
    Metric: (name) => compile({ metrics: [name] }),
    Optimizer: (name) => compile({ optimizer: name }),
    Regularizer: (name) => dense({ kernelRegularizer: name }),
    Schedule: (name) => optimizers.sgd({ learningRate: { className: name } }),
  };
  expect(Object.keys(uses).sort()).toEqual(Object.keys(names).sort());
  for (const [kind, use] of Object.entries(uses)) {
    expect(names[kind].length, kind).toBeGreaterThan(4);
    for (const name of names[kind]) {
      const error = refusal(() => use(name));
      if (error) expect(error, `${kind} '${name}'`).toEqual(known('ERR_UNKNOWN_NAME'));
    }
    expect(
      refusal(() => use('no_such_name')),
      kind,
    ).toMatchObject({ code: 'ERR_UNKNOWN_NAME' });
  }
});
