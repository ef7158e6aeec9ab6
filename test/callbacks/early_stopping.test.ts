import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Logs } from '../../lib/callbacks/callback.js';
import { EarlyStopping, type EarlyStoppingOptions } from '../../lib/callbacks/early_stopping.js';
import { captured, FakeModel, params, warnings } from './fakes.js';

/** Runs the epochs that training would run; weights after epoch i are ['after', i]. */
function train(options: EarlyStoppingOptions, values: readonly number[], model = new FakeModel()) {
  const monitor = (options.monitor as string) ?? 'val_loss';
  const callback = new EarlyStopping(options);
  callback.setModel(model);
  callback.onTrainBegin({});
  let epochs = 0;
  for (const [epoch, value] of values.entries()) {
    epochs++;
    model.weights = ['after', epoch];
    callback.onEpochEnd(epoch, { loss: 1, [monitor]: value });
    if (model.stopTraining) break;
  }
  callback.onTrainEnd({});
  return { epochs, weights: model.weights, callback, model };
}

// What Keras did in the golden cases, by the values that it monitored.
test('golden: max of accuracy, patience 2, restore', () => {
  const values = [0.083333336, 0.16666667, 0.25, 0.25, 0.25, 0.3];
  const run = train({ monitor: 'accuracy', mode: 'max', patience: 2, restoreBestWeights: true }, values);
  expect(run.epochs).toBe(5);
  expect(run.weights).toEqual(['after', 2]);
});

test('golden: rising loss, patience 2, restore', () => {
  const run = train({ monitor: 'loss', patience: 2, restoreBestWeights: true }, [1.5854445, 3.2928598, 3.932, 1]);
  expect(run.epochs).toBe(3);
  expect(run.weights).toEqual(['after', 0]);
  expect(run.callback.stoppedEpoch).toBe(2);
});

test('golden: large minDelta, patience 1, from epoch 3', () => {
  const run = train(
    { monitor: 'loss', patience: 1, minDelta: 5, startFromEpoch: 3 },
    [1.5267187, 1.5249058, 1.5231067, 1.5213209, 1.5195485, 1.5],
  );
  expect(run.epochs).toBe(5);
  expect(run.weights).toEqual(['after', 4]);
});

test('patience 0 stops at the first epoch without improvement, but never after the first epoch', () => {
  expect(train({ patience: 0 }, [2, 1, 1, 0]).epochs).toBe(3);
  expect(train({ patience: 0 }, [Number.NaN, 1, 2, 0]).epochs).toBe(3);
  expect(train({ patience: 0 }, [Number.NaN, Number.NaN, 0]).epochs).toBe(2);
});

test('the sign of minDelta is of no matter; a change of exactly minDelta is no improvement', () => {
  for (const minDelta of [0.5, -0.5]) {
    expect(train({ minDelta, patience: 1 }, [4, 3.5, 1]).epochs).toBe(2);
    expect(train({ minDelta, patience: 1, mode: 'max' }, [4, 4.5, 9]).epochs).toBe(2);
    expect(train({ minDelta, patience: 1 }, [4, 3.25, 2.5]).epochs).toBe(3);
  }
});

test('a baseline that is not reached lets patience run out, and the best weights are those of the best epoch all the same', () => {
  const run = train({ baseline: 1, patience: 3, restoreBestWeights: true }, [5, 4, 3, 3.5, 0]);
  expect(run.epochs).toBe(4);
  expect(run.weights).toEqual(['after', 2]);
  expect(train({ baseline: 1, patience: 3 }, [5, 0.5, 2, 2, 2]).epochs).toBe(5);
});

test('best weights come back also when training ran to its end; without any improvement, those of the first epoch looked at', () => {
  expect(train({ patience: 9, restoreBestWeights: true }, [3, 1, 2]).weights).toEqual(['after', 1]);
  expect(train({ patience: 9, restoreBestWeights: true, startFromEpoch: 1 }, [0, Number.NaN, Number.NaN]).weights).toEqual([
    'after',
    1,
  ]);
  expect(train({ patience: 9 }, [3, 1, 2]).weights).toEqual(['after', 2]);
  expect(train({ restoreBestWeights: true }, []).weights).toEqual(['initial']);
});

test('which way is better, in auto mode', () => {
  const rises = (monitor: string, model?: FakeModel) => train({ monitor, patience: 1 }, [1, 2, 3], model).epochs === 3;
  for (const name of ['accuracy', 'val_accuracy', 'val_acc', 'auc', 'val_binary_accuracy']) expect(rises(name), name).toBe(true);
  for (const name of ['loss', 'val_loss', 'mae', 'accuracy_error', 'val_f1_score', 'auc_2'])
    expect(rises(name), name).toBe(false);
  const asked: string[] = [];
  const knows = Object.assign(new FakeModel(), {
    metricDirection(name: string): 'min' | 'max' | undefined {
      asked.push(name);
      return name === 'f1_score' ? 'max' : name === 'bad_accuracy' ? 'min' : undefined;
    },
  });
  const each = (name: string) => rises(name, Object.assign(knows, { stopTraining: false }));
  expect(['val_f1_score', 'bad_accuracy', 'val_auc', 'mse', 'val_loss'].map(each)).toEqual([true, false, true, false, false]);
  expect(asked).toEqual(['f1_score', 'bad_accuracy', 'auc', 'mse']);
  expect(train({ monitor: 'accuracy', mode: 'min', patience: 1 }, [1, 2, 3]).epochs).toBe(2);
});

test('messages as tf.keras prints them, only when verbose', async () => {
  const options = { patience: 2, restoreBestWeights: true };
  const said = await captured(() => train({ ...options, verbose: 1 }, [1, 2, 3]));
  expect(said).toBe('Epoch 3: early stopping\nRestoring model weights from the end of the best epoch: 1.\n');
  expect(await captured(() => train(options, [1, 2, 3]))).toBe('');
  expect(await captured(() => train({ ...options, verbose: 1 }, [3, 2]))).toBe(
    'Restoring model weights from the end of the best epoch: 2.\n',
  );
});

test('a name that no log has is an error after the first epoch that should have it', () => {
  const epoch = (monitor: string, logs: Logs, doValidation?: boolean) => {
    const callback = new EarlyStopping({ monitor });
    callback.setModel(new FakeModel());
    if (doValidation !== undefined) callback.setParams(params({ doValidation }));
    callback.onTrainBegin({});
    return () => callback.onEpochEnd(0, logs);
  };
  const logs = { loss: 1, AUC: 0.5, val_loss: 2, val_AUC: 0.5 };
  expect(epoch('val_auc', logs)).toThrow(/no 'val_auc' .* loss, AUC, val_loss, val_AUC\. Did you mean 'val_AUC'\?/);
  expect(epoch('accuracy', { loss: 1 }, true)).toThrow(/Monitor one of them, or add the metric/);
  expect(epoch('val_loss', { loss: 1 }, false)).toThrow(/does not validate: give it validationSplit or validationData/);
  expect(epoch('val_loss', { loss: 1 }, true)).not.toThrow();
  expect(epoch('val_loss', { val_loss: [1, 2] })).toThrow(/must be one number.*Received: \[1, 2\]/);
});

test('a value that came before may be missing; one that never came is warned about at the end', async () => {
  const callback = new EarlyStopping({ patience: 1 });
  callback.setModel(new FakeModel());
  callback.setParams(params({ doValidation: true }));
  callback.onTrainBegin({});
  callback.onEpochEnd(0, { loss: 1 });
  expect(await warnings(() => callback.onTrainEnd({ loss: 1 }))).toEqual([expect.stringMatching(/no epoch .* 'val_loss'/)]);
  callback.onEpochEnd(1, { val_loss: 1 });
  callback.onEpochEnd(2, { loss: 1 });
  expect(await warnings(() => callback.onTrainEnd({ loss: 1 }))).toEqual([]);
  expect(callback.model.stopTraining).toBe(false);
});

test('an instance can be used again', () => {
  const callback = new EarlyStopping({ patience: 1 });
  for (let run = 0; run < 2; run++) {
    const model = new FakeModel();
    callback.setModel(model);
    callback.onTrainBegin({});
    callback.onEpochEnd(0, { val_loss: 1 + run });
    callback.onEpochEnd(1, { val_loss: 0.5 + run });
    expect(model.stopTraining).toBe(false);
    callback.onEpochEnd(2, { val_loss: 2 + run });
    expect(model.stopTraining).toBe(true);
    callback.onTrainEnd({});
  }
});

test('it stops exactly at the first epoch that has `patience` epochs without a new best behind it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(3),
      (values, patience, minDelta) => {
        // The epoch of the last accepted best is found anew from the whole past at every epoch.
        const stops = values.findIndex((_, epoch) => {
          let best = 0;
          for (let i = 1; i <= epoch; i++) if (values[i] + minDelta < values[best]) best = i;
          return epoch - best >= patience;
        });
        expect(train({ patience, minDelta }, values).epochs).toBe(stops === -1 ? values.length : stops + 1);
      },
    ),
  );
});

test.each([
  [{ mode: 'up' }, 'ValueError', /'mode' must be one of 'auto', 'min', 'max'. Received: 'up'/],
  [{ patience: -1 }, 'ValueError', /'patience'/],
  [{ patience: 1.5 }, 'TypeError', /'patience'/],
  [{ patience: '3' }, 'TypeError', /'patience'.*Received: "3"/],
  [{ restoreBestWeight: true }, 'TypeError', /Did you mean 'restoreBestWeights'/],
  [{ restoreBestWeights: 1 }, 'TypeError', /'restoreBestWeights'/],
  [{ baseline: Number.NaN }, 'ValueError', /'baseline'/],
  [{ monitor: 3 }, 'TypeError', /'monitor'/],
  ['val_loss', 'TypeError', /options must be one object/],
])('%j is refused', (options, name, message) => {
  expect(() => new EarlyStopping(options as object)).toThrow(
    expect.objectContaining({ name, message: expect.stringMatching(message), code: expect.any(String) }),
  );
});

/** Epochs done, where each brings several values. */
function trainOn(options: EarlyStoppingOptions, epochs: readonly Logs[], model = new FakeModel()) {
  const callback = new EarlyStopping(options);
  callback.setModel(model);
  callback.onTrainBegin({});
  const done = epochs.findIndex((logs, epoch) => {
    model.weights = ['after', epoch];
    callback.onEpochEnd(epoch, { ...logs });
    return model.stopTraining;
  });
  callback.onTrainEnd({});
  return { epochs: done < 0 ? epochs.length : done + 1, callback, model };
}
const both = (losses: readonly number[], accuracies: readonly number[]): Logs[] =>
  losses.map((loss, i) => ({ loss, accuracy: accuracies[i] }));

test('of several values one must improve; the best weights are those of the first', () => {
  const logs = both([5, 4, 4, 4, 4, 4], [0.1, 0.1, 0.2, 0.2, 0.2, 0.2]);
  const options = { monitor: ['loss', 'accuracy'], patience: 2 };
  const run = trainOn({ ...options, restoreBestWeights: true }, logs);
  expect(run.epochs).toBe(5);
  expect(run.callback.best).toEqual([4, 0.2]);
  expect(run.model.weights).toEqual(['after', 1]);
  expect(trainOn({ ...options, monitor: 'loss' }, logs).epochs).toBe(4);
  // The direction of each may be told.
  expect(trainOn({ ...options, mode: ['min', 'min'] }, logs).epochs).toBe(4);
  expect(trainOn(options, both([5, 4, 3, 2], [1, 1, 1, 1])).epochs).toBe(4);
});

test('its state of several values is taken up', () => {
  const options = { monitor: ['loss', 'accuracy'], patience: 2 };
  const { callback } = trainOn(options, both([5, 4], [0.1, 0.3]));
  const again = new EarlyStopping(options);
  again.setModel(new FakeModel());
  again.onTrainBegin({});
  again.setState(JSON.parse(JSON.stringify(callback.getState())));
  expect(again.getState()).toEqual(callback.getState());
  expect(again.best).toEqual([4, 0.3]);
});

test('a target stops; of several all must be reached', () => {
  const logs = both([5, 3, 2, 1, 0.5], [0.5, 0.9, 0.8, 0.95, 1]);
  expect(trainOn({ monitor: 'loss', target: 3, patience: 9 }, logs).epochs).toBe(2);
  expect(trainOn({ monitor: 'accuracy', target: 0.5, patience: 9 }, logs).epochs).toBe(1);
  expect(trainOn({ monitor: ['loss', 'accuracy'], target: [3, 0.9], patience: 9 }, logs).epochs).toBe(2);
  expect(trainOn({ monitor: ['loss', 'accuracy'], target: [2, 0.9], patience: 9 }, logs).epochs).toBe(4);
  expect(trainOn({ monitor: ['loss', 'accuracy'], target: [null, 0.95], patience: 9 }, logs).epochs).toBe(4);
  expect(trainOn({ monitor: 'loss', target: 0.1, patience: 9 }, logs).epochs).toBe(5);
});

test('a limit of time stops with its epoch', () => {
  const clock = vi.spyOn(performance, 'now');
  let now = 0;
  clock.mockImplementation(() => now);
  const model = new FakeModel();
  const callback = new EarlyStopping({ monitor: 'loss', timeLimit: 2, patience: 9 });
  callback.setModel(model);
  callback.onTrainBegin({});
  for (const [seconds, stops] of [
    [1, false],
    [2, false],
    [2.5, true],
  ] as const) {
    now = 1000 * seconds;
    callback.onEpochEnd(seconds, { loss: 1 / seconds });
    expect(model.stopTraining).toBe(stops);
  }
  clock.mockRestore();
});

test('what does not go together is refused', () => {
  expect(() => new EarlyStopping({ monitor: [] })).toThrow('monitor');
  expect(() => new EarlyStopping({ monitor: ['a', 'b'], target: 1 })).toThrow('each of the 2');
  expect(() => new EarlyStopping({ monitor: ['a', 'b'], mode: ['min'] })).toThrow('each of the 2');
  expect(() => new EarlyStopping({ monitor: ['a', 'b'], baseline: 1 })).toThrow('baseline');
  expect(() => new EarlyStopping({ target: Number.NaN })).toThrow('target');
});
