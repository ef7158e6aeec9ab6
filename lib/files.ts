// What `dist/files.js` holds: see lazy.ts, and the files of that name in rooms below: the only doors to it.
export { Checkpointer } from './checkpoint/checkpointer.js';
export { printsOf } from './checkpoint/prints.js';
export { findResumable } from './checkpoint/resumable.js';
export { SourceStates } from './checkpoint/source_states.js';
export * as datasets from './datasets/index.js';
export * from './evaluation/all.js';
export * from './plots/pictures.js';
export * from './preprocessing/work.js';
export { buildModel, MOST_WEIGHT_BYTES } from './saving/from_json.js';
export { loadWeights, readModel } from './saving/load.js';
export { save, saveWeights, toBuffer } from './saving/save.js';
export { toJSON } from './saving/to_json.js';
export { crossValidate } from './tuning/cross_validate.js';
export { findLearningRate } from './tuning/learning_rate.js';
export { search } from './tuning/search.js';
