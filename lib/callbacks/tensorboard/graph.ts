import type { Layer } from '../../layers/layer.js';
import { integer, message, type Pieces, text } from '../../protobuf.js';

/** Sizes of one output, as the edges of the picture show them: -1 where a size is free. */
const outputShapes = (shape: readonly (number | null)[]): Pieces =>
  message(5, [
    ...text(1, '_output_shapes'),
    ...message(
      2,
      message(
        1,
        message(
          7,
          shape.flatMap((size) => message(2, integer(1, size ?? -1))),
        ),
      ),
    ),
  ]);

const node = (name: string, op: string, input: string | null, shape: readonly (number | null)[] | null): Pieces => [
  ...text(1, name),
  ...text(2, op),
  ...(input === null ? [] : text(3, input)),
  ...(shape ? outputShapes(shape) : []),
];

/** A GraphDef of the stack: a node a layer, each after the one before it. */
export function graphOf(model: { layers: readonly Layer[]; inputShape: readonly (number | null)[] | null }): Pieces {
  let before = 'input';
  let shape: readonly (number | null)[] | null = model.inputShape ? model.inputShape.slice(1) : null;
  const batches = () => shape && [null, ...shape];
  const nodes = [node(before, 'Placeholder', null, batches())];
  for (const layer of model.layers) {
    const name = layer.name ?? layer.className;
    shape = shape && layer.computeOutputShape(shape);
    nodes.push(node(name, layer.className, before, batches()));
    before = name;
  }
  return [...nodes.flatMap((one) => message(1, one)), ...message(4, integer(1, 1))];
}
