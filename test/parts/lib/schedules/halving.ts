import { checkNumber, readOptions } from '../../../../lib/options.js';
import type { Config } from '../../../../lib/registry.js';
import { LearningRateSchedule } from '../../../../lib/schedules/schedule.js';

/** Half the rate after each `steps` updates. */
export class Halving extends LearningRateSchedule {
  static override readonly className = 'Halving';
  readonly steps: number;
  constructor(options: { steps?: number } = {}) {
    super();
    this.steps = checkNumber('Halving', 'steps', readOptions('Halving', options, { steps: 10 }).steps, { min: 1 });
  }
  call(step: number): number {
    return 0.1 * 0.5 ** Math.floor(step / this.steps);
  }
  override getConfig(): Config {
    return { steps: this.steps };
  }
}

export const halvingSchedules = { Halving };
