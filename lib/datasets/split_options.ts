import { show, typeError, ValueError } from '../errors.js';
import { checkNumber, readOptions } from '../options.js';
import { nextSeed } from '../random.js';
import type { Node } from './node.js';
import { Cache } from './ops/cache.js';
import { LastPart } from './ops/last.js';
import { Shuffle } from './ops/shuffle.js';
import { byClass, byGroup, groupOf, labelOf, type Rule, randomly, SplitPart, TEST, TRAIN, VALIDATION } from './ops/split.js';

/** Options of `dataset.split`. */
export interface SplitOptions {
  /** Share of the elements to validate on, from 0 to below 1. */
  validation?: number;
  /** Share of the elements to test on. Default 0. */
  test?: number;
  /**
   * `'last'`: the last ones are held out, as `validationSplit` does. `'random'`: drawn. `'stratified'`: drawn from each class of y by itself, so that all
   * parts have the same shares of them. Any other text is the name of a column: all rows with the same value in it come into the same part (those of a
   * patient, a user, a day), and the shares are those of the values. Default 'random'.
   */
  by?: 'last' | 'random' | 'stratified' | (string & {});
  /** Of what is drawn, a whole number. Default: the next one after `setRandomSeed`. */
  seed?: number | null;
}

/** Nodes of the three parts. */
export function splitNode(source: Node, options: SplitOptions): Node[] {
  const o = readOptions<Required<SplitOptions>>('split', options, { validation: 0, test: 0, by: 'random', seed: null });
  const validation = checkNumber('split', 'validation', o.validation, { min: 0, below: 1 });
  const test = checkNumber('split', 'test', o.test, { min: 0, below: 1 });
  if (validation + test === 0 || validation + test >= 1)
    throw new ValueError(
      `split: 'validation' and 'test' are shares of all elements, above 0 and below 1 together. Received: ${validation} and ${test}`,
      'ERR_OUT_OF_RANGE',
    );
  if (typeof o.by !== 'string')
    throw typeError(`split: 'by' must be 'last', 'random', 'stratified' or a column. Received: ${show(o.by)}`);
  refuseShuffled(source);
  const shares = { validation, test };
  const counted = { rows: null };
  if (o.by === 'last') return [TRAIN, VALIDATION, TEST].map((part) => new LastPart(source, part, shares, counted));
  const seeded = {
    seed:
      o.seed === null
        ? nextSeed()
        : checkNumber('split', 'seed', o.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }),
  };
  const rule: Rule =
    o.by === 'random'
      ? randomly(seeded, shares)
      : o.by === 'stratified'
        ? byClass(seeded, shares, labelOf)
        : byGroup(seeded, shares, groupOf(o.by));
  return [TRAIN, VALIDATION, TEST].map((part) => new SplitPart(source, part, rule, seeded));
}

/** An order that changes with each pass would let elements wander between the parts. */
function refuseShuffled(node: Node): void {
  if (node instanceof Cache) return;
  if (node instanceof Shuffle && node.reshuffles)
    throw new ValueError(
      'split: the dataset is shuffled anew for each pass, so that elements would go from one part to another. Split before you shuffle, or shuffle with reshuffleEachIteration false.',
      'ERR_DATASET',
    );
  for (const below of node.below) refuseShuffled(below);
}
