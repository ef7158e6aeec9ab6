import type { WeightGroup } from '../layers/layer.js';
import { trainingWeights } from '../layers/stack.js';
import { listedGroups } from '../layers/weight_groups.js';
import type { Model } from '../model/model.js';
import { type OptimizerVariable, optimizerVariables } from './optimizer_variables.js';

/** A weight's values as they were at one moment. */
export interface StoredArray {
  name: string;
  shape: readonly number[];
  data: Float32Array;
}

/** A layer, or a part of one, with its weights. */
export interface StoredGroup {
  /** As Keras 3's files have it: `layers/lstm/cell`. */
  path: string;
  /** Of the layer. */
  name: string;
  weights: StoredArray[];
}

/** One thing that an optimizer keeps. */
export interface StoredVariable {
  name: string;
  dtype: 'float32' | 'int64';
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

/** What a model has learnt, copied between two batches. */
export interface ModelState {
  name: string;
  /** The root first, then every layer and part, also those without weights. */
  groups: StoredGroup[];
  optimizer: { name: string; variables: StoredVariable[] } | null;
}

/** The weight groups of a model, in Keras's paths. */
export function modelGroups(model: Model): [path: string, group: WeightGroup][] {
  const out: [string, WeightGroup][] = [];
  const visit = (path: string, group: WeightGroup) => {
    out.push([path, group]);
    for (const [name, inner] of group.groups) visit(`${path}/${name}`, inner);
  };
  const layers = model.layers.map((layer) => layer.weightGroup());
  for (const [path, group] of listedGroups('layers', layers)) visit(path, group);
  return out;
}

/** The optimizer's variables, where a model has been compiled and built. */
export function variablesOf(model: Model, rate = true): { name: string; variables: OptimizerVariable[] } | null {
  if (!model.compiled || !model.built) return null;
  const { optimizer } = model;
  // Settles which weights train.
  model.engine();
  const weights = trainingWeights(model.weights, model.compilation('save').training ?? new Set());
  return { name: optimizer.name, variables: optimizerVariables(optimizer, weights, rate) };
}

/**
 * A copy of all that a model has learnt, made at once: training may go on while it is written. RuntimeError ERR_BUSY while a batch runs.
 * @param withOptimizer whether what the optimizer keeps is in it
 */
export function stateOf(model: Model, withOptimizer: boolean): ModelState {
  const groups = modelGroups(model).map(([path, group]) => ({
    path,
    name: group.name,
    weights: group.weights.map(({ name, weight }) => ({ name, shape: weight.shape, data: weight.read().data as Float32Array })),
  }));
  const optimizer = withOptimizer ? variablesOf(model) : null;
  return {
    name: model.name,
    groups: [{ path: '', name: model.name, weights: [] }, ...groups],
    optimizer: optimizer && {
      name: optimizer.name,
      variables: optimizer.variables.map(({ name, dtype, shape, read }) => ({ name, dtype, shape, data: read() })),
    },
  };
}
