import { isDictionary } from '../data/containers.js';
import { isDataset } from '../data/dataset.js';
import { show, ValueError } from '../errors.js';
import type { Logs } from '../logs.js';
import type { Model } from '../model/model.js';
import { openTest, type TestData } from './evaluate.js';
import { type TestOptions, type TestRun, testLoop } from './test_loop.js';

/** Data that are looked at when an epoch is over. */
export interface ValidationSet {
  /** What stands before the names of its results: `val_`; '' where it is measured in the place of the training's running means. */
  prefix: string;
  run: TestRun;
  hasValidated: boolean;
}

/** What `validationData` is: one set, or several by their names. */
export type GivenSets = { name: string; prefix: string; data: unknown }[];

const isOne = (value: unknown): boolean =>
  isDataset(value) || (Array.isArray(value) && (value.length === 2 || value.length === 3));

/** `[x, y]`, `[x, y, sampleWeight]`, a dataset, or `{ name: one of these }`. */
export function readValidationData(value: unknown): GivenSets {
  if (value === null) return [];
  if (isOne(value)) return [{ name: 'validationData', prefix: 'val_', data: value }];
  if (!isDictionary(value) || Object.keys(value).length === 0)
    throw new ValueError(
      `fit: 'validationData' must be [x, y], [x, y, sampleWeight], a dataset, or several of these by name, { recent: [x, y] }. Received: ${Array.isArray(value) ? `a list of ${value.length}` : show(value)}`,
      'ERR_VALIDATION_DATA',
    );
  return Object.entries(value).map(([name, data]) => {
    if (!isOne(data))
      throw new ValueError(
        `fit: 'validationData' ${show(name)} must be [x, y], [x, y, sampleWeight] or a dataset. Received: ${Array.isArray(data) ? `a list of ${data.length}` : show(data)}`,
        'ERR_VALIDATION_DATA',
      );
    return { name: `validationData.${name}`, prefix: `${name}_`, data };
  });
}

/** Names of results that two sets, or a set and the training, would share. */
export function checkNames(sets: GivenSets, results: readonly string[]): void {
  const taken = new Set(results);
  for (const { prefix, name } of sets)
    for (const result of results) {
      const key = prefix + result;
      if (taken.has(key))
        throw new ValueError(
          `fit: the results of ${name} would be called '${key}', as another one is. Give the set another name.`,
          'ERR_VALIDATION_DATA',
        );
      taken.add(key);
    }
}

/** Opens a set that was given. */
export function openSet(
  model: Model,
  { name, prefix, data }: GivenSets[number],
  options: Pick<TestData, 'batchSize' | 'steps' | 'finite'>,
): ValidationSet {
  const [x, y, weights] = isDataset(data) ? [data] : (data as unknown[]);
  return { prefix, run: openTest(model, { where: name, x, y, weights, ...options }), hasValidated: false };
}

/** Results of a set under their names; null where it has nothing left to validate on. */
export async function validate(model: Model, set: ValidationSet, options: TestOptions): Promise<Logs | null> {
  const logs = await testLoop(model, set.run, options);
  if (logs) set.hasValidated = true;
  else if (!set.hasValidated && !options.isAborted?.())
    throw new ValueError('fit: the validation data gave no batch.', 'ERR_EMPTY');
  return logs && Object.fromEntries(Object.entries(logs).map(([key, value]) => [set.prefix + key, value]));
}
