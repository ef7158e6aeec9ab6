import type { Logs } from '../callbacks/callback.js';
import type { ProgbarLogger } from '../callbacks/progbar_logger.js';
import type { Model } from '../model/model.js';
import { type Ran, toLogs } from '../model/results.js';

/** Keeps a progress bar moving while the engine runs many batches. Returns what ends it. */
export function watchProgress(model: Model, progbar: ProgbarLogger | null, ran: Ran): () => void {
  if (!progbar?.isLive) return () => undefined;
  ran.progress();
  const timer = setInterval(() => {
    if (ran.disposed) return;
    const totals = ran.progress();
    if (totals && totals.steps > 0) progbar.update(totals.steps, toLogs(model, totals));
  }, 50);
  return () => clearInterval(timer);
}

/** A number when there is only the loss, else a list, or an object with `returnDict`. */
export function shapeResults(logs: Logs, returnDict: boolean): number | number[] | Record<string, number> {
  if (returnDict) return logs;
  const values = Object.values(logs) as number[];
  return values.length === 1 ? values[0] : values;
}
