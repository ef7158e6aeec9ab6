import { expect, test } from 'vitest';
import { exponential, fixed, repr } from '../../lib/callbacks/numbers.js';
import { python } from './python_numbers.js';

test.each(python)('%d is written as Python writes it', (value, fixed4, fixed0, exponential4, shortest) => {
  expect(fixed(value, 4)).toBe(fixed4);
  expect(fixed(value, 0)).toBe(fixed0);
  expect(exponential(value, 4)).toBe(exponential4);
  expect(repr(value)).toBe(shortest);
});
