import type { TypedArray } from '../data/elements.js';
import { NDArray } from '../data/ndarray.js';
import { addon } from '../engine/addon.js';
import type { OpSpec } from '../engine/spec.js';
import { nextSeed } from '../random.js';
import { sizeOf } from '../shapes.js';
import type { Layer, Lowering, Shape } from './layer.js';

/** What a layer without layers inside makes of data in the engine, by itself. @param input the shape of its samples, as it is told */
export function runLayer(layer: Layer, input: Shape, x: NDArray<TypedArray>): NDArray {
  const ops: object[] = [];
  const lowering: Pick<Lowering, 'add' | 'weights' | 'trains'> = {
    add(op: OpSpec, inputs: readonly number[]) {
      const output = ops.length + 1;
      ops.push({ label: layer.label, ...op, inputs: [...inputs], output, stream: [output] });
      return output;
    },
    weights: () => layer.weights.map((_, i) => i),
    trains: () => false,
  };
  const result = layer.lowerInto(0, input, lowering as Lowering);
  const variables = layer.weights.map(() => ({ trainable: false, regularizer: null, constraint: null, decay: false }));
  const spec = { seed: nextSeed(), ops, result, logits: null, head: null, variables, optimizer: null };
  const network = new addon.Network(
    spec,
    layer.weights.map((w) => w.variable),
    [],
    [],
  );
  const reader = new addon.Network(network, false);
  try {
    const sample = x.shape.slice(1);
    const output = reader.outputShape(sample);
    const data = new Float32Array(x.shape[0] * sizeOf(output));
    reader.predictSync(x.data, sample, data, false);
    return new NDArray(data, [x.shape[0], ...output]);
  } finally {
    reader.dispose();
    network.dispose();
  }
}
