import { snake } from '../registry.js';

/** A layer with a vocabulary, as files see it. */
export interface HoldsVocabulary {
  /** Its terms as lines; null where the config holds them, or there are none. */
  readonly vocabularyLines: string | null;
  takeVocabularyLines(text: string): void;
}

/** The weights of a layer as files hold them: its own, and those of what is inside it, under the names of Keras's attributes. */
export interface Grouped<W> {
  /** The layer's name, and the class whose name files count. */
  readonly name: string;
  readonly className: string;
  /** In Keras's order, each with its name within this group. */
  readonly weights: readonly { readonly name: string; readonly weight: W }[];
  /** `['cell', ...]`; a list of layers, as of a nested model, is a path: `['layers/dense_1', ...]`. */
  readonly groups: readonly (readonly [path: string, group: Grouped<W>])[];
  /** What has terms of its own, which files keep beside the weights. */
  readonly vocabulary?: HoldsVocabulary;
}

/** Paths of layers in a list, as Keras counts them: by class, in their order. `layers/dense`, `layers/dense_1`. */
export function listedGroups<W>(attribute: string, groups: readonly Grouped<W>[]): [path: string, group: Grouped<W>][] {
  const used = new Map<string, number>();
  return groups.map((group) => {
    const base = snake(group.className);
    const count = used.get(base) ?? 0;
    used.set(base, count + 1);
    return [`${attribute}/${base}${count ? `_${count}` : ''}`, group];
  });
}

/** Every weight of a list of layers by its path: names of layers and attributes, then the weight's own. `lstm/cell/kernel`. */
export function pathsOf<W>(layers: readonly Grouped<W>[]): Map<string, W> {
  const out = new Map<string, W>();
  const visit = (path: string, group: Grouped<W>) => {
    for (const { name, weight } of group.weights) out.set(`${path}/${name}`, weight);
    for (const [attribute, inner] of group.groups) visit(`${path}/${segment(attribute, inner)}`, inner);
  };
  for (const [path, group] of listedGroups('layers', layers)) visit(segment(path, group), group);
  return out;
}

/** Layers of a stack go by their names; a nested model that got its name by itself, by its place: such names count all models that were ever made. */
function segment(attribute: string, group: { readonly name: string }): string {
  if (!attribute.startsWith('layers/')) return attribute;
  return /^sequential(_\d+)?$/.test(group.name) ? attribute.slice('layers/'.length) : group.name;
}
