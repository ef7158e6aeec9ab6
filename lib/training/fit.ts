import type { Logs } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import { CallbackList } from '../callbacks/list.js';
import type { Sequential } from '../sequential.js';
import { testLoop } from './evaluate.js';
import { type FitOptions, type FitPlan, readFit } from './fit_options.js';
import { finishProfile } from './profile.js';
import { resultLogs, toLogs, watchProgress } from './results.js';
import { RunAhead } from './run_ahead.js';

export type { FitOptions };

/** The training loop: epochs of batches, validation, callbacks, history. */
export async function fit(model: Sequential, x: unknown, y: unknown, options: FitOptions | undefined): Promise<History> {
  return model.exclusively('fit', async () => {
    const plan = readFit(model, x, y, options);
    plan.signal?.throwIfAborted();
    const onAbort = () => {
      model.stopEngine();
      // A source that keeps us waiting is not waited for.
      void plan.batches.close();
    };
    plan.signal?.addEventListener('abort', onAbort);
    if (plan.profile) model.engine().beginTrace();
    try {
      const history = await run(model, plan);
      if (plan.profile) history.profile = finishProfile(plan.profile, model.engine().endTrace(), model.name);
      return history;
    } finally {
      plan.signal?.removeEventListener('abort', onAbort);
      await plan.batches.close();
      // A training that failed leaves no trace running.
      if (plan.profile) model.engine().endTrace();
    }
  });
}

async function run(model: Sequential, plan: FitPlan): Promise<History> {
  const list = new CallbackList(plan.callbacks, { model, params: plan.params, addHistory: true, addProgbar: plan.verbose > 0 });
  const history = list.history as History;
  const oneByOne = list.wantsTrainBatches || plan.batches.oneByOne;
  const ahead = oneByOne ? null : RunAhead.of(plan, list);
  const stopped = () => !ahead?.isAhead && (model.stopTraining || plan.signal?.aborted === true);
  let last: Logs = {};
  // As in Keras: what was set before is forgotten, what onTrainBegin sets holds.
  model.stopTraining = false;
  try {
    await list.onTrainBegin();
    for (let epoch = plan.initialEpoch; epoch < plan.epochs; epoch++) {
      await list.onEpochBegin(epoch);
      await plan.batches.begin();
      // Without a number of steps an epoch of a dataset lasts until it ends.
      const wanted = plan.steps ?? Number.POSITIVE_INFINITY;
      let done = 0;
      if (oneByOne) {
        while (done < wanted) {
          const before = list.onTrainBatchBegin(done);
          if (before) await before;
          if ((await plan.batches.run(1, done === 0)) === 0) break;
          last = resultLogs(model);
          const after = list.onTrainBatchEnd(done++, last);
          if (after) await after;
          if (stopped()) break;
        }
      } else if (ahead) {
        const totals = await ahead.next(plan.epochs - epoch);
        done = totals.steps;
        last = done > 0 ? toLogs(model, totals) : {};
      } else {
        const unwatch = watchProgress(model, list.progbar);
        try {
          done = await plan.batches.run(wanted, true);
        } finally {
          unwatch();
        }
        last = done > 0 ? resultLogs(model) : {};
      }
      const ranOut = !stopped() && (done === 0 || (plan.steps !== null && done < plan.steps));
      if (ranOut) warnRanOut(plan, wanted);
      if (ranOut && done === 0) break;
      if (done < wanted) list.progbar?.endedAt(done);
      let logs: Logs = { ...last };
      if (plan.validation && !plan.signal?.aborted && plan.validatesAfter(epoch)) {
        const results = await testLoop(model, plan.validation.batches, plan.validation.steps, list);
        logs = { ...logs, ...Object.fromEntries(Object.entries(results).map(([k, v]) => [`val_${k}`, v])) };
      }
      // A copy: what callbacks add to an epoch's logs (`lr`) is not in those of onTrainEnd, as in Keras.
      if (done > 0) await list.onEpochEnd(epoch, { ...logs });
      last = logs;
      if (stopped() || ranOut) break;
    }
    model.engine().applyAverages();
    await list.onTrainEnd(last);
  } finally {
    list.progbar?.close();
  }
  plan.signal?.throwIfAborted();
  return history;
}

function warnRanOut(plan: FitPlan, wanted: number): void {
  const need = Number.isFinite(wanted) ? ` (${wanted} batches an epoch for ${plan.epochs - plan.initialEpoch} epochs)` : '';
  process.emitWarning(
    `fit: the data ran out${need}; training ends here. Give a dataset that can be iterated anew (a function), or ask for fewer steps.`,
    {
      code: 'GEMMFIT_DATA_RAN_OUT',
    },
  );
}
