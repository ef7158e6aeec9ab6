/** Who may end a run before its time. */
export interface Stops {
  /** Keras's flag of the model: looked at after a batch. */
  isStopped(): boolean;
  /** Ends the run at once. */
  isAborted(): boolean;
  /** Somebody wants to look at the training between two batches. */
  isPaused?(): boolean;
}

export const unstoppable: Stops = { isStopped: () => false, isAborted: () => false };

/**
 * Runs up to `count` batches, one where the flag is set already: Keras looks at it after a batch, so that what is told to stop before its first
 * batch does one. `run` gives how many were done, and ends early where the engine is stopped.
 */
export async function runUntilStopped(count: number, stops: Stops, run: (count: number) => Promise<number>): Promise<number> {
  if (stops.isAborted()) return 0;
  const done = await run(stops.isStopped() ? 1 : count);
  // Told so before the engine had begun.
  return done === 0 && stops.isStopped() && !stops.isAborted() ? run(1) : done;
}
