import { crc32 } from '../../crc32.js';
import { ValueError } from '../../errors.js';
import type { Weight, WeightGroup } from '../../layers/layer.js';
import { listedGroups } from '../../layers/weight_groups.js';
import type { Model } from '../../model/model.js';
import type { Config } from '../../registry.js';
import { warnOnce } from '../../warnings.js';
import { isObject } from '../plain.js';
import { parseStrictJson } from '../strict_json.js';
import { toTensorFlowJS } from '../tfjs_config.js';
import { fromTrainingConfig, savedState, stateArrays, toTrainingConfig } from '../tfjs_training.js';
import { readManifest } from '../tfjs_weights.js';
import { toJSON } from '../to_json.js';
import type { Format, WrittenFiles } from './format.js';

/** What browsers keep of a file: TensorFlow.js's own writer cuts there. */
const SHARD_BYTES = 4 * 2 ** 20;
const VERSION = '4.22.0';

/** TensorFlow.js's layers model: a folder of `model.json` and the files with weights that it names. */
export const tfjsFormat: Format = {
  name: 'tfjs',
  endings: ['/model.json'],
  folder: 'model.json',
  holds: 'model',

  async write(model, { includeOptimizer }) {
    const { compile_config: compiled, ...architecture } = toJSON(model);
    const topology = {
      ...toTensorFlowJS(architecture),
      keras_version: `tfjs-layers ${VERSION}`,
      backend: 'tensor_flow.js',
    };
    const arrays = weightsOf(model);
    const training = includeOptimizer && isObject(compiled) ? trainingOf(model, compiled, arrays) : null;
    return filesOf(topology, training?.config, [...arrays.values(), ...(training?.state ?? [])]);
  },

  async read(source) {
    const { where, bytes } = source;
    const file = parseStrictJson(`${where}: model.json`, await bytes());
    if (!isObject(file) || !(isObject(file.modelTopology) || typeof file.modelTopology === 'string'))
      throw new ValueError(
        `${where}: no layers model of TensorFlow.js: it has no modelTopology. Graph models hold no layers and cannot be trained on.`,
        'ERR_FILE',
      );
    const topology = isObject(file.modelTopology) ? file.modelTopology : {};
    const compiled = file.trainingConfig ?? topology.training_config;
    const arrays = await readManifest(source, file.weightsManifest);
    return {
      config: { modelTopology: file.modelTopology },
      compileConfig: isObject(compiled) ? fromTrainingConfig(compiled) : null,
      weights: { by: 'prefix', tensors: arrays.model },
      optimizer: savedState(where, isObject(compiled) ? compiled : null, arrays.optimizer),
    };
  },
};

/** How a compiled model trains, where TensorFlow.js has words for it; else a warning, and the folder holds the model alone. */
function trainingOf(
  model: Model,
  compiled: Config,
  arrays: ReadonlyMap<Weight, NamedArray>,
): { config: Config; state: NamedArray[] } | null {
  const words = toTrainingConfig(compiled);
  if ('without' in words) {
    warnOnce(
      'GEMMFIT_OPTIMIZER_STATE',
      `save: TensorFlow.js has no ${words.without}: the folder holds the model without how it was compiled and what its optimizer keeps. With includeOptimizer: false that is left out without a warning.`,
    );
    return null;
  }
  return { config: words.config, state: stateArrays(model, words, (weight) => (arrays.get(weight) as NamedArray).name) };
}

interface NamedArray {
  name: string;
  shape: number[];
  dtype: 'float32' | 'int32';
  data: Float32Array | Int32Array;
  group?: 'optimizer';
}

/** Weights by the names that TensorFlow.js gives them: of the innermost model's layer, then the weight's own. */
function weightsOf(model: Model): Map<Weight, NamedArray> {
  const out = new Map<Weight, NamedArray>();
  const seen = new Set<string>();
  const add = (prefix: string, group: WeightGroup): void => {
    for (const { name, weight } of group.weights) {
      const full = `${prefix}/${name}`;
      if (seen.has(full))
        throw new ValueError(
          `save: two weights are called '${full}', which TensorFlow.js refuses. Give layers of inner models other names.`,
          'ERR_NOT_EXPRESSIBLE',
        );
      seen.add(full);
      const { data, shape } = weight.read();
      out.set(weight, { name: full, shape: [...shape], dtype: 'float32', data: data as Float32Array });
    }
    for (const [attribute, inner] of group.groups) {
      if (attribute.startsWith('layers/')) add(inner.name, inner);
      else if (/^(forward|backward)_layer$/.test(attribute)) add(`${prefix}/${direction(attribute, group)}`, inner);
      else if (attribute.startsWith('cells/')) add(`${prefix}/RNNCell_${cellIndex(group, attribute)}`, inner);
      else add(prefix, inner);
    }
  };
  const groups = listedGroups(
    'layers',
    model.layers.map((layer) => layer.weightGroup()),
  );
  for (const [, group] of groups) add(group.name, group);
  return out;
}

const cellIndex = (group: WeightGroup, attribute: string) =>
  group.groups.filter(([name]) => name.startsWith('cells/')).findIndex(([name]) => name === attribute);

/** Both directions go by the name of the layer that was given. */
function direction(attribute: string, group: WeightGroup): string {
  const forward = group.groups.find(([name]) => name === 'forward_layer')?.[1].name ?? '';
  return `${attribute.split('_')[0]}_${forward.replace(/^forward_/, '')}`;
}

/** The shards, then the file that names them. Their names change with their bytes, so that an older model.json never names newer ones. */
function filesOf(topology: object, trainingConfig: Config | undefined, weights: NamedArray[]): WrittenFiles {
  const bytes = Buffer.concat(weights.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  const count = Math.max(1, Math.ceil(bytes.byteLength / SHARD_BYTES));
  const mark = crc32(bytes).toString(16).padStart(8, '0');
  const files = new Map<string, Iterable<Uint8Array>>();
  for (let i = 0; i < count; i++)
    files.set(`group1-shard${i + 1}of${count}-${mark}.bin`, [bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES)]);
  const manifest = [{ paths: [...files.keys()], weights: weights.map(({ data, ...spec }) => spec) }];
  const file = {
    format: 'layers-model',
    generatedBy: 'gemmfit',
    convertedBy: null,
    modelTopology: topology,
    trainingConfig,
    weightsManifest: manifest,
  };
  files.set('model.json', [new TextEncoder().encode(JSON.stringify(file))]);
  return files;
}
