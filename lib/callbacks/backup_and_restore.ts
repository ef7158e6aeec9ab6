import { show, typeError } from '../errors.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { Callback } from './callback.js';

/** Options of {@link BackupAndRestore}. */
export interface BackupAndRestoreOptions {
  /** The folder of the backup; made where it is missing. */
  backupDir: string;
  /** `'epoch'`, or a number of batches. Default 'epoch'. */
  saveFreq?: 'epoch' | number;
  /** Keeps the backup before the newest, too. Default false. */
  doubleCheckpoint?: boolean;
  /** Removes the backup when the training has come to its end. Default true. */
  deleteCheckpoint?: boolean;
}

/**
 * A training that was killed goes on where its last backup left it, when the same script is run again: Keras's words for the option `checkpoint` of `fit`,
 * which says more and with which it may not be given together. See https://keras.io/api/callbacks/backup_and_restore/
 * @example callbacks.backupAndRestore({ backupDir: 'backup' })
 */
export class BackupAndRestore extends Callback {
  readonly backupDir: string;
  readonly saveFreq: 'epoch' | number;
  readonly doubleCheckpoint: boolean;
  readonly deleteCheckpoint: boolean;

  constructor(options: BackupAndRestoreOptions) {
    super();
    const where = 'BackupAndRestore';
    const o = readOptions<Required<BackupAndRestoreOptions>>(where, options, {
      backupDir: '',
      saveFreq: 'epoch',
      doubleCheckpoint: false,
      deleteCheckpoint: true,
    });
    if (typeof o.backupDir !== 'string' || !o.backupDir)
      throw typeError(`${where}: 'backupDir' must be the path of a folder. Received: ${show(o.backupDir)}`);
    this.backupDir = o.backupDir;
    this.saveFreq = o.saveFreq === 'epoch' ? 'epoch' : checkNumber(where, 'saveFreq', o.saveFreq, { min: 1, integer: true });
    this.doubleCheckpoint = checkBoolean(where, 'doubleCheckpoint', o.doubleCheckpoint);
    this.deleteCheckpoint = checkBoolean(where, 'deleteCheckpoint', o.deleteCheckpoint);
  }
}

/** See {@link BackupAndRestore}. */

export const backupAndRestoreCallbacks = { BackupAndRestore };
