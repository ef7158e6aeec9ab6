import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { computeFans, Initializer, initializerRegistry, initializers } from '../lib/initializers/index.js';
import { registerSerializable, toKeras } from '../lib/registry.js';

interface Statistics {
  min: number;
  max: number;
  mean: number;
  std: number;
}
interface Row {
  class_name: string;
  config: Record<string, unknown>;
  shape: number[];
  fan_in: number;
  fan_out: number;
  sampled: { keras3: Statistics };
  theory?: { limit?: number; cutAt?: number; resultStd?: number; stddev?: number };
}
const table: Row[] = JSON.parse(readFileSync(join(__dirname, 'parity', 'units', 'initializers.json'), 'utf8'));
const thrown = (name: string) => expect.objectContaining({ name, code: expect.stringMatching(/^ERR_/) });

function statistics(values: Float32Array): Statistics {
  let sum = 0;
  let squares = 0;
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    sum += v;
    squares += v * v;
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  const mean = sum / values.length;
  return { min, max, mean, std: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) };
}

describe('values like those of Keras', () => {
  for (const row of table)
    it(`${row.class_name} ${JSON.stringify(row.config)} [${row.shape}]`, () => {
      expect(computeFans(row.shape)).toEqual([row.fan_in, row.fan_out]);
      const values = initializerRegistry.resolve(row).create(row.shape, 42);
      const n = row.shape.reduce((a, b) => a * b, 1);
      expect(values).toHaveLength(n);
      const ours = statistics(values);
      const keras = row.sampled.keras3;
      if (keras.std < 1e-6 || row.class_name === 'Identity') {
        expect(ours.min).toBeCloseTo(keras.min, 6);
        expect(ours.max).toBeCloseTo(keras.max, 6);
        expect(ours.mean).toBeCloseTo(keras.mean, 5);
        return;
      }
      // Both are samples: means differ by a few standard errors, deviations by a few percent.
      const std =
        row.theory?.resultStd ?? row.theory?.stddev ?? (row.theory?.limit ? row.theory.limit / Math.sqrt(3) : keras.std);
      expect(Math.abs(ours.mean)).toBeLessThan((4 * std) / Math.sqrt(n));
      expect(ours.std / std).toBeGreaterThan(0.94);
      expect(ours.std / std).toBeLessThan(1.06);
      const bound = row.theory?.limit ?? row.theory?.cutAt;
      if (bound) {
        expect(Math.max(-ours.min, ours.max)).toBeLessThanOrEqual(Math.fround(bound));
        expect(Math.max(-ours.min, ours.max)).toBeGreaterThan(0.97 * bound);
      }
    });
});

describe('seeds', () => {
  it('make the values, and the option goes before what is handed in', () => {
    const free = initializers.randomNormal();
    expect(free.create([5], 1)).toEqual(free.create([5], 1));
    expect(free.create([5], 1)).not.toEqual(free.create([5], 2));
    const fixed = initializers.randomNormal({ seed: 1 });
    expect(fixed.create([5], 2)).toEqual(free.create([5], 1));
    expect(initializers.orthogonal({ seed: 3 }).create([4, 4], 9)).toEqual(initializers.orthogonal().create([4, 4], 3));
    const saved = { class_name: 'GlorotUniform', config: { seed: { class_name: 'SeedGenerator', config: { seed: 1 } } } };
    expect(initializerRegistry.resolve(saved).getConfig()).toEqual({ seed: 1 });
  });
  it('out of range are refused', () => {
    for (const seed of [-1, 2 ** 53, Number.NaN]) expect(() => initializers.heNormal({ seed })).toThrow(thrown('ValueError'));
    expect(() => initializers.heNormal({ seed: 1.5 })).toThrow(thrown('TypeError'));
    expect(() => initializers.heNormal({ seed: '1' as never })).toThrow(thrown('TypeError'));
  });
});

describe('shapes', () => {
  it('of Identity and Orthogonal', () => {
    expect([...initializers.identity({ gain: 2 }).create([2, 3])]).toEqual([2, 0, 0, 0, 2, 0]);
    expect([...initializers.identity().create([3, 2])]).toEqual([1, 0, 0, 1, 0, 0]);
    expect(() => initializers.identity().create([3])).toThrow(thrown('ValueError'));
    expect(() => initializers.orthogonal().create([3], 0)).toThrow(thrown('ValueError'));
    const gain = 1.5;
    const q = initializers.orthogonal({ gain }).create([2, 3, 4], 5);
    for (let a = 0; a < 4; a++)
      for (let b = 0; b < 4; b++) {
        let product = 0;
        for (let r = 0; r < 6; r++) product += q[r * 4 + a] * q[r * 4 + b];
        expect(product).toBeCloseTo(a === b ? gain * gain : 0, 5);
      }
  });
  it('of a single number and of nothing', () => {
    expect(initializers.constant({ value: 3 }).create([])).toEqual(Float32Array.of(3));
    expect(initializers.glorotUniform().create([], 0)).toHaveLength(1);
    expect(initializers.randomUniform().create([0, 4], 0)).toHaveLength(0);
  });
  it('with axes of their own for inputs and outputs', () => {
    expect(computeFans([3, 4, 5])).toEqual([12, 15]);
    expect(computeFans([3, 4, 5], [0], [1, 2])).toEqual([3, 20]);
    expect(computeFans([3, 4, 5], 0, -1)).toEqual([12, 20]);
  });
});

describe('names', () => {
  it('resolve in every spelling', () => {
    const spellings: Record<string, string> = {
      zeros: 'Zeros',
      zero: 'Zeros',
      Ones: 'Ones',
      one: 'Ones',
      normal: 'RandomNormal',
      random_normal: 'RandomNormal',
      uniform: 'RandomUniform',
      RandomUniform: 'RandomUniform',
      truncated_normal: 'TruncatedNormal',
      glorot_uniform: 'GlorotUniform',
      he_normal: 'HeNormal',
      LecunNormal: 'LecunNormal',
      orthogonal: 'Orthogonal',
      OrthogonalInitializer: 'Orthogonal',
      identity: 'Identity',
      IdentityInitializer: 'Identity',
    };
    for (const [name, className] of Object.entries(spellings))
      expect((initializerRegistry.resolve(name).constructor as typeof Initializer).className, name).toBe(className);
    expect(() => initializerRegistry.resolve('glorot')).toThrow(thrown('ValueError'));
    expect(() => initializerRegistry.resolve('STFT')).toThrow(thrown('ValueError'));
  });
  it('and configs go round, as Keras writes them', () => {
    for (const row of table) {
      const ours = initializerRegistry.resolve(row);
      expect(initializerRegistry.resolve(toKeras(ours, 'keras.initializers'))).toEqual(ours);
    }
    const keras3 = {
      module: 'keras.initializers',
      class_name: 'GlorotUniform',
      config: { input_axes: null, output_axes: null, seed: null },
    };
    expect(initializerRegistry.resolve(keras3)).toEqual(initializers.glorotUniform());
    const keras2 = { class_name: 'VarianceScaling', config: { scale: 1, mode: 'fan_avg', distribution: 'normal', seed: null } };
    expect(initializerRegistry.resolve(keras2).getConfig()).toMatchObject({ distribution: 'truncated_normal' });
    expect(initializerRegistry.resolve({ class_name: 'Zeros', config: { dtype: 'float32' } })).toEqual(initializers.zeros());
  });
  it('and options that make no sense are refused', () => {
    expect(() => initializers.randomNormal({ stddev: -1 })).toThrow(thrown('ValueError'));
    expect(() => initializers.randomUniform({ minval: 1, maxval: 0 })).toThrow(thrown('ValueError'));
    expect(() => initializers.varianceScaling({ mode: 'fan' as never })).toThrow(thrown('ValueError'));
    expect(() => initializers.varianceScaling({ scale: 0 })).toThrow(thrown('ValueError'));
    expect(() => initializers.constant({ valeu: 1 } as never)).toThrow(thrown('TypeError'));
    expect(() => initializerRegistry.resolve({ class_name: 'Zeros', config: { dtype: 'float16' } })).toThrow(
      thrown('ValueError'),
    );
  });
});

describe('of the user', () => {
  it('may be a function, an object, or a class', () => {
    const f = initializerRegistry.resolve((shape: number[]) => Array.from({ length: shape[0] }, (_, i) => [i, -i]));
    expect([...f.create([3, 2], 0)]).toEqual([0, -0, 1, -1, 2, -2]);
    const o = initializerRegistry.resolve({ create: (shape: number[], seed: number) => new Float64Array(shape[0]).fill(seed) });
    expect([...o.create([2], 7)]).toEqual([7, 7]);
    class Ramp {
      static className = 'Ramp';
      constructor(readonly options: { slope?: number } = {}) {}
      create(shape: number[]) {
        return Float32Array.from({ length: shape[0] }, (_, i) => i * (this.options.slope ?? 1));
      }
      getConfig() {
        return { ...this.options };
      }
    }
    registerSerializable('Ramp', Ramp);
    const ramp = initializerRegistry.resolve({ class_name: 'Ramp', config: { slope: 2 } });
    expect([...ramp.create([3], 0)]).toEqual([0, 2, 4]);
    expect(toKeras(ramp, 'm')).toMatchObject({ class_name: 'Ramp', config: { slope: 2 } });
    expect(initializerRegistry.resolve(initializers.HeNormal)).toEqual(initializers.heNormal());
    class Twos extends Initializer {
      create(shape: readonly number[]) {
        return new Float32Array(shape[0]).fill(2);
      }
      getConfig() {
        return {};
      }
    }
    const twos = new Twos();
    expect(initializerRegistry.resolve(twos)).toBe(twos);
  });
  it('must give what the weight has room for', () => {
    const f = initializerRegistry.resolve(() => [1, 2]);
    expect(() => f.create([3], 0)).toThrow(thrown('ValueError'));
    const g = initializerRegistry.resolve(() => 'x');
    expect(() => g.create([3], 0)).toThrow(thrown('TypeError'));
    expect(() => initializerRegistry.resolve({ make: 1 })).toThrow(thrown('TypeError'));
  });
});
