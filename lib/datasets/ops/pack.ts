import { dtypeOf, isBig } from '../../data/elements.js';
import { show, ValueError } from '../../errors.js';
import { Items, itemsOf, Table, tableOf } from '../block.js';
import { type Column, type Dense, dense, isDense } from '../columns.js';
import { type Blocks, Node, type Place } from '../node.js';
import type { Structure } from '../structure.js';

/** The columns of x side by side in one array: what a dense layer takes. */
export class Pack extends Node {
  readonly below: readonly Node[];
  constructor(
    readonly source: Node,
    readonly names: readonly string[] | null,
  ) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.source.length;
  }

  async *blocks(place: Place): Blocks {
    for await (const block of this.source.blocks(place)) {
      const table = block instanceof Items ? tableOf(itemsOf(block)) : block;
      yield this.#packed(table);
    }
  }

  #packed({ structure, columns, length }: Table): Table {
    const isList = typeof structure !== 'number' && 'list' in structure;
    const [x, ...others] = isList ? structure.list : [structure];
    if (typeof x === 'number' || 'list' in x)
      throw new ValueError('pack: x has no columns: it is an array already. Leave it out.', 'ERR_DATASET');
    const names = this.names ?? x.names;
    const leaves = names.map((name) => {
      const leaf = x.of[x.names.indexOf(name)];
      if (typeof leaf !== 'number')
        throw new ValueError(
          `pack: there is no column '${name}'. Received: ${show(names)}, the columns are ${x.names.join(', ')}.`,
          'ERR_UNKNOWN_NAME',
        );
      return numeric(name, columns[leaf]);
    });
    const out: Column[] = [sideBySide(leaves, length)];
    const list = others.map((inner): Structure => {
      if (typeof inner !== 'number') throw new ValueError('pack: y and the weight are one column each.', 'ERR_DATASET');
      return out.push(columns[inner]) - 1;
    });
    return new Table(isList ? { list: [0, ...list] } : 0, out, length);
  }
}

function numeric(name: string, column: Column): Dense {
  if (isDense(column)) return column;
  throw new ValueError(
    `pack: column '${name}' is text (${show(column.list[0])}), which has no number. Leave it out: pack([...]) takes the columns to pack; or turn it into numbers, by map or a feature space.`,
    'ERR_DTYPE',
  );
}

function sideBySide(columns: readonly Dense[], length: number): Dense {
  const width = columns.reduce((n, { size }) => n + size, 0);
  const wide = columns.some(({ data }) => dtypeOf(data) === 'float64');
  const out = wide ? new Float64Array(length * width) : new Float32Array(length * width);
  let at = 0;
  for (const { data, size } of columns) {
    for (let row = 0; row < length; row++)
      for (let k = 0; k < size; k++) {
        const from = row * size + k;
        out[row * width + at + k] = isBig(data) ? Number(data[from]) : (data as Float32Array)[from];
      }
    at += size;
  }
  return dense(out, [width]);
}
