/**
 * Tables as models take them.
 * @example
 * const space = preprocessing.featureSpace({ age: 'float_normalized', city: 'string_categorical' });
 */
export * as preprocessing from './preprocessing_helpers.js';
