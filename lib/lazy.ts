/** Formats of files, configs, checkpoints and pictures: a file of their own in the package, which the first use loads. Most programs use none of them. */
export const files = (): typeof import('./files.js') => require('./files.js');
