import type { Tensor } from '../data/convert.js';
import type { Model } from '../model/model.js';
import { toJSON } from '../saving/to_json.js';
import { binaryKind } from './checkpointer.js';
import { printOf, printOfJson } from './fingerprint.js';

/** What callbacks change while a model trains, and names that count all models of a process, are no part of what a training is. */
const changing = (key: string, value: unknown): unknown =>
  key === 'name' || (key === 'learning_rate' && typeof value === 'number') ? undefined : value;

/** The arrays that a fit trains on. */
interface Arrays {
  x: Tensor;
  y: Tensor | null;
  weights: Tensor | null;
}

/** Short prints of all that a training hangs on, besides the state of its model: null where there is nothing of the kind. */
export function printsOf(model: Model, samples: Arrays | null, options: Record<string, unknown>): Record<string, string | null> {
  const { compile_config: compile, ...layers } = toJSON(model) as Record<string, unknown>;
  const print = (value: unknown) => printOfJson(JSON.parse(JSON.stringify(value ?? null, changing)));
  return {
    model: print(layers),
    compile: print(compile),
    x: samples && printOf(samples.x),
    y: samples && printOf(samples.y),
    sampleWeight: samples && printOf(samples.weights),
    options: print(options),
    binary: binaryKind(),
  };
}
