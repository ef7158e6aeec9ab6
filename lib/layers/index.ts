import { ValueError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import { type PartClass, Registry } from '../registry.js';
import { activationLayers, ReLU } from './activation.js';
import { adaptivePoolingLayers } from './adaptive_pooling.js';
import { whyNoCode } from './code_layers.js';
import { convLSTMLayers } from './conv_lstm.js';
import { convTransposeLayers } from './conv_transpose.js';
import { convolutionalLayers } from './convolutional.js';
import { coreLayers, InputLayer } from './core.js';
import { depthwiseLayers } from './depthwise.js';
import { embeddingLayers } from './embedding.js';
import { featureNormalizationLayers } from './feature_normalization.js';
import { globalPoolingLayers } from './global_pooling.js';
import { groupNormalizationLayers } from './group_normalization.js';
import { baseDefaults, Layer, type LayerOptions } from './layer.js';
import { noiseLayers } from './noise.js';
import { normalizationLayers } from './normalization.js';
import { poolingLayers } from './pooling.js';
import { preluLayers } from './prelu.js';
import { recurrentLayers } from './recurrent.js';
import { recurrentCells } from './recurrent_cells.js';
import { reshapingLayers } from './reshaping.js';
import { resizingLayers } from './resizing.js';
import { separableLayers } from './separable.js';
import { spectralNormalizationLayers } from './spectral_normalization.js';
import { tableOf } from './table.js';
import { upSamplingLayers } from './up_sampling.js';
import { vectorNormalizationLayers } from './vector_normalization.js';
import { wrapperLayers } from './wrappers.js';

export { Layer } from './layer.js';

/** Every layer: a family a file, each with its list. The table of docs/layers.md has this order. */
const all = [
  ...coreLayers,
  ...activationLayers,
  ...preluLayers,
  ...embeddingLayers,
  ...convolutionalLayers,
  ...convTransposeLayers,
  ...depthwiseLayers,
  ...separableLayers,
  ...poolingLayers,
  ...globalPoolingLayers,
  ...adaptivePoolingLayers,
  ...recurrentLayers,
  ...recurrentCells,
  ...convLSTMLayers,
  ...wrapperLayers,
  ...normalizationLayers,
  ...groupNormalizationLayers,
  ...vectorNormalizationLayers,
  ...featureNormalizationLayers,
  ...spectralNormalizationLayers,
  ...noiseLayers,
  ...reshapingLayers,
  ...resizingLayers,
  ...upSamplingLayers,
] as const;

/** A layer of Keras 2 and TensorFlow.js, which is a ReLU with a threshold: `x` above `theta`, else 0. */
class ThresholdedReLU extends ReLU {
  constructor(options: LayerOptions & { theta?: number } = {}) {
    const { theta, ...rest } = readOptions<{ theta: number }>('ThresholdedReLU', options, { ...baseDefaults, theta: 1 });
    super({ ...rest, threshold: checkNumber('ThresholdedReLU', 'theta', theta, { min: 0 }) });
  }
}

class LayerRegistry extends Registry<Layer> {
  override find(name: string): PartClass<Layer> | undefined {
    return /(^|[.>])(ThresholdedReLU|thresholded_re_?lu)$/.test(name) ? ThresholdedReLU : super.find(name);
  }
  override unknown(name: string, where: string): ValueError {
    const reason = whyNoCode(name);
    return reason ? new ValueError(`${where}: a layer of class '${name}' ${reason}`, 'ERR_LAMBDA') : super.unknown(name, where);
  }
}

export const layerRegistry = new LayerRegistry('layer', 'keras.layers', Layer, all);

/**
 * Layers: classes under Keras's names, and a factory of each in camelCase.
 * @example
 * const factory = layers.conv2D({ filters: 8, kernelSize: 3 }); // or conv2d
 * const instance = new layers.Conv2D({ filters: 8, kernelSize: 3 });
 */
export const layers = tableOf(all);

/**
 * What a model takes: the shape of one sample, a name, and optionally the data set that `fit` reads when x and y are null.
 * @example const model = sequential([input({ shape: [28, 28, 1], name: 'image' }), layers.flatten(), layers.dense({ units: 10 })]);
 */
export const input = (options: ConstructorParameters<typeof InputLayer>[0]): InputLayer => new InputLayer(options);
