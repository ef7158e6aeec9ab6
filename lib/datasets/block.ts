import { ValueError } from '../errors.js';
import { areAlike, type Column, columnOf, isDense, joined, putRow, roomLike, sliceColumn, stacked, valueAt } from './columns.js';
import { build, leavesOf, type Structure, takeApart } from './structure.js';

/** Elements of a dataset that go through it together: columns where they are rows of numbers and texts, else the elements themselves. */
export type Block = Table | Items;

/** Rows in columns: nothing is made for a row until somebody asks for it. */
export class Table {
  constructor(
    readonly structure: Structure,
    readonly columns: readonly Column[],
    readonly length: number,
  ) {}

  item(row: number): unknown {
    return build(this.structure, (leaf) => valueAt(this.columns[leaf], row));
  }
  slice(from: number, to: number): Table {
    if (from === 0 && to === this.length) return this;
    return new Table(
      this.structure,
      this.columns.map((column) => sliceColumn(column, from, to)),
      to - from,
    );
  }
  /** Rows by their numbers. */
  pick(rows: ArrayLike<number>): Table {
    const out = this.columns.map((column) => roomLike(column, rows.length));
    out.forEach((column, leaf) => {
      for (let i = 0; i < rows.length; i++) putRow(column, i, this.columns[leaf], rows[i]);
    });
    return new Table(this.structure, out, rows.length);
  }
  /** One element of all rows. */
  batched(): unknown {
    return build(this.structure, (leaf) => stacked(this.columns[leaf], this.length));
  }
}

/** Elements one by one. */
export class Items {
  constructor(readonly items: readonly unknown[]) {}

  get length(): number {
    return this.items.length;
  }
  item(index: number): unknown {
    return this.items[index];
  }
  slice(from: number, to: number): Items {
    return from === 0 && to === this.length ? this : new Items(this.items.slice(from, to));
  }
  pick(rows: ArrayLike<number>): Items {
    return new Items(Array.from(rows, (row) => this.items[row]));
  }
  batched(): unknown {
    return tableOf(this.items).batched();
  }
}

/** Elements of one structure as columns. */
export function tableOf(items: readonly unknown[]): Table {
  const { structure, leaves } = takeApart(items[0]);
  const values = leaves.map(() => new Array<unknown>(items.length));
  const row: unknown[] = [];
  for (let i = 0; i < items.length; i++) {
    leavesOf(structure, items[i], row);
    for (let leaf = 0; leaf < values.length; leaf++) values[leaf][i] = row[leaf];
  }
  const names = namesOf(structure);
  return new Table(
    structure,
    values.map((column, leaf) => columnOf(column, names[leaf])),
    items.length,
  );
}

/** What messages call the leaves. */
export function namesOf(structure: Structure, prefix = ''): string[] {
  if (typeof structure === 'number') return [prefix || 'x'];
  if ('list' in structure) return structure.list.flatMap((inner, i) => namesOf(inner, ['x', 'y', 'weight'][i]));
  return structure.of.flatMap((inner, i) =>
    namesOf(inner, prefix ? `${prefix}.${structure.names[i]}` : `'${structure.names[i]}'`),
  );
}

/** Blocks one after the other as one. */
export function joinBlocks(blocks: readonly Block[]): Block {
  if (blocks.length === 1) return blocks[0];
  const [first] = blocks;
  if (!(first instanceof Table)) return new Items(blocks.flatMap((block) => itemsOf(block)));
  const others = blocks.map((block) => checkAlike(first, block));
  const lengths = others.map((block) => block.length);
  return new Table(
    first.structure,
    first.columns.map((_, leaf) =>
      joined(
        others.map((block) => block.columns[leaf]),
        lengths,
      ),
    ),
    lengths.reduce((n, d) => n + d, 0),
  );
}

/** The elements of a block, made where they are not yet. */
export const itemsOf = (block: Block): readonly unknown[] =>
  block instanceof Items ? block.items : Array.from({ length: block.length }, (_, i) => block.item(i));

/** A block whose rows can stand among those of another. */
export function checkAlike(first: Table, block: Block): Table {
  if (
    block instanceof Table &&
    block.structure === first.structure &&
    block.columns.every((c, k) => areAlike(c, first.columns[k]))
  )
    return block;
  const table = block instanceof Table ? block : tableOf(block.items);
  const wrong = first.columns.findIndex((c, k) => !table.columns[k] || !areAlike(c, table.columns[k]));
  if (wrong < 0 && table.columns.length === first.columns.length) return new Table(first.structure, table.columns, table.length);
  const what = (column: Column | undefined) =>
    column && isDense(column) ? `${column.data.constructor.name} of shape [${column.shape}] a row` : 'no numbers';
  throw new ValueError(
    `elements of a dataset have different kinds: ${namesOf(first.structure)[wrong] ?? 'a column'} was ${what(first.columns[wrong])} and is ${what(table.columns[wrong])}.`,
    'ERR_DATASET',
  );
}
