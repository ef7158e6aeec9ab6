import { version } from '../../../package.json';
import { ValueError } from '../../errors.js';
import { exportOps } from '../onnx/export.js';
import { Graph } from '../onnx/graph.js';
import { type Format, oneFile } from './format.js';

/** Of protobuf. */
const MOST_BYTES = 2 ** 31 - 1;

/** `.onnx`: what the model predicts, for other runtimes (opset 17). Export alone: neither training nor the optimizer is in it. */
export const onnxFormat: Format = {
  name: 'onnx',
  endings: ['.onnx'],
  holds: 'model',

  async write(model) {
    const [front] = model.front;
    if (front)
      throw new ValueError(
        `save: ${front.label} works on data before they reach the engine, which ONNX cannot express. Save the model as .keras, or export it without that layer and give it layer.call(data).`,
        'ERR_ONNX',
      );
    const { program } = model.engine();
    const graph = new Graph((position) => {
      const weight = program.weights[position];
      return { shape: weight.shape, data: weight.read().data };
    });
    const { inputShape } = model.shapes();
    const input = { name: model.inputNames[0], shape: inputShape, ids: program.ops[0]?.op === 'embedding' };
    const output = exportOps(graph, program.ops, { name: input.name, shape: [...inputShape] }, program.result);
    const pieces = graph.model(model.name, input, output, version);
    const size = pieces.reduce((n, piece) => n + piece.byteLength, 0);
    if (size > MOST_BYTES) throw graph.refuse(`a model of ${size} bytes`);
    return oneFile(...pieces);
  },
};
