import { Registry } from '../registry.js';
import { LearningRateSchedule } from './schedule.js';

/** Learning-rate schedules by their names: 'ExponentialDecay', 'cosine_decay', ... index.ts fills it. */
export const scheduleRegistry = new Registry<LearningRateSchedule>(
  'schedule',
  'keras.optimizers.schedules',
  LearningRateSchedule,
);
