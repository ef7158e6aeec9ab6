import type { OpSpec } from '../engine/spec.js';
import { ValueError } from '../errors.js';
import { checkOneOf } from '../options.js';
import type { Shape } from './shape.js';

/** What becomes of ids: themselves, or vectors as long as there are ids. */
export type OutputMode = 'int' | 'one_hot' | 'multi_hot' | 'count' | 'tf_idf';

const words = ['int', 'one_hot', 'multi_hot', 'count', 'tf_idf'] as const;

/** Keras's words, old ones too. */
export function checkOutputMode(where: string, value: unknown, allowed: readonly OutputMode[] = words): OutputMode {
  const meant = value === 'binary' ? 'multi_hot' : value === 'tf-idf' ? 'tf_idf' : value;
  return checkOneOf(where, 'outputMode', meant, allowed);
}

/** The shape of a sample of ids once it is encoded. */
export function encodedShape(label: string, input: Shape, mode: OutputMode, depth: number): Shape {
  if (mode === 'int') return input;
  if (mode === 'one_hot') return input.at(-1) === 1 ? [...input.slice(0, -1), depth] : [...input, depth];
  if (input.length > 1)
    throw new ValueError(
      `${label}: with outputMode '${mode}' samples are lists of ids, of one axis. Received samples of shape [${input.map(String)}].`,
      'ERR_SHAPE',
    );
  return [depth];
}

/** The op that encodes ids. @param refuses whether ids below 0 are refused; else they count nowhere */
export function encodingOps(mode: OutputMode, depth: number, refuses: boolean, weights?: number[]): OpSpec[] {
  if (mode === 'int') return [];
  return [
    { op: 'categoryEncoding', tokens: depth, mode: mode === 'tf_idf' ? 'count' : mode, refuses, ...(weights ? { weights } : {}) },
  ];
}
