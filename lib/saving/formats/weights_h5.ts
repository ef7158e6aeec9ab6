import { readHdf5, writeHdf5 } from '../hdf5/hdf5.js';
import { toKerasLayout } from '../keras_layout.js';
import { stateOf } from '../model_state.js';
import { type Format, oneFile } from './format.js';
import { fromHdf5 } from './h5.js';

/** `.weights.h5`: weights and what the optimizer keeps, without the architecture. Reads the older layout of that name, too. */
export const weightsH5Format: Format = {
  name: 'weights.h5',
  endings: ['.weights.h5', '.weights.hdf5'],
  holds: 'weights',

  async write(model, { includeOptimizer }) {
    const layout = toKerasLayout(stateOf(model, includeOptimizer));
    return oneFile(...(await writeHdf5('saveWeights', layout)).pieces);
  },

  async read({ where, limits, bytes, own }) {
    return fromHdf5(where, await readHdf5(where, await bytes(), limits, own));
  },
};
