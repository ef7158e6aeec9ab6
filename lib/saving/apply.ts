import { ValueError } from '../errors.js';
import type { Layer, Weight, WeightGroup } from '../layers/layer.js';
import { Nested } from '../layers/nested.js';
import type { Model } from '../model/model.js';
import { warnOnce } from '../warnings.js';
import { legacyOrder } from './legacy_layout.js';
import { modelGroups, variablesOf } from './model_state.js';
import type { OptimizerVariable } from './optimizer_variables.js';
import type { SavedGroup, SavedOptimizer, SavedWeights } from './saved_model.js';
import { scalarOf, type Tensor, toFloat32 } from './tensor.js';

export interface ApplyOptions {
  /** Layers are found by their names instead of their places; layers that only one side has are passed over. */
  byName: boolean;
  /** Layers whose weights do not fit keep what they have. */
  skipMismatch: boolean;
}

/** A layer of the model and what the file has for it. */
interface Match {
  label: string;
  weights: readonly Weight[];
  tensors: readonly Tensor[];
}

/**
 * Gives a model the weights of a file: all of them, or none where something does not fit. ValueError ERR_WEIGHTS_MISMATCH, which names the layer,
 * what the file has and what the model expects.
 */
export function applyWeights(where: string, model: Model, saved: SavedWeights, options: ApplyOptions): void {
  const writes: [Weight, Float32Array][] = [];
  for (const { label, weights, tensors } of matches(where, model, saved, options.byName)) {
    const wrong = mismatch(weights, tensors);
    if (!wrong) for (const [i, weight] of weights.entries()) writes.push([weight, toFloat32(`${where}: ${label}`, tensors[i])]);
    else if (!options.skipMismatch)
      throw mismatched(where, `${label}: ${wrong}. With skipMismatch: true such layers keep the weights that they have.`);
  }
  for (const [weight, values] of writes) weight.variable.write(values);
}

const mismatched = (where: string, what: string) => new ValueError(`${where}: ${what}`, 'ERR_WEIGHTS_MISMATCH');
const shapes = (list: readonly { shape: readonly number[] }[]) => list.map((a) => `[${a.shape}]`).join(', ') || 'none';
const isSame = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((d, i) => d === b[i]);

function mismatch(weights: readonly Weight[], tensors: readonly Tensor[]): string | null {
  if (weights.length === tensors.length && weights.every((w, i) => isSame(w.shape, tensors[i].shape))) return null;
  return `the file has weights of shapes ${shapes(tensors)}, and the layer has ${shapes(weights)}`;
}

function matches(where: string, model: Model, saved: SavedWeights, byName: boolean): Match[] {
  switch (saved.by) {
    case 'structure':
      return byStructure(where, model, saved.root, byName);
    case 'layer':
      return byLayer(where, model, saved.layers, byName);
    case 'path':
      return byPath(where, model, saved.tensors, byName);
    case 'prefix':
      return byPrefix(model, saved.tensors, byName);
    case 'order':
      return [{ label: `model '${model.name}'`, weights: model.weights, tensors: saved.tensors }];
  }
}

function byStructure(where: string, model: Model, root: SavedGroup, byName: boolean): Match[] {
  const groups = modelGroups(model);
  const placeOf = byName ? placesByName(root) : null;
  const out: Match[] = [];
  for (const [path, group] of groups) {
    if (group.weights.length === 0) continue;
    const place = placeOf ? placeOf(path, groups) : path;
    const found = place === null ? undefined : root.group(place);
    if (!found && placeOf) continue;
    if (!found)
      throw mismatched(
        where,
        `the file has no weights for layer '${group.name}' (${path}). It has: ${root.paths.filter(Boolean).slice(0, 12).join(', ') || 'none'}.`,
      );
    out.push({ label: `layer '${group.name}' (${path})`, weights: group.weights.map((w) => w.weight), tensors: found.weights });
  }
  const known = new Set(groups.map(([path]) => path));
  const extra = root.paths.find(
    (path) => !known.has(path) && path.startsWith('layers/') && (root.group(path)?.weights.length ?? 0) > 0,
  );
  if (extra && !placeOf) throw mismatched(where, `the file has weights for ${extra}, and the model has no such layer.`);
  return out;
}

/** Where the file has the layer whose name is that of the layer at a path, with what follows the layer in the path. */
function placesByName(root: SavedGroup): (path: string, groups: readonly (readonly [string, WeightGroup])[]) => string | null {
  const places = new Map<string, string>();
  for (const path of root.paths) {
    const name = root.group(path)?.name;
    if (name && /^layers\/[^/]+$/.test(path)) places.set(name, path);
  }
  return (path, groups) => {
    const [layer, rest] = path.match(/^(layers\/[^/]+)(.*)$/)?.slice(1) ?? [path, ''];
    const name = groups.find(([p]) => p === layer)?.[1].name;
    const place = name === undefined ? undefined : places.get(name);
    return place === undefined ? null : place + rest;
  };
}

type NamedLayers = Extract<SavedWeights, { by: 'layer' }>['layers'];

function byLayer(where: string, model: Model, saved: NamedLayers, byName: boolean): Match[] {
  const own = model.layers
    .map((layer) => ({ name: layer.name as string, weights: legacyOrder(layer.weights) }))
    .filter((l) => l.weights.length);
  const filled = saved.filter((l) => l.weights.length);
  const match = (layer: (typeof own)[number], from: NamedLayers[number]): Match => ({
    label: `layer '${layer.name}'${from.name === layer.name ? '' : ` (in the file: '${from.name}')`}`,
    weights: layer.weights,
    tensors: from.weights.map((w) => w.tensor),
  });
  if (byName) {
    const named = new Map(filled.map((l) => [l.name, l]));
    return own.flatMap((layer) => {
      const from = named.get(layer.name);
      return from ? [match(layer, from)] : [];
    });
  }
  if (own.length !== filled.length)
    throw mismatched(
      where,
      `the file has weights for ${filled.length} layers (${filled
        .map((l) => l.name)
        .slice(0, 12)
        .join(', ')}), and the model has ${own.length} layers with weights. With byName: true layers are found by their names.`,
    );
  return own.map((layer, i) => match(layer, filled[i]));
}

/** Layers with weights, those of models inside in their place. */
const leavesOf = (layers: readonly Layer[]): Layer[] =>
  layers.flatMap((l) => (l instanceof Nested ? leavesOf(l.layers) : l.weights.length ? [l] : []));

/** By names that begin with the layer's, or, where layers are called otherwise, by TensorFlow.js's order: weights that do not train come last. */
function byPrefix(model: Model, tensors: readonly (readonly [name: string, tensor: Tensor])[], byName: boolean): Match[] {
  const leaves = leavesOf(model.layers);
  const names = new Map(leaves.map((layer) => [layer.name as string, [] as Tensor[]]));
  let all = names.size === leaves.length;
  for (const [name, tensor] of tensors) {
    let prefix = name;
    do prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
    while (prefix && !names.has(prefix));
    if (prefix) names.get(prefix)?.push(tensor);
    else all = false;
  }
  if (byName || all)
    return leaves
      .filter((layer) => !byName || names.get(layer.name as string)?.length)
      .map((layer) => ({
        label: `layer '${layer.name}'`,
        weights: legacyOrder(layer.weights),
        tensors: names.get(layer.name as string) as Tensor[],
      }));
  return [{ label: `model '${model.name}'`, weights: legacyOrder(model.weights), tensors: tensors.map(([, tensor]) => tensor) }];
}

function byPath(where: string, model: Model, tensors: ReadonlyMap<string, Tensor>, byName: boolean): Match[] {
  const paths = model.weightPaths();
  const out: Match[] = [];
  for (const [path, weight] of paths) {
    const tensor = tensors.get(path);
    if (tensor) out.push({ label: `weight '${path}'`, weights: [weight], tensors: [tensor] });
    else if (!byName)
      throw mismatched(
        where,
        `the file has no weight '${path}'. It has: ${[...tensors.keys()].slice(0, 12).join(', ') || 'none'}. With byName: true such weights are passed over.`,
      );
  }
  const extra = [...tensors.keys()].find((path) => !paths.has(path));
  if (extra !== undefined && !byName)
    throw mismatched(where, `the file has a weight '${extra.slice(0, 80)}', which the model has not.`);
  return out;
}

/**
 * Gives a compiled model's optimizer what it kept. As in Keras, what does not fit is a warning, and the optimizer starts anew: a model without it predicts
 * the same.
 */
export function applyOptimizer(where: string, model: Model, saved: SavedOptimizer): void {
  const own = variablesOf(model, saved.hasRate)?.variables;
  if (!own) return;
  const variables = saved.bySlot ? slotBySlot(own) : own;
  const { tensors } = saved;
  const fits =
    variables.length === tensors.length &&
    variables.every((v, i) => isSame(v.shape, tensors[i].shape) || (i === 0 && tensors[i].shape.length <= 1));
  if (!fits) {
    warnOnce(
      'GEMMFIT_OPTIMIZER_STATE',
      `${where}: what the optimizer kept does not fit and is left out: the file has ${tensors.length} arrays, and ${model.optimizer.name} keeps ${variables.length} for this model. Training starts it anew.`,
    );
    return;
  }
  variables.forEach((variable, i) => {
    const label = `${where}: ${variable.name}`;
    variable.write?.({ numbers: () => toFloat32(label, tensors[i]), number: () => scalarOf(label, tensors[i]) });
  });
}

/** The counter first, then all of the first slot, all of the second, and so on. */
function slotBySlot(variables: readonly OptimizerVariable[]): OptimizerVariable[] {
  const slots = [...new Set(variables.map((v) => v.slot))];
  return slots.flatMap((slot) => variables.filter((v) => v.slot === slot));
}
