import type { Node } from '../node.js';
import { Mapped } from './map.js';

/**
 * What is loaded for each element, as an image for its path. Steps that only choose and order elements go below it, so that a shuffle holds paths and no image is
 * loaded that a split leaves to another part.
 */
export class Loaded extends Mapped {
  /** The same of elements that were chosen or ordered. */
  over(choose: (source: Node) => Node): Loaded {
    return new Loaded(choose(this.source), this.make, this.parallelCalls);
  }
}

/** Puts a step that only chooses and orders elements where it costs least. */
export const chosen = (node: Node, choose: (source: Node) => Node): Node =>
  node instanceof Loaded ? node.over(choose) : choose(node);
