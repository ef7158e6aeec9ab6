import { ValueError } from '../errors.js';
import { Registry } from '../registry.js';
import { isOwnFunction } from '../table.js';
import { CustomLoss, isCustomLoss } from './custom.js';
import { FunctionLoss, type LossFunction } from './function_loss.js';
import { Loss } from './loss.js';

/** Losses by every name that Keras has for them. */
class LossRegistry extends Registry<Loss> {
  /**
   * A loss to train with, from a name, an instance, a config of Keras or of this package, or `{ call, gradient }`.
   * Throws a ValueError for an unknown name and for a reduction that leaves no number to minimise.
   */
  override resolve(id: unknown, where = this.kind): Loss {
    const loss = isCustomLoss(id)
      ? new CustomLoss(id)
      : isOwnFunction(id)
        ? new FunctionLoss(id as LossFunction)
        : super.resolve(plain(id), where);
    if (loss.reduction === 'none')
      throw new ValueError(
        `${where}: ${loss.className} has reduction 'none', which leaves a loss for each sample and no number to minimise. ` +
          "Use 'sum_over_batch_size' (the default), 'sum' or 'mean_with_sample_weight'.",
        'ERR_REDUCTION',
      );
    return loss;
  }
}

/** Keras's ways of writing a loss function down: `{ class_name: 'function', config: name }`, and `fn` in the config of a wrapper class. */
function plain(id: unknown): unknown {
  if (typeof id !== 'object' || id === null || id instanceof Loss) return id;
  const { class_name: name, config } = id as { class_name?: unknown; config?: unknown };
  if (name === 'function' && typeof config === 'string') return config;
  if (typeof name !== 'string' || typeof config !== 'object' || config === null || !('fn' in config)) return id;
  const { fn, ...rest } = config;
  return { class_name: name === 'LossFunctionWrapper' ? fn : name, config: rest };
}

/** index.ts fills it. */
export const lossRegistry = new LossRegistry('loss', 'keras.losses', Loss);
