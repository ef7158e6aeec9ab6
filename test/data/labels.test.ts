import { beforeEach, describe, expect, it, vi } from 'vitest';

// What the engine does, in its plainest form.
const firstOutside = vi.fn((data: ArrayLike<number | bigint>, low: number, high: number, whole: boolean, except: number | null) =>
  Array.from(data, Number).findIndex((v) => v !== except && !(v >= low && v <= high && (!whole || Number.isInteger(v)))),
);
vi.mock('../../lib/engine/addon.js', () => ({ addon: { firstOutside } }));
const { checkIds, checkLabels } = await import('../../lib/data/labels.js');

const sparse = { sparse: true };
const column = (data: Float32Array | Int32Array | BigInt64Array) => ({ data, shape: [data.length, 1] });

describe('checkLabels', () => {
  beforeEach(() => {
    firstOutside.mockClear();
  });

  it('takes class numbers in range, of any element type', () => {
    checkLabels('y', column(Float32Array.of(0, 1, 9)), sparse, 10);
    checkLabels('y', column(BigInt64Array.of(0n, 9n)), sparse, 10);
    checkLabels('y', column(Int32Array.of(0, -1, 2)), { sparse: true, ignoreClass: -1 }, 3);
    expect(firstOutside).toHaveBeenCalledTimes(3);
  });

  it('does not look at labels of other losses', () => {
    checkLabels('y', column(Float32Array.of(-5, Number.NaN)), { sparse: false }, 1);
    checkLabels('y', column(Float32Array.of(-5)), null, 1);
    expect(firstOutside).not.toHaveBeenCalled();
  });

  it.each([
    [10, /label of sample 2 is 10\..*0 to 9.*units: 11/],
    [12, /units: 13/],
    [-1, /ignoreClass/],
    [1.5, /one-hot|soft/],
    [Number.NaN, /is NaN/],
    [Number.POSITIVE_INFINITY, /is Infinity/],
  ])('refuses %d and says how to mend it', (label, message) => {
    expect(() => checkLabels('y', column(Float32Array.of(0, 1, label, 99)), sparse, 10)).toThrow(
      expect.objectContaining({ name: 'ValueError', code: 'ERR_LABEL', message: expect.stringMatching(message) }),
    );
  });

  it('asks the loss for its range, where it has one of its own', () => {
    checkLabels('y', column(Float32Array.of(700)), { sparse: true, labelRange: () => null }, 2);
    checkLabels('y', column(Float32Array.of(-1)), { sparse: true, labelRange: (n) => [-1, n] }, 2);
    expect(() => checkLabels('y', column(Float32Array.of(2)), { sparse: true, labelRange: (n) => [-1, n] }, 2)).toThrow(
      /from -1 to 1/,
    );
  });

  it('gives the position within a sample', () => {
    const y = { data: Int32Array.of(0, 1, 2, 0, 1, 7), shape: [2, 3, 1] };
    expect(() => checkLabels('fit: y', y, { sparse: true, ignoreClass: -1 }, 3)).toThrow(
      /^fit: y: the label of sample 1 at \[1, 2, 0\] is 7.*-1, which is ignored/,
    );
  });
});

describe('checkIds', () => {
  const embedding = { className: 'Embedding', getConfig: () => ({ inputDim: 100 }) };

  it('takes ids below inputDim, and any input of other layers', () => {
    checkIds('x', { data: Int32Array.of(0, 99), shape: [1, 2] }, embedding);
    checkIds('x', { data: Int32Array.of(-5), shape: [1] }, { className: 'Dense', getConfig: () => ({}) });
    checkIds('x', { data: Int32Array.of(-5), shape: [1] }, undefined);
  });

  it.each([
    [100, /id of sample 1 at \[1, 0\] is 100\..*0 to 99.*inputDim: 101/],
    [-1, /is -1/],
    [0.5, /is 0\.5/],
    [Number.NaN, /is NaN/],
  ])('refuses %d', (id, message) => {
    expect(() => checkIds('x', { data: Float32Array.of(0, 1, id, 3), shape: [2, 2] }, embedding)).toThrow(
      expect.objectContaining({ code: 'ERR_INDEX', message: expect.stringMatching(message) }),
    );
  });
});
