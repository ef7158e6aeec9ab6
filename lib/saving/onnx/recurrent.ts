import type { OpSpec } from '../../engine/spec.js';
import { gateFunction } from './activations.js';
import type { Graph, Value } from './graph.js';

/** The columns of each gate in Keras's order, moved to ONNX's, and turned so that each gate's outputs are rows: [rows, gates * units] to [gates * units, rows]. */
function gates(data: Float32Array, rows: number, units: number, order: readonly number[]): Float32Array {
  const columns = order.length * units;
  const out = new Float32Array(data.length);
  order.forEach((from, to) => {
    for (let u = 0; u < units; u++)
      for (let r = 0; r < rows; r++) out[(to * units + u) * rows + r] = data[r * columns + from * units + u];
  });
  return out;
}

/** Per op: ONNX's node, the places of its gates among Keras's, and the functions of the gates. */
const kinds: Record<string, { node: string; order: number[]; functions: ('activation' | 'recurrentActivation')[] }> = {
  // Keras has i, f, c, o; ONNX i, o, f, c.
  lstm: { node: 'LSTM', order: [0, 3, 1, 2], functions: ['recurrentActivation', 'activation', 'activation'] },
  // z, r, h in both.
  gru: { node: 'GRU', order: [0, 1, 2], functions: ['recurrentActivation', 'activation'] },
  simpleRnn: { node: 'RNN', order: [0], functions: ['activation'] },
};

/** The outputs of all steps, in the order in which they are taken, [steps, N, units]; or of the last, [N, units]. */
function run(g: Graph, op: OpSpec, x: Value): { name: string; units: number } {
  const { node, order, functions } = kinds[op.op as string];
  const units = op.units as number;
  const [kernel, recurrent, bias] = op.weights as number[];
  const features = g.known(x.shape, 'a recurrent layer')[1];
  const rows = order.length * units;
  const w = g.floats([1, rows, features], gates(g.weight(kernel).data, features, units, order));
  const r = g.floats([1, rows, units], gates(g.weight(recurrent).data, units, units, order));
  const b = new Float32Array(2 * rows);
  if (op.useBias) {
    const { data } = g.weight(bias);
    b.set(gates(data.subarray(0, rows), 1, units, order));
    // GRU with resetAfter has a bias of the recurrent product, too.
    if (data.length > rows) b.set(gates(data.subarray(rows), 1, units, order), rows);
  }
  const used = functions.map((key) => gateFunction(g, op[key] as Record<string, unknown>));
  const constants = used.some((f) => f.alpha !== 0 || f.beta !== 0);
  let steps = g.node('Transpose', [x.name], { perm: [1, 0, 2] });
  if (op.goBackwards === true)
    steps = g.node('Slice', [steps, g.integers([-1]), g.integers([-(2 ** 31)]), g.integers([0]), g.integers([-1])]);
  const [all, last] = g.nodes(
    node,
    [steps, w, r, g.floats([1, 2 * rows], b)],
    {
      hidden_size: units,
      activations: used.map((f) => f.name),
      activation_alpha: constants ? { floats: used.map((f) => f.alpha) } : undefined,
      activation_beta: constants ? { floats: used.map((f) => f.beta) } : undefined,
      linear_before_reset: node === 'GRU' ? (op.resetAfter === false ? 0 : 1) : undefined,
    },
    2,
  );
  const name =
    op.returnSequences === true ? g.node('Squeeze', [all, g.integers([1])]) : g.node('Squeeze', [last, g.integers([0])]);
  return { name, units };
}

export function recurrent(g: Graph, op: OpSpec, x: Value): Value {
  if (g.masked) throw g.refuse('a recurrent layer over masked steps');
  const { name, units } = run(g, op, x);
  if (op.returnSequences !== true) return { name, shape: [units] };
  return { name: g.node('Transpose', [name], { perm: [1, 0, 2] }), shape: [x.shape[0], units] };
}
