import { Initializer } from '../../../../lib/initializers/initializer.js';
import type { Config, NoOptions } from '../../../../lib/registry.js';
import { sizeOf } from '../../../../lib/shapes.js';

/** 1, -1, 1, ... */
export class Alternating extends Initializer {
  static override readonly className = 'Alternating';
  constructor(options: NoOptions = {}) {
    super();
    Initializer.read('Alternating', options, {});
  }
  create(shape: readonly number[]): Float32Array {
    return new Float32Array(sizeOf(shape)).map((_, i) => (i % 2 ? -1 : 1));
  }
  getConfig(): Config {
    return {};
  }
}

export const alternatingInitializers = { Alternating };
