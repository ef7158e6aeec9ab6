import { readOptions } from '../options.js';
import { Callback, HOOKS } from './callback.js';
import { assignHooks } from './plain.js';
import type { CallbackHooks } from './types.js';

const none = Object.fromEntries(HOOKS.map((name) => [name, undefined])) as CallbackHooks;

/**
 * A callback made from functions, any of the hooks of `Callback`. `onBatchBegin` and `onBatchEnd` are Keras's older names of
 * `onTrainBatchBegin` and `onTrainBatchEnd`; giving both of a pair is a ValueError.
 *
 * @example
 * callbacks.lambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) });
 *
 * @throws TypeError for a name that is no hook or a value that is no function.
 * Keras: https://keras.io/api/callbacks/lambda_callback/
 */
export class LambdaCallback extends Callback {
  constructor(hooks: CallbackHooks = {}) {
    super();
    assignHooks('LambdaCallback', this, readOptions<CallbackHooks>('LambdaCallback', hooks, none));
  }
}

export const lambdaCallbacks = { LambdaCallback };
