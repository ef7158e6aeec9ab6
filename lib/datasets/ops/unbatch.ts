import { show, ValueError } from '../../errors.js';
import { itemsOf, namesOf, Table } from '../block.js';
import { type Column, dense } from '../columns.js';
import { type Blocks, Node, type Place, without } from '../node.js';
import { leavesOf, numbersOf, type Structure, takeApart } from '../structure.js';

/** The rows of batches as elements. */
export class Unbatch extends Node {
  readonly below: readonly Node[];
  constructor(readonly source: Node) {
    super();
    this.below = [source];
  }

  get length(): number | null {
    return this.source.length === 0 ? 0 : null;
  }

  async *blocks({ pass, skip }: Place): Blocks {
    yield* without(this.#rows(pass), skip);
  }

  async *#rows(pass: number): Blocks {
    let structure: Structure | null = null;
    for await (const block of this.source.blocks({ pass, skip: 0 }))
      for (const batch of itemsOf(block)) {
        structure ??= takeApart(batch).structure;
        const rows = rowsOf(structure, batch);
        if (rows.length) yield rows;
      }
  }
}

function rowsOf(structure: Structure, batch: unknown): Table {
  const leaves: unknown[] = [];
  leavesOf(structure, batch, leaves);
  const names = namesOf(structure);
  const lengths: number[] = [];
  const columns = leaves.map((leaf, i): Column => {
    const numbers = numbersOf(names[i], leaf);
    if (numbers && numbers.shape.length > 0) {
      lengths.push(numbers.shape[0]);
      return dense(numbers.data, numbers.shape.slice(1));
    }
    if (!Array.isArray(leaf)) throw new ValueError(`unbatch: ${names[i]} has no rows. Received: ${show(leaf)}`, 'ERR_DATASET');
    lengths.push(leaf.length);
    return { list: leaf };
  });
  const [length] = lengths;
  const other = lengths.findIndex((n) => n !== length);
  if (other >= 0)
    throw new ValueError(
      `unbatch: ${names[0]} has ${length} rows and ${names[other]} ${lengths[other]}: the arrays of a batch must have as many.`,
      'ERR_LENGTHS',
    );
  return new Table(structure, columns, length);
}
