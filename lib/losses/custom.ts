import { show, typeError } from '../errors.js';
import { Loss, type LossSpec, type Reduction } from './loss.js';

/** A loss in JavaScript. Slower than those of the engine: each batch goes to the JavaScript thread and back. */
export interface CustomLossFunctions {
  /** Labels and predictions of a batch, flat; gives one loss a sample. */
  call(yTrue: Float32Array, yPred: Float32Array): Float32Array;
  /** The derivative of each sample's loss by its predictions, as many numbers as `yPred` has. */
  gradient(yTrue: Float32Array, yPred: Float32Array): Float32Array;
  /** For configs and messages. Default 'custom_loss'. */
  name?: string;
  /** Default 'sum_over_batch_size'. */
  reduction?: Reduction;
}

const isFunction = (f: unknown): boolean => typeof f === 'function';

/** Whether a value is meant as `{ call, gradient }`. */
export function isCustomLoss(value: unknown): value is CustomLossFunctions {
  return typeof value === 'object' && value !== null && !(value instanceof Loss) && 'call' in value && isFunction(value.call);
}

/** `{ call, gradient }` as a loss. */
export class CustomLoss extends Loss {
  static override readonly className = 'CustomLoss';
  readonly functions: CustomLossFunctions;
  constructor(functions: CustomLossFunctions) {
    if (!isCustomLoss(functions) || !isFunction(functions.gradient))
      throw typeError(
        `A custom loss is an object { call(yTrue, yPred), gradient(yTrue, yPred) } of two functions. Received: ${show(functions)}`,
      );
    super({ name: functions.name ?? 'custom_loss', reduction: functions.reduction ?? 'sum_over_batch_size' });
    this.functions = functions;
  }
  override spec(): LossSpec {
    return { loss: 'custom' };
  }
}
