import { BackupAndRestore } from '../callbacks/backup_and_restore.js';
import { ValueError } from '../errors.js';
import { checkReadable, isPlain, reading } from '../options.js';
import { type CheckpointPlan, readCheckpoint } from './options.js';

/** Lists that nobody means are refused where all callbacks are read. */
const entries = (value: unknown): unknown[] => (!Array.isArray(value) ? [value] : value.length > 10_000 ? [] : value);

/** How a fit's state is to be written down: by its option `checkpoint`, or by a callback `BackupAndRestore`. */
export function checkpointOf(options: unknown): CheckpointPlan | null {
  // Before the options as a whole are read: what is none is refused there.
  const [checkpoint, callbacks] = reading('fit', () => (isPlain(options) ? [options.checkpoint, options.callbacks] : []));
  if (checkpoint !== undefined) checkReadable("fit: 'checkpoint'", checkpoint);
  checkReadable("fit: 'callbacks'", callbacks);
  const plan = readCheckpoint('fit', checkpoint);
  const backups = entries(callbacks)
    .flatMap(entries)
    .filter((c) => c instanceof BackupAndRestore);
  if (backups.length === 0) return plan;
  if (plan || backups.length > 1)
    throw new ValueError(
      "fit: the state of a training is written by one of 'checkpoint' and callbacks.BackupAndRestore, once. Leave the others out.",
      'ERR_OPTIONS',
    );
  const { backupDir, saveFreq, doubleCheckpoint, deleteCheckpoint } = backups[0];
  return {
    path: backupDir,
    every: { epochs: saveFreq === 'epoch' ? 1 : null, steps: saveFreq === 'epoch' ? null : saveFreq, seconds: null },
    keep: doubleCheckpoint ? 2 : 1,
    resume: 'auto',
    deleteAtEnd: deleteCheckpoint,
  };
}
