import type { OpSpec, ProgramOp } from '../../engine/spec.js';
import { sizeOf } from '../../shapes.js';
import { activation } from './activations.js';
import type { Graph, Value } from './graph.js';
import { add, average, concatenate, flip, multiply, slice, subtract } from './merging.js';
import {
  batchNormalization,
  groupNormalization,
  layerNormalization,
  normalization,
  rmsNormalization,
  unitNormalization,
} from './normalizations.js';
import { recurrent } from './recurrent.js';
import { conv, convTranspose, depthwiseConv, pooling, upSampling, zeroPadding } from './windows.js';

type Exporter = (g: Graph, op: OpSpec, x: Value, ...others: Value[]) => Value;

const unchanged: Exporter = (_g, _op, x) => x;

function dense(g: Graph, op: OpSpec, x: Value): Value {
  const [kernel, bias] = op.weights as number[];
  const { shape, data } = g.weight(kernel);
  const product = g.node('MatMul', [x.name, g.floats(shape, data)]);
  const name = op.useBias ? g.node('Add', [product, g.floats([shape[1]], g.weight(bias).data)]) : product;
  return { name, shape: [...x.shape.slice(0, -1), shape[1]] };
}

function embedding(g: Graph, op: OpSpec, x: Value): Value {
  const { shape, data } = g.weight((op.weights as number[])[0]);
  if (op.maskZero === true) g.masked = true;
  const ids = g.node('Cast', [x.name], { to: 7 });
  return { name: g.node('Gather', [g.floats(shape, data), ids], { axis: 0 }), shape: [...x.shape, shape[1]] };
}

function reshape(g: Graph, op: OpSpec, x: Value): Value {
  const wanted = op.shape as number[];
  const size = x.shape.includes(null) ? null : sizeOf(x.shape);
  const others = sizeOf(wanted.filter((d) => d !== -1));
  const shape = wanted.map((d) => (d === -1 ? (size === null ? null : size / others) : d));
  // A size that is known leaves -1 to the batch, whose rows may be none.
  return { name: g.node('Reshape', [x.name, g.integers([size === null ? 0 : -1, ...shape.map((d) => d ?? -1)])]), shape };
}

function permute(g: Graph, op: OpSpec, x: Value): Value {
  const dims = op.dims as number[];
  return { name: g.node('Transpose', [x.name], { perm: [0, ...dims] }), shape: dims.map((d) => x.shape[d - 1]) };
}

function repeatVector(g: Graph, op: OpSpec, x: Value): Value {
  const n = op.n as number;
  const one = g.node('Unsqueeze', [x.name, g.integers([1])]);
  return { name: g.node('Tile', [one, g.integers([1, n, ...x.shape.map(() => 1)])]), shape: [n, ...x.shape] };
}

function rescaling(g: Graph, op: OpSpec, x: Value): Value {
  const rank = x.shape.length;
  const factor = (value: unknown) => {
    if (typeof value === 'number') return g.scalar(value);
    const list = value as number[];
    const axis = op.channelsFirst === true ? 0 : rank - 1;
    return g.floats([1, ...x.shape.map((_, i) => (i === axis ? list.length : 1))], list);
  };
  return { name: g.node('Add', [g.node('Mul', [x.name, factor(op.scale)]), factor(op.offset)]), shape: x.shape };
}

function prelu(g: Graph, op: OpSpec, x: Value): Value {
  const { shape, data } = g.weight((op.weights as number[])[0]);
  return { name: g.node('PRelu', [x.name, g.floats(shape, data)]), shape: x.shape };
}

function masking(g: Graph, op: OpSpec, x: Value): Value {
  const differs = g.node('Not', [g.node('Equal', [x.name, g.scalar(op.maskValue as number)])]);
  const keep = g.node('ReduceMax', [g.node('Cast', [differs], { to: 1 })], { axes: [x.shape.length], keepdims: 1 });
  g.masked = true;
  return { name: g.node('Mul', [x.name, keep]), shape: x.shape };
}

function globalAveragePooling1d(g: Graph, op: OpSpec, x: Value): Value {
  if (g.masked) throw g.refuse('a mean over masked steps');
  const axis = op.dataFormat === 'channels_first' ? 2 : 1;
  const keepdims = op.keepdims === true ? 1 : 0;
  const shape = keepdims ? x.shape.map((d, i) => (i === axis - 1 ? 1 : d)) : x.shape.filter((_, i) => i !== axis - 1);
  return { name: g.node('ReduceMean', [x.name], { axes: [axis], keepdims }), shape };
}

/** What is inside TimeDistributed takes each step as a sample of its own. */
function stepsToRows(g: Graph, _op: OpSpec, x: Value): Value {
  if (g.masked) throw g.refuse('TimeDistributed over masked steps');
  const [steps, ...sample] = g.known(x.shape, 'TimeDistributed');
  return { name: g.node('Reshape', [x.name, g.integers([-1, ...sample])]), shape: sample, within: [...(x.within ?? []), steps] };
}
function rowsToSteps(g: Graph, _op: OpSpec, x: Value): Value {
  const within = [...(x.within ?? [])];
  const shape = [within.pop() as number, ...g.known(x.shape, 'TimeDistributed')];
  return { name: g.node('Reshape', [x.name, g.integers([-1, ...shape])]), shape, within };
}

/** Every op of the engine: how ONNX says it. */
const exporters: Record<string, Exporter> = {
  activation,
  activityRegularization: unchanged,
  add,
  alphaDropout: unchanged,
  average,
  batchNormalization,
  concatenate,
  conv,
  convLstm: (g) => {
    throw g.refuse('a convolution over time (ConvLSTM)');
  },
  convTranspose,
  dense,
  depthwiseConv,
  dropout: unchanged,
  embedding,
  flip,
  gaussianDropout: unchanged,
  gaussianNoise: unchanged,
  globalAveragePooling1d,
  groupNormalization,
  gru: recurrent,
  layerNormalization,
  lstm: recurrent,
  masking,
  multiply,
  normalization,
  permute,
  pooling,
  prelu,
  repeatVector,
  rescaling,
  reshape,
  rmsNormalization,
  rowsToSteps,
  simpleRnn: recurrent,
  slice,
  spectralNormalization: unchanged,
  stepsToRows,
  subtract,
  unitNormalization,
  upSampling,
  zeroPadding,
};

/** The ops of a program over the batch `x`; what they make of it. ValueError ERR_ONNX, in the layer's name, for what ONNX has no words for. */
export function exportOps(g: Graph, ops: readonly ProgramOp[], x: Value, result: number): Value {
  const values = new Map([[0, x]]);
  for (const op of ops) {
    if (typeof op.label === 'string') g.label = op.label;
    if (!Object.hasOwn(exporters, op.op)) throw g.refuse(`the operation '${op.op}'`);
    const [first, ...others] = op.inputs.map((id) => values.get(id) as Value);
    values.set(op.output, { within: first.within, ...exporters[op.op](g, op, first, ...others) });
  }
  return values.get(result) as Value;
}
