import { ValueError } from '../errors.js';
import { layerRegistry } from '../layers/index.js';
import type { Layer } from '../layers/layer.js';
import { allowRenumbering } from '../layers/names.js';
import { Nested } from '../layers/nested.js';
import { withWeightBudget } from '../layers/weight_budget.js';
import { readOptions } from '../options.js';
import { type Config, type Part, type PartClass, withCustomObjects } from '../registry.js';
import { Sequential } from '../sequential.js';
import { warnOnce } from '../warnings.js';
import { compileOptions } from './compile_config.js';
import { type LayerEntry, layerOptions, readEntry, readTopology, type Topology } from './config.js';
import { isObject } from './plain.js';

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
  return buildModel('modelFromJSON', json, {
    compile: true,
    compileConfig: null,
    customObjects,
    weightBytes: MOST_WEIGHT_BYTES,
  });
}

/** Options of `modelFromJSON`. */
export interface ModelFromJSONOptions {
  /** Classes of yours by the names that the config has for them, for this call alone. */
  customObjects?: Record<string, PartClass<Part>> | null;
}

/** Of a model whose file does not say how much it has. */
const MOST_WEIGHT_BYTES = 2 ** 33;

/** A model from its JSON. `compileConfig`: how it was compiled, where the JSON does not say it. `weightBytes`: how much its weights may take. */
export function buildModel(
  where: string,
  json: string | object,
  options: {
    compile: boolean;
    compileConfig: Config | null;
    customObjects: Record<string, PartClass<Part>> | null;
    weightBytes: number;
  },
): Sequential {
  return withCustomObjects(where, options.customObjects, () => {
    const topology = readTopology(where, json);
    const model = withWeightBudget(options.weightBytes, () => makeModel(where, topology));
    const compiled = topology.compileConfig ?? options.compileConfig;
    if (options.compile && compiled) compile(where, model, compiled);
    return model;
  });
}

function makeModel(where: string, topology: Topology): Sequential {
  const layers = topology.layers.map((entry, i) => makeLayer(`${where}: layer ${i}`, entry, topology));
  const { name, trainable } = topology;
  const model = new Sequential({ ...(name === undefined ? {} : { name }), layers, trainable });
  // Nobody can tell any more who gave them.
  for (const layer of layers) allowRenumbering(layer);
  model.autoNamed = /^sequential(_\d+)?$/.test(model.name);
  model.dialect = topology.dialect;
  if (!model.built && Array.isArray(topology.buildInputShape) && layers.length) model.build(topology.buildInputShape);
  return model;
}

/** How a model was compiled is worth less than the model: what cannot be read of it is a warning. */
function compile(where: string, model: Sequential, config: Config): void {
  try {
    model.compile(compileOptions(config));
  } catch (error) {
    warnOnce(
      'GEMMFIT_COMPILE_CONFIG',
      `${where}: the model was read, but not how it was compiled: ${(error as Error).message.replace(/\.?$/, '.')} Call model.compile().`,
    );
  }
}

/** Where TensorFlow.js resizes, it lays cells from corner to corner; Keras, and this package, go by their centres. */
function warnOfOtherSampling(label: string, className: string, options: Config): void {
  if (className === 'UpSampling2D' && options.interpolation === 'bilinear')
    warnOnce(
      'GEMMFIT_TFJS',
      `${label}: TensorFlow.js, which wrote the model, interpolates by the corners of cells, Keras and gemmfit by their centres. Its predictions differ from those here.`,
    );
}

const nestedLayers = ['layer', 'backwardLayer', 'cell'] as const;

function makeLayer(where: string, entry: LayerEntry, topology: Topology): Layer {
  const { className } = entry;
  const label = `${where} ${typeof entry.config.name === 'string' ? `'${entry.config.name}' ` : ''}(${className})`;
  if (className === 'Sequential') {
    const inner = readTopology(label, { class_name: className, config: entry.config });
    return new Nested(makeModel(label, { ...inner, dialect: topology.dialect, old: topology.old, tfjs: topology.tfjs }));
  }
  if (['Functional', 'Model'].includes(className))
    throw new ValueError(
      `${label}: of models inside a model only those of class 'Sequential' can be read. Rebuild it as a stack.`,
      'ERR_CONFIG',
    );
  const found = layerRegistry.find(className);
  if (!found)
    throw new ValueError(
      `${layerRegistry.unknown(className, label).message} A layer of your own is made known by registerSerializable.`,
      'ERR_UNKNOWN_NAME',
    );
  const options = layerOptions(entry, topology);
  for (const key of nestedLayers)
    if (isObject(options[key]))
      options[key] = makeLayer(`${label}: '${key}'`, readEntry(`${label}: '${key}'`, options[key]), topology);
  if (Array.isArray(options.cells))
    options.cells = options.cells.map((cell, i) =>
      makeLayer(`${label}: cell ${i}`, readEntry(`${label}: cell ${i}`, cell), topology),
    );
  if (topology.tfjs) warnOfOtherSampling(label, className, options);
  try {
    return found.fromConfig ? found.fromConfig(options) : new found(options);
  } catch (error) {
    const { message, code = 'ERR_CONFIG' } = error as { message: string; code?: string };
    throw Object.assign(new ValueError(`${label}: ${message}`, code), { cause: error });
  }
}
