import { fittedShape, type Tensor } from '../data/convert.js';
import { checkIds } from '../data/labels.js';
import { ValueError } from '../errors.js';
import { firstLayer } from '../layers/nested.js';
import type { Shape } from '../layers/shape.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import type { Model } from './model.js';

// Data of models whose first layers work on them before the engine.

/** Memory of what has been through the first layers: samples that a fit holds out come in again, to validate. */
const through = new WeakSet<ArrayBufferLike>();

/** The shape of a sample where no model asks for one. */
export const sampleOfFront = (model: Model, where: string, value: unknown): Shape => {
  const [first] = model.front;
  return first.sampleOf(first.read(where, value));
};

/** Data as users give them, as the engine takes them: what the first layers of a model that is built make of them. */
export function throughFront(model: Model, where: string, value: unknown): Tensor {
  const known = value as Tensor;
  if (ArrayBuffer.isView(known.data) && through.has(known.data.buffer)) return known;
  const { front } = model;
  const { inputShape } = model.shapes();
  const given = front[0].read(where, value);
  const shape = fittedShape(where, given.shape, { sampleShape: inputShape, name: `input '${model.inputNames[0]}'` });
  const made = front.reduce<Raw>((x, layer) => layer.map(where, x), { ...given, shape });
  const { data } = made;
  if (work().isText(data))
    throw new ValueError(
      `${where}: ${front[front.length - 1].label} gives texts, which the engine does not take. Use it by itself: layer.call(ids).`,
      'ERR_LAYER',
    );
  through.add(data.buffer);
  const x = { data, shape: [...made.shape] };
  checkIds(where, x, firstLayer(model.layers.slice(front.length)));
  return x;
}
