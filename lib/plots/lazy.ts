/** Pictures: most programs draw none, so the first that is drawn loads what draws it. */
export const pictures = (): typeof import('./pictures.js') => require('./files.js');
