import { describe, expect, it } from 'vitest';
import { single } from '../../lib/data/containers.js';
import { array } from '../../lib/data/ndarray.js';

describe('single', () => {
  const a = array([[1, 2]]);

  it('takes the value out of a dictionary by name', () => {
    expect(single('x', { pixels: a }, ['pixels'])).toBe(a);
    expect(single('x', Object.assign(Object.create(null), { pixels: a }), ['pixels'])).toBe(a);
    expect(single('loss', { out: 'mse' }, ['out'])).toBe('mse');
    expect(single('metrics', { out: ['mae', 'acc'] }, ['out'])).toEqual(['mae', 'acc']);
    expect(single('x', { constructor: a }, ['constructor'])).toBe(a);
  });

  it('names what is unknown or missing', () => {
    expect(() => single('x', { pixls: a }, ['pixels'])).toThrow(
      expect.objectContaining({ name: 'ValueError', message: expect.stringMatching(/'pixls'.*'pixels'/) }),
    );
    expect(() => single('x', { pixels: a, more: a }, ['pixels'])).toThrow(/'more'/);
    expect(() => single('x', {}, ['pixels'])).toThrow(expect.objectContaining({ code: 'ERR_MISSING_DATA' }));
    expect(() => single('x', { toString: a }, ['pixels'])).toThrow(/'toString'/);
    expect(() => single('x', {}, ['toString'])).toThrow(/no entry for 'toString'/);
  });

  it('leaves data and descriptions of parts alone', () => {
    for (const value of [
      a,
      new Float32Array(2),
      [1],
      [[1, 2]],
      [a],
      [new Float32Array(2)],
      { data: new Float32Array(2), shape: [2] },
      'mse',
      null,
      undefined,
      3,
    ])
      expect(single('x', value, ['n'])).toBe(value);
    for (const part of [
      { className: 'Huber', config: {} },
      { class_name: 'Huber', config: {} },
      { call() {}, gradient() {} },
      new (class Loss {})(),
      new Map(),
      new Set(),
    ])
      expect(single('loss', part, ['n'])).toBe(part);
  });

  it('opens lists of one', () => {
    expect(single('loss', ['mse'], ['out'])).toBe('mse');
    expect(single('y', [{ out: a }], ['out'])).toBe(a);
    expect(single('metrics', ['mae', 'acc'], ['out'])).toEqual(['mae', 'acc']);
  });
});
