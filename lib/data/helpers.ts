export { type OneHotOptions, oneHot } from './one_hot.js';
export type { Rows } from './rows.js';
export { type Split, type SplitOptions, trainTestSplit } from './train_test_split.js';
export { type Windows, type WindowsOptions, windows } from './windows.js';
