import { describe, expect, it } from 'vitest';
import { Optimizer, type OptimizerOptions, optimizerRegistry, optimizers } from '../lib/optimizers/index.js';
import { toKeras } from '../lib/registry.js';
import { schedules } from '../lib/schedules/index.js';

const { SGD, RMSprop, Adam, AdamW, Adamax, Nadam, Adagrad, Adadelta, Ftrl, Lion } = optimizers;
const all = [SGD, RMSprop, Adam, AdamW, Adamax, Nadam, Adagrad, Adadelta, Ftrl, Lion];
const thrown = (name: string, message?: RegExp) =>
  expect.objectContaining({
    name,
    code: expect.stringMatching(/^ERR_/),
    ...(message ? { message: expect.stringMatching(message) } : {}),
  });

describe('names', () => {
  it('resolve in every spelling', () => {
    const spellings: [string, unknown][] = [
      ['sgd', SGD],
      ['SGD', SGD],
      ['rmsprop', RMSprop],
      ['RMSprop', RMSprop],
      ['RMSProp', RMSprop],
      ['adam', Adam],
      ['ADAM', Adam],
      ['Custom>Adam', Adam],
      ['keras.optimizers.Adam', Adam],
      ['adamw', AdamW],
      ['AdamW', AdamW],
      ['adam_w', AdamW],
      ['adamax', Adamax],
      ['nadam', Nadam],
      ['adagrad', Adagrad],
      ['adadelta', Adadelta],
      ['ftrl', Ftrl],
      ['FTRL', Ftrl],
      ['Lion', Lion],
    ];
    for (const [name, cls] of spellings) expect(optimizerRegistry.resolve(name).constructor, name).toBe(cls);
  });

  it('say what is missing and what was meant', () => {
    expect(() => optimizerRegistry.resolve('adm')).toThrow(thrown('ValueError', /Did you mean 'Adam'/));
    for (const name of ['Adafactor', 'muon', 'LossScaleOptimizer', 'loss_scale_optimizer'])
      expect(() => optimizerRegistry.resolve({ class_name: name, config: {} })).toThrow(thrown('ValueError', /not available/));
    expect(() => optimizerRegistry.resolve(7)).toThrow(thrown('TypeError'));
  });
});

describe('options', () => {
  it("have Keras's defaults", () => {
    const rates = all.map((C) => new C().learningRate);
    expect(rates).toEqual([0.01, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001]);
    expect(new AdamW().weightDecay).toBe(0.004);
    expect(new Adam().weightDecay).toBe(null);
    expect(new Lion().beta2).toBe(0.99);
    expect(new Adadelta().rho).toBe(0.95);
    expect(new RMSprop().rho).toBe(0.9);
    expect(new Adagrad().slotInitialValue()).toBe(0.1);
    expect(new Adam().common()).toEqual({
      weightDecay: null,
      clipnorm: null,
      clipvalue: null,
      globalClipnorm: null,
      useEma: false,
      emaMomentum: 0.99,
      emaOverwriteFrequency: null,
      emaCopyFirst: true,
      gradientAccumulationSteps: null,
    });
  });

  it('come in every form of config', () => {
    const forms = [
      { className: 'Adam', config: { learningRate: 0.5, beta1: 0.8, globalClipnorm: 2 } },
      {
        class_name: 'Adam',
        config: { learning_rate: 0.5, beta_1: 0.8, global_clipnorm: 2, jit_compile: false, weight_decay: null },
      },
      { class_name: 'Adam', config: { lr: 0.5, beta_1: 0.8, global_clipnorm: 2, decay: 0, epsilon: null } },
      optimizers.adam({ learningRate: 0.5, beta1: 0.8, globalClipnorm: 2 }),
    ];
    for (const form of forms) {
      const o = optimizerRegistry.resolve(form);
      expect(o.learningRate).toBe(0.5);
      expect(o.spec()).toEqual({ optimizer: 'adam', beta1: 0.8, beta2: 0.999, epsilon: 1e-7, amsgrad: false });
      expect(o.common().globalClipnorm).toBe(2);
    }
  });

  it('make the same optimizer again from its config, ours or as Keras writes it', () => {
    for (const C of all) {
      const o = new C({
        learningRate: 0.25,
        weightDecay: 0.5,
        useEma: true,
        emaMomentum: 0.5,
        gradientAccumulationSteps: 3,
        name: 'mine',
      });
      for (const again of [new C(o.getConfig()), optimizerRegistry.resolve(toKeras(o, 'keras.optimizers'))]) {
        expect(again.getConfig()).toEqual(o.getConfig());
        expect(again.spec()).toEqual(o.spec());
        expect(again.common()).toEqual(o.common());
      }
    }
    const scheduled = optimizers.sgd({ learningRate: schedules.cosineDecay({ initialLearningRate: 0.5, decaySteps: 10 }) });
    const again = optimizerRegistry.resolve(toKeras(scheduled, 'keras.optimizers'));
    expect([0, 3, 20].map((i) => again.rateAt(i))).toEqual([0, 3, 20].map((i) => scheduled.rateAt(i)));
  });

  it('that make no sense are refused', () => {
    const bad: [object, string, RegExp][] = [
      [{ learningrate: 1 }, 'TypeError', /Did you mean 'learningRate'/],
      [{ learningRate: '0.1' }, 'TypeError', /learningRate/],
      [{ learningRate: Number.NaN }, 'ValueError', /learningRate/],
      [{ learningRate: 0.1, lr: 0.1 }, 'ValueError', /lr/],
      [{ clipnorm: 1, clipvalue: 1 }, 'ValueError', /only one of/],
      [{ clipnorm: 1, globalClipnorm: 1 }, 'ValueError', /only one of/],
      [{ clipvalue: 1, globalClipnorm: 1 }, 'ValueError', /only one of/],
      [{ clipnorm: -1 }, 'ValueError', /clipnorm/],
      [{ useEma: 1 }, 'TypeError', /useEma/],
      [{ emaMomentum: 1.5 }, 'ValueError', /emaMomentum/],
      [{ emaOverwriteFrequency: 0 }, 'ValueError', /emaOverwriteFrequency/],
      [{ gradientAccumulationSteps: 1 }, 'ValueError', />= 2/],
      [{ gradientAccumulationSteps: 2.5 }, 'TypeError', /whole number/],
      [{ lossScaleFactor: 0 }, 'ValueError', /lossScaleFactor/],
      [{ decay: 0.1, learningRate: () => 1 }, 'ValueError', /decay/],
      [{ name: 3 }, 'TypeError', /name/],
    ];
    for (const C of all)
      for (const [options, name, message] of bad)
        expect(() => new C(options), JSON.stringify(options)).toThrow(thrown(name, message));
    expect(() => new Adam({ beta1: 1 })).toThrow(thrown('ValueError'));
    expect(() => new SGD({ momentum: 1.5 })).toThrow(thrown('ValueError'));
    expect(() => new AdamW({ weightDecay: null })).toThrow(thrown('ValueError', /Adam/));
    expect(() => new AdamW(0.1 as never)).toThrow(thrown('TypeError'));
    expect(() => new Ftrl({ learningRatePower: 0.5 })).toThrow(thrown('ValueError'));
  });
});

describe('state', () => {
  it('has the names and order that the engine and Keras have', () => {
    const names = (o: Optimizer) => o.slotNames().join();
    expect(names(new SGD())).toBe('');
    expect(names(new SGD({ momentum: 0.9 }))).toBe('momentum');
    expect(names(new Adam())).toBe('momentum,velocity');
    expect(names(new Adam({ amsgrad: true }))).toBe('momentum,velocity,velocity_hat');
    expect(names(new Adamax())).toBe('momentum,norm');
    expect(names(new RMSprop())).toBe('velocity');
    expect(names(new RMSprop({ momentum: 0.5, centered: true }))).toBe('velocity,momentum,average_gradient');
    expect(names(new Adadelta())).toBe('accumulated_grad,accumulated_delta_var');
    const ftrl = new Ftrl({ initialAccumulatorValue: 0.5 });
    expect(ftrl.slotNames().map((n) => ftrl.slotInitialValue(n))).toEqual([0.5, 0]);
  });

  it('counts updates, not batches, where gradients are accumulated', () => {
    const o = new SGD({ gradientAccumulationSteps: 3 });
    o.calls = 8;
    expect(o.iterations).toBe(2);
    o.iterations = 5;
    expect(o.calls).toBe(15);
    expect(() => {
      o.iterations = -1;
    }).toThrow(thrown('ValueError'));
  });

  it('starts averages as the version does that wrote the config', () => {
    const legacy = { class_name: 'SGD', config: { learning_rate: 0.1, use_ema: true, is_legacy_optimizer: false } };
    expect(optimizerRegistry.resolve(legacy).common().emaCopyFirst).toBe(false);
    const keras3 = { class_name: 'SGD', config: { learning_rate: 0.1, use_ema: true } };
    expect(optimizerRegistry.resolve(keras3).common().emaCopyFirst).toBe(true);
  });
});

describe('learning rate', () => {
  it('may be set between batches', () => {
    const o = new Adam({ learningRate: 0.5 });
    expect(o.hasConstantRate).toBe(true);
    o.learningRate = 0.1;
    expect(o.learningRate).toBe(0.1);
    expect(o.rateAt(1000)).toBe(Math.fround(0.1));
    expect(() => {
      o.learningRate = Number.POSITIVE_INFINITY;
    }).toThrow(thrown('ValueError'));
    expect(o.learningRate).toBe(0.1);
  });

  it('follows a schedule, which a number may not replace', () => {
    const schedule = schedules.exponentialDecay({ initialLearningRate: 1, decaySteps: 1, decayRate: 0.5 });
    for (const rate of [
      schedule,
      { className: 'ExponentialDecay', config: schedule.getConfig() },
      (step: number) => 0.5 ** step,
    ]) {
      const o = new SGD({ learningRate: rate });
      expect(o.hasConstantRate).toBe(false);
      expect([0, 1, 2].map((i) => o.rateAt(i))).toEqual([1, 0.5, 0.25]);
      expect(() => {
        o.learningRate = 0.1;
      }).toThrow(thrown('TypeError', /schedule/));
      o.learningRate = schedules.piecewiseConstantDecay({ boundaries: [], values: [0.125] });
      expect(o.rateAt(5)).toBe(0.125);
    }
  });

  it("decays by Keras 2's formula", () => {
    const o = new SGD({ lr: 0.1, decay: 0.25 } satisfies OptimizerOptions);
    expect(o.hasConstantRate).toBe(false);
    expect([0, 1, 4].map((i) => o.rateAt(i))).toEqual([0.1, 0.1 / 1.25, 0.05].map(Math.fround));
    expect(o.getConfig().decay).toBe(0.25);
  });

  it('of a broken schedule is an error that names the step', () => {
    const o = new SGD({ learningRate: (step: number) => (step < 3 ? 0.1 : (undefined as never)) });
    o.rateAt(2);
    expect(() => o.rateAt(3)).toThrow(thrown('ValueError', /step 3/));
  });
});

it('weights are left out of decay by parts of their names', () => {
  const o = new AdamW();
  o.excludeFromWeightDecay({ varNames: ['bias', 'gamma'] });
  expect(['dense/kernel', 'dense/bias', 'norm/gamma'].map((n) => o.isExcludedFromWeightDecay(n))).toEqual([false, true, true]);
  expect(() => o.excludeFromWeightDecay({ varNames: 'bias' as never })).toThrow(thrown('TypeError'));
  o.calls = 1;
  expect(() => o.excludeFromWeightDecay({ varNames: ['bias'] })).toThrow(thrown('RuntimeError'));
});

it('every class has a factory and is an Optimizer', () => {
  for (const C of all) expect(new C()).toBeInstanceOf(Optimizer);
  const { sgd, rmsprop, adam, adamW, adamax, nadam, adagrad, adadelta, ftrl, lion } = optimizers;
  const made = [sgd, rmsprop, adam, adamW, adamax, nadam, adagrad, adadelta, ftrl, lion].map((factory) => factory());
  expect(made.map((o) => o.constructor)).toEqual(all);
});
