import { numbersOf } from '../structure.js';
import { boolOf, numberOf } from './cells.js';
import type { ColumnType } from './options.js';

/** Whole numbers up to this are exact in float32. */
const EXACT = 2 ** 24;

/** The type of numbers such as these. */
function typeOfNumbers(values: readonly number[]): ColumnType {
  return values.some((value) => Number.isInteger(value) && Math.abs(value) > EXACT) ? 'float64' : 'float32';
}

/** The type of a column whose first texts are these. One without any value is taken for numbers, so that its first text is told. */
export function typeOfTexts(texts: readonly string[], na: ReadonlySet<string>): ColumnType {
  const words = texts.map((text) => text.trim()).filter((word) => !na.has(word));
  const numbers = words.map(numberOf);
  if (numbers.every((value) => value !== undefined)) return typeOfNumbers(numbers);
  return words.every((word) => boolOf(word) !== undefined) ? 'bool' : 'string';
}

/** The type of a column whose first values are these. */
export function typeOfValues(values: readonly unknown[]): ColumnType | 'array' {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length === 0) return 'float32';
  const every = (...types: string[]) => known.every((value) => types.includes(typeof value));
  if (every('boolean')) return 'bool';
  if (every('number', 'boolean', 'bigint')) return typeOfNumbers(known.map(Number));
  if (every('string')) return 'string';
  return known.every((value) => typeof value === 'object' && numbersOf('', value) !== null) ? 'array' : 'string';
}
