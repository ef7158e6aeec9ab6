import type { OpSpec } from '../../engine/spec.js';
import { sizeOf } from '../../shapes.js';
import type { Graph, Value } from './graph.js';

// Layers whose windows slide over lines, images and volumes. ONNX has the channels first.

type Sizes = number[];
const numbers = (op: OpSpec, key: string, fallback: number, rank: number): Sizes =>
  (op[key] as Sizes | undefined) ?? Array<number>(rank).fill(fallback);

/** x with its channels first, and its sizes: channels, then the others. */
function channelsFirst(g: Graph, op: OpSpec, x: Value): Value {
  if (op.channelsFirst === true) return x;
  const rank = x.shape.length;
  const perm = [0, rank, ...Array.from({ length: rank - 1 }, (_, i) => i + 1)];
  return { name: g.node('Transpose', [x.name], { perm }), shape: [x.shape[rank - 1], ...x.shape.slice(0, -1)] };
}

/** And back. */
function asItWas(g: Graph, op: OpSpec, y: Value): Value {
  if (op.channelsFirst === true) return y;
  const rank = y.shape.length;
  const perm = [0, ...Array.from({ length: rank - 1 }, (_, i) => i + 2), 1];
  return { name: g.node('Transpose', [y.name], { perm }), shape: [...y.shape.slice(1), y.shape[0]] };
}

interface Window {
  kernel: Sizes;
  strides: Sizes;
  dilation: Sizes;
}

/** Zeros before and behind each axis, and the sizes that windows give. */
function slide(g: Graph, op: OpSpec, spatial: readonly (number | null)[], { kernel, strides, dilation }: Window) {
  const reach = kernel.map((k, i) => (k - 1) * dilation[i] + 1);
  const before: Sizes = [];
  const behind: Sizes = [];
  const out = spatial.map((size, i) => {
    const padding = op.padding ?? 'valid';
    if (padding === 'causal') {
      before.push(reach[i] - 1);
      behind.push(0);
      return size === null ? null : Math.ceil(size / strides[i]);
    }
    if (padding === 'same') {
      if (size === null && strides[i] > 1) throw g.refuse("padding 'same' with strides over an axis of unknown size");
      const count = size === null ? null : Math.ceil(size / strides[i]);
      const total = size === null || count === null ? reach[i] - 1 : Math.max(0, (count - 1) * strides[i] + reach[i] - size);
      before.push(Math.floor(total / 2));
      behind.push(Math.ceil(total / 2));
      return count;
    }
    before.push(0);
    behind.push(0);
    return size === null ? null : Math.floor((size - reach[i]) / strides[i]) + 1;
  });
  return { pads: [...before, ...behind], out };
}

/** A kernel [...taps, a, b] with its axes in another order: `order` names taps as 't'. */
function turned(data: Float32Array, taps: number, a: number, b: number, order: 'bat' | 'abt'): Float32Array {
  const out = new Float32Array(data.length);
  for (let t = 0; t < taps; t++)
    for (let i = 0; i < a; i++)
      for (let k = 0; k < b; k++) out[(order === 'bat' ? k * a + i : i * b + k) * taps + t] = data[(t * a + i) * b + k];
  return out;
}

/** @param depthwise each channel by itself */
function convolution(g: Graph, op: OpSpec, given: Value, depthwise: boolean): Value {
  const x = channelsFirst(g, op, given);
  const kernel = op.kernel as Sizes;
  const rank = kernel.length;
  const window = { kernel, strides: numbers(op, 'strides', 1, rank), dilation: numbers(op, 'dilation', 1, rank) };
  const { pads, out } = slide(g, op, x.shape.slice(1), window);
  const [k, bias] = op.weights as number[];
  const { shape, data } = g.weight(k);
  const [inputs, outputs] = shape.slice(-2);
  const filters = depthwise ? inputs * outputs : outputs;
  const taps = turned(data, sizeOf(kernel), inputs, outputs, depthwise ? 'abt' : 'bat');
  const w = g.floats([filters, depthwise ? 1 : inputs, ...kernel], taps);
  const b = op.useBias ? [g.floats([filters], g.weight(bias).data)] : [];
  const y = g.node('Conv', [x.name, w, ...b], {
    kernel_shape: kernel,
    strides: window.strides,
    dilations: window.dilation,
    pads,
    group: depthwise ? inputs : ((op.groups as number | undefined) ?? 1),
  });
  return asItWas(g, op, { name: y, shape: [filters, ...out] });
}

export const conv = (g: Graph, op: OpSpec, x: Value): Value => convolution(g, op, x, false);
export const depthwiseConv = (g: Graph, op: OpSpec, x: Value): Value => convolution(g, op, x, true);

export function convTranspose(g: Graph, op: OpSpec, given: Value): Value {
  const x = channelsFirst(g, op, given);
  const kernel = op.kernel as Sizes;
  const rank = kernel.length;
  const [strides, dilation] = [numbers(op, 'strides', 1, rank), numbers(op, 'dilation', 1, rank)];
  const extra = op.outputPadding as Sizes | null | undefined;
  const spatial = g.known(x.shape.slice(1), 'a transposed convolution');
  const before: Sizes = [];
  const behind: Sizes = [];
  const outputPadding: Sizes = [];
  const out = spatial.map((size, i) => {
    const reach = (kernel[i] - 1) * dilation[i] + 1;
    const same = op.padding === 'same';
    const full = (size - 1) * strides[i] + reach;
    const length = extra
      ? full - 2 * (same ? Math.floor(reach / 2) : 0) + extra[i]
      : same
        ? size * strides[i]
        : (size - 1) * strides[i] + Math.max(reach, strides[i]);
    const cut = Math.max(0, full - length);
    before.push(Math.floor(cut / 2));
    behind.push(Math.ceil(cut / 2));
    outputPadding.push(Math.max(0, length - full));
    return length;
  });
  const [k, bias] = op.weights as number[];
  const weight = g.weight(k);
  const [filters, inputs] = weight.shape.slice(-2);
  const w = g.floats([inputs, filters, ...kernel], turned(weight.data, sizeOf(kernel), filters, inputs, 'bat'));
  const b = op.useBias ? [g.floats([filters], g.weight(bias).data)] : [];
  const y = g.node('ConvTranspose', [x.name, w, ...b], {
    kernel_shape: kernel,
    strides,
    dilations: dilation,
    pads: [...before, ...behind],
    output_padding: outputPadding,
  });
  return asItWas(g, op, { name: y, shape: [filters, ...out] });
}

export function pooling(g: Graph, op: OpSpec, given: Value): Value {
  const max = op.kind === 'max';
  if (op.global === true) {
    const rank = op.rank as number;
    const first = op.channelsFirst === true ? 2 : 1;
    const axes = Array.from({ length: rank }, (_, i) => first + i);
    const keepdims = op.keepdims === true ? 1 : 0;
    const shape = keepdims
      ? given.shape.map((d, i) => (axes.includes(i + 1) ? 1 : d))
      : given.shape.filter((_, i) => !axes.includes(i + 1));
    return { name: g.node(max ? 'ReduceMax' : 'ReduceMean', [given.name], { axes, keepdims }), shape };
  }
  const x = channelsFirst(g, op, given);
  let kernel = op.size as Sizes | undefined;
  let strides = (op.strides as Sizes | undefined) ?? kernel;
  if (op.outputs !== undefined) {
    const sizes = g.known(x.shape.slice(1), 'an adaptive pooling');
    const wanted = op.outputs as Sizes;
    if (sizes.some((size, i) => size % wanted[i] !== 0))
      throw g.refuse(`an adaptive pooling of [${sizes}] to [${wanted}], whose windows are not alike`);
    kernel = strides = sizes.map((size, i) => size / wanted[i]);
  }
  const window = { kernel: kernel as Sizes, strides: strides as Sizes, dilation: (kernel as Sizes).map(() => 1) };
  const { pads, out } = slide(g, op, x.shape.slice(1), window);
  const y = g.node(max ? 'MaxPool' : 'AveragePool', [x.name], { kernel_shape: window.kernel, strides: window.strides, pads });
  return asItWas(g, op, { name: y, shape: [x.shape[0], ...out] });
}

export function upSampling(g: Graph, op: OpSpec, given: Value): Value {
  const linear = op.interpolation === 'bilinear';
  if (op.interpolation !== undefined && op.interpolation !== 'nearest' && !linear)
    throw g.refuse(`the interpolation '${op.interpolation}'`);
  const x = channelsFirst(g, op, given);
  const size = op.size as Sizes;
  const y = g.node('Resize', [x.name, '', g.floats([size.length + 2], [1, 1, ...size])], {
    mode: linear ? 'linear' : 'nearest',
    coordinate_transformation_mode: linear ? 'half_pixel' : 'asymmetric',
    nearest_mode: linear ? undefined : 'floor',
  });
  return asItWas(g, op, { name: y, shape: [x.shape[0], ...x.shape.slice(1).map((d, i) => (d === null ? null : d * size[i]))] });
}

/** Zeros around a sample; negative numbers cut off. */
export function zeroPadding(g: Graph, op: OpSpec, x: Value): Value {
  const [before, after] = [op.before as Sizes, op.after as Sizes];
  const shape = x.shape.map((d, i) => (d === null ? null : d + before[i] + after[i]));
  return { name: g.node('Pad', [x.name, g.integers([0, ...before, 0, ...after])], { mode: 'constant' }), shape };
}
