import type { NativeVariable } from '../engine/addon.js';
import type { Model } from '../model/model.js';
import type { Stored } from './encode.js';

/** Every variable that a training changes, by a name that says whose it is. */
function variablesOf(model: Model): Map<string, NativeVariable> {
  const paths = new Map([...model.weightPaths()].map(([path, weight]) => [weight, path]));
  let states = 0;
  return new Map(
    model
      .engine()
      .variables()
      .map(({ variable, weight, slot }) => {
        if (!weight) return [`states/${states++}`, variable];
        const path = paths.get(weight);
        return [slot === null ? `weights/${path}` : `optimizer/${path}/${slot}`, variable];
      }),
  );
}

/** Copies all of them as they lie: rows of large tables that are behind stay so, and nothing changes by being written down. */
export function readVariables(model: Model, tensors: Map<string, Stored>): void {
  for (const [name, variable] of variablesOf(model)) {
    const { shape, values, updated, scales } = variable.readState();
    tensors.set(name, { shape, data: values });
    if (updated.length === 0) continue;
    tensors.set(`rows/${name}/updated`, { shape: [updated.length], data: updated });
    tensors.set(`rows/${name}/scales`, { shape: [scales.length], data: scales });
  }
}

/** Steps that the rows of a table may be behind: IdleSteps::kMost of the engine. */
const MOST_BEHIND = 4096;

/** Whether what a checkpoint says of a table's rows is of another form than the engine's. */
function wrongRows(updated: unknown, scales: unknown, shape: readonly number[]): boolean {
  if (updated === undefined && scales === undefined) return false;
  return !(
    updated instanceof Int32Array &&
    scales instanceof Float64Array &&
    shape.length === 2 &&
    updated.length === shape[0] &&
    scales.length < MOST_BEHIND &&
    updated.every((u) => u >= 0 && u <= scales.length)
  );
}

/** What does not fit a model, in words; null where all does. */
export function misfit(model: Model, tensors: ReadonlyMap<string, Stored>): string | null {
  const isState = (name: string) => name.startsWith('states/');
  for (const [name, variable] of variablesOf(model)) {
    const stored = tensors.get(name);
    if (!stored) return `it has no ${name}`;
    if (!(stored.data instanceof Float32Array)) return `its ${name} does not hold float32 numbers`;
    if (!isState(name) && stored.data.byteLength !== 4 * variable.size) return `its ${name} is of shape [${stored.shape}]`;
    const rows = ['updated', 'scales'].map((part) => tensors.get(`rows/${name}/${part}`)?.data);
    if (wrongRows(rows[0], rows[1], stored.shape)) return `its rows of ${name} are none`;
  }
  return null;
}

/** Puts all of them back. The model has been checked with `misfit`. */
export function writeVariables(model: Model, tensors: ReadonlyMap<string, Stored>): void {
  for (const [name, variable] of variablesOf(model)) {
    const { shape, data } = tensors.get(name) as Stored;
    const updated = tensors.get(`rows/${name}/updated`)?.data ?? new Int32Array(0);
    const scales = tensors.get(`rows/${name}/scales`)?.data ?? new Float64Array(0);
    // What a stateful layer carries has the batch's shape, which it takes from here.
    if (name.startsWith('states/') && 4 * variable.size !== data.byteLength) variable.clear();
    variable.writeState({
      shape: [...shape],
      values: data as Float32Array,
      updated: updated as Int32Array,
      scales: scales as Float64Array,
    });
  }
}
