import { ValueError } from '../../errors.js';
import type { Model } from '../../model/model.js';
import { readHdf5, writeHdf5 } from '../hdf5/hdf5.js';
import { emptyGroup, findArray, type Hdf5Attribute, type Hdf5Group } from '../hdf5/tree.js';
import { fromKerasLayout, isKerasLayout } from '../keras_layout.js';
import { toKeras2, trainingConfig } from '../keras2_config.js';
import { optimizerGroup, weightsGroup } from '../legacy_layout.js';
import type { SavedModel, SavedOptimizer } from '../saved_model.js';
import { parseStrictJson } from '../strict_json.js';
import type { Tensor } from '../tensor.js';
import { toJSON } from '../to_json.js';
import { type Format, oneFile } from './format.js';

const isHdf5 = (bytes: Uint8Array): boolean => bytes[0] === 0x89 && bytes[1] === 0x48 && bytes[2] === 0x44 && bytes[3] === 0x46;

/** `.h5`: the whole model in one HDF5 file, as Keras 2, tf.keras and Keras 3 write it for older programs. */
export const h5Format: Format = {
  name: 'h5',
  endings: ['.h5', '.hdf5'],
  holds: 'model',
  recognizes: isHdf5,

  async write(model, { includeOptimizer }) {
    return oneFile(...(await writeHdf5('save', toHdf5(model, includeOptimizer))).pieces);
  },

  async read({ where, limits, bytes, own }) {
    return fromHdf5(where, await readHdf5(where, await bytes(), limits, own));
  },
};

/** The version that files name decides what `hard_sigmoid` means: Keras 3 gave that name to another curve. */
const versionFor = (config: string) => (config.includes('"hard_sigmoid_keras2"') ? '2.21.0' : '3.15.1');

/** A model as Keras 2, tf.keras and Keras 3 read it from HDF5. */
function toHdf5(model: Model, includeOptimizer: boolean): Hdf5Group {
  const { compile_config: compiled, ...architecture } = toJSON(model);
  const version = versionFor(JSON.stringify(architecture));
  const root = emptyGroup();
  const weights = weightsGroup(model);
  for (const group of [root, weights]) {
    group.attributes.set('keras_version', version);
    group.attributes.set('backend', 'tensorflow');
  }
  root.attributes.set('model_config', JSON.stringify(toKeras2(architecture)));
  root.groups.set('model_weights', weights);
  if (!compiled || !includeOptimizer) return root;
  root.attributes.set('training_config', JSON.stringify(trainingConfig(compiled as Record<string, unknown>)));
  const optimizer = optimizerGroup(model);
  if (optimizer) root.groups.set('optimizer_weights', optimizer);
  return root;
}

/** What an HDF5 file of Keras holds, in any of its layouts. */
export function fromHdf5(where: string, root: Hdf5Group): SavedModel {
  if (isKerasLayout(root)) {
    const { root: structure, optimizer } = fromKerasLayout(root);
    return { config: null, compileConfig: null, weights: { by: 'structure', root: structure }, optimizer };
  }
  const json = (name: string): Record<string, unknown> | null => {
    const value = root.attributes.get(name);
    return typeof value === 'string' ? (parseStrictJson(`${where}: ${name}`, value) as Record<string, unknown>) : null;
  };
  const weights = root.groups.get('model_weights') ?? root;
  const layerNames = listOf(weights.attributes, 'layer_names');
  if (!layerNames)
    throw new ValueError(`${where}: this HDF5 file holds no weights of Keras: it has no list of layers.`, 'ERR_FILE');
  const config = json('model_config');
  const version = root.attributes.get('keras_version') ?? weights.attributes.get('keras_version') ?? '1';
  return {
    // Which Keras wrote it decides what some words mean.
    config: config && { keras_version: String(version), ...config },
    compileConfig: json('training_config'),
    weights: {
      by: 'layer',
      layers: layerNames.map((name) => ({ name, weights: named(where, weights.groups.get(name), `layer '${name}'`) })),
    },
    optimizer: savedOptimizer(where, root.groups.get('optimizer_weights')),
  };
}

/** The datasets that a group lists by name, in that order. */
function named(where: string, group: Hdf5Group | undefined, what: string): { name: string; tensor: Tensor }[] {
  return (group && listOf(group.attributes, 'weight_names') ? (listOf(group.attributes, 'weight_names') as string[]) : []).map(
    (name) => {
      const found = findArray(group as Hdf5Group, name);
      if (!found)
        throw new ValueError(
          `${where}: ${what} lists a weight '${name.slice(0, 80)}', which the file does not have.`,
          'ERR_FILE',
        );
      return { name, tensor: { shape: found.shape, data: found.data, dtype: found.dtype } };
    },
  );
}

function savedOptimizer(where: string, group: Hdf5Group | undefined): SavedOptimizer | null {
  if (!group) return null;
  const variables = named(where, group, 'the optimizer');
  if (variables.length === 0) return null;
  const names = variables.map((v) => v.name);
  return {
    tensors: variables.map((v) => v.tensor),
    hasRate: /(^|\/)learning_rate(:0)?$/.test(names[1] ?? ''),
    // Names end with the slot's: `training/Adam/dense/kernel/m:0`; or say nothing at all.
    bySlot: names
      .slice(1)
      .some((n) => /\/(m|v|vhat|rms|mg|momentum|accumulator|linear|accum_grad|accum_var|Variable(_\d+)?):\d+$/.test(n)),
  };
}

/** A list of texts in an attribute, or in several where it was too long for one: `name0`, `name1`. */
function listOf(attributes: ReadonlyMap<string, Hdf5Attribute>, name: string): string[] | undefined {
  const whole = attributes.get(name);
  if (Array.isArray(whole)) return whole.map(String);
  if (typeof whole === 'string') return [whole];
  const parts: string[] = [];
  for (let i = 0; attributes.has(`${name}${i}`); i++) {
    const part = attributes.get(`${name}${i}`);
    parts.push(...(Array.isArray(part) ? part.map(String) : [String(part)]));
  }
  return parts.length ? parts : undefined;
}
