import { findGroup, groupAt, type Hdf5Array, type Hdf5Attribute, type Hdf5Group } from './hdf5/tree.js';
import type { ModelState } from './model_state.js';
import type { SavedGroup, SavedOptimizer } from './saved_model.js';
import type { Tensor } from './tensor.js';

// The layout of Keras 3's `model.weights.h5`, and of tf.keras's from 2.12 on: `layers/dense/vars/0`, `layers/lstm/cell/vars/0`, `optimizer/vars/0`.

const array = (tensor: { shape: readonly number[]; data: ArrayBufferView }, dtype: Hdf5Array['dtype']): Hdf5Array => ({
  dtype,
  shape: [...tensor.shape],
  data: tensor.data,
  attributes: new Map(),
});

/** A model's state as the tree of the file. */
export function toKerasLayout(state: ModelState): Hdf5Group {
  const root = groupAt({ attributes: new Map(), groups: new Map(), arrays: new Map() }, '');
  for (const group of state.groups) {
    const vars = groupAt(root, `${group.path}/vars`);
    vars.attributes.set('name', group.name);
    group.weights.forEach((weight, i) => {
      vars.arrays.set(weight.name === BY_NAME ? BY_NAME : String(i), array(weight, 'float32'));
    });
  }
  if (state.optimizer) {
    const vars = groupAt(root, 'optimizer/vars');
    vars.attributes.set('name', state.optimizer.name);
    state.optimizer.variables.forEach((variable, i) => {
      vars.arrays.set(String(i), array(variable, variable.dtype));
    });
  }
  return root;
}

const tensorOf = ({ shape, data, dtype }: Hdf5Array): Tensor => ({ shape, data, dtype });

/** What Keras keeps by its name instead of a number. */
const BY_NAME = 'idf_weights';

/** `0`, `1`, ...: as numbers, for HDF5 lists '10' before '2'. */
function numbered(group: Hdf5Group | undefined): Tensor[] {
  const arrays = [...(group?.arrays ?? [])].filter(([name]) => /^\d+$/.test(name) || name === BY_NAME);
  return arrays.sort(([a], [b]) => Number(a) - Number(b)).map(([, a]) => tensorOf(a));
}

const text = (value: Hdf5Attribute | undefined): string | null => (typeof value === 'string' ? value : null);

function savedGroup(group: Hdf5Group): SavedGroup {
  const vars = group.groups.get('vars');
  return {
    name: text(vars?.attributes.get('name')),
    weights: numbered(vars),
    group: (path) => {
      const found = findGroup(group, path);
      return found && savedGroup(found);
    },
    get paths() {
      const out: string[] = [];
      const visit = (at: Hdf5Group, path: string) => {
        if (at.groups.has('vars')) out.push(path);
        for (const [name, child] of at.groups) if (name !== 'vars') visit(child, path ? `${path}/${name}` : name);
      };
      visit(group, '');
      return out;
    },
  };
}

/** Whether a file has this layout. */
export const isKerasLayout = (root: Hdf5Group): boolean => root.groups.has('layers') || root.groups.has(OLD_LAYERS);

/** What tf.keras 2.12 called `layers`. */
const OLD_LAYERS = '_layer_checkpoint_dependencies';

export function fromKerasLayout(root: Hdf5Group): { root: SavedGroup; optimizer: SavedOptimizer | null } {
  const old = root.groups.get(OLD_LAYERS);
  if (old && !root.groups.has('layers')) root.groups.set('layers', old);
  const tensors = numbered(findGroup(root, 'optimizer/vars'));
  // Behind the counter: a single number is the learning rate. A weight is never one.
  const hasRate = tensors.length > 1 && tensors[1].shape.length === 0;
  return { root: savedGroup(root), optimizer: tensors.length ? { tensors, hasRate, bySlot: false } : null };
}
