/** Lists of texts, or of ids larger than numbers hold, of any depth. */
export type NestedTexts = string | number | bigint | readonly NestedTexts[];

/**
 * Texts with a shape, as layers give them that turn ids into terms; such layers take it as well.
 * @example
 * const back = layers.stringLookup({ vocabulary: ['red', 'blue'], invert: true });
 * back.call([[1, 2], [2, 0]]).toArray(); // [['red', 'blue'], ['blue', '[UNK]']]
 */
export class TextArray {
  constructor(
    readonly data: readonly (string | number | bigint)[],
    readonly shape: readonly number[],
  ) {}

  /** Nested lists. */
  toArray(): NestedTexts {
    const build = (axis: number, from: number, size: number): NestedTexts => {
      if (axis === this.shape.length) return this.data[from];
      const step = size / this.shape[axis];
      return Array.from({ length: this.shape[axis] }, (_, i) => build(axis + 1, from + i * step, step));
    };
    return build(0, 0, this.data.length);
  }
}
