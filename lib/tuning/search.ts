import { show, typeError, ValueError } from '../errors.js';
import { checkNumber, checkOneOf, isPlain, readOptions } from '../options.js';
import { nextSeed } from '../random.js';
import { Records } from './records.js';
import { drawTrials, type Space } from './space.js';
import { make, pool, seedOf, type Trainable } from './trainable.js';

/** Options of `search` but for the data and those of `fit`. */
export interface SearchCommon {
  /** Models that are tried. Default 10. */
  trials?: number;
  /**
   * `'random'`: each is trained for all epochs. `'halving'`: all are trained for a few epochs, the best part of them goes on for `factor` times as many,
   * and so on until the last have had all epochs. Default 'random'.
   */
  strategy?: 'random' | 'halving';
  /** With 'halving': one of so many goes on. Default 3. */
  factor?: number;
  /** The result by which trials are compared, the best of their epochs. Default 'val_loss'. */
  objective?: string;
  /** Whether less or more is better. Default: as the metric says. */
  direction?: 'min' | 'max' | null;
  /** What is drawn, and all models, follow from it. Default: one drawn from that of `setRandomSeed`. */
  seed?: number | null;
  /** Models that train side by side. Default 1. */
  parallel?: number;
  /** A folder: trials that are done are not trained again, and one that was killed goes on from its last epoch, to the same bits. Default none. */
  checkpoint?: string | null;
}

/** One model that was tried. */
export interface Trial<P> {
  params: P;
  /** The best of the objective; null where it was no number in any epoch. */
  value: number | null;
  /** Epochs that it was trained for at most. */
  epochs: number;
  /** The record of its training, over all its rounds. */
  history: Record<string, number[]>;
}

/** What `search` gives. */
export interface SearchResult<P, M> {
  /** The best trial. */
  best: Trial<P>;
  /** Its model, trained. */
  model: M;
  /** All, in the order in which they were drawn. */
  trials: Trial<P>[];
}

interface Given extends Required<SearchCommon> {
  x: unknown;
  y: unknown;
  fit: { epochs?: number };
}

function read(given: unknown) {
  const where = 'search';
  const o = readOptions<Given>(where, given as object, {
    x: undefined,
    y: null,
    fit: {},
    trials: 10,
    strategy: 'random',
    factor: 3,
    objective: 'val_loss',
    direction: null,
    seed: null,
    parallel: 1,
    checkpoint: null,
  });
  if (!isPlain(o.fit)) throw typeError(`${where}: 'fit' must be the options of fit. Received: ${show(o.fit)}`);
  if (Object.hasOwn(o.fit, 'checkpoint'))
    throw new ValueError(`${where}: 'checkpoint' is an option of its own, not one of 'fit'.`, 'ERR_OPTIONS');
  if (typeof o.objective !== 'string')
    throw typeError(`${where}: 'objective' must be the name of a result. Received: ${show(o.objective)}`);
  if (o.checkpoint !== null && typeof o.checkpoint !== 'string')
    throw typeError(`${where}: 'checkpoint' must be the path of a folder. Received: ${show(o.checkpoint)}`);
  const whole = { min: 1, integer: true } as const;
  return {
    ...o,
    trials: checkNumber(where, 'trials', o.trials, whole),
    strategy: checkOneOf(where, 'strategy', o.strategy, ['random', 'halving'] as const),
    factor: checkNumber(where, 'factor', o.factor, { min: 2, integer: true }),
    direction: o.direction === null ? null : checkOneOf(where, 'direction', o.direction, ['min', 'max'] as const),
    seed: o.seed === null ? null : checkNumber(where, 'seed', o.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }),
    parallel: checkNumber(where, 'parallel', o.parallel, whole),
    epochs: checkNumber(where, 'epochs', o.fit.epochs ?? 1, whole),
  };
}

type Plan = ReturnType<typeof read>;

/** Epochs after each round, and how many trials are in it. */
function roundsOf({ strategy, trials, factor, epochs }: Plan): { epochs: number; trials: number }[] {
  if (strategy === 'random') return [{ epochs, trials }];
  const sizes = [trials];
  while ((sizes.at(-1) as number) >= factor) sizes.push(Math.floor((sizes.at(-1) as number) / factor));
  return sizes.map((size, i) => ({ trials: size, epochs: Math.max(1, Math.round(epochs / factor ** (sizes.length - 1 - i))) }));
}

/** A trial under way. */
class Candidate<P, M extends Trainable> {
  model: M | null = null;
  value: number | null = null;
  epochs = 0;
  history: Record<string, number[]> = {};

  constructor(
    readonly index: number,
    readonly params: P,
    readonly plan: Plan,
    readonly records: Records,
    readonly seed: number,
    readonly makeModel: (params: P) => M | Promise<M>,
  ) {}

  get isMax(): boolean {
    const { direction, objective } = this.plan;
    return (direction ?? this.model?.metricDirection(objective.replace(/^val_/, '')) ?? 'min') === 'max';
  }

  /** Trains on, until so many epochs are done. */
  async trainTo(epochs: number): Promise<void> {
    const name = `trial_${this.index}`;
    const known = this.records.read<{ value: number | null; epochs: number; history: Record<string, number[]>; isMax: boolean }>(
      `${name}_${epochs}`,
    );
    if (known) {
      Object.assign(this, { value: known.value, epochs: known.epochs, history: known.history });
      return;
    }
    const { history } = await this.#fit(epochs);
    const { objective } = this.plan;
    if (!Object.hasOwn(history, objective))
      throw new ValueError(
        `search: there is no '${objective}' among the results of an epoch, which are ${Object.keys(history).join(', ')}. Give validationData or validationSplit in 'fit', or another 'objective'.`,
        'ERR_MONITOR',
      );
    const values = history[objective].filter((v) => !Number.isNaN(v));
    this.history = history;
    this.value = values.length === 0 ? null : this.isMax ? Math.max(...values) : Math.min(...values);
    this.records.write(`${name}_${epochs}`, { value: this.value, epochs, history });
  }

  /** Its model, trained as far as it was. */
  async trained(): Promise<M> {
    if (!this.model) await this.#fit(this.epochs);
    return this.model as M;
  }

  async #fit(epochs: number): Promise<{ history: Record<string, number[]> }> {
    const { x, y, fit } = this.plan;
    const checkpoint = this.records.checkpoint(`trial_${this.index}`) ?? null;
    const begun = this.model !== null && checkpoint === null;
    if (!this.model) this.model = await make(this.seed, shapeOf(x), () => this.makeModel(this.params));
    const options = { verbose: 0, ...fit, epochs, checkpoint, ...(begun && { initialEpoch: this.epochs }) };
    const { history } = await this.model.fit(x, y, options);
    this.epochs = epochs;
    return { history: begun ? joined(this.history, history) : history };
  }

  dispose(): void {
    this.model?.dispose();
    this.model = null;
  }
}

const joined = (before: Record<string, number[]>, after: Record<string, number[]>): Record<string, number[]> =>
  Object.fromEntries(Object.keys(after).map((key) => [key, [...(before[key] ?? []), ...after[key]]]));

/** Of a sample, where that can be seen; a dataset builds the model with its first batch. */
function shapeOf(x: unknown): readonly number[] | null {
  const { shape } = (x ?? {}) as { shape?: readonly number[] };
  if (Array.isArray(shape)) return shape.slice(1);
  let part: unknown = x;
  const sizes: number[] = [];
  for (; Array.isArray(part); part = part[0]) sizes.push(part.length);
  return sizes.length > 1 ? sizes.slice(1) : null;
}

/** See `search` of the package. */
export async function search<P, M extends Trainable>(
  makeModel: (params: P) => M | Promise<M>,
  space: Space,
  given: object,
): Promise<SearchResult<P, M>> {
  if (typeof makeModel !== 'function')
    throw typeError(`search: the first argument must be a function that makes a compiled model. Received: ${show(makeModel)}`);
  const plan = read(given);
  const records = new Records('search', plan.checkpoint);
  const { trials, strategy, factor, objective } = plan;
  const { seed } = records.begin({ seed: plan.seed ?? nextSeed(), trials, strategy, factor, objective, space }, plan);
  const all = drawTrials<P>(space, trials, seed).map(
    (params, i) => new Candidate<P, M>(i, params, plan, records, seedOf(seed, i), makeModel),
  );
  const isMax = () => all.some((one) => one.model !== null && one.isMax);
  let ranked = all;
  let larger: boolean | null = records.read<{ larger: boolean }>('direction')?.larger ?? null;
  try {
    for (const round of roundsOf(plan)) {
      const runners = ranked.slice(0, round.trials);
      for (const out of ranked.slice(round.trials)) out.dispose();
      await pool(runners.length, plan.parallel, (i) => runners[i].trainTo(round.epochs));
      larger ??= isMax();
      records.write('direction', { larger });
      ranked = rank(runners, larger);
    }
    const best = ranked[0];
    for (const one of all) if (one !== best) one.dispose();
    if (best.value === null) throw new ValueError(`search: '${objective}' was no number in any epoch of any trial.`, 'ERR_EMPTY');
    const model = await best.trained();
    const results = all.map(({ params, value, epochs, history }) => ({ params, value, epochs, history }));
    return { best: results[best.index], model, trials: results };
  } catch (error) {
    for (const one of all) one.dispose();
    throw error;
  }
}

/** The best first; those without a value last, then in the order in which they were drawn. */
function rank<C extends { value: number | null; index: number }>(candidates: readonly C[], larger: boolean): C[] {
  const of = ({ value }: C) => (value === null ? Number.POSITIVE_INFINITY : larger ? -value : value);
  return [...candidates].sort((a, b) => of(a) - of(b) || a.index - b.index);
}
