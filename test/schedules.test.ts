import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerSerializable } from '../lib/registry.js';
import { LearningRateSchedule, scheduleRegistry, schedules } from '../lib/schedules/index.js';

interface Row {
  schedule: { class_name: string; config: Record<string, unknown> };
  lrAtStep: number[];
}
const table: Row[] = JSON.parse(readFileSync(join(__dirname, 'parity', 'units', 'schedules.json'), 'utf8'));

describe('values of Keras', () => {
  for (const { schedule, lrAtStep } of table)
    it(`${schedule.class_name} ${JSON.stringify(schedule.config)}`, () => {
      const ours = scheduleRegistry.resolve(schedule);
      lrAtStep.forEach((rate, step) => {
        expect(Math.abs(ours.call(step) - rate), `step ${step}: ${ours.call(step)} for ${rate}`).toBeLessThanOrEqual(
          1.2e-7 * rate,
        );
      });
    });
});

describe("OneCycle has PyTorch's values", () => {
  const { rows }: { rows: { options: Parameters<typeof schedules.oneCycle>[0]; rates: number[] }[] } = JSON.parse(
    readFileSync(join(__dirname, 'parity', 'units', 'one_cycle.json'), 'utf8'),
  );
  for (const { options, rates } of rows)
    it(JSON.stringify(options), () => {
      const ours = schedules.oneCycle(options);
      for (const [step, rate] of rates.entries()) expect(Math.abs(ours.call(step) / rate - 1), `step ${step}`).toBeLessThan(1e-9);
      // PyTorch refuses further steps.
      expect(ours.call(rates.length + 5)).toBe(ours.call(rates.length - 1));
      expect(scheduleRegistry.resolve({ className: 'OneCycle', config: ours.getConfig() })).toEqual(ours);
    });
  it('refuses what makes no cycle', () => {
    expect(() => schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 1 })).toThrow('totalSteps');
    expect(() => schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 10, pctStart: 0.6, threePhase: true })).toThrow(
      'pctStart',
    );
    expect(() => schedules.oneCycle({ totalSteps: 10 } as never)).toThrow('maxLearningRate');
  });
});

describe('where they jump', () => {
  it('restarts begin exactly with their first step', () => {
    for (const tMul of [1, 1.5, 2, 3]) {
      const s = schedules.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 8, tMul });
      let start = 0;
      let length = 8;
      for (let period = 0; period < 5 && Number.isInteger(start); period++) {
        expect(s.call(start), `tMul ${tMul}, step ${start}`).toBeCloseTo(0.1, 6);
        if (start > 0) expect(s.call(start - 1)).toBeLessThan(0.05);
        start += length;
        length *= tMul;
      }
    }
  });

  it('ever shorter restarts end at alpha', () => {
    const s = schedules.cosineDecayRestarts({ initialLearningRate: 0.1, firstDecaySteps: 4, tMul: 0.5, alpha: 0.2 });
    for (const step of [8, 9, 1000]) expect(s.call(step)).toBeCloseTo(0.02, 7);
  });

  it('a boundary is the last step of its value', () => {
    const s = schedules.piecewiseConstantDecay({ boundaries: [2, 5], values: [1, 0.5, 0.25] });
    expect([0, 2, 3, 5, 6, 1e9].map((i) => s.call(i))).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
    expect(schedules.piecewiseConstantDecay({ boundaries: [], values: [0.5] }).call(7)).toBe(0.5);
  });

  it('a warmup of no steps is none', () => {
    const s = schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 4, warmupTarget: 0.5, warmupSteps: 0 });
    expect(s.call(0)).toBe(0.5);
  });
});

describe('names and options', () => {
  it('a config gives the same schedule again', () => {
    for (const { schedule } of table) {
      const ours = scheduleRegistry.resolve(schedule);
      const again = scheduleRegistry.resolve({ className: schedule.class_name, config: ours.getConfig() });
      expect(again).toEqual(ours);
    }
  });

  it('refuses what makes no sense', () => {
    const decay = { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.5 };
    const bad: [() => unknown, string][] = [
      [() => schedules.exponentialDecay({ ...decay, decaySteps: 0 }), 'ValueError'],
      [() => schedules.exponentialDecay({ ...decay, decayStep: 10 } as never), 'TypeError'],
      [() => schedules.exponentialDecay({ decaySteps: 10, decayRate: 0.5 } as never), 'TypeError'],
      [() => schedules.piecewiseConstantDecay({ boundaries: [1], values: [1] }), 'ValueError'],
      [() => schedules.piecewiseConstantDecay({ boundaries: [5, 2], values: [1, 2, 3] }), 'ValueError'],
      [() => scheduleRegistry.resolve('CosineDecey'), 'ValueError'],
    ];
    for (const [make, name] of bad) expect(make).toThrow(expect.objectContaining({ name, code: expect.stringMatching(/^ERR_/) }));
  });

  it('takes classes of the user', () => {
    class Inverse extends LearningRateSchedule {
      static override readonly className = 'Inverse';
      call(step: number) {
        return 1 / (step + 1);
      }
    }
    expect(() => new Inverse().getConfig()).toThrow(/getConfig/);
    registerSerializable('Inverse', Inverse);
    expect(scheduleRegistry.resolve({ class_name: 'Inverse', config: {} }).call(3)).toBe(0.25);
  });
});
