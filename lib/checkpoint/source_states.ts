import { isDataset } from '../data/is_dataset.js';
import { isAsync, method } from '../data/open.js';
import { isPromise, ValueError } from '../errors.js';
import { encode, type Stored } from './encode.js';

/** A source of batches that says where it stands, and can be put there. */
interface Stateful {
  getState(): unknown;
  setState(state: unknown): unknown;
}

/** A state as a checkpoint holds it. */
interface Kept {
  json: unknown;
  tensors: Map<string, Stored>;
}

type Taken = Kept | Promise<Kept>;
// biome-ignore lint/suspicious/noExplicitAny: what a source gives is checked where it is read
type AnyIterator = Iterator<any> | AsyncIterator<any>;

/** A source that can be put somewhere must say where it stands, and the other way round. */
function statefulOf(name: string, source: unknown): Stateful | null {
  if (!isDataset(source) || Array.isArray(source)) return null;
  const [gets, sets] = ['getState', 'setState'].map((key) => method(source as object, key));
  if (gets !== sets)
    throw new ValueError(
      `fit: ${name} has ${gets ? 'getState and no setState' : 'setState and no getState'}: a checkpoint asks the one, and who goes on from it calls the other.`,
      'ERR_STATE',
    );
  return gets ? (source as Stateful) : null;
}

/** A state that is made later must not end the process where nobody asks for it. */
function taken(name: string, source: Stateful): Taken {
  const keep = (state: unknown): Kept => {
    const tensors = new Map<string, Stored>();
    return { json: encode(name, state, `sources/${name}`, tensors), tensors };
  };
  const state = source.getState();
  if (!isPromise(state)) return keep(state);
  const kept = (state as Promise<unknown>).then(keep);
  kept.catch(() => undefined);
  return kept;
}

/** Iterators of sources that are the user's own: what was read ahead of need waits there for the next who reads it. */
const own = new WeakMap<object, { wrapper: object; note: (ended: boolean) => void }>();

/** The same batches; `note` hears of each once it has been given, and of the end. */
function noting(source: object, note: (ended: boolean) => void): object {
  const noted = (result: IteratorResult<unknown>) => {
    note(result?.done === true);
    return result;
  };
  const wrap = (iterator: AnyIterator, hear: typeof noted) => ({
    next: () => {
      const result = iterator.next();
      return isPromise(result)
        ? (result as Promise<IteratorResult<unknown>>).then(hear)
        : hear(result as IteratorResult<unknown>);
    },
    return: () => iterator.return?.() ?? { done: true as const, value: undefined },
  });
  if (method(source, 'next')) {
    const known = own.get(source);
    if (known) {
      known.note = note;
      return known.wrapper;
    }
    const entry = { wrapper: {}, note };
    const iterator = wrap(source as AnyIterator, (result) => {
      entry.note(result?.done === true);
      return result;
    });
    entry.wrapper = isAsync(source) ? { ...iterator, [Symbol.asyncIterator]: () => iterator } : iterator;
    own.set(source, entry);
    return entry.wrapper;
  }
  const key = isAsync(source) ? Symbol.asyncIterator : Symbol.iterator;
  if (!method(source, key)) return source;
  return { [key]: () => wrap((source as Record<symbol, () => AnyIterator>)[key](), noted) };
}

/** What `fit` reads in the place of a source: a function is called anew for each epoch. */
function read(source: object, note: (ended: boolean) => void): unknown {
  if (typeof source !== 'function') return noting(source, note);
  const one = (made: unknown) => (typeof made === 'object' && made !== null ? noting(made, note) : made);
  return () => {
    const made = source();
    return isPromise(made) ? (made as Promise<unknown>).then(one) : one(made);
  };
}

/**
 * Where the sources of a fit stand that say so themselves (`getState`, `setState`). Batches are read ahead of the training, so the state of x is taken when a
 * batch has been given, and that of the last batch which was trained is written.
 */
export class SourceStates {
  /** What is read in the place of x. */
  readonly x: unknown;
  readonly #x: Stateful | null;
  readonly #validation: [name: string, source: Stateful][];
  /** After how many batches of the fit; `ended`: after the end of a pass. */
  #states: { given: number; ended: boolean; kept: Taken }[] = [];
  #given: number;
  /** Before a validation that is under way. */
  #validated: [name: string, state: Taken][] = [];

  /**
   * @param validation sets to validate on, by their names
   * @param consumed batches of the fit that were done before it was taken up again
   */
  constructor(x: unknown, validation: readonly { name: string; data: unknown }[], consumed: number) {
    this.#x = statefulOf('x', x);
    this.#validation = validation.flatMap(({ name, data }) => {
      const source = statefulOf(name, data);
      return source ? [[name, source] as [string, Stateful]] : [];
    });
    this.#given = consumed;
    this.x = this.#x ? read(x as object, (ended) => this.#note(ended)) : x;
  }

  /** Whether x is put where it stood; the batches that were done are read past otherwise. */
  get placesX(): boolean {
    return this.#x !== null;
  }
  /** What of it has a state, by its name. */
  get sources(): [name: string, source: Stateful][] {
    return this.#x ? [['x', this.#x], ...this.#validation] : this.#validation;
  }

  /** All of them stand where the fit begins, or goes on. */
  begin(): void {
    if (this.#x) this.#states = [{ given: this.#given, ended: true, kept: taken('x', this.#x) }];
    this.validated();
  }
  /** A validation has come to its end. */
  validated(): void {
    this.#validated = this.#validation.map(([name, source]) => [name, taken(name, source)]);
  }

  #note(ended: boolean): void {
    if (!ended) this.#given++;
    this.#states.push({ given: this.#given, ended, kept: taken('x', this.#x as Stateful) });
  }
  /** So many batches are trained: where it stood before them is not asked for any more. */
  trained(consumed: number): void {
    const last = this.#states.findLastIndex(({ given }) => given <= consumed);
    const keep = this.#states.findIndex(({ given }) => given === this.#states[last]?.given);
    if (keep > 0) this.#states.splice(0, keep);
  }

  /** What a checkpoint holds of them: after so many batches, in the middle of an epoch or between two. */
  async at(consumed: number, between: boolean, tensors: Map<string, Stored>): Promise<Record<string, unknown>> {
    const x = this.#states.findLast(({ given, ended }) => given <= consumed && (between || !ended)) ?? this.#states[0];
    const all: [string, Taken | undefined][] = [['x', x?.kept], ...this.#validated];
    const out: Record<string, unknown> = {};
    for (const [name, one] of all) {
      if (!one) continue;
      const kept = await one;
      for (const [key, tensor] of kept.tensors) tensors.set(key, tensor);
      out[name] = kept.json;
    }
    return out;
  }
}
