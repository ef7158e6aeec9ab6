import { readNpy, writeNpy } from '../npy.js';
import { isNpz, readZip } from '../zip.js';
import { writeZip, type ZipMember } from '../zip_writer.js';
import { type Format, oneFile } from './format.js';

const ENDING = '.npy';

/**
 * `.npz`: an archive of NumPy's arrays, by path (`numpy.load('w.npz')['dense/kernel']`). Also reads those that `numpy.savez(file, *model.get_weights())`
 * writes: `arr_0`, `arr_1`, ... in the order of the weights.
 */
export const npzFormat: Format = {
  name: 'npz',
  endings: ['.npz'],
  holds: 'weights',
  recognizes: isNpz,

  async write(model) {
    const members = new Map<string, ZipMember>();
    for (const [path, weight] of model.weightPaths())
      members.set(path + ENDING, { pieces: writeNpy({ shape: weight.shape, data: weight.read().data }) });
    return oneFile(...(await writeZip(members)));
  },

  async read({ where, limits, bytes, own }) {
    const members = await readZip(where, await bytes(), limits, own, (name) => name.endsWith(ENDING));
    const tensors = new Map(
      [...members].map(([name, data]) => [name.slice(0, -ENDING.length), readNpy(`${where}: ${name}`, data)]),
    );
    const order = [...tensors.keys()].map((name) => name.match(/^arr_(\d+)$/)?.[1]);
    const weights =
      order.length > 0 && order.every((n) => n !== undefined)
        ? {
            by: 'order' as const,
            tensors: [...tensors].sort(([a], [b]) => Number(a.slice(4)) - Number(b.slice(4))).map(([, t]) => t),
          }
        : { by: 'path' as const, tensors };
    return { config: null, compileConfig: null, weights, optimizer: null };
  },
};
