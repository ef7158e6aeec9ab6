import type { Weight } from '../layers/layer.js';

/** A `fit` or `trainOnBatch` of one model. Where models share weights, who was first waits for the others' batches; they are refused. */
export interface Session {
  patient: boolean;
}

const sessions = new WeakMap<Weight, Set<Session>>();
/** Training runs that are going on. */
const runs = new Set<Promise<unknown>>();

/** A training of a model with these weights begins. */
export function beginSession(weights: readonly Weight[]): Session {
  const session = { patient: weights.every((w) => !sessions.get(w)?.size) };
  for (const w of weights) {
    const of = sessions.get(w);
    if (of) of.add(session);
    else sessions.set(w, new Set([session]));
  }
  return session;
}

export function endSession(session: Session, weights: readonly Weight[]): void {
  for (const w of weights) sessions.get(w)?.delete(session);
}

/** Runs some batches of a training. A session that was let in once is not broken by one that comes later either. */
export async function runInSession<T>(session: Session | null, start: () => Promise<T>): Promise<T> {
  for (;;) {
    let running: Promise<T>;
    try {
      running = start();
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_BUSY' || !session?.patient || runs.size === 0) throw error;
      await Promise.race(runs);
      continue;
    }
    if (session) session.patient = true;
    const over = running.then(
      () => undefined,
      () => undefined,
    );
    runs.add(over);
    try {
      return await running;
    } finally {
      runs.delete(over);
    }
  }
}
