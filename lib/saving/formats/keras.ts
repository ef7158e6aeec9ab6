import { ValueError } from '../../errors.js';
import { withVocabulariesAside } from '../../layers/vocabulary_layer.js';
import { readHdf5, writeHdf5 } from '../hdf5/hdf5.js';
import { fromKerasLayout, isKerasLayout, toKerasLayout } from '../keras_layout.js';
import { stateOf } from '../model_state.js';
import { parseStrictJson } from '../strict_json.js';
import { toJSON } from '../to_json.js';
import { isVocabularyFile, vocabularyFiles } from '../vocabularies.js';
import { isNpz, isZip, readZip } from '../zip.js';
import { writeZip, type ZipMember } from '../zip_writer.js';
import { type Format, oneFile } from './format.js';

/** The version of Keras whose files these are. It is not read on loading. */
const KERAS_VERSION = '3.15.1';
const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';

/** Keras's way to write a date: `2026-12-01@08:30:00`. */
const dateSaved = (): string => new Date().toISOString().slice(0, 19).replace('T', '@');

/** `.keras`: a zip archive of the config and the weights in HDF5. Reads those of Keras 3 and of tf.keras from 2.12 on. */
export const kerasFormat: Format = {
  name: 'keras',
  endings: ['.keras'],
  holds: 'model',
  recognizes: (bytes) => isZip(bytes) && !isNpz(bytes),

  async write(model, { includeOptimizer }) {
    const config = JSON.stringify(withVocabulariesAside(() => toJSON(model)));
    const vocabularies = vocabularyFiles(model);
    const layout = toKerasLayout(stateOf(model, includeOptimizer));
    const weights = await writeHdf5('save', layout);
    const text = (value: string) => ({ pieces: [new TextEncoder().encode(value)] });
    const members = new Map<string, ZipMember>([
      ['metadata.json', text(JSON.stringify({ keras_version: KERAS_VERSION, date_saved: dateSaved() }))],
      [CONFIG, text(config)],
      [WEIGHTS, weights],
      ...vocabularies.map(([name, lines]) => [name, text(lines)] as const),
    ]);
    return oneFile(...(await writeZip(members)));
  },

  async read({ where, limits, bytes, own }) {
    const members = await readZip(
      where,
      await bytes(),
      limits,
      own,
      (name) => name === CONFIG || name === WEIGHTS || name === 'metadata.json' || isVocabularyFile(name),
    );
    const config = members.get(CONFIG);
    const weights = members.get(WEIGHTS);
    if (!config || !weights)
      throw new ValueError(
        `${where}: a .keras file has the members ${CONFIG} and ${WEIGHTS}. Received: ${[...members.keys()].join(', ') || 'none of them'}.`,
        'ERR_FILE',
      );
    // Before the archive goes to another thread.
    const parsed = parseStrictJson(`${where}: ${CONFIG}`, config) as object;
    const vocabularies = new Map(
      [...members].filter(([name]) => isVocabularyFile(name)).map(([name, b]) => [name, new Uint8Array(b)]),
    );
    const layout = await readHdf5(where, weights, limits, own);
    if (!isKerasLayout(layout)) throw new ValueError(`${where}: its ${WEIGHTS} has not the layout of a .keras file.`, 'ERR_FILE');
    const { root, optimizer } = fromKerasLayout(layout);
    return {
      config: parsed,
      compileConfig: null,
      weights: { by: 'structure', root },
      optimizer,
      vocabularies,
    };
  },
};
