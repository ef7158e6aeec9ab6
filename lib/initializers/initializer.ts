import { checkDtype } from '../dtype_policy.js';
import { addon } from '../engine/addon.js';
import { checkNumber, readOptions } from '../options.js';
import { type Config, type Part, partToJSON } from '../registry.js';
import { sizeOf } from '../shapes.js';

/**
 * Where the first values of a weight come from. A subclass gives `className`, `create` and `getConfig`.
 * @example
 * class Alternating extends initializers.Initializer {
 *   static override readonly className = 'Alternating';
 *   create(shape: readonly number[]) {
 *     return new Float32Array(shape.reduce((n, d) => n * d, 1)).map((_, i) => (i % 2 ? 0.1 : -0.1));
 *   }
 *   getConfig() {
 *     return {};
 *   }
 * }
 * registerSerializable('Alternating', Alternating);
 * layers.dense({ units: 8, kernelInitializer: new Alternating() });
 */
export abstract class Initializer implements Part {
  static readonly className: string = 'Initializer';

  /**
   * Values for a weight, row-major.
   * @param shape sizes of the weight's axes
   * @param seed a whole number from 0 to 2^53 - 1: the same seed gives the same values. An initializer's own `seed` option goes before it.
   */
  abstract create(shape: readonly number[], seed: number): Float32Array;

  abstract getConfig(): Config;

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }

  /** Options over their defaults. Configs of some Keras versions carry a `dtype`, which can only be float32. */
  protected static read<T extends object>(className: string, given: unknown, defaults: T): T {
    const o = readOptions(className, given, { ...defaults, dtype: null as unknown });
    checkDtype(className, o.dtype);
    return o;
  }
}

export interface SeedOptions {
  /** Makes the values independent of `setRandomSeed`: a whole number from 0 to 2^53 - 1. Default null. */
  seed?: number | null;
}

/** A number, null, or how Keras 3 saves its `SeedGenerator`. */
function checkSeed(where: string, seed: unknown): number | null {
  if (seed === null || seed === undefined) return null;
  const generator = seed as { class_name?: unknown; config?: { seed?: unknown } };
  if (generator.class_name === 'SeedGenerator') return checkSeed(where, generator.config?.seed);
  return checkNumber(where, 'seed', seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
}

/** One whose values come from the native random numbers. */
export abstract class RandomInitializer extends Initializer {
  readonly seed: number | null;
  protected constructor(seed: unknown) {
    super();
    this.seed = checkSeed((this.constructor as typeof RandomInitializer).className, seed);
  }
  protected fill(
    kind: 'uniform' | 'normal' | 'truncatedNormal',
    shape: readonly number[],
    seed: number,
    a: number,
    b: number,
  ): Float32Array {
    const out = new Float32Array(sizeOf(shape));
    addon.randomFill(kind, this.seed ?? seed, out, a, b);
    return out;
  }
}
