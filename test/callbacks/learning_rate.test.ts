import { expect, test } from 'vitest';
import type { Logs } from '../../lib/callbacks/callback.js';
import { LearningRateScheduler } from '../../lib/callbacks/learning_rate_scheduler.js';
import { CallbackList } from '../../lib/callbacks/list.js';
import { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from '../../lib/callbacks/reduce_lr_on_plateau.js';
import { captured, FakeModel, params, warnings } from './fakes.js';

/** The learning rates that the epochs were trained with, as history records them. */
function plateau(options: ReduceLROnPlateauOptions, values: readonly number[], rate: number) {
  const model = new FakeModel();
  model.optimizer.learningRate = rate;
  const callback = new ReduceLROnPlateau(options);
  callback.setModel(model);
  callback.onTrainBegin({});
  const rates = values.map((value, epoch) => {
    const logs: Logs = { [(options.monitor as string) ?? 'val_loss']: value };
    callback.onEpochEnd(epoch, logs);
    return logs.lr as number;
  });
  return { rates, model, callback };
}

const close = (list: readonly number[]) => list.map((v) => expect.closeTo(v, 12));

test('a plateau: the cut shows in the next epoch, and cooldown 1 does not keep two cuts apart', () => {
  const { rates } = plateau({ monitor: 'loss', factor: 0.5, patience: 1, cooldown: 1, minLr: 0.15 }, [1, 2, 2, 2, 2, 2], 1.2);
  expect(rates).toEqual(close([1.2, 1.2, 0.6, 0.3, 0.15, 0.15]));
});

test('cooldown counts epochs in which none are waited for', () => {
  const values = [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2];
  // Cut after epoch 2; epochs 3 and 4 cool down (the counter reaches 0 in the second, which is waited for), so 5 and 8 are cut again.
  expect(plateau({ factor: 0.5, patience: 2, cooldown: 2 }, values, 1).rates).toEqual(
    close([1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125]),
  );
  expect(plateau({ factor: 0.5, patience: 2 }, values, 1).rates).toEqual(
    close([1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625]),
  );
});

test('improvements smaller than minDelta do not count; NaN never does', () => {
  expect(plateau({ factor: 0.5, patience: 2, minDelta: 0.1 }, [1, 0.95, 0.92, 0.91], 1).rates).toEqual([1, 1, 1, 0.5]);
  expect(plateau({ factor: 0.5, patience: 2, minDelta: 0.1 }, [1, 0.85, 0.7, 0.55], 1).rates).toEqual([1, 1, 1, 1]);
  expect(plateau({ factor: 0.5, patience: 1 }, [Number.NaN, Number.NaN, 1], 1).rates).toEqual([1, 0.5, 0.25]);
});

test('the bound holds, also for a rate kept as float32', () => {
  const { rates } = plateau({ factor: 0.1, patience: 1, minLr: 0.01 }, [1, 1, 1, 1], Math.fround(0.05));
  expect(rates).toEqual([Math.fround(0.05), Math.fround(0.05), 0.01, 0.01]);
  const { model, callback } = plateau({ factor: 0.5, patience: 1, minLr: 0.1, verbose: 1 }, [1], Math.fround(0.1));
  callback.onEpochEnd(1, { val_loss: 1 });
  expect(model.optimizer.learningRate).toBe(Math.fround(0.1));
});

test('which way is better, in auto mode: the name holds acc, or ends in auc', () => {
  const rises = (monitor: string) => plateau({ monitor, factor: 0.5, patience: 1 }, [1, 2, 3], 1).rates[2] === 1;
  expect(['val_accuracy', 'acc_top', 'val_auc', 'loss', 'val_loss', 'mae'].map(rises)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('the message of a cut', async () => {
  const said = await captured(() => plateau({ factor: 0.5, patience: 1, verbose: 1 }, [1, 1, 1], 0.1));
  expect(said).toBe(
    '\nEpoch 2: ReduceLROnPlateau reducing learning rate to 0.05.\n\nEpoch 3: ReduceLROnPlateau reducing learning rate to 0.025.\n',
  );
});

test('in an epoch that does not validate the rate is logged all the same', async () => {
  const { callback } = plateau({ monitor: 'val_mae' }, [], 1);
  callback.setParams(params({ doValidation: true }));
  const logs: Logs = { loss: 1 };
  callback.onEpochEnd(0, logs);
  expect(logs.lr).toBe(1);
  expect(await warnings(() => callback.onTrainEnd(logs))).toHaveLength(1);
});

test('a value that never can be there is an error', () => {
  const { callback } = plateau({ monitor: 'val_mae' }, [], 1);
  expect(() => callback.onEpochEnd(0, { loss: 1 })).toThrow(/ReduceLROnPlateau: there is no 'val_mae' .*does not validate/);
});

test.each([
  [{ factor: 1 }, 'ValueError', /'factor' must be .* < 1. Received: 1/],
  [{ factor: -0.1 }, 'ValueError', /'factor'/],
  [{ mode: 'mean' }, 'ValueError', /'mode'/],
  [{ min_lr: 1 }, 'TypeError', /Did you mean 'minLr'/],
  [{ cooldown: 0.5 }, 'TypeError', /'cooldown'/],
  [{ epsilon: 1 }, 'TypeError', /unknown option 'epsilon'/],
])('ReduceLROnPlateau refuses %j', (options, name, message) => {
  expect(() => new ReduceLROnPlateau(options as object)).toThrow(
    expect.objectContaining({ name, message: expect.stringMatching(message) }),
  );
});

test('the schedule sets the rate of each epoch and logs it, as in the golden case', async () => {
  const table = [0.1, 0.05, 0.2, 0.01];
  const model = new FakeModel();
  model.optimizer.learningRate = 3;
  const asked: number[][] = [];
  const schedule = (epoch: number, lr: number) => {
    asked.push([epoch, lr]);
    return table[epoch];
  };
  const list = new CallbackList(new LearningRateScheduler(schedule), { model, params: params({ epochs: 4 }), addHistory: true });
  list.onTrainBegin();
  for (let epoch = 0; epoch < 4; epoch++) {
    expect(list.onEpochBegin(epoch)).toBeUndefined();
    expect(model.optimizer.learningRate).toBe(table[epoch]);
    list.onEpochEnd(epoch, { loss: 1, val_loss: 2 });
  }
  expect(asked).toEqual([
    [0, 3],
    [1, 0.1],
    [2, 0.05],
    [3, 0.2],
  ]);
  expect(Object.keys(list.history!.history)).toEqual(['loss', 'val_loss', 'lr']);
  expect(list.history!.history.lr).toEqual(table);
});

test('a schedule may be given in an object, say what it does, and take its time', async () => {
  const scheduler = new LearningRateScheduler({ schedule: async (epoch) => 1 / (1 + epoch), verbose: 1 });
  scheduler.setModel(new FakeModel());
  const said = await captured(async () => {
    await scheduler.onEpochBegin(0, {});
    await scheduler.onEpochBegin(1, {});
  });
  expect(said).toBe(
    '\nEpoch 1: LearningRateScheduler setting learning rate to 1.0.\n\nEpoch 2: LearningRateScheduler setting learning rate to 0.5.\n',
  );
  const second = new LearningRateScheduler(() => 1e-5, { verbose: 1 });
  second.setModel(new FakeModel());
  expect(await captured(() => second.onEpochBegin(0, {}))).toBe(
    '\nEpoch 1: LearningRateScheduler setting learning rate to 1e-05.\n',
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, '0.1', null])(
  'a schedule that gives %s is a ValueError',
  async (value) => {
    const scheduler = new LearningRateScheduler(() => value as number);
    scheduler.setModel(new FakeModel());
    expect(() => scheduler.onEpochBegin(2, {})).toThrow(
      expect.objectContaining({ name: 'ValueError', message: expect.stringContaining('for epoch 2') }),
    );
    const late = new LearningRateScheduler(async () => value as number);
    late.setModel(new FakeModel());
    await expect(late.onEpochBegin(0, {})).rejects.toThrow(/must give a finite number/);
  },
);

test('an optimizer made with a schedule object is refused by both', () => {
  const model = Object.assign(new FakeModel(), { optimizer: { learningRate: { decay: 1 } as unknown as number } });
  const scheduler = new LearningRateScheduler(() => 1);
  scheduler.setModel(model);
  expect(() => scheduler.onEpochBegin(0, {})).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_SCHEDULE' }));
  const reducer = new ReduceLROnPlateau();
  reducer.setModel(model);
  expect(() => reducer.onTrainBegin({})).toThrow(TypeError);
});

test.each<unknown[]>([
  [undefined],
  [{}],
  [{ schedule: 3 }],
  [{ schedule: () => 1, verbos: 1 }],
  [() => 1, { verbos: 1 }],
  [{ schedule: () => 1 }, { verbose: 1 }],
])('LearningRateScheduler refuses %j', (...args) => {
  expect(() => new LearningRateScheduler(...(args as [never]))).toThrow(TypeError);
});

test('ReduceLROnPlateau: of several values one must improve', () => {
  const rates = (monitor: string | string[]) => {
    const model = new FakeModel();
    model.optimizer.learningRate = 1;
    const callback = new ReduceLROnPlateau({ monitor, patience: 1, factor: 0.5, minDelta: 0 });
    callback.setModel(model);
    callback.onTrainBegin({});
    return [0.1, 0.2, 0.3, 0.3, 0.3].map((accuracy, epoch) => {
      callback.onEpochEnd(epoch, { loss: 5, accuracy });
      return model.optimizer.learningRate;
    });
  };
  expect(rates('loss')).toEqual([1, 0.5, 0.25, 0.125, 0.0625]);
  expect(rates(['loss', 'accuracy'])).toEqual([1, 1, 1, 0.5, 0.25]);
});
