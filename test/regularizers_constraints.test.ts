import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { constraintRegistry, constraints } from '../lib/constraints/index.js';
import { toKeras } from '../lib/registry.js';
import { regularizerRegistry, regularizers } from '../lib/regularizers/index.js';

interface Part {
  class_name: string;
  config: Record<string, unknown>;
}
const table: { regularizers: Part[]; constraints: Part[] } = JSON.parse(
  readFileSync(join(__dirname, 'parity', 'units', 'regularizers_constraints.json'), 'utf8'),
);
const thrown = (name: string) => expect.objectContaining({ name, code: expect.stringMatching(/^ERR_/) });

// Values are held against Keras's where they are computed: native/test/regularizers_test.cc.
it('configs of Keras go round', () => {
  for (const part of table.regularizers) {
    const ours = regularizerRegistry.resolve(part);
    expect(toKeras(ours, 'keras.regularizers')).toMatchObject({ class_name: part.class_name, config: part.config });
    expect(regularizerRegistry.resolve(toKeras(ours, 'keras.regularizers'))).toEqual(ours);
  }
  for (const part of table.constraints) {
    const ours = constraintRegistry.resolve(part);
    expect(toKeras(ours, 'keras.constraints')).toMatchObject({ class_name: part.class_name, config: part.config });
    expect(constraintRegistry.resolve(toKeras(ours, 'keras.constraints'))).toEqual(ours);
  }
});

describe('regularizers', () => {
  it('by name have a hundredth of each factor', () => {
    expect(regularizerRegistry.resolve('l1').spec()).toEqual({ regularizer: 'l1l2', l1: 0.01, l2: 0 });
    expect(regularizerRegistry.resolve('l2').spec()).toEqual({ regularizer: 'l1l2', l1: 0, l2: 0.01 });
    expect(regularizerRegistry.resolve('l1_l2').spec()).toEqual({ regularizer: 'l1l2', l1: 0.01, l2: 0.01 });
    expect(regularizers.l1L2({ l2: 0.5 }).spec()).toEqual({ regularizer: 'l1l2', l1: 0, l2: 0.5 });
    expect(regularizerRegistry.resolve('orthogonal_regularizer').spec()).toEqual({
      regularizer: 'orthogonal',
      factor: 0.01,
      mode: 'rows',
    });
  });
  it('that make no sense are refused', () => {
    expect(() => regularizers.l2({ l2: -1 })).toThrow(thrown('ValueError'));
    expect(() => regularizers.l1({ l1: Number.NaN })).toThrow(thrown('ValueError'));
    expect(() => regularizers.l2({ l1: 1 } as never)).toThrow(thrown('TypeError'));
    expect(() => regularizers.orthogonalRegularizer({ mode: 'both' as never })).toThrow(thrown('ValueError'));
    expect(() => regularizerRegistry.resolve('l3')).toThrow(thrown('ValueError'));
  });
});

describe('constraints', () => {
  it('tell the engine their axes as a list', () => {
    expect(constraintRegistry.resolve('max_norm').spec()).toEqual({ constraint: 'maxNorm', maxValue: 2, axes: [0] });
    expect(constraintRegistry.resolve('non_neg').spec()).toEqual({ constraint: 'nonNeg' });
    expect(constraints.unitNorm({ axis: [0, 1, 2] }).spec()).toEqual({ constraint: 'unitNorm', axes: [0, 1, 2] });
    expect(constraints.minMaxNorm({ minValue: 0.5, rate: 0.25, axis: -1 }).spec()).toEqual({
      constraint: 'minMaxNorm',
      minValue: 0.5,
      maxValue: 1,
      rate: 0.25,
      axes: [-1],
    });
  });
  it('that make no sense are refused', () => {
    expect(() => constraints.maxNorm({ maxValue: -1 })).toThrow(thrown('ValueError'));
    expect(() => constraints.minMaxNorm({ minValue: 2 })).toThrow(thrown('ValueError'));
    expect(() => constraints.minMaxNorm({ rate: 2 })).toThrow(thrown('ValueError'));
    expect(() => constraints.unitNorm({ axis: 0.5 })).toThrow(thrown('TypeError'));
    expect(() => constraints.unitNorm({ axis: [] })).toThrow(thrown('TypeError'));
    expect(() => constraintRegistry.resolve('tight')).toThrow(thrown('ValueError'));
  });
});
