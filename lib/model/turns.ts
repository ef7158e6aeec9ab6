import { AsyncLocalStorage } from 'node:async_hooks';
import { RuntimeError } from '../errors.js';
import { isStateful, type Layer, type Weight } from '../layers/layer.js';
import { beginSession, endSession, type Session } from './sessions.js';

/** Models whose turn it is, in what a hook of theirs calls. */
const turns = new AsyncLocalStorage<Set<Turns>>();

/** Who may use a model when: one training at a time, and readers beside it. */
export class Turns {
  #fitting: string | null = null;
  #session: Session | null = null;
  #hooks = 0;
  /** Grows where somebody reads or changes what training changes: a source of batches may be one who does. */
  looks = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly model: { readonly name: string; readonly layers: readonly Layer[]; readonly weights: readonly Weight[] },
  ) {}

  /** Whether a training holds the model. */
  get isTraining(): boolean {
    return this.#fitting !== null;
  }
  /** Whether a hook of a callback is running. */
  get inHook(): boolean {
    return this.#hooks > 0;
  }
  /** That of the training which holds the model. */
  get session(): Session | null {
    return this.#session;
  }

  /** Holds the model for a training; a second one is refused. */
  async exclusively<T>(what: string, run: () => Promise<T>): Promise<T> {
    if (this.#fitting)
      throw new RuntimeError(
        `${what}: model '${this.model.name}' is busy with ${this.#fitting}. Await that first; different models may train side by side.`,
        'ERR_BUSY',
      );
    this.#fitting = what;
    const { weights } = this.model;
    const session = beginSession(weights);
    this.#session = session;
    try {
      return await run();
    } finally {
      endSession(session, weights);
      this.#session = null;
      this.#fitting = null;
    }
  }

  /**
   * Evaluations and predictions run at once, in any number; those of a model whose layers carry a state from batch to batch one after the
   * other, but for what a hook of one of them calls.
   */
  async inTurn<T>(run: () => T | Promise<T>): Promise<T> {
    this.mayRead();
    if (this.#fitting || !this.model.layers.some(isStateful) || turns.getStore()?.has(this)) return run();
    const within = new Set(turns.getStore()).add(this);
    const begin = async () => turns.run(within, run);
    const mine = this.#turn.then(begin, begin);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /**
   * A training goes on from the states that its batches leave: only hooks of its own may change them between two. Throws RuntimeError for
   * others, where there are such.
   */
  mayRead(): void {
    this.looks++;
    if (this.#fitting && this.#hooks === 0 && this.model.layers.some(isStateful))
      this.mayChange('evaluate or predict with the states of the stateful layers of');
  }

  mayChange(what: string): void {
    if (this.#fitting)
      throw new RuntimeError(
        `One cannot ${what} model '${this.model.name}' while ${this.#fitting} is running. Await it first.`,
        'ERR_BUSY',
      );
  }

  /** A hook of a callback begins (1) or ends (-1). */
  hook(change: 1 | -1): void {
    this.#hooks += change;
  }
}
