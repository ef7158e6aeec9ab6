import type { TrainingRecord } from '../callbacks/record.js';
import { isPromise } from '../errors.js';
import { withSeed } from '../random.js';

/** What is asked of a model that is made here: see `Sequential`. */
export interface Trainable {
  readonly built: boolean;
  build(inputShape: (number | null)[]): void;
  fit(x: unknown, y: unknown, options: object): Promise<TrainingRecord>;
  evaluate(x: unknown, y: unknown, options: object): Promise<unknown>;
  metricDirection(name: string): 'min' | 'max' | undefined;
  dispose(): void;
}

/** A model whose weights and all that is drawn for it follow from a seed, whoever makes others at the same time. */
export async function make<T extends Trainable>(
  seed: number,
  sampleShape: readonly number[] | null,
  maker: () => T | Promise<T>,
): Promise<T> {
  const made = withSeed(seed, maker);
  const model = isPromise(made) ? await made : (made as T);
  if (!model.built && sampleShape) withSeed(seed + 1, () => model.build([null, ...(sampleShape.length ? sampleShape : [1])]));
  return model;
}

/** The seed of a part of the work. */
export const seedOf = (seed: number, part: number): number => (seed + (part + 1) * 0x9e3779b1) % (Number.MAX_SAFE_INTEGER - 1);

/** Runs tasks, so many at a time, in their order. The first that fails fails all; those that are at work are waited for. */
export async function pool<T>(count: number, parallel: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = new Array(count);
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < count && !failed) {
      const index = next++;
      try {
        results[index] = await task(index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const all = await Promise.allSettled(Array.from({ length: Math.min(parallel, count) }, worker));
  for (const one of all) if (one.status === 'rejected') throw one.reason;
  return results;
}
