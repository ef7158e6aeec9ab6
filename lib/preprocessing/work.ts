// What layers that work on data before the engine need once they do: see lazy.ts.
export * from './bins.js';
export * from './feature.js';
export * from './quantiles.js';
export * from './ragged.js';
export * from './raw.js';
export * from './table.js';
export * from './text.js';
export * from './token_counts.js';
export * from './vocabulary.js';
