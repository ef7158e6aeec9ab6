import { checkReadable, isPlain, reading } from '../options.js';
import { type CheckpointPlan, readCheckpoint } from './options.js';

/** How a fit's state is to be written down: its option `checkpoint`. Callbacks are looked at where there is none. */
export function checkpointOf(options: unknown): CheckpointPlan | null {
  // Before the options as a whole are read: what is none is refused there.
  const checkpoint = reading('fit', () => (isPlain(options) ? options.checkpoint : undefined));
  if (checkpoint !== undefined) checkReadable("fit: 'checkpoint'", checkpoint);
  return readCheckpoint('fit', checkpoint);
}
