import { ValueError } from '../errors.js';
import { isStateful } from '../layers/layer.js';
import type { Model } from '../model/model.js';

/** Stateful layers carry the state of each row of a batch to the same row of the next, so all batches must have the same rows. */
export function checkStateful(model: Model, count: number, batch: number, varies = false): void {
  if ((count % batch === 0 && !varies) || !model.layers.some(isStateful)) return;
  if (varies)
    throw new ValueError(
      `Model '${model.name}' has a stateful layer, so that batches must all have the same number of samples. Received: a function as batchSize. Give a number.`,
      'ERR_STATEFUL',
    );
  throw new ValueError(
    `Model '${model.name}' has a stateful layer, so that batches must all have the same number of samples. Received: ${count} samples in batches of ${batch}. Choose a batchSize that divides them.`,
    'ERR_STATEFUL',
  );
}

/** Validation goes on from the states of training, and training from those of validation. */
export function checkValidates(model: Model, batch: number, validation: number): void {
  if (batch === validation || !model.layers.some(isStateful)) return;
  throw new ValueError(
    `fit: model '${model.name}' has a stateful layer, so that it must validate in batches as it trains in. Received: batches of ${validation} to validate on, of ${batch} to train on. Choose a batchSize that divides both.`,
    'ERR_STATEFUL',
  );
}
