import { expect, it } from 'vitest';
import { drawStack, fixedSet, nameOf, parseName, runStack } from '../../lib/diagnose/stacks/index.js';
import * as gemmfit from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import { lossRegistry } from '../../lib/losses/index.js';
import { optimizerRegistry } from '../../lib/optimizers/index.js';
import { frontNames } from '../layers/helpers.js';

it('the fixed set has every layer, loss and optimizer there is, mixed precision, states and masks', () => {
  const drawn = { layers: new Set<string>(), losses: new Set<string>(), optimizers: new Set<string>(), other: new Set<string>() };
  for (const name of fixedSet(2)) {
    const stack = drawStack(gemmfit, name);
    for (const className of stack.classes) drawn.layers.add(className);
    drawn.losses.add(stack.loss);
    drawn.optimizers.add(stack.optimizer);
    for (const key of ['mixed', 'stateful', 'ids'] as const) if (stack[key]) drawn.other.add(key);
    stack.model.dispose();
  }
  const missing = (names: readonly string[], seen: Set<string>) => names.filter((name) => !seen.has(name));
  // Those that take texts are not drawn.
  expect(missing(layerRegistry.names, drawn.layers)).toEqual(frontNames);
  // CTC refuses to be made.
  expect(missing(lossRegistry.names, drawn.losses)).toEqual(['CTC']);
  expect(missing(optimizerRegistry.names, drawn.optimizers)).toEqual([]);
  expect(missing(['mixed', 'stateful', 'ids'], drawn.other)).toEqual([]);
});

it('a name gives the same stack and the same bits', async () => {
  const name = parseName('7:Conv2D');
  expect(nameOf(name)).toBe('7:Conv2D');
  const [first, second, other] = [
    await runStack(gemmfit, name),
    await runStack(gemmfit, name),
    await runStack(gemmfit, parseName('7')),
  ];
  expect(second).toEqual(first);
  expect(first).toMatchObject({ problem: null, finite: true });
  expect(other.hash).not.toBe(first.hash);
  expect(() => parseName('7:Conv9D')).toThrow(TypeError);
});

it('what a stack predicts alone and among others is compared', async () => {
  const sequential: typeof gemmfit.sequential = (layers) => {
    const model = gemmfit.sequential(layers as never);
    const { predictSync } = model;
    model.predictSync = (x) => {
      const predictions = predictSync.call(model, x);
      predictions.data[0] += 0.1;
      return predictions;
    };
    return model;
  };
  const { problem } = await runStack({ ...gemmfit, sequential }, parseName('1:Dense'));
  expect(problem).toMatch(/output 0 of rows predicted at once/);
});
