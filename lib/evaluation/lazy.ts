/** What looks at predictions: loaded with its first use. */
export const evaluations = (): typeof import('./all.js') => require('./files.js');
