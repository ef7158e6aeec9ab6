import { expect, expectTypeOf, test } from 'vitest';
import { Callback, HOOKS, type Logs } from '../../lib/callbacks/callback.js';
import { callbacks } from '../../lib/callbacks/index.js';
import { CallbackList } from '../../lib/callbacks/list.js';
import { toCallbacks } from '../../lib/callbacks/plain.js';
import golden from '../parity/units/callback_trace_tfk.json';
import { FakeModel, FakeStream, params } from './fakes.js';

const listOf = (given: unknown, more: object = {}) =>
  new CallbackList(given, { model: new FakeModel(), params: params(), ...more });
const camel = (s: string) => s.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

type Entry = readonly [name: string, ...rest: unknown[]];
const results = (trace: unknown, name: string) => (trace as Entry[]).filter((e) => e[0] === name).map((e) => e.at(-1) as Logs);

/** A run over batches whose results are those that Keras had, in the order of a training loop. */
async function batches(list: CallbackList, mode: 'Train' | 'Test' | 'Predict', logs: readonly Logs[]): Promise<void> {
  for (const [i, l] of logs.entries()) {
    await list[`on${mode}BatchBegin`](i);
    await list[`on${mode}BatchEnd`](i, l);
  }
}

async function runFit(list: CallbackList): Promise<void> {
  const train = results(golden.fit, 'on_train_batch_end');
  const test = results(golden.fit, 'on_test_batch_end');
  let last: Logs = {};
  await list.onTrainBegin();
  for (let epoch = 0; epoch < 2; epoch++) {
    await list.onEpochBegin(epoch);
    const steps = train.slice(2 * epoch, 2 * epoch + 2);
    await batches(list, 'Train', steps);
    await list.onTestBegin();
    await batches(list, 'Test', [test[epoch]]);
    await list.onTestEnd(test[epoch]);
    const val = Object.fromEntries(Object.entries(test[epoch]).map(([key, v]) => [`val_${key}`, v]));
    last = { ...steps[1], ...val };
    await list.onEpochEnd(epoch, last);
  }
  await list.onTrainEnd(last);
}

async function runEvaluate(list: CallbackList): Promise<void> {
  const logs = results(golden.evaluate, 'on_test_batch_end');
  await list.onTestBegin();
  await batches(list, 'Test', logs);
  await list.onTestEnd(logs.at(-1)!);
}

async function runPredict(list: CallbackList): Promise<void> {
  await list.onPredictBegin();
  await batches(list, 'Predict', results(golden.predict, 'on_predict_batch_end'));
  await list.onPredictEnd();
}

class Recorder extends Callback {
  readonly trace: unknown[][] = [];
}
for (const hook of HOOKS)
  if (!/^onBatch/.test(hook))
    Object.assign(Recorder.prototype, {
      [hook](this: Recorder, ...args: unknown[]) {
        this.trace.push([hook, ...structuredClone(args)]);
      },
    });

test.each([
  ['fit', runFit],
  ['evaluate', runEvaluate],
  ['predict', runPredict],
] as const)('%s: hooks, arguments and logs as in tf.keras', async (mode, run) => {
  const recorder = new Recorder();
  await run(listOf([recorder], { addHistory: true, addProgbar: true, stream: new FakeStream() }));
  expect(recorder.trace).toEqual((golden[mode] as unknown as Entry[]).map(([name, ...args]) => [camel(name), ...args]));
});

test('the history of the golden run', async () => {
  const model = new FakeModel();
  const list = new CallbackList(null, { model, params: params(), addHistory: true });
  await runFit(list);
  expect(Object.entries(list.history!.history)).toEqual([
    ['loss', [3.7541616, 1.3517587]],
    ['mae', [1.5884507, 1.0271596]],
    ['val_loss', [1.0072972, 1.193473]],
    ['val_mae', [0.9106272, 0.9561277]],
  ]);
  expect(list.history!.epoch).toEqual([0, 1]);
  expect(list.history!.params).toEqual(params());
  expect(model.history).toBe(list.history);
});

test('history keeps any key apart, also those of Object.prototype', () => {
  const list = listOf(null, { addHistory: true });
  list.onTrainBegin();
  const logs = JSON.parse('{"loss": 1, "__proto__": 2, "constructor": 3}');
  list.onEpochEnd(4, logs);
  list.onEpochEnd(5, logs);
  expect(JSON.stringify(list.history!.history)).toBe('{"loss":[1,1],"__proto__":[2,2],"constructor":[3,3]}');
  expect(list.history!.epoch).toEqual([4, 5]);
  list.onTrainBegin();
  expect([list.history!.history, list.history!.epoch]).toEqual([{}, []]);
});

test('the order: callbacks of the user, History, ProgbarLogger; logs added on the way reach the later ones', async () => {
  const stream = new FakeStream();
  const seen: string[] = [];
  const first = { onEpochEnd: (_: number, logs: Logs) => Object.assign(logs, { extra: 0.5 }) };
  const list = listOf([first, { onEpochEnd: (_: number, logs: Logs) => seen.push(Object.keys(logs).join()) }], {
    addHistory: true,
    addProgbar: true,
    stream,
    params: params({ verbose: 2, epochs: 1 }),
  });
  expect(list.callbacks.slice(2)).toEqual([list.history, list.progbar]);
  list.onEpochBegin(0);
  list.onEpochEnd(0, { loss: 1 });
  expect(seen).toEqual(['loss,extra']);
  expect(list.history!.history).toEqual({ loss: [1], extra: [0.5] });
  expect(stream.text).toContain(' - loss: 1.0000 - extra: 0.5000 - ');
});

test('a History or ProgbarLogger of the user takes the place of the added one', () => {
  const [h, p] = [callbacks.history(), callbacks.progbarLogger()];
  const list = listOf([p, h], { addHistory: true, addProgbar: true });
  expect(list.callbacks).toEqual([p, h]);
  expect([list.history, list.progbar]).toEqual([h, p]);
});

test('nothing is added unasked', () => {
  const list = listOf(undefined);
  expect([list.callbacks, list.history, list.progbar]).toEqual([[], null, null]);
});

test('model and params are set before the first hook', () => {
  const calls: string[] = [];
  class Own extends Callback {
    override setModel(model: FakeModel) {
      super.setModel(model);
      calls.push('model');
    }
    override setParams(p: never) {
      super.setParams(p);
      calls.push('params');
    }
    override onTrainBegin() {
      calls.push(`begin ${this.model !== undefined} ${this.params.steps}`);
    }
  }
  listOf(new Own()).onTrainBegin();
  expect(calls).toEqual(['model', 'params', 'begin true 3']);
});

test('promises are awaited in order; without any, nothing is deferred', async () => {
  const order: string[] = [];
  const say = (s: string, ms?: number) => ({
    onTrainBatchEnd: () =>
      ms === undefined ? void order.push(s) : new Promise<void>((done) => setTimeout(() => done(void order.push(s)), ms)),
  });
  const sync = listOf([say('a'), say('b')]);
  expect(sync.onTrainBatchEnd(0, {})).toBeUndefined();
  expect(order.splice(0)).toEqual(['a', 'b']);
  const mixed = listOf([say('a'), say('slow', 5), say('b'), say('slower', 8), say('c')]).onTrainBatchEnd(0, {});
  expect(order).toEqual(['a']);
  await mixed;
  expect(order).toEqual(['a', 'slow', 'b', 'slower', 'c']);
});

test('an error of a hook reaches the loop, thrown or rejected', async () => {
  const fail = () => {
    throw new RangeError('mine');
  };
  expect(() => listOf({ onEpochBegin: fail }).onEpochBegin(0)).toThrow(RangeError);
  await expect(listOf([{ onEpochBegin: async () => {} }, { onEpochBegin: fail }]).onEpochBegin(0)).rejects.toThrow('mine');
});

test('old names of the batch hooks are called unless the new ones are overridden', () => {
  const calls: string[] = [];
  class Old extends Callback {
    override onBatchBegin(batch: number) {
      calls.push(`begin ${batch}`);
    }
    override onBatchEnd(batch: number) {
      calls.push(`end ${batch}`);
    }
  }
  class Both extends Old {
    override onTrainBatchEnd() {
      calls.push('new end');
    }
  }
  for (const c of [new Old(), new Both(), { onBatchEnd: (batch: number) => void calls.push(`object ${batch}`) }]) {
    const list = listOf(c);
    expect(list.wantsTrainBatches).toBe(true);
    list.onTrainBatchBegin(3);
    list.onTrainBatchEnd(3, {});
  }
  expect(calls).toEqual(['begin 3', 'end 3', 'begin 3', 'new end', 'object 3']);
});

test('only hooks of batches that someone overrides are asked for', () => {
  const wants = (given: unknown, more?: object) => {
    const list = listOf(given, more);
    return [list.wantsTrainBatches, list.wantsTestBatches, list.wantsPredictBatches];
  };
  class Epochs extends Callback {
    override onEpochEnd() {}
  }
  class Later extends Epochs {
    override onTestBatchBegin() {}
  }
  const field = new (class extends Callback {
    constructor() {
      super();
      this.onPredictBatchEnd = () => {};
    }
  })();
  const all = [
    callbacks.earlyStopping(),
    callbacks.reduceLROnPlateau(),
    callbacks.csvLogger('x.csv'),
    callbacks.learningRateScheduler(() => 1),
  ];
  expect(wants(null, { addHistory: true, addProgbar: true })).toEqual([false, false, false]);
  expect(wants([new Callback(), new Epochs(), callbacks.progbarLogger(), callbacks.history(), ...all])).toEqual([
    false,
    false,
    false,
  ]);
  expect(wants(new Later())).toEqual([false, true, false]);
  expect(wants(field)).toEqual([false, false, true]);
  expect(wants({ onTrainBatchBegin() {} })).toEqual([true, false, false]);
  expect(wants(callbacks.lambdaCallback({ onBatchEnd() {} }))).toEqual([true, false, false]);
  expect(wants(callbacks.terminateOnNaN())).toEqual([true, false, false]);
});

test('hooks of an object are its methods, with model and params at hand', () => {
  const object = {
    seen: [] as unknown[],
    onEpochEnd(this: { seen: unknown[]; model?: FakeModel; params?: object }, epoch: number) {
      this.seen.push(epoch, this.params);
      this.model!.stopTraining = true;
    },
  };
  const model = new FakeModel();
  const list = new CallbackList(object, { model, params: params() });
  list.onTrainBegin();
  list.onEpochEnd(2, {});
  expect(object.seen).toEqual([2, params()]);
  expect(model.stopTraining).toBe(true);
  expect(Object.keys(object)).toEqual(['seen', 'onEpochEnd']);

  const own: unknown[] = [];
  listOf(
    Object.freeze({ setModel: (m: unknown) => own.push(m), setParams: (p: unknown) => own.push(p), onTrainBegin: () => 0 }),
  ).onTrainBegin();
  expect(own).toEqual([expect.any(FakeModel), params()]);
});

test('an object of a class that is no Callback will do', () => {
  const calls: number[] = [];
  class Duck {
    onEpochBegin(epoch: number) {
      calls.push(epoch);
    }
  }
  listOf([new Duck()]).onEpochBegin(8);
  expect(calls).toEqual([8]);
});

test.each([
  ['a misspelt hook', { onEpocEnd() {} }, /callbacks: 'onEpocEnd' is not a hook .* Did you mean 'onEpochEnd'\?/],
  [
    'a hook in snake case',
    [{ onEpochEnd() {}, on_train_begin() {} }],
    /callbacks\[0\]: 'on_train_begin' .* Did you mean 'onTrainBegin'\?/,
  ],
  ['an object without hooks', { epochEnd() {} }, /none of the hooks.*Received: an object with keys \[epochEnd\]/],
  [
    'a class',
    [new Callback(), callbacks.EarlyStopping],
    /callbacks\[1\].*Received: function EarlyStopping\. Give an instance: new EarlyStopping/,
  ],
  ['a name', 'early_stopping', /Received: "early_stopping"\. Give an instance/],
  ['a number', [1], /callbacks\[0\] must be a callback.*Received: 1/],
  ['an entry that is not there', [[false]], /callbacks\[0\]\[0\].*Received: false\. Leave the entry out/],
  ['a typed array', new Float32Array(2), /Received: Float32Array\(2\)/],
  ['a promise', Promise.resolve(new Callback()), /Received: a Promise/],
  ['a hook that is no function', { onEpochEnd: 'x' }, /'onEpochEnd' must be a function. Received: "x"/],
])('%s is a TypeError that says what came', (_, given, message) => {
  expect(() => toCallbacks(given)).toThrow(TypeError);
  expect(() => toCallbacks(given)).toThrow(message);
  expect(() => toCallbacks(given)).toThrow(expect.objectContaining({ code: 'ERR_CALLBACK' }));
});

test('both names of one hook', () => {
  expect(() => toCallbacks({ onBatchEnd() {}, onTrainBatchEnd() {} })).toThrow(
    /'onBatchEnd' is another name of 'onTrainBatchEnd'/,
  );
});

test('one, a list, lists in a list, and nothing', () => {
  const [a, b] = [new Callback(), new Callback()];
  expect(toCallbacks(a)).toEqual([a]);
  expect(toCallbacks([a, [b, []]])).toEqual([a, b]);
  expect(toCallbacks(null)).toEqual([]);
  expect(toCallbacks(undefined)).toEqual([]);
  expectTypeOf(callbacks.earlyStopping).returns.toExtend<Callback>();
});

test('LambdaCallback takes every hook, and no other name', () => {
  const seen: unknown[] = [];
  const list = listOf(
    callbacks.lambdaCallback({ onEpochEnd: (epoch, logs) => seen.push(epoch, logs.loss), onTestBegin: () => seen.push('test') }),
  );
  list.onEpochEnd(1, { loss: 2 });
  list.onTestBegin();
  expect(seen).toEqual([1, 2, 'test']);
  for (const hook of HOOKS) {
    const calls: unknown[] = [];
    const lambda = new callbacks.LambdaCallback({ [hook]: (...args: unknown[]) => calls.push(args) });
    (lambda[hook] as (...args: unknown[]) => unknown)(1, {});
    expect(calls).toEqual([[1, {}]]);
  }
  expect(() => new callbacks.LambdaCallback({ onEpochEnds() {} } as object)).toThrow(
    /unknown option 'onEpochEnds'. Did you mean 'onEpochEnd'/,
  );
  expect(() => new callbacks.LambdaCallback({ onEpochEnd: 3 } as object)).toThrow(TypeError);
  expect(() => new callbacks.LambdaCallback({ onBatchBegin() {}, onTrainBatchBegin() {} })).toThrow(/another name/);
});
