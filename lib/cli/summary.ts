import type { Command } from './command.js';
import { modelFacts } from './models.js';

export const summary: Command = {
  name: 'summary',
  about: 'tells the layers, shapes and parameters of a model',
  args: { model: 'file of the model (.keras, .h5), or folder of TensorFlow.js' },
  options: {},
  description: ['Prints the table of layers that model.summary() prints.'],
  examples: [
    ['gemmfit summary model.keras', 'the table'],
    ["gemmfit summary model.keras --json | jq '.layers[].name'", 'names of the layers'],
  ],
  async run(context) {
    const { loadModel } = await context.gemmfit();
    const model = await loadModel(context.args[0]);
    const lines: string[] = [];
    model.summary({ printFn: (line) => lines.push(line) });
    return context.result(modelFacts(model), lines.join('\n'));
  },
};
