import type { Logs } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import { CallbackList } from '../callbacks/list.js';
import type { StopReason } from '../callbacks/record.js';
import { checkpointOf } from '../checkpoint/callback.js';
import { checkAllFinite } from '../data/finite.js';
import { ValueError } from '../errors.js';
import { events } from '../events.js';
import { files } from '../lazy.js';
import type { Model } from '../model/model.js';
import type { Ended } from '../model/training_state.js';
import { Aborting } from './aborting.js';
import { EpochTrainer } from './epoch.js';
import type { FitOptions } from './fit_options.js';
import { type FitPlan, planFit } from './fit_plan.js';
import { Interruption } from './interruption.js';
import { finishProfile } from './profile.js';
import { TimeLimit } from './time_limit.js';
import { validate } from './validation.js';

export type { FitOptions };

/** The training loop: epochs of batches, validation, callbacks, history. */
export async function fit(model: Model, x: unknown, y: unknown, options: FitOptions | undefined): Promise<History> {
  return model.exclusively('fit', async () => {
    // A fit that is refused leaves no trace: a model that was not built is not built then.
    const { plan, list } = await model.tentatively(() => check(model, x, y, options));
    model.warnOfTraining();
    const sources = [plan.batches, ...plan.validation.map(({ run }) => run.batches)];
    const aborting = new Aborting(plan.signal, () => {
      model.stopEngine();
      // Sources that keep us waiting are not waited for.
      for (const source of sources) void source.close();
    });
    const interruption = new Interruption(plan.handleSignals, () => model.stopEngine());
    const limit = new TimeLimit(plan.timeLimit, model, interruption, plan.checkpoint !== null);
    try {
      const { resumable, identity } = plan.checkpoint ?? {};
      if (resumable && identity) {
        resumable.checkIdentity(identity, model, plan.steps);
        resumable.restoreModel(model);
        await resumable.restoreSources(plan.checkpoint?.sources ?? null);
      }
      const history = await run(model, plan, list, aborting, interruption);
      if (limit.isUp && history.stopReason === 'stopTraining') history.stopReason = 'timeLimit';
      if (history.stopReason) tellAbort(model, history.stopReason);
      if (plan.profile) history.profile = finishProfile(plan.profile, model.engine().endTrace(), model.name);
      return history;
    } catch (error) {
      tellAbort(model, aborting.aborted ? 'aborted' : 'failed', error);
      // A training that failed leaves no trace running.
      if (plan.profile) forgetTrace(model);
      throw error;
    } finally {
      for (const source of sources) {
        const closed = source.close();
        if (closed) await aborting.until(closed).catch(() => undefined);
      }
      aborting.release();
      interruption.release();
      limit.release();
    }
  });
}

/** Whoever listens on the channel hears of a training that ended before its last epoch was over. */
function tellAbort(model: Model, reason: StopReason | 'failed', error: unknown = null): void {
  if (events.abort.hasSubscribers) events.abort.publish({ model: model.face, reason, error });
}

function forgetTrace(model: Model): void {
  try {
    model.engine().endTrace();
  } catch {
    // Not built, disposed of, or at work for a hook that was left behind: what ended the training is what counts.
  }
}

/** All that can be said before the training begins. */
async function check(
  model: Model,
  x: unknown,
  y: unknown,
  options: FitOptions | undefined,
): Promise<{ plan: FitPlan; list: CallbackList }> {
  // As in Keras: what was set before is forgotten, what is set from now on holds.
  model.stopTraining = false;
  const checkpoint = checkpointOf(options);
  const resumable = checkpoint && (await files().findResumable(checkpoint));
  const plan = planFit(model, x, y, options, checkpoint && { plan: checkpoint, resumable });
  plan.signal?.throwIfAborted();
  const { callbacks, params, verbose } = plan;
  const list = new CallbackList(callbacks, { model: model.face, params, addHistory: true, addProgbar: verbose > 0 });
  // In any case later: what is said in the tick of `fit`, to stop or to abort, holds before the engine begins.
  await checkAllFinite(plan.toCheck);
  plan.signal?.throwIfAborted();
  return { plan, list };
}

async function run(
  model: Model,
  plan: FitPlan,
  list: CallbackList,
  aborting: Aborting,
  interruption: Interruption,
): Promise<History> {
  const { checkpoint } = plan;
  const checkpointer =
    checkpoint && new (files().Checkpointer)(model, checkpoint.plan, list, checkpoint.identity, checkpoint.sources);
  let over = false;
  try {
    const began = list.onTrainBegin();
    if (began) await aborting.until(began);
    await checkpoint?.resumable?.restoreCallbacks(list);
    checkpoint?.sources?.begin();
    const trainer = new EpochTrainer(model, plan, list, aborting, interruption, checkpointer);
    const { epoch, logs, ranOut } = await runEpochs(model, plan, list, aborting, trainer).catch((error) =>
      putDownAborted(model, list, aborting, trainer, error),
    );
    if (!trainer.interrupted) model.engine().applyAverages();
    if (list.history) list.history.stopReason = interruption.reason ?? reasonOf(model, list.history, ranOut, aborting.aborted);
    over = !trainer.interrupted;
    if (aborting.aborted) endAborted(list, epoch, logs);
    else {
      const ended = list.onTrainEnd(logs);
      if (ended) await aborting.until(ended);
    }
  } catch (error) {
    list.end();
    throw error;
  } finally {
    list.progbar?.close();
    await checkpointer?.end(over);
  }
  aborting.throwIfAborted();
  return list.history as History;
}

/** A signal came while a hook or a source was waited for: what is done by then is put down, where checkpoints were asked for. */
async function putDownAborted(
  model: Model,
  list: CallbackList,
  aborting: Aborting,
  { checkpointer, position }: EpochTrainer,
  error: unknown,
): Promise<never> {
  if (aborting.aborted && checkpointer) {
    list.hurry();
    const ended = model.stopTraining ? 'stopped' : null;
    // What ended the training is what counts: the model may have been disposed of as well.
    await checkpointer
      .write(position, ended)
      .catch(({ message }) =>
        process.emitWarning(`fit: no last checkpoint could be written: ${message}`, { code: 'GEMMFIT_CHECKPOINT' }),
      );
  }
  throw error;
}

/** Why a training ends that has no further epoch. Callbacks of ours have said so themselves; others set `stopTraining`. */
function reasonOf(model: Model, history: History, ranOut: boolean, aborted: boolean): StopReason | null {
  if (aborted) return 'aborted';
  if (ranOut) return 'dataRanOut';
  return model.stopTraining ? (history.stopReason ?? 'stopTraining') : null;
}

/** Gives the logs of the last epoch, and its number where it was aborted and its end is still to be told. */
async function runEpochs(
  model: Model,
  plan: FitPlan,
  list: CallbackList,
  aborting: Aborting,
  trainer: EpochTrainer,
): Promise<{ epoch: number | null; logs: Logs; ranOut: boolean }> {
  const { checkpointer } = trainer;
  const resumable = plan.checkpoint?.resumable ?? null;
  if (resumable?.ended) model.stopTraining = resumable.ended === 'stopped';
  if (resumable?.ended && resumable.position.step === 0) return { epoch: null, logs: {}, ranOut: resumable.ended === 'ranOut' };
  let last: Logs = {};
  let trained = false;
  let warned = false;
  let hasRunOut = false;
  for (let epoch = plan.initialEpoch; epoch < plan.epochs; epoch++) {
    // An epoch that is taken up in its middle has begun before: callbacks have heard of it.
    const goesOn = resumable?.position.begun && resumable.position.epoch === epoch;
    const from = goesOn ? resumable.position.step : 0;
    if (plan.stepsOf) list.progbar?.expect(plan.stepsOf(epoch));
    const began = goesOn ? list.progbar?.goesOnAt(epoch, from) : list.onEpochBegin(epoch);
    if (began) await aborting.until(Promise.resolve(began));
    const { done, logs, ranOut } = await trainer.next(epoch, plan.epochs - epoch, from);
    const ended = (): Ended => (model.stopTraining ? 'stopped' : ranOut ? 'ranOut' : null);
    if (ranOut && !trained && done === 0) throw noBatch();
    hasRunOut = ranOut;
    if (ranOut) warnRanOut(plan);
    if (done === 0) {
      await checkpointer?.write(trainer.position, ranOut ? 'ranOut' : null);
      break;
    }
    trained = true;
    model.counters.endEpoch(epoch);
    if (done < (plan.steps ?? Number.POSITIVE_INFINITY)) list.progbar?.endedAt(done);
    last = { ...logs };
    plan.advice?.epoch(epoch, logs);
    if (trainer.interrupted) {
      await checkpointer?.write(trainer.position, ended());
      return { epoch: aborting.aborted ? epoch : null, logs: last, ranOut };
    }
    const results = await afterEpoch(model, plan, epoch, list, aborting, trainer);
    if (trainer.interrupted) {
      await checkpointer?.write(trainer.position, ended());
      return { epoch: aborting.aborted ? epoch : null, logs: last, ranOut };
    }
    if (results.measured) plan.checkpoint?.sources?.validated();
    last = { ...last, ...results.logs };
    if (results.ranOut && !warned) warned = warnNotValidated(epoch);
    // A copy: what callbacks add to an epoch's logs (`lr`) is not in those of onTrainEnd, as in Keras.
    trainer.endEpoch();
    const told = { ...last };
    const heard = list.onEpochEnd(epoch, told);
    if (heard) await aborting.until(heard);
    if (events.epoch.hasSubscribers) events.epoch.publish({ model: model.face, epoch, epochs: plan.epochs, logs: { ...told } });
    const ends = trainer.stopped || ranOut || epoch + 1 === plan.epochs;
    if (checkpointer && (checkpointer.endsEpoch() || ends)) await checkpointer.write(trainer.position, ended());
    if (ends) break;
  }
  return { epoch: null, logs: last, ranOut: hasRunOut };
}

/** What is looked at when the batches of an epoch are done; the training may be interrupted meanwhile. */
async function afterEpoch(
  model: Model,
  plan: FitPlan,
  epoch: number,
  list: CallbackList,
  aborting: Aborting,
  trainer: EpochTrainer,
): Promise<{ logs: Logs; measured: boolean; ranOut: boolean }> {
  const sets = plan.validation.filter(({ prefix }) => prefix === '' || plan.validatesAfter(epoch));
  let logs: Logs = {};
  let ranOut = false;
  for (const set of sets) {
    const results = await validate(model, set, { list, until: aborting.until, isAborted: () => aborting.aborted });
    if (trainer.interrupted) break;
    logs = { ...logs, ...results };
    ranOut ||= results === null;
  }
  return { logs, measured: sets.length > 0, ranOut };
}

const noBatch = (): ValueError =>
  new ValueError(
    'fit: the dataset x gave no batch. A generator object that was read to its end gives no more: give the function that makes it.',
    'ERR_EMPTY',
  );

/** The hooks that end a training are called in their order. Nobody waits for them: whoever aborts wants to go on. */
async function endAborted(list: CallbackList, epoch: number | null, logs: Logs): Promise<void> {
  try {
    if (epoch !== null) await list.onEpochEnd(epoch, { ...logs });
    await list.onTrainEnd(logs);
  } catch (error) {
    process.emitWarning(`A callback failed after fit was aborted: ${(error as Error)?.message ?? error}`, {
      code: 'GEMMFIT_CALLBACK',
    });
  }
}

function warnRanOut(plan: FitPlan): void {
  const need = plan.steps === null ? '' : ` (${plan.steps} batches an epoch for ${plan.epochs - plan.initialEpoch} epochs)`;
  process.emitWarning(
    `fit: the data ran out${need}; training ends here. Give a dataset that can be iterated anew (a function), or ask for fewer steps.`,
    { code: 'GEMMFIT_DATA_RAN_OUT' },
  );
}

function warnNotValidated(epoch: number): true {
  process.emitWarning(
    `fit: the validation data ran out; from epoch ${epoch + 1} on nothing is validated. Give a dataset that can be iterated anew (a function).`,
    { code: 'GEMMFIT_DATA_RAN_OUT' },
  );
  return true;
}
