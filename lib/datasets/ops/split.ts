import { show, ValueError } from '../../errors.js';
import { type Block, Table } from '../block.js';
import { valueAt } from '../columns.js';
import { type Blocks, Node, type Place, without } from '../node.js';
import { RandomStream } from '../random_stream.js';

/** Shares of a dataset that are held out. */
export interface Shares {
  readonly validation: number;
  readonly test: number;
}

/** The parts of a split, as numbers. */
export const TRAIN = 0;
export const VALIDATION = 1;
export const TEST = 2;

/** Which part a row goes into. `begin` is asked before each pass. */
export interface Rule {
  begin(): (block: Block, row: number) => number;
}

/** The rows of one part. All parts read the source by themselves, so that it must give its elements in one order. */
export class SplitPart extends Node {
  readonly below: readonly Node[];
  #size: number | null = null;
  constructor(
    readonly source: Node,
    readonly part: number,
    readonly rule: Rule,
    readonly seeded: { seed: number },
  ) {
    super();
    this.below = [source];
    // What draws belongs to all parts: whoever puts one to another seed does so for them all.
    Object.defineProperty(this, 'seed', {
      get: () => seeded.seed,
      set: (seed: number) => {
        seeded.seed = seed;
      },
    });
  }

  get length(): number | null {
    return this.#size;
  }

  async *blocks({ pass, skip }: Place): Blocks {
    yield* without(this.#rows(pass), skip);
  }

  async *#rows(pass: number): Blocks {
    const partOf = this.rule.begin();
    let size = 0;
    for await (const block of this.source.blocks({ pass, skip: 0 })) {
      const rows: number[] = [];
      for (let i = 0; i < block.length; i++) if (partOf(block, i) === this.part) rows.push(i);
      size += rows.length;
      if (rows.length) yield rows.length === block.length ? block : block.pick(rows);
    }
    this.#size = size;
  }
}

/** One of each `1 / share` rows, drawn: of `n` rows `n * share`, give or take one, wherever they end. */
function drawing(random: RandomStream, share: number): () => boolean {
  let row = -1;
  let window = -1;
  let end = 0;
  let drawn = -1;
  return () => {
    row++;
    if (row >= end) {
      window++;
      end = Math.max(row + 1, Math.round((window + 1) / share));
      drawn = row + random.below(end - row);
    }
    return row === drawn;
  };
}

/** Draws the part of each row: held out or not, and then which of both it is held out for. */
function parts(seed: number, stream: number, { validation, test }: Shares): () => number {
  const held = drawing(new RandomStream(seed, 2 * stream), validation + test);
  if (test === 0) return () => (held() ? VALIDATION : TRAIN);
  const tests = drawing(new RandomStream(seed, 2 * stream + 1), test / (validation + test));
  return () => (held() ? (tests() ? TEST : VALIDATION) : TRAIN);
}

/** Rows at random, all alike. */
export const randomly = (seeded: { seed: number }, shares: Shares): Rule => ({
  begin: () => parts(seeded.seed, 0, shares),
});

/** Rows at random, each class by itself. */
export const byClass = (seeded: { seed: number }, shares: Shares, labelOf: (block: Block, row: number) => unknown): Rule => ({
  begin: () => {
    const classes = new Map<unknown, () => number>();
    return (block, row) => {
      const label = labelOf(block, row);
      let next = classes.get(label);
      if (!next) {
        next = parts(seeded.seed, hash(seeded.seed, label), shares);
        classes.set(label, next);
      }
      return next();
    };
  },
});

/** All rows of one value on one side: the share is that of the values. */
export const byGroup = (
  seeded: { seed: number },
  { validation, test }: Shares,
  groupOf: (block: Block, row: number) => unknown,
): Rule => ({
  begin: () => {
    const groups = new Map<unknown, number>();
    return (block, row) => {
      const value = groupOf(block, row);
      let part = groups.get(value);
      if (part === undefined) {
        const drawn = new RandomStream(seeded.seed, hash(seeded.seed, value)).below(2 ** 20) / 2 ** 20;
        part = drawn < validation ? VALIDATION : drawn < validation + test ? TEST : TRAIN;
        groups.set(value, part);
      }
      return part;
    };
  },
});

/** FNV-1a of a value as text, for streams of random numbers that hang on nothing but the value. */
function hash(seed: number, value: unknown): number {
  let h = (0x811c9dc5 ^ (seed | 0)) >>> 0;
  const text = String(value);
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}

/** The label of a row, for splits by class. */
export function labelOf(block: Block, row: number): unknown {
  if (block instanceof Table && typeof block.structure !== 'number' && 'list' in block.structure) {
    const y = block.structure.list[1];
    if (typeof y === 'number') return simple(valueAt(block.columns[y], row));
  }
  const element = block.item(row);
  if (Array.isArray(element) && element.length > 1) return simple(element[1]);
  throw new ValueError(
    `split: by 'stratified' goes by y, and the elements have none: they must be [x, y]. Received: ${show(element)}`,
    'ERR_DATASET',
  );
}

/** The value of a column in a row, for splits by groups. */
export function groupOf(column: string): (block: Block, row: number) => unknown {
  return (block, row) => {
    const element = block.item(row);
    const x = Array.isArray(element) ? element[0] : element;
    if (typeof x !== 'object' || x === null || !Object.hasOwn(x, column))
      throw new ValueError(
        `split: 'by' is 'last', 'random', 'stratified' or a column, and there is no column '${column}'. Received: ${show(x)}`,
        'ERR_UNKNOWN_NAME',
      );
    return simple((x as Record<string, unknown>)[column]);
  };
}

function simple(value: unknown): unknown {
  if (['number', 'string', 'bigint', 'boolean'].includes(typeof value)) return value;
  const { data } = value as { data?: ArrayLike<number> };
  const numbers = ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<number>) : data;
  if (numbers && numbers.length > 0) return Array.from(numbers).join();
  throw new ValueError(`split: a row goes by a number or a text. Received: ${show(value)}`, 'ERR_DATASET');
}
