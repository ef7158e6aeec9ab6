import { ValueError } from '../errors.js';
import { layerRegistry } from '../layers/index.js';
import type { Layer } from '../layers/layer.js';
import { allowRenumbering } from '../layers/names.js';
import { Nested } from '../layers/nested.js';
import { withWeightBudget } from '../layers/weight_budget.js';
import type { Model, NewModel } from '../model/model.js';
import { type Config, type Part, type PartClass, withCustomObjects } from '../registry.js';
import { warnOnce } from '../warnings.js';
import { compileOptions } from './compile_config.js';
import { type LayerEntry, layerOptions, readEntry, readTopology, type Topology } from './config.js';
import { isObject } from './plain.js';

/** How much the weights of a model may take whose file does not say it. */
export const MOST_WEIGHT_BYTES = 2 ** 33;

/** A model from its JSON. `compileConfig`: how it was compiled, where the JSON does not say it. `weightBytes`: how much its weights may take. */
export function buildModel(
  where: string,
  json: string | object,
  newModel: NewModel,
  options: {
    compile: boolean;
    compileConfig: Config | null;
    customObjects: Record<string, PartClass<Part>> | null;
    weightBytes: number;
  },
): Model {
  return withCustomObjects(where, options.customObjects, () => {
    const topology = readTopology(where, json);
    const model = withWeightBudget(options.weightBytes, () => makeModel(where, topology, newModel));
    const compiled = topology.compileConfig ?? options.compileConfig;
    if (options.compile && compiled) compile(where, model, compiled);
    return model;
  });
}

function makeModel(where: string, topology: Topology, newModel: NewModel): Model {
  const layers = topology.layers.map((entry, i) => makeLayer(`${where}: layer ${i}`, entry, topology, newModel));
  const { name, trainable } = topology;
  const model = newModel({ ...(name === undefined ? {} : { name }), trainable });
  model.addAll(layers.map((layer) => layerRegistry.resolve(layer, 'add')));
  // Nobody can tell any more who gave them.
  for (const layer of layers) allowRenumbering(layer);
  model.autoNamed = /^sequential(_\d+)?$/.test(model.name);
  model.dialect = topology.dialect;
  if (!model.built && Array.isArray(topology.buildInputShape) && layers.length) model.build(topology.buildInputShape);
  return model;
}

/** How a model was compiled is worth less than the model: what cannot be read of it is a warning. */
function compile(where: string, model: Model, config: Config): void {
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

function makeLayer(where: string, entry: LayerEntry, topology: Topology, newModel: NewModel): Layer {
  const { className } = entry;
  const label = `${where} ${typeof entry.config.name === 'string' ? `'${entry.config.name}' ` : ''}(${className})`;
  if (className === 'Sequential') {
    const inner = readTopology(label, { class_name: className, config: entry.config });
    return new Nested(
      makeModel(label, { ...inner, dialect: topology.dialect, old: topology.old, tfjs: topology.tfjs }, newModel),
    );
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
      options[key] = makeLayer(`${label}: '${key}'`, readEntry(`${label}: '${key}'`, options[key]), topology, newModel);
  if (Array.isArray(options.cells))
    options.cells = options.cells.map((cell, i) =>
      makeLayer(`${label}: cell ${i}`, readEntry(`${label}: cell ${i}`, cell), topology, newModel),
    );
  if (topology.tfjs) warnOfOtherSampling(label, className, options);
  try {
    return found.fromConfig ? found.fromConfig(options) : new found(options);
  } catch (error) {
    const { message, code = 'ERR_CONFIG' } = error as { message: string; code?: string };
    throw Object.assign(new ValueError(`${label}: ${message}`, code), { cause: error });
  }
}
