import { type Block, Items, Table } from '../block.js';
import { type Blocks, Node, type Place } from '../node.js';
import { Pending } from '../pending.js';
import type { Structure } from '../structure.js';

/** The first elements of all, the second ones, and so on, until one of them has no more. */
export class Zip extends Node {
  constructor(readonly below: readonly Node[]) {
    super();
  }

  get length(): number | null {
    const lengths = this.below.map(({ length }) => length);
    return lengths.includes(null) ? (lengths.includes(0) ? 0 : null) : Math.min(...(lengths as number[]));
  }

  async *blocks(place: Place): Blocks {
    const readers = this.below.map((node) => ({ blocks: node.blocks(place), pending: new Pending() }));
    try {
      for (;;) {
        for (const { blocks, pending } of readers) {
          if (pending.length > 0) continue;
          const { done, value } = await blocks.next();
          if (done) return;
          pending.add(value);
        }
        const length = Math.min(...readers.map(({ pending }) => pending.length));
        yield beside(
          readers.map(({ pending }) => pending.take(length)),
          length,
        );
      }
    } finally {
      for (const { blocks } of readers) await blocks.return();
    }
  }
}

function beside(parts: readonly Block[], length: number): Block {
  if (!parts.every((part): part is Table => part instanceof Table))
    return new Items(Array.from({ length }, (_, i) => parts.map((part) => part.item(i))));
  let leaves = 0;
  const list = parts.map(({ structure, columns }) => {
    const moved = shifted(structure, leaves);
    leaves += columns.length;
    return moved;
  });
  return new Table(
    { list },
    parts.flatMap(({ columns }) => columns),
    length,
  );
}

/** The same over leaves that are counted from another number. */
function shifted(structure: Structure, by: number): Structure {
  if (typeof structure === 'number') return structure + by;
  if ('list' in structure) return { list: structure.list.map((inner) => shifted(inner, by)) };
  return { names: structure.names, of: structure.of.map((inner) => shifted(inner, by)) };
}
