import { show, typeError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import type { Config } from '../registry.js';
import { Constraint } from './constraint.js';

/**
 * Axes along which the norm of a weight is taken. 0 (the default) constrains the inputs of each unit of a Dense kernel
 * `[inputs, units]`; `[0, 1, 2]` those of each filter of a Conv2D kernel. Negative ones count from the end.
 */
export type Axes = number | readonly number[];

function checkAxes(where: string, axis: unknown): Axes {
  const list = Array.isArray(axis) ? axis : [axis];
  if (list.length === 0 || !list.every((a) => Number.isInteger(a)))
    throw typeError(`${where}: 'axis' must be a whole number or a list of them. Received: ${show(axis)}`);
  return axis as Axes;
}
const listed = (axis: Axes): number[] => [axis].flat() as number[];

export interface MaxNormOptions {
  /** Greatest norm, 0 or above. Default 2. `m` is Keras 1's word for it. */
  maxValue?: number;
  m?: number;
  /** Default 0. */
  axis?: Axes;
}

/**
 * Scales weights down to a norm of at most `maxValue`.
 * @example layers.conv2D({ filters: 8, kernelSize: 3, kernelConstraint: constraints.maxNorm({ maxValue: 2, axis: [0, 1, 2] }) })
 */
export class MaxNorm extends Constraint {
  static override readonly className = 'MaxNorm';
  static readonly aliases = ['maxnorm'];
  readonly maxValue: number;
  readonly axis: Axes;
  constructor(options: MaxNormOptions = {}) {
    super();
    const o = readOptions('MaxNorm', options, { maxValue: undefined as unknown, m: undefined as unknown, axis: 0 as unknown });
    this.maxValue = checkNumber('MaxNorm', 'maxValue', o.maxValue ?? o.m ?? 2, { min: 0 });
    this.axis = checkAxes('MaxNorm', o.axis);
  }
  override getConfig(): Config {
    return { maxValue: this.maxValue, axis: this.axis };
  }
  override spec() {
    return { constraint: 'maxNorm', maxValue: this.maxValue, axes: listed(this.axis) };
  }
}

/**
 * Scales weights to norm 1.
 * @example layers.dense({ units: 8, kernelConstraint: constraints.unitNorm({ axis: 0 }) })
 */
export class UnitNorm extends Constraint {
  static override readonly className = 'UnitNorm';
  static readonly aliases = ['unitnorm'];
  readonly axis: Axes;
  constructor(options: { axis?: Axes } = {}) {
    super();
    this.axis = checkAxes('UnitNorm', readOptions('UnitNorm', options, { axis: 0 as unknown }).axis);
  }
  override getConfig(): Config {
    return { axis: this.axis };
  }
  override spec() {
    return { constraint: 'unitNorm', axes: listed(this.axis) };
  }
}

export interface MinMaxNormOptions {
  /** Least norm, 0 or above. Default 0. */
  minValue?: number;
  /** Greatest norm, not below `minValue`. Default 1. */
  maxValue?: number;
  /** How much of the way to the allowed range a step goes, 0 to 1. Default 1: all of it. */
  rate?: number;
  /** Default 0. */
  axis?: Axes;
}

/**
 * Scales weights to a norm between `minValue` and `maxValue`.
 * @example layers.dense({ units: 8, kernelConstraint: constraints.minMaxNorm({ minValue: 0.5, maxValue: 2, rate: 0.9 }) })
 */
export class MinMaxNorm extends Constraint {
  static override readonly className = 'MinMaxNorm';
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: Axes;
  constructor(options: MinMaxNormOptions = {}) {
    super();
    const o = readOptions('MinMaxNorm', options, { minValue: 0, maxValue: 1, rate: 1, axis: 0 as unknown });
    this.minValue = checkNumber('MinMaxNorm', 'minValue', o.minValue, { min: 0 });
    this.maxValue = checkNumber('MinMaxNorm', 'maxValue', o.maxValue, { min: this.minValue });
    this.rate = checkNumber('MinMaxNorm', 'rate', o.rate, { min: 0, max: 1 });
    this.axis = checkAxes('MinMaxNorm', o.axis);
  }
  override getConfig(): Config {
    return { minValue: this.minValue, maxValue: this.maxValue, rate: this.rate, axis: this.axis };
  }
  override spec() {
    return {
      constraint: 'minMaxNorm',
      minValue: this.minValue,
      maxValue: this.maxValue,
      rate: this.rate,
      axes: listed(this.axis),
    };
  }
}

export const normConstraints = { MaxNorm, UnitNorm, MinMaxNorm };
