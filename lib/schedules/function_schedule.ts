import { LearningRateSchedule } from './schedule.js';

/** A function in place of a schedule. It cannot be saved. */
export class FunctionSchedule extends LearningRateSchedule {
  static override readonly className = 'FunctionSchedule';
  constructor(readonly rate: (step: number) => number) {
    super();
  }
  call(step: number): number {
    return this.rate(step);
  }
}
