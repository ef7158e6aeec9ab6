import { tableOf } from '../table.js';
import * as lists from './all.js';
import { scheduleRegistry } from './registry.js';
import { LearningRateSchedule } from './schedule.js';

export { scheduleRegistry } from './registry.js';
export { LearningRateSchedule } from './schedule.js';

scheduleRegistry.fill(lists);

/**
 * Classes and factories of all schedules: `schedules.cosineDecay({ ... })` is `new schedules.CosineDecay({ ... })`.
 * @example
 * const learningRate = schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 1000 });
 * model.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'mse' });
 */
export const schedules = tableOf(lists, { LearningRateSchedule });
