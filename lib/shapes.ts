/** How many numbers an array of this shape holds. Sizes that are not known yet count as 1. */
export const sizeOf = (shape: readonly (number | null)[]): number => shape.reduce<number>((n, d) => n * (d ?? 1), 1);

/** How messages show a shape. */
export const shapeText = (shape: readonly (number | null)[]): string => `[${shape.map(String).join(', ')}]`;
