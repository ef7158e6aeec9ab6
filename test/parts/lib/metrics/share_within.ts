import { Metric, type MetricOptions, type MetricSpec } from '../../../../lib/metrics/metric.js';
import { checkNumber } from '../../../../lib/options.js';
import type { Config } from '../../../../lib/registry.js';

/** The share of outputs that are nearer to their labels than `tolerance`. */
export class ShareWithin extends Metric {
  static override readonly className = 'ShareWithin';
  override readonly direction = 'up';
  readonly tolerance: number;
  constructor(options: MetricOptions & { tolerance?: number } = {}) {
    const o = Metric.read('ShareWithin', options, { tolerance: 0.1 });
    super(o, 'share_within');
    this.tolerance = checkNumber('ShareWithin', 'tolerance', o.tolerance, { above: 0 });
  }
  protected override describe(): MetricSpec {
    return { metric: 'shareWithin', tolerance: this.tolerance };
  }
  protected override config(): Config {
    return { tolerance: this.tolerance };
  }
}

export const shareWithinMetrics = { ShareWithin };
