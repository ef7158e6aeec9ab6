import { basename, join } from 'node:path';
import { show, typeError } from '../errors.js';
import type { Model, NewModel } from '../model/model.js';
import { checkBoolean, readOptions } from '../options.js';
import type { Part, PartClass } from '../registry.js';
import { applyOptimizer, applyWeights } from './apply.js';
import type { Format } from './formats/format.js';
import { formatOfBytes, formatOfPath } from './formats/index.js';
import { buildModel } from './from_json.js';
import { type FileLimits, readLimits } from './limits.js';
import { bytesOf, type SavedModel } from './saved_model.js';
import { bytesSource, fileSource } from './source.js';
import { applyVocabularies } from './vocabularies.js';

/** Options of `loadModel`. */
export interface LoadOptions {
  /** Whether the model is compiled as the file says, with what the optimizer kept. Default true. */
  compile?: boolean;
  /** Classes of yours by the names that the file has for them, for this call alone. */
  customObjects?: Record<string, PartClass<Part>> | null;
  /** What the file may hold. */
  limits?: FileLimits;
}

/** Options of `loadWeights`. */
export interface LoadWeightsOptions {
  /** Layers are found by name instead of by place; those that only one side has are passed over. Default false. */
  byName?: boolean;
  /** Layers whose weights do not fit keep theirs. Default false: ValueError ERR_WEIGHTS_MISMATCH, and nothing is changed. */
  skipMismatch?: boolean;
  limits?: FileLimits;
}

const reads = (format: Format) => format.read !== undefined;
const readsModels = (format: Format) => reads(format) && format.holds === 'model';

/** A model from a file, or from its bytes. */
export async function readModel(file: string | Uint8Array, newModel: NewModel, options?: LoadOptions): Promise<Model> {
  const o = readOptions<Required<LoadOptions>>('loadModel', options, { compile: true, customObjects: null, limits: {} });
  const compile = checkBoolean('loadModel', 'compile', o.compile);
  const where = 'loadModel';
  const saved = await readFile(where, file, o.limits, readsModels);
  const model = buildModel(where, saved.config as object, newModel, {
    compile,
    compileConfig: saved.compileConfig,
    customObjects: o.customObjects,
    weightBytes: saved.weights ? bytesOf(saved.weights) : readLimits(where, o.limits).bytes,
  });
  if (saved.weights) applyWeights(where, model, saved.weights, { byName: false, skipMismatch: false });
  if (saved.vocabularies) applyVocabularies(model, saved.vocabularies);
  if (compile && saved.optimizer && model.compiled) applyOptimizer(where, model, saved.optimizer);
  return model;
}

/** Gives a model the weights of a file; all of them, or none. */
export async function loadWeights(model: Model, file: unknown, options?: LoadWeightsOptions): Promise<void> {
  const where = 'loadWeights';
  const o = readOptions<Required<LoadWeightsOptions>>(where, options, { byName: false, skipMismatch: false, limits: {} });
  const byName = checkBoolean(where, 'byName', o.byName);
  const skipMismatch = checkBoolean(where, 'skipMismatch', o.skipMismatch);
  const saved = await readFile(where, file, o.limits, reads);
  if (saved.weights) applyWeights(where, model, saved.weights, { byName, skipMismatch });
  if (saved.optimizer && model.compiled && !byName && !skipMismatch) applyOptimizer(where, model, saved.optimizer);
}

async function readFile(where: string, file: unknown, limits: unknown, can: (format: Format) => boolean): Promise<SavedModel> {
  const most = readLimits(where, limits);
  if (typeof file === 'string') {
    const format = formatOfPath(where, file, can);
    const path = format.folder && basename(file) !== format.folder ? join(file, format.folder) : file;
    return (format.read as NonNullable<Format['read']>)(fileSource(`${where}: ${show(file)}`, path, most));
  }
  if (!(file instanceof Uint8Array || file instanceof ArrayBuffer))
    throw typeError(`${where}: takes the path of a file or its bytes as a Uint8Array. Received: ${show(file)}`);
  const source = bytesSource(where, file, most);
  return (formatOfBytes(where, await source.bytes(), can).read as NonNullable<Format['read']>)(source);
}
