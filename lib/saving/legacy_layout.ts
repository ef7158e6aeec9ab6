import type { Weight, WeightGroup } from '../layers/layer.js';
import { listedGroups } from '../layers/weight_groups.js';
import type { Model } from '../model/model.js';
import { emptyGroup, groupAt, type Hdf5Array, type Hdf5Attribute, type Hdf5Group } from './hdf5/tree.js';
import { variablesOf } from './model_state.js';

// The layout of Keras 2's HDF5 files: `model_weights/dense/dense/kernel:0`, listed by attributes, and `optimizer_weights` in the optimizer's order.

/** An HDF5 attribute has no more bytes than that: Keras splits longer lists. */
const MOST_BYTES = 64_512;
/** What a text of variable length takes in its list. */
const REFERENCE_BYTES = 16;

/** A list of texts as an attribute, or as `name0`, `name1`, ... where it is too long for one. */
export function listAttributes(name: string, texts: readonly string[]): [string, Hdf5Attribute][] {
  const longest = texts.reduce((most, text) => Math.max(most, Buffer.byteLength(text)), REFERENCE_BYTES);
  const atOnce = Math.max(1, Math.floor(MOST_BYTES / longest));
  if (texts.length <= atOnce) return [[name, [...texts]]];
  const parts = Math.ceil(texts.length / atOnce);
  return Array.from({ length: parts }, (_, i) => [`${name}${i}`, texts.slice(i * atOnce, (i + 1) * atOnce)]);
}

const setList = (group: Hdf5Group, name: string, texts: readonly string[]) => {
  for (const [key, part] of listAttributes(name, texts)) group.attributes.set(key, part);
};

function setArray(group: Hdf5Group, path: string, array: Omit<Hdf5Array, 'attributes'>): void {
  const cut = path.lastIndexOf('/');
  groupAt(group, path.slice(0, Math.max(cut, 0))).arrays.set(path.slice(cut + 1), { ...array, attributes: new Map() });
}

/** A layer's weights by their paths: `lstm/lstm_cell/kernel`. Layers inside go by the names of attributes. */
function pathsOf(group: WeightGroup): Map<Weight, string> {
  const out = new Map<Weight, string>();
  const visit = (at: WeightGroup, path: string) => {
    for (const { name, weight } of at.weights) out.set(weight, `${path}/${name}`);
    for (const [attribute, inner] of at.groups) visit(inner, `${path}/${attribute}`);
  };
  visit(group, group.name);
  return out;
}

/** Keras 2 lists the weights of a layer that train before the others, over all that is inside it. */
export const legacyOrder = (weights: readonly Weight[]): Weight[] => [
  ...weights.filter((w) => w.trainable),
  ...weights.filter((w) => !w.trainable),
];

/** A model's weights as `model_weights` has them. */
export function weightsGroup(model: Model): Hdf5Group {
  const root = emptyGroup();
  setList(
    root,
    'layer_names',
    model.layers.map((layer) => layer.name as string),
  );
  const groups = listedGroups(
    'layers',
    model.layers.map((layer) => layer.weightGroup()),
  );
  for (const [i, layer] of model.layers.entries()) {
    const group = groupAt(root, layer.name as string);
    const paths = pathsOf(groups[i][1]);
    const weights = legacyOrder(layer.weights);
    const nameOf = (weight: Weight) => `${paths.get(weight)}:0`;
    setList(group, 'weight_names', weights.map(nameOf));
    for (const weight of weights) {
      const { data, shape } = weight.read();
      setArray(group, nameOf(weight), { dtype: 'float32', shape: [...shape], data });
    }
  }
  setList(groupAt(root, 'top_level_model_weights'), 'weight_names', []);
  return root;
}

/** What the optimizer keeps as `optimizer_weights` has it: without the learning rate, which stands in the config. Null where nothing is compiled. */
export function optimizerGroup(model: Model): Hdf5Group | null {
  const own = variablesOf(model, false);
  if (!own) return null;
  const root = emptyGroup();
  // What follows from the rest Keras 2 does not keep.
  const variables = own.variables.filter((v) => v.write !== null);
  const names = variables.map((v, i) => (i === 0 ? 'iteration:0' : `${own.name}/${i}/${v.name}:0`));
  setList(root, 'weight_names', names);
  for (const [i, { dtype, shape, read }] of variables.entries())
    setArray(root, names[i], { dtype, shape: [...shape], data: read() });
  return root;
}
