import { Registry } from '../registry.js';
import { Constraint } from './constraint.js';

/** Constraints by their names: 'max_norm', 'MaxNorm', 'non_neg', ... index.ts fills it. */
export const constraintRegistry = new Registry<Constraint>('constraint', 'keras.constraints', Constraint);
