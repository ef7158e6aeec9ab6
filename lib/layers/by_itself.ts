import { array, NDArray, type TypedArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import { type Runner, runnerOf } from '../ops/run.js';
import { nextSeed } from '../random.js';
import { shapeText, sizeOf } from '../shapes.js';
import type { CallContext } from './composed.js';
import type { Layer, Shape } from './layer.js';
import { lower } from './lower.js';

/** Programs of layers by shapes of samples. */
const programs = new WeakMap<Layer, Map<string, Runner>>();

function made(layer: Layer, input: Shape, sample: readonly number[]): Runner {
  const program = lower([layer], input, new Set());
  return runnerOf({ ...program, seed: nextSeed() }, program.result, sample);
}

/** What a layer makes of samples in the engine. @param input the shape that it is built for; sizes may be null */
export function runLayer(layer: Layer, input: Shape, x: NDArray<TypedArray>): NDArray {
  const [rows, ...sample] = x.shape;
  const known = programs.get(layer) ?? new Map<string, Runner>();
  programs.set(layer, known);
  const key = JSON.stringify([input, sample]);
  const ready = known.get(key) ?? made(layer, input, sample);
  known.set(key, ready);
  return new NDArray(ready.run(x.data, rows), [rows, ...ready.output]);
}

/** Computes one layer for an array of samples, as in prediction, at once and on the calling thread. */
export function callByItself(layer: Layer, x: unknown, context: Partial<CallContext>): NDArray {
  if (context.training || context.mask)
    throw new ValueError(
      `${layer.label}: for an array a layer computes what it does in prediction; 'training' and 'mask' are for tensors in another layer's 'call'.`,
      'ERR_UNSUPPORTED',
    );
  const given = array(x as TypedArray) as NDArray<TypedArray>;
  if (given.shape.length === 0 || sizeOf(given.shape) === 0)
    throw new ValueError(
      `${layer.label}: call takes samples with their batch. Received: shape ${shapeText(given.shape)}`,
      'ERR_SHAPE',
    );
  const sample = given.shape.slice(1);
  layer.buildFor(sample);
  return runLayer(layer, sample, given);
}
