import { Registry } from './registry.js';
import {
  CosineDecay,
  type CosineDecayOptions,
  CosineDecayRestarts,
  type CosineDecayRestartsOptions,
} from './schedules/cosine.js';
import {
  type DecayOptions,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  type PiecewiseConstantDecayOptions,
  PolynomialDecay,
  type PolynomialDecayOptions,
} from './schedules/decay.js';
import { LearningRateSchedule } from './schedules/schedule.js';

export { LearningRateSchedule } from './schedules/schedule.js';

/** Every learning-rate schedule by its names: 'ExponentialDecay', 'cosine_decay', ... */
export const scheduleRegistry = new Registry<LearningRateSchedule>(
  'schedule',
  'keras.optimizers.schedules',
  LearningRateSchedule,
  [ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts],
);

/**
 * Classes and factories of all schedules: `schedules.cosineDecay({ ... })` is `new schedules.CosineDecay({ ... })`.
 * @example
 * const learningRate = schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 1000 });
 * model.compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'mse' });
 */
export const schedules = {
  LearningRateSchedule,
  ExponentialDecay,
  InverseTimeDecay,
  PiecewiseConstantDecay,
  PolynomialDecay,
  CosineDecay,
  CosineDecayRestarts,
  exponentialDecay: (options: DecayOptions) => new ExponentialDecay(options),
  inverseTimeDecay: (options: DecayOptions) => new InverseTimeDecay(options),
  piecewiseConstantDecay: (options: PiecewiseConstantDecayOptions) => new PiecewiseConstantDecay(options),
  polynomialDecay: (options: PolynomialDecayOptions) => new PolynomialDecay(options),
  cosineDecay: (options: CosineDecayOptions) => new CosineDecay(options),
  cosineDecayRestarts: (options: CosineDecayRestartsOptions) => new CosineDecayRestarts(options),
};
