/** The work on texts and vocabularies: loaded by the first layer that does any. */
export const work = (): typeof import('./work.js') => require('./files.js');
