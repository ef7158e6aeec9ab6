import type { OpSpec } from '../../engine/spec.js';
import type { Graph, Value } from './graph.js';

type Options = Record<string, unknown>;
const number = (o: Options, key: string, fallback: number): number =>
  typeof o[key] === 'number' ? (o[key] as number) : fallback;

/** Functions of one element. */
const elementwise: Record<string, (g: Graph, x: string, o: Options) => string> = {
  linear: (_g, x) => x,
  relu: (g, x, o) => {
    const [slope, threshold] = [number(o, 'negativeSlope', 0), number(o, 'threshold', 0)];
    const below = slope === 0 ? g.scalar(0) : g.node('Mul', [g.node('Sub', [x, g.scalar(threshold)]), g.scalar(slope)]);
    const bent =
      slope === 0 && threshold === 0
        ? g.node('Relu', [x])
        : g.node('Where', [g.node('GreaterOrEqual', [x, g.scalar(threshold)]), x, below]);
    return typeof o.maxValue === 'number' ? g.node('Min', [bent, g.scalar(o.maxValue)]) : bent;
  },
  relu6: (g, x) => g.node('Clip', [x, g.scalar(0), g.scalar(6)]),
  sigmoid: (g, x) => g.node('Sigmoid', [x]),
  tanh: (g, x) => g.node('Tanh', [x]),
  elu: (g, x, o) => g.node('Elu', [x], { alpha: { float: number(o, 'alpha', 1) } }),
  celu: (g, x, o) => g.node('Celu', [x], { alpha: { float: number(o, 'alpha', 1) } }),
  selu: (g, x) => g.node('Selu', [x]),
  softplus: (g, x) => g.node('Softplus', [x]),
  softsign: (g, x) => g.node('Softsign', [x]),
  exponential: (g, x) => g.node('Exp', [x]),
  hardSigmoid: (g, x) => g.node('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  hardSigmoidKeras2: (g, x) => g.node('HardSigmoid', [x], { alpha: { float: 0.2 }, beta: { float: 0.5 } }),
  hardSilu: (g, x) => g.node('HardSwish', [x]),
  hardTanh: (g, x) => g.node('Clip', [x, g.scalar(-1), g.scalar(1)]),
  leakyRelu: (g, x, o) => g.node('LeakyRelu', [x], { alpha: { float: number(o, 'negativeSlope', 0.2) } }),
  logSigmoid: (g, x) => g.node('Neg', [g.node('Softplus', [g.node('Neg', [x])])]),
  mish: (g, x) => g.node('Mul', [x, g.node('Tanh', [g.node('Softplus', [x])])]),
  silu: (g, x) => g.node('Mul', [x, g.node('Sigmoid', [x])]),
  softShrink: (g, x, o) => {
    const lambd = { float: number(o, 'threshold', 0.5) };
    return g.node('Shrink', [x], { lambd, bias: lambd });
  },
  hardShrink: (g, x, o) => g.node('Shrink', [x], { lambd: { float: number(o, 'threshold', 0.5) }, bias: { float: 0 } }),
  tanhShrink: (g, x) => g.node('Sub', [x, g.node('Tanh', [x])]),
  squareplus: (g, x, o) => {
    const root = g.node('Sqrt', [g.node('Add', [g.node('Mul', [x, x]), g.scalar(number(o, 'b', 4))])]);
    return g.node('Mul', [g.node('Add', [x, root]), g.scalar(0.5)]);
  },
  gelu: (g, x, o) => {
    const bend =
      o.approximate === true
        ? g.node('Tanh', [
            g.node('Mul', [
              g.node('Add', [x, g.node('Mul', [g.node('Mul', [g.node('Mul', [x, x]), x]), g.scalar(0.044715)])]),
              g.scalar(Math.sqrt(2 / Math.PI)),
            ]),
          ])
        : g.node('Erf', [g.node('Mul', [x, g.scalar(Math.SQRT1_2)])]);
    return g.node('Mul', [g.node('Mul', [x, g.scalar(0.5)]), g.node('Add', [bend, g.scalar(1)])]);
  },
  threshold: (g, x, o) =>
    g.node('Where', [g.node('Greater', [x, g.scalar(number(o, 'threshold', 0))]), x, g.scalar(number(o, 'defaultValue', 0))]),
  sparseSigmoid: (g, x) =>
    g.node('Clip', [g.node('Add', [g.node('Mul', [x, g.scalar(0.5)]), g.scalar(0.5)]), g.scalar(0), g.scalar(1)]),
  sparsePlus: (g, x) => {
    const up = g.node('Add', [x, g.scalar(1)]);
    const middle = g.node('Mul', [g.node('Mul', [up, up]), g.scalar(0.25)]);
    const above = g.node('Where', [g.node('GreaterOrEqual', [x, g.scalar(1)]), x, middle]);
    return g.node('Where', [g.node('LessOrEqual', [x, g.scalar(-1)]), g.scalar(0), above]);
  },
};

/** Axes of a whole batch, counted from 0. */
const axesOf = (o: Options, rank: number): number[] => {
  const given = o.axes ?? o.axis ?? -1;
  return (Array.isArray(given) ? (given as number[]) : [given as number]).map((a) => (a < 0 ? rank + 1 + a : a));
};

/** An activation, by its name in the program. */
export function activation(g: Graph, op: OpSpec | Options, x: Value): Value {
  const o = op as Options;
  const name = o.activation as string;
  const bend = elementwise[name];
  if (bend) return { name: bend(g, x.name, o), shape: x.shape };
  const axes = axesOf(o, x.shape.length);
  if ((name === 'softmax' || name === 'logSoftmax') && g.masked && axes.some((a) => a === 1))
    throw g.refuse('a softmax along masked steps');
  if ((name === 'softmax' || name === 'logSoftmax') && axes.length === 1)
    return { name: g.node(name === 'softmax' ? 'Softmax' : 'LogSoftmax', [x.name], { axis: axes[0] }), shape: x.shape };
  if (name === 'softmax' || name === 'logSoftmax') {
    const shifted = g.node('Sub', [x.name, g.node('ReduceMax', [x.name], { axes, keepdims: 1 })]);
    const sum = g.node('ReduceSum', [g.node('Exp', [shifted]), g.integers(axes)], { keepdims: 1 });
    const out =
      name === 'softmax' ? g.node('Div', [g.node('Exp', [shifted]), sum]) : g.node('Sub', [shifted, g.node('Log', [sum])]);
    return { name: out, shape: x.shape };
  }
  if (name === 'glu') {
    const [axis] = axes;
    const size = x.shape[axis - 1];
    if (size === null) throw g.refuse('glu of an axis of unknown size');
    const [a, b] = g.nodes('Split', [x.name, g.integers([size / 2, size / 2])], { axis }, 2);
    return { name: g.node('Mul', [a, g.node('Sigmoid', [b])]), shape: x.shape.map((d, i) => (i === axis - 1 ? size / 2 : d)) };
  }
  throw g.refuse(`the activation '${name}'`);
}

/** A gate's function as recurrent nodes name it, with its constants. */
export function gateFunction(g: Graph, o: Options): { name: string; alpha: number; beta: number } {
  const plain: Record<string, string> = {
    sigmoid: 'Sigmoid',
    tanh: 'Tanh',
    relu: 'Relu',
    softsign: 'Softsign',
    softplus: 'Softplus',
  };
  const name = o.activation as string;
  if (plain[name] && Object.keys(o).length === 1) return { name: plain[name], alpha: 0, beta: 0 };
  if (name === 'linear') return { name: 'Affine', alpha: 1, beta: 0 };
  if (name === 'hardSigmoid') return { name: 'HardSigmoid', alpha: 1 / 6, beta: 0.5 };
  if (name === 'hardSigmoidKeras2') return { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 };
  if (name === 'elu') return { name: 'Elu', alpha: number(o, 'alpha', 1), beta: 0 };
  if (name === 'leakyRelu') return { name: 'LeakyRelu', alpha: number(o, 'negativeSlope', 0.2), beta: 0 };
  throw g.refuse(`the activation '${name}' of a recurrent layer's gates`);
}
