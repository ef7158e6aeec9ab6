import { addon } from '../engine/addon.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, isPlain, readOptions } from '../options.js';

/** Numbers of a range, from which each trial draws one. */
export interface Range {
  min: number;
  max: number;
  /** Drawn so that each power of ten comes equally often. Default false. */
  log?: boolean;
  /** Whole numbers. Default false. */
  integer?: boolean;
}

/** What may be chosen, by its name: a list of values, or a range of numbers. */
export type Space = Readonly<Record<string, readonly unknown[] | Range>>;

type Draw = (u: number) => unknown;

function drawOf(name: string, given: unknown): Draw {
  const where = `search: '${name}'`;
  if (Array.isArray(given)) {
    if (given.length === 0) throw new ValueError(`${where} is an empty list: there is nothing to choose.`, 'ERR_EMPTY');
    return (u) => given[Math.min(given.length - 1, Math.floor(u * given.length))];
  }
  if (!isPlain(given))
    throw typeError(`${where} must be a list of values, or a range { min, max, log, integer }. Received: ${show(given)}`);
  const o = readOptions<Required<Range>>(where, given, { min: undefined, max: undefined, log: false, integer: false } as never);
  const min = checkNumber(where, 'min', o.min);
  const max = checkNumber(where, 'max', o.max, { min });
  const log = checkBoolean(where, 'log', o.log);
  const integer = checkBoolean(where, 'integer', o.integer);
  if (log && min <= 0)
    throw new ValueError(`${where}: with 'log' the least must be above 0. Received: ${min}`, 'ERR_OUT_OF_RANGE');
  const top = integer ? max + 1 : max;
  return (u) => {
    const value = log ? min * (top / min) ** u : min + (top - min) * u;
    return integer ? Math.min(max, Math.floor(value)) : value;
  };
}

/** What each trial tries: a function of the seed and its number. */
export function drawTrials<P>(space: Space, trials: number, seed: number): P[] {
  if (!isPlain(space) || Object.keys(space).length === 0)
    throw typeError(
      `search: the second argument must be the space, { units: [16, 32], rate: { min: 1e-4, max: 0.1, log: true } }. Received: ${show(space)}`,
    );
  const names = Object.keys(space);
  const draws = names.map((name) => drawOf(name, space[name]));
  const random = new Float32Array(trials * names.length * 2);
  addon.randomFill('uniform', seed, random, 0, 1);
  return Array.from({ length: trials }, (_, trial) => {
    const at = (k: number) => 2 * (trial * names.length + k);
    return Object.fromEntries(names.map((name, k) => [name, draws[k](random[at(k)] + random[at(k) + 1] * 2 ** -24)])) as P;
  });
}
