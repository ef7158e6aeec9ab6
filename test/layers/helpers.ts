import { expect } from 'vitest';
import { FrontLayer } from '../../lib/layers/front.js';
import { layerRegistry } from '../../lib/layers/index.js';
import type { Layer, Lowering, Shape } from '../../lib/layers/layer.js';
import { lower } from '../../lib/layers/lower.js';

/** An error with this code, whose message matches. */
export const throwing = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

/** A layer by itself, without a model around it: weights are numbered from 0. */
export const lowering = {
  weights: (layer) => layer.weights.map((_, i) => i),
  trains: (layer) => layer.trainable,
  state: () => 0,
  activation: (a) => (a.isLinear ? [] : [{ op: 'activation', ...a.spec() }]),
} as Partial<Lowering> as Lowering;

/** The ops that a layer puts over the batch. */
export const programOf = (layer: Layer, input: Shape) => lower([layer], input, new Set([layer])).ops;

export const shapes = (layer: { weights: readonly { shape: readonly number[] }[] }) => layer.weights.map((w) => [...w.shape]);

export const built = <L extends { buildFor(input: readonly (number | null)[]): void }>(
  layer: L,
  input: readonly (number | null)[],
): L => {
  layer.buildFor(input);
  return layer;
};

export const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** Layers that work on data before the engine: they stand first. */
export const frontNames = layerRegistry.classes.filter((c) => c.prototype instanceof FrontLayer).map((c) => c.className);
