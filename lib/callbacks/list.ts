import { isPromise } from '../errors.js';
import { coreOf } from '../faces.js';
import type { OutputStream } from '../terminal/output.js';
import { type Callback, type Logs, overrides } from './callback.js';
import { History } from './history.js';
import { type CallbackMemory, memoriesOf } from './memory.js';
import { toCallbacks } from './plain.js';
import { ProgbarLogger } from './progbar_logger.js';
import type { CallbackCore, CallbackParams, HookName, WatchedModel } from './types.js';

export interface CallbackListOptions {
  model: WatchedModel;
  params: CallbackParams;
  /** Add a `History` unless the user gave one. Default false. */
  addHistory?: boolean;
  /** Add a `ProgbarLogger` unless the user gave one. Default false. */
  addProgbar?: boolean;
  /** Where the added progress bar writes. Default `process.stdout`. */
  stream?: OutputStream;
  /** Seconds, for the added progress bar. Default: the monotonic clock. */
  clock?: () => number;
}

/** What hooks of the list return: undefined when all is done, a promise when some callback returned one. */
type Fired = Promise<void> | undefined;

const EPOCH: readonly HookName[] = ['onEpochBegin', 'onEpochEnd'];
const TRAIN_BATCH: readonly HookName[] = ['onBatchBegin', 'onBatchEnd', 'onTrainBatchBegin', 'onTrainBatchEnd'];
const TEST_BATCH: readonly HookName[] = ['onTestBatchBegin', 'onTestBatchEnd'];
const PREDICT_BATCH: readonly HookName[] = ['onPredictBatchBegin', 'onPredictBatchEnd'];

/**
 * All callbacks of one run, called one after the other in Keras's order: those of the user, then `History`, then `ProgbarLogger`.
 * A hook's promise is awaited before the next callback is called. Without promises nothing is deferred, so that
 * `const wait = list.onTrainBatchEnd(i, logs); if (wait) await wait;` costs no turn of the event loop.
 */
export class CallbackList {
  readonly callbacks: readonly Callback[];
  readonly history: History | null;
  readonly progbar: ProgbarLogger | null;
  /** Whether someone must be told of every batch. The progress bar does not count: it can be told now and then. */
  readonly wantsTrainBatches: boolean;
  readonly wantsTestBatches: boolean;
  readonly wantsPredictBatches: boolean;
  /** Whether someone but `History` must be told of every epoch when it begins or ends. */
  readonly wantsEpochs: boolean;
  readonly #train: readonly Callback[];
  readonly #test: readonly Callback[];
  readonly #predict: readonly Callback[];
  readonly #core: CallbackCore | undefined;
  /** Those who stand behind a callback that has not answered yet, and what they are to hear. */
  #behind: { callbacks: Callback[]; call: (callback: Callback) => unknown } = { callbacks: [], call: () => undefined };

  constructor(given: unknown, options: CallbackListOptions) {
    this.#core = coreOf<CallbackCore>(options.model);
    const all = toCallbacks(given);
    const find = <T extends Callback>(kind: new () => T) => all.find((c): c is T => c instanceof kind) ?? null;
    this.history = find(History) ?? (options.addHistory ? new History() : null);
    this.progbar =
      find(ProgbarLogger) ?? (options.addProgbar ? new ProgbarLogger({ stream: options.stream, clock: options.clock }) : null);
    for (const added of [this.history, this.progbar]) if (added && !all.includes(added)) all.push(added);
    this.callbacks = all;

    const listening = (hooks: readonly HookName[]) => all.filter((c) => hooks.some((hook) => overrides(c, hook)));
    const wants = (list: readonly Callback[]) => list.some((c) => !(c instanceof ProgbarLogger));
    this.#train = listening(TRAIN_BATCH);
    this.#test = listening(TEST_BATCH);
    this.#predict = listening(PREDICT_BATCH);
    this.wantsTrainBatches = wants(this.#train);
    this.wantsTestBatches = wants(this.#test);
    this.wantsPredictBatches = wants(this.#predict);
    this.wantsEpochs = listening(EPOCH).some((c) => c.constructor !== History);

    if (this.history) options.model.history = this.history;
    for (const c of all) c.setModel(options.model);
    for (const c of all) c.setParams(options.params);
  }

  onTrainBegin(logs: Logs = {}): Fired {
    return this.#fire(this.callbacks, (c) => c.onTrainBegin(logs));
  }
  onTrainEnd(logs: Logs = {}): Fired {
    return this.#fire(this.callbacks, (c) => c.onTrainEnd(logs));
  }
  onEpochBegin(epoch: number, logs: Logs = {}): Fired {
    return this.#fire(this.callbacks, (c) => c.onEpochBegin(epoch, logs));
  }
  onEpochEnd(epoch: number, logs: Logs): Fired {
    return this.#fire(this.callbacks, (c) => c.onEpochEnd(epoch, logs));
  }
  onTrainBatchBegin(batch: number, logs: Logs = {}): Fired {
    return this.#fire(this.#train, (c) => c.onTrainBatchBegin(batch, logs));
  }
  onTrainBatchEnd(batch: number, logs: Logs): Fired {
    return this.#fire(this.#train, (c) => c.onTrainBatchEnd(batch, logs));
  }
  onTestBegin(logs: Logs = {}): Fired {
    return this.#fire(this.callbacks, (c) => c.onTestBegin(logs));
  }
  onTestEnd(logs: Logs): Fired {
    return this.#fire(this.callbacks, (c) => c.onTestEnd(logs));
  }
  onTestBatchBegin(batch: number, logs: Logs = {}): Fired {
    return this.#fire(this.#test, (c) => c.onTestBatchBegin(batch, logs));
  }
  onTestBatchEnd(batch: number, logs: Logs): Fired {
    return this.#fire(this.#test, (c) => c.onTestBatchEnd(batch, logs));
  }
  onPredictBegin(logs: Logs = {}): Fired {
    return this.#fire(this.callbacks, (c) => c.onPredictBegin(logs));
  }
  onPredictEnd(logs: Logs = {}): Fired {
    return this.#fire(this.callbacks, (c) => c.onPredictEnd(logs));
  }
  onPredictBatchBegin(batch: number, logs: Logs = {}): Fired {
    return this.#fire(this.#predict, (c) => c.onPredictBatchBegin(batch, logs));
  }
  onPredictBatchEnd(batch: number, logs: Logs): Fired {
    return this.#fire(this.#predict, (c) => c.onPredictBatchEnd(batch, logs));
  }

  /** What the callbacks must know to go on after a crash. */
  memories(): Promise<CallbackMemory[]> {
    return memoriesOf(this.callbacks);
  }

  /** Nobody is called any more, nor those who stand behind a callback that has not answered yet. */
  end(): void {
    this.#behind.callbacks = [];
  }

  /**
   * A checkpoint is to be written while a callback has not answered: those behind it who have a memory hear at once, and nobody waits for what they do. So
   * all memories of the checkpoint are of one moment.
   */
  hurry(): void {
    const { callbacks, call } = this.#behind;
    this.end();
    const failed = (error: unknown) =>
      process.emitWarning(`A callback failed after fit was aborted: ${(error as Error)?.message ?? error}`, {
        code: 'GEMMFIT_CALLBACK',
      });
    for (const c of callbacks.filter((c) => c === this.history || c.getState))
      try {
        Promise.resolve(call(c)).catch(failed);
      } catch (error) {
        failed(error);
      }
  }

  /** Calls one after the other. The model knows meanwhile that a hook of its own may be what calls it. */
  #fire(callbacks: readonly Callback[], call: (callback: Callback) => unknown): Fired {
    if (callbacks.length === 0) return undefined;
    const core = this.#core;
    let later: Promise<void> | undefined;
    core?.hook(1);
    try {
      for (let i = 0; i < callbacks.length && !later; i++) {
        const result = call(callbacks[i]);
        if (isPromise(result)) later = this.#rest(result, callbacks.slice(i + 1), call);
      }
    } finally {
      if (!later) core?.hook(-1);
    }
    return later?.finally(() => core?.hook(-1));
  }

  async #rest(first: PromiseLike<unknown>, callbacks: readonly Callback[], call: (callback: Callback) => unknown): Promise<void> {
    const behind = { callbacks: [...callbacks], call };
    this.#behind = behind;
    await first;
    for (let c = behind.callbacks.shift(); c; c = behind.callbacks.shift()) await call(c);
  }
}
