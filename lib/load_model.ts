import { files } from './lazy.js';
import { readOptions } from './options.js';
import type { Part, PartClass } from './registry.js';
import type { LoadOptions } from './saving/load.js';
import { newModel, type Sequential } from './sequential.js';

/** Options of `modelFromJSON`. */
export interface ModelFromJSONOptions {
  /** Classes of yours by the names that the config has for them, for this call alone. */
  customObjects?: Record<string, PartClass<Part>> | null;
}

/**
 * A new model from its JSON: weights are drawn anew, the layers, names and shapes are those of the file. Reads what Keras 3, Keras 2 and tf.keras
 * (`model.to_json()`), Keras before 2.2.3 (a list of layers) and TensorFlow.js (`model.json`, `model.toJSON()`) write, and `model.toJSON()` of this package.
 * Where the JSON tells how the model was compiled, the new one is compiled likewise.
 *
 * The text may come from anywhere: nothing in it is run, and layers that are code (`Lambda`, `TFOpLambda`, ...) are refused.
 * Throws ValueError, which names the layer and the key: ERR_JSON, ERR_CONFIG, ERR_UNKNOWN_NAME (register custom layers with `registerSerializable`),
 * ERR_UNKNOWN_OPTION, ERR_LAMBDA.
 * @example
 * import { readFile } from 'node:fs/promises';
 *
 * const model = modelFromJSON(await readFile('model.json', 'utf8'));
 */
export function modelFromJSON(json: string | object, options?: ModelFromJSONOptions): Sequential {
  const { customObjects } = readOptions<Required<ModelFromJSONOptions>>('modelFromJSON', options, { customObjects: null });
  const { buildModel, MOST_WEIGHT_BYTES } = files();
  const model = buildModel('modelFromJSON', json, newModel, {
    compile: true,
    compileConfig: null,
    customObjects,
    weightBytes: MOST_WEIGHT_BYTES,
  });
  return model.face as Sequential;
}

/**
 * A model from a file: `.keras` (Keras 3, tf.keras from 2.12 on), `.h5` (Keras 2, tf.keras, Keras 3), a folder or `model.json` of TensorFlow.js. It predicts what it predicted there, and training goes
 * on where it stopped, where the file has what the optimizer kept.
 *
 * The file may come from anywhere: nothing in it is run, sizes are checked before memory is taken, and what a model has no use for (links, code) is
 * refused. Throws ValueError: ERR_NO_FILE, ERR_FORMAT, ERR_FILE (damaged), ERR_FILE_REFUSED, and what `modelFromJSON` throws.
 * @param file path, or the file's bytes
 * @example
 * await model.fit(x, y, { verbose: 0 });
 * const bytes = await model.toBuffer('keras'); // or: await model.save('model.keras')
 * const same = await loadModel(bytes); // or: await loadModel('model.keras')
 */
export async function loadModel(file: string | Uint8Array, options?: LoadOptions): Promise<Sequential> {
  const model = await files().readModel(file, newModel, options);
  return model.face as Sequential;
}
