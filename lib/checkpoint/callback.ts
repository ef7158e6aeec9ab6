import { type CheckpointPlan, readCheckpoint } from './options.js';

/** How a fit's state is to be written down: its option `checkpoint`. Callbacks are looked at where there is none. */
export function checkpointOf(options: unknown): CheckpointPlan | null {
  if (typeof options !== 'object' || options === null) return null;
  const { checkpoint } = options as { checkpoint?: unknown };
  return readCheckpoint('fit', checkpoint);
}
