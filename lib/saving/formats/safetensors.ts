import { isSafetensors, readSafetensors, writeSafetensors } from '../safetensors.js';
import { type Format, oneFile } from './format.js';

/** `.safetensors`: the weights by path, such as `lstm/cell/kernel`. Any program that knows the container reads them. */
export const safetensorsFormat: Format = {
  name: 'safetensors',
  endings: ['.safetensors'],
  holds: 'weights',
  recognizes: isSafetensors,

  async write(model) {
    const tensors = new Map([...model.weightPaths()].map(([path, weight]) => [path, weight.read()]));
    return oneFile(...writeSafetensors(tensors, { format: 'gemmfit' }));
  },

  async read({ where, limits, bytes }) {
    const { tensors } = readSafetensors(where, await bytes(), limits);
    return { config: null, compileConfig: null, weights: { by: 'path', tensors }, optimizer: null };
  },
};
