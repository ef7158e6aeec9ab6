import { statSync } from 'node:fs';
import type { Command } from './command.js';
import { isWeightsFile } from './models.js';

export const convert: Command = {
  name: 'convert',
  about: 'writes a model in another format',
  args: {
    from: 'file of the model (.keras, .h5), or folder of TensorFlow.js',
    to: 'file to write: .keras, .h5, .onnx, a folder/ of TensorFlow.js; or its weights alone: .weights.h5, .safetensors, .npz',
  },
  options: {
    'no-optimizer': { about: 'leave out what the optimizer keeps: a smaller file that training cannot go on from' },
    'no-overwrite': { about: 'refuse to replace a file that is there' },
  },
  description: ['The ending of a file says in which format it is. The file gets its name once it is whole.'],
  examples: [
    ['gemmfit convert old.h5 new.keras', 'a model of Keras 2 for Keras 3'],
    ['gemmfit convert model.keras web/', 'for TensorFlow.js'],
    ['gemmfit convert model.keras model.onnx', 'for onnxruntime'],
  ],
  async run(context) {
    const [from, to] = context.args;
    const { loadModel } = await context.gemmfit();
    const model = await loadModel(from);
    const overwrite = !context.flag('no-overwrite');
    if (isWeightsFile(to)) await model.saveWeights(to, { overwrite });
    else await model.save(to, { overwrite, includeOptimizer: !context.flag('no-optimizer') });
    const file = statSync(to);
    const size = file.isDirectory() ? null : file.size;
    const facts = { from, to, bytes: size, layers: model.layers.length, parameters: model.countParams() };
    return context.result(
      facts,
      `${to}: ${facts.layers} layers, ${facts.parameters} parameters${size === null ? '' : `, ${size} bytes`}`,
    );
  },
};
