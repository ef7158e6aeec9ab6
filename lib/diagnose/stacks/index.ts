// Random stacks: what `gemmfit doctor` and the tests draw, run and compare.
export { layerRules } from './layers.js';
export { runStack, type StackResult } from './run.js';
export { drawStack, fixedSet, nameOf, type Package, parseName, type Stack, type StackName } from './stack.js';
