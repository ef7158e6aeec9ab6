import { ValueError } from '../../errors.js';
import { listedGroups, type WeightGroup } from '../../layers/layer.js';
import type { Model } from '../../model/model.js';
import type { Config } from '../../registry.js';
import { crc32 } from '../crc32.js';
import { isObject } from '../plain.js';
import { parseStrictJson } from '../strict_json.js';
import { toTensorFlowJS } from '../tfjs_config.js';
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

  async write(model) {
    const { compile_config: _, ...architecture } = toJSON(model);
    const topology = {
      ...toTensorFlowJS(architecture),
      keras_version: `tfjs-layers ${VERSION}`,
      backend: 'tensor_flow.js',
    };
    return filesOf(topology, weightsOf(model));
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
    return {
      config: { modelTopology: file.modelTopology },
      compileConfig: isObject(compiled) ? trainingConfig(compiled) : null,
      weights: { by: 'prefix', tensors: await readManifest(source, file.weightsManifest) },
      optimizer: null,
    };
  },
};

/** Optimizers by Keras's names. */
function trainingConfig(config: Config): Config {
  const optimizer = config.optimizer_config;
  if (!isObject(optimizer) || !isObject(optimizer.config)) return config;
  const own = optimizer.config;
  const keras = (class_name: string, changed: Config) => ({ ...config, optimizer_config: { class_name, config: changed } });
  const { decay, use_nesterov, ...rest } = own;
  if (optimizer.class_name === 'RMSProp') return keras('RMSprop', { ...rest, ...(decay === undefined ? {} : { rho: decay }) });
  if (optimizer.class_name === 'Momentum') return keras('SGD', { ...rest, nesterov: use_nesterov === true });
  return { ...config, optimizer_config: { ...optimizer, config: decay === 0 ? rest : own } };
}

interface NamedArray {
  name: string;
  shape: number[];
  data: Float32Array;
}

/** Weights by the names that TensorFlow.js gives them: of the innermost model's layer, then the weight's own. */
function weightsOf(model: Model): NamedArray[] {
  const out: NamedArray[] = [];
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
      out.push({ name: full, shape: [...shape], data: data as Float32Array });
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
function filesOf(topology: object, weights: NamedArray[]): WrittenFiles {
  const bytes = Buffer.concat(weights.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  const count = Math.max(1, Math.ceil(bytes.byteLength / SHARD_BYTES));
  const mark = crc32(bytes).toString(16).padStart(8, '0');
  const files = new Map<string, Iterable<Uint8Array>>();
  for (let i = 0; i < count; i++)
    files.set(`group1-shard${i + 1}of${count}-${mark}.bin`, [bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES)]);
  const manifest = [{ paths: [...files.keys()], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }];
  const file = {
    format: 'layers-model',
    generatedBy: 'gemmfit',
    convertedBy: null,
    modelTopology: topology,
    weightsManifest: manifest,
  };
  files.set('model.json', [new TextEncoder().encode(JSON.stringify(file))]);
  return files;
}
