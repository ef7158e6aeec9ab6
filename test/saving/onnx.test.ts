// What onnxruntime computes from these files, test/interop/onnx_check.py says; here: that every layer is written or refused by name.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { input, layers } from '../../lib/layers/index.js';
import { type Sequential, sequential } from '../../lib/sequential.js';
import { temporaryFolder } from './support.js';

const folder = temporaryFolder();

/** The fields of a protobuf message: number and wire type, and what a field of bytes holds. */
function fields(bytes: Uint8Array): [number, Uint8Array | bigint][] {
  const out: [number, Uint8Array | bigint][] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) out.push([tag >> 3, varint()]);
    else {
      const length = (tag & 7) === 5 ? 4 : Number(varint());
      out.push([tag >> 3, bytes.subarray(at, at + length)]);
      at += length;
    }
  }
  expect(at).toBe(bytes.length);
  return out;
}
const of = (bytes: Uint8Array, field: number) =>
  fields(bytes)
    .filter(([n]) => n === field)
    .map(([, v]) => v as Uint8Array);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function nodes(model: Sequential): Promise<string[]> {
  const path = join(folder, 'm.onnx');
  await model.save(path);
  const [graph] = of(readFileSync(path), 7);
  return of(graph, 1).map((node) => textOf(of(node, 4)[0]));
}

it('a stack is the nodes that one expects', async () => {
  const model = sequential([
    layers.conv2D({ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] }),
    layers.flatten(),
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 3, activation: 'softmax' }),
  ]);
  expect(await nodes(model)).toEqual([
    'Transpose',
    'Conv',
    'Transpose',
    'Relu',
    'Reshape',
    'MatMul',
    'Add',
    'Softmax',
    'Identity',
  ]);
});

it.each([
  ['ConvLSTM', [input({ shape: [3, 5, 5, 1] }), layers.convLSTM2D({ filters: 2, kernelSize: 2, name: 'it' })]],
  [
    'masked steps',
    [layers.embedding({ inputDim: 5, outputDim: 2, maskZero: true, inputShape: [3] }), layers.lstm({ units: 2, name: 'it' })],
  ],
  ['masked steps', [layers.masking({ maskValue: 0, inputShape: [3, 2] }), layers.globalAveragePooling1D({ name: 'it' })]],
  ['not alike', [layers.adaptiveMaxPooling1D({ outputSize: 3, inputShape: [8, 2], name: 'it' })]],
  ["'bicubic'", [layers.upSampling2D({ size: 2, interpolation: 'bicubic', inputShape: [3, 3, 1], name: 'it' })]],
])('%s is refused, in the name of the layer', async (what, stack) => {
  await expect(nodes(sequential(stack))).rejects.toMatchObject({
    code: 'ERR_ONNX',
    message: expect.stringMatching(new RegExp(`layer 'it'.*${what}`)),
  });
});

it('cannot be read', async () => {
  const { loadModel } = await import('../../lib/load_model.js');
  await expect(loadModel(join(folder, 'm.onnx'))).rejects.toMatchObject({ code: 'ERR_FORMAT' });
});
