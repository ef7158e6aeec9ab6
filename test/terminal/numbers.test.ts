import { expect, test } from 'vitest';
import { exponential, fixed, repr, repr32 } from '../../lib/terminal/numbers.js';
import { python } from './python_numbers.js';

test.each(python)('%d is written as Python writes it', (value, fixed4, fixed0, exponential4, shortest) => {
  expect(fixed(value, 4)).toBe(fixed4);
  expect(fixed(value, 0)).toBe(fixed0);
  expect(exponential(value, 4)).toBe(exponential4);
  expect(repr(value)).toBe(shortest);
});

// The shortest digits that read back as the same float32.
test.each([
  [0.1 * 0.1, '0.01'],
  [Math.fround(0.1), '0.1'],
  [0.00010000000474974513, '0.000100000005'],
  [1e-5, '1e-05'],
  [1.2 * 0.5 * 0.5, '0.3'],
  [1, '1.0'],
  [16777217, '16777216.0'],
  [1 / 3, '0.33333334'],
  [2 ** -24, '5.9604645e-08'],
  [1e300, '1e+300'],
  [Number.NaN, 'nan'],
])('%d as NumPy writes a float32', (value, text) => {
  expect(repr32(value)).toBe(text);
});
