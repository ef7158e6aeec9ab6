// Every activation: a line a file, which ends in the list of its classes.
export { alongAxisActivations } from './along_axis.js';
export { elementwiseActivations } from './elementwise.js';
