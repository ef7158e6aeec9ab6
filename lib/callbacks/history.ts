import { readOptions } from '../options.js';
import type { HistoryPlotOptions } from '../plots/history_plot.js';
import { pictures } from '../plots/lazy.js';
import { jupyterDisplay, type MimeBundle } from '../plots/mime.js';
import type { Plot } from '../plots/plot.js';
import type { NoOptions } from '../registry.js';
import { Callback, type Logs } from './callback.js';
import { direction } from './monitor.js';
import type { Profile, StopReason, TrainingRecord } from './record.js';

/** Metrics of which no class is known, by their names. */
const GROWING = /acc|auc|precision|recall|score|iou/i;

/**
 * The record of a training, which `fit` returns. Added to every `fit`.
 *
 * `history.history.loss[i]` belongs to epoch `history.epoch[i]`. Keys stand in Keras's order: `loss`, the metrics, `val_loss`, ..., and what
 * other callbacks add, such as `lr`. With `validationFreq` above 1 the lists of `val_...` are shorter.
 * @example
 * const record = await model.fit(x, y, { epochs: 3 });
 * console.log(record.epoch, record.history.loss, record.stopReason);
 *
 * const named = await model.fit<'loss' | 'val_loss'>(x, y, { validationSplit: 0.2 }); // an editor completes the names
 * const last = named.history.val_loss.at(-1);
 */
export class History<Names extends string = string> extends Callback implements TrainingRecord {
  /** One list an entry of the logs. Where a metric gives one value a class, the entries are lists. */
  history = {} as Record<Names, number[]>;
  /** Index of each epoch recorded, counted from 0. */
  epoch: number[] = [];
  /** What the engine spent its time on, where `fit` was asked with `profile`; else null. */
  profile: Profile | null = null;

  /** Why the last training ended; null where it ran to its end, or has not ended. */
  stopReason: StopReason | null = null;

  /** Where the training was taken up again, and from which file of `checkpoint`; null where it began anew. */
  resumedFrom: { epoch: number; step: number; file: string } | null = null;

  /** The same as `stopReason`. */
  get stopped(): StopReason | null {
    return this.stopReason;
  }

  constructor(options?: NoOptions) {
    super();
    readOptions('History', options, {});
  }

  override onTrainBegin(_logs: Logs): void {
    this.history = {} as Record<Names, number[]>;
    this.epoch = [];
    this.stopReason = null;
    this.resumedFrom = (this.params?.resumedFrom as History['resumedFrom']) ?? null;
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs)) {
      // A metric may be called 'constructor' or '__proto__'.
      if (!Object.hasOwn(this.history, key))
        Object.defineProperty(this.history, key, { value: [], writable: true, enumerable: true, configurable: true });
      this.history[key as Names].push(value);
    }
    this.model.history = this;
  }

  /**
   * The curves of the training, with its best epoch; written to `file` where one is given. A learning rate is drawn where the logs have one
   * (`lr`, `learning_rate`), as callbacks that change it add it.
   * @example
   * const history = await model.fit(x, y, { epochs: 5, validationSplit: 0.2, verbose: 0 });
   * history.plot('curves.svg');
   * history.plot('dark.svg', { theme: 'dark', monitor: 'val_accuracy' });
   */
  plot(file?: string | URL | null, options?: HistoryPlotOptions): Plot {
    const { history, epoch, model } = this;
    const better = (name: string) => direction(name, 'auto', model ?? {}, GROWING);
    return pictures().plotHistory({ history, epoch, direction: better }, file, options);
  }

  /** @internal */
  [jupyterDisplay](): MimeBundle {
    return this.plot()[jupyterDisplay]();
  }
}

export const historyCallbacks = { History };
