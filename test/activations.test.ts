import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Activation, activationRegistry, activations } from '../lib/activations/index.js';
import { camel } from '../lib/registry.js';

const table = JSON.parse(readFileSync(join(__dirname, 'parity', 'units', 'activations.json'), 'utf8'));
const resolve = (id: unknown) => activationRegistry.resolve(id);

/** The error that a call throws, for a look at its class, code and message. */
function thrown(call: () => unknown): { name: string; code?: string; message: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('names', () => {
  it('takes every function of Keras in its spellings', () => {
    for (const name of Object.keys(table.functions)) {
      const expected = { swish: 'silu', hard_swish: 'hard_silu' }[name] ?? name;
      for (const spelling of [name, camel(name), `keras.activations.${name}`])
        expect(resolve(spelling).name, spelling).toBe(expected);
    }
  });

  it('has a factory for each', () => {
    for (const name of Object.keys(table.functions)) {
      const factory = activations[camel(name) as 'relu'];
      expect(factory(), name).toBeInstanceOf(Activation);
      expect(resolve(factory).spec()).toEqual(factory().spec());
    }
  });

  it('takes classes, configs and layers in their place', () => {
    expect(resolve(activations.Gelu).spec()).toEqual({ activation: 'gelu' });
    expect(resolve({ className: 'LeakyRelu', config: { negativeSlope: 0.1 } }).spec()).toEqual({
      activation: 'leakyRelu',
      negativeSlope: 0.1,
    });
    expect(resolve({ class_name: 'function', config: 'hard_silu' }).name).toBe('hard_silu');
    const layer = { name: 'leaky', trainable: true, dtype: 'float32', negative_slope: 0.3 };
    expect(resolve({ class_name: 'LeakyReLU', config: layer }).getConfig()).toEqual({ negativeSlope: 0.3 });
    expect(resolve({ class_name: 'LeakyReLU', config: { alpha: 0.3 } }).getConfig()).toEqual({ negativeSlope: 0.3 });
    expect(resolve({ class_name: 'ReLU', config: { max_value: 6, negative_slope: 0, threshold: 0 } }).getConfig()).toEqual({
      maxValue: 6,
    });
    expect(resolve({ class_name: 'ELU', config: { alpha: 2 } }).getConfig()).toEqual({ alpha: 2 });
    const same = activations.relu();
    expect(resolve(same)).toBe(same);
  });

  it('refuses the rest', () => {
    expect(thrown(() => resolve('rellu'))).toMatchObject({
      code: 'ERR_UNKNOWN_NAME',
      message: expect.stringMatching(/'relu'/i),
    });
    expect(thrown(() => resolve(3))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => resolve({}))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => resolve({ className: 'Relu', config: 3 }))).toMatchObject({ code: 'ERR_CONFIG' });
  });
});

describe('options', () => {
  it('writes only what is not at its default', () => {
    expect(activations.relu().getConfig()).toEqual({});
    expect(activations.relu({ maxValue: null, threshold: 0 }).getConfig()).toEqual({});
    expect(activations.relu({ maxValue: 6, negativeSlope: 0.5 }).getConfig()).toEqual({ maxValue: 6, negativeSlope: 0.5 });
    expect(activations.gelu({ approximate: true }).spec()).toEqual({ activation: 'gelu', approximate: true });
    expect(activations.threshold({ threshold: 1, defaultValue: -1 }).spec()).toEqual({
      activation: 'threshold',
      threshold: 1,
      defaultValue: -1,
    });
    expect(activations.hardSigmoidKeras2().spec()).toEqual({ activation: 'hardSigmoidKeras2' });
  });

  it('comes back from its config', () => {
    for (const a of [activations.squareplus({ b: 2 }), activations.celu({ alpha: 3 }), activations.softShrink({ threshold: 1 })])
      expect(resolve({ className: (a.constructor as { className?: string }).className, config: a.getConfig() }).spec()).toEqual(
        a.spec(),
      );
  });

  it('checks types and ranges', () => {
    expect(thrown(() => activations.elu({ alpha: '1' as never }))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining("'alpha'"),
    });
    expect(thrown(() => activations.elu({ alpha: Number.NaN }))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(thrown(() => activations.celu({ alpha: 0 }))).toMatchObject({ name: 'ValueError', code: 'ERR_OUT_OF_RANGE' });
    expect(thrown(() => activations.gelu({ approximate: 1 as never }))).toMatchObject({ name: 'TypeError' });
    expect(thrown(() => activations.relu({ slope: 1 } as never))).toMatchObject({ code: 'ERR_UNKNOWN_OPTION' });
    expect(thrown(() => resolve('threshold'))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining("'threshold'"),
    });
    expect(thrown(() => activations.softmax({ axis: 0.5 }))).toMatchObject({ name: 'TypeError' });
  });

  it('knows what does nothing', () => {
    expect(activations.linear().isLinear).toBe(true);
    expect(activations.relu().isLinear).toBe(false);
  });
});

describe('axes', () => {
  it('leaves shapes as they are, but for glu', () => {
    expect(activations.relu().outputShape([null, 3])).toEqual([null, 3]);
    expect(activations.softmax({ axis: 1 }).outputShape([4, 3])).toEqual([4, 3]);
    expect(activations.glu().outputShape([4, 6])).toEqual([4, 3]);
    expect(activations.glu({ axis: 1 }).outputShape([4, 6])).toEqual([2, 6]);
    expect(activations.glu().outputShape([4, null])).toEqual([4, null]);
  });

  it('says the last axis one way only, so that losses find their logits', () => {
    expect(activations.softmax().spec(1)).toEqual({ activation: 'softmax' });
    expect(activations.softmax({ axis: 2 }).spec(2)).toEqual({ activation: 'softmax' });
    expect(activations.softmax({ axis: 1 }).spec(2)).toEqual({ activation: 'softmax', axis: 1 });
  });

  it('refuses axes that are not there', () => {
    for (const axis of [0, 3, -3, -4])
      expect(thrown(() => activations.softmax({ axis }).outputShape([4, 3]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(thrown(() => activations.softmax().outputShape([]))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    expect(thrown(() => activations.glu().outputShape([5]))).toMatchObject({ code: 'ERR_SHAPE' });
  });
});
