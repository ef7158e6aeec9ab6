import { ValueError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import { type PartClass, Registry } from '../registry.js';
import { ReLU } from './activation.js';
import { whyNoCode } from './code_layers.js';
import { baseDefaults, Layer, type LayerOptions } from './layer.js';

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

/** Layers by every name that Keras has for them. index.ts fills it. */
export const layerRegistry = new LayerRegistry('layer', 'keras.layers', Layer);
