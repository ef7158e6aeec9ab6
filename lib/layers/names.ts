import { ValueError } from '../errors.js';
import { snake } from '../registry.js';
import type { Layer } from './layer.js';

/** What holds layers under names of their own: a model. */
interface Holder {
  readonly name: string;
  readonly layers: readonly Layer[];
}

/** Names that layers got by themselves. One that was set to something else since is the user's. */
const automatic = new WeakMap<Layer, string>();
/** The models that hold a layer, the first one first. */
const holders = new WeakMap<Layer, WeakRef<Holder>[]>();

const holdersOf = (layer: Layer): Holder[] => (holders.get(layer) ?? []).flatMap((ref) => ref.deref() ?? []);

export const hasAutomaticName = (layer: Layer): boolean => layer.name !== undefined && automatic.get(layer) === layer.name;

/** Lets a name be renumbered, where it looks like one that a layer got by itself. */
export function allowRenumbering(layer: Layer): void {
  if (layer.name !== undefined && /^(_\d+)?$/.test(layer.name.replace(snake(layer.className), '')))
    automatic.set(layer, layer.name);
}

/**
 * The name of a layer in a model that it is added to: its own, or else `dense`, `dense_1`, ... A layer has one name in all models, so that one that
 * got its name by itself and meets the same name here is renumbered, to a name that is free in the others as well.
 * Throws a ValueError where a name that the user gave is taken.
 */
export function nameFor(layer: Layer, holder: Holder): string {
  const taken = (where: readonly Holder[]) =>
    new Set(where.flatMap((h) => h.layers.filter((l) => l !== layer).map((l) => l.name)));
  if (layer.name !== undefined && !taken([holder]).has(layer.name)) return layer.name;
  if (layer.name !== undefined && !hasAutomaticName(layer))
    throw new ValueError(
      `Sequential '${holder.name}': all layers need names of their own, and '${layer.name}' is taken. Give another 'name'.`,
      'ERR_LAYER',
    );
  const base = snake(layer.className);
  const others = taken([holder, ...holdersOf(layer)]);
  let name = base;
  for (let i = 1; others.has(name); i++) name = `${base}_${i}`;
  return name;
}

/** Gives a layer a name that it got by itself. */
export function nameAutomatically(layer: Layer, name: string): void {
  layer.name = name;
  automatic.set(layer, name);
}

export function noteHolder(layer: Layer, holder: Holder): void {
  holders.set(layer, [...(holders.get(layer) ?? []).filter((ref) => ref.deref()), new WeakRef(holder)]);
}

export function forgetHolder(layer: Layer, holder: Holder): void {
  holders.set(
    layer,
    (holders.get(layer) ?? []).filter((ref) => ref.deref() !== holder),
  );
}
