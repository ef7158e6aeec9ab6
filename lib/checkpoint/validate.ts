import { RuntimeError, ValueError } from '../errors.js';
import { isObject } from '../saving/plain.js';

// What a checkpoint says of its training, before it is believed: files come from anywhere.

type Test = (value: unknown) => boolean;
type Fields = Record<string, unknown>;

const isCount: Test = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isSeed: Test = (value) => typeof value === 'number' && Number.isSafeInteger(value);
const isRate: Test = (value) => value === null || (typeof value === 'number' && Number.isFinite(value));
const isFlag: Test = (value) => typeof value === 'boolean';
const isText: Test = (value) => typeof value === 'string';
const isPrint: Test = (value) => value === null || isText(value);
const hasFields =
  (fields: Record<string, Test>): Test =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([key, test]) => Object.hasOwn(value, key) && test(value[key]));
const hasOnly =
  (test: Test): Test =>
  (value) =>
    isObject(value) && Object.values(value).every(test);

const META: Record<string, Test> = {
  position: hasFields({ epoch: isCount, begun: isFlag, step: isCount, consumed: isCount }),
  ended: (value) => value === null || value === 'stopped' || value === 'ranOut',
  fit: hasFields({ seed: isSeed, firstEpoch: isCount, prints: hasOnly(isPrint) }),
  model: hasFields({
    seed: isSeed,
    trainedSteps: isCount,
    fits: isCount,
    order: (value) => value === null || hasFields({ seed: isSeed, nextEpoch: isCount })(value),
  }),
  optimizer: hasFields({ calls: isCount, learningRate: isRate }),
  callbacks: (value) => Array.isArray(value) && value.every(hasFields({ className: isText, state: () => true })),
  sources: (value) => value === null || isObject(value),
  sums: isObject,
  history: (value) => value === null || isObject(value),
};

/** ValueError ERR_FILE, which names what is not as it must be. */
export function checkMeta(where: string, { meta }: { meta: Record<string, unknown> }): void {
  for (const [key, test] of Object.entries(META))
    if (!Object.hasOwn(meta, key) || !test(meta[key]))
      throw new ValueError(`${where}: is no checkpoint of a training: its '${key}' is not as it must be.`, 'ERR_FILE');
}

/** A history as `History` holds it: ValueError ERR_CHECKPOINT otherwise. */
export function checkHistory(
  where: string,
  value: unknown,
): { epoch: number[]; history: Record<string, number[]>; stopReason: string | null } {
  const { epoch, history, stopReason } = isObject(value) ? value : ({} as Fields);
  const isList: Test = (list) => Array.isArray(list) && list.every((n) => typeof n === 'number');
  if (!isList(epoch) || !hasOnly(isList)(history) || !isPrint(stopReason))
    throw new ValueError(`${where}: its history is none.`, 'ERR_CHECKPOINT');
  return { epoch: epoch as number[], history: history as Record<string, number[]>, stopReason: stopReason as string | null };
}

/**
 * Whether a callback's state has the form of those that it gives itself: the same keys, values of the same types where there are some on both sides. A state
 * must not put anything else into a callback.
 */
export function hasFormOf(given: unknown, own: unknown): boolean {
  // Where there is none yet: a number, or a list.
  if (own === null || own === undefined)
    return given === own || given === null || typeof given === 'number' || Array.isArray(given);
  if (given === null) return !isObject(own);
  if (!isObject(given) || !isObject(own)) return typeof given === typeof own && Array.isArray(given) === Array.isArray(own);
  const keys = Object.keys(own);
  return (
    Object.keys(given).length === keys.length &&
    keys.every((key) => Object.hasOwn(given, key) && typeof given[key] !== 'function' && hasFormOf(given[key], own[key]))
  );
}

/** Runs what takes up a state; whatever else than an error of ours goes wrong is one. */
export async function takingUp(where: string, take: () => unknown): Promise<void> {
  try {
    await take();
  } catch (error) {
    if (error instanceof ValueError || error instanceof RuntimeError) throw error;
    throw Object.assign(new ValueError(`${where}: ${(error as Error)?.message ?? error}`, 'ERR_CHECKPOINT'), { cause: error });
  }
}
