export type { OutputStream } from '../terminal/output.js';
export { BackupAndRestore, type BackupAndRestoreOptions, backupAndRestore } from './backup_and_restore.js';
export { Callback, type Logs } from './callback.js';

export { CSVLogger, type CSVLoggerOptions, csvLogger } from './csv_logger.js';
export { EarlyStopping, type EarlyStoppingOptions, earlyStopping } from './early_stopping.js';
export { History, history } from './history.js';
export { LambdaCallback, lambdaCallback } from './lambda_callback.js';
export {
  type EpochSchedule,
  LearningRateScheduler,
  type LearningRateSchedulerOptions,
  learningRateScheduler,
} from './learning_rate_scheduler.js';
export { ModelCheckpoint, type ModelCheckpointOptions, modelCheckpoint } from './model_checkpoint.js';
export { ProgbarLogger, type ProgbarLoggerOptions, progbarLogger } from './progbar_logger.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions, reduceLROnPlateau } from './reduce_lr_on_plateau.js';
export { RemoteMonitor, type RemoteMonitorOptions, remoteMonitor } from './remote_monitor.js';
export { SwapEMAWeights, type SwapEMAWeightsOptions, swapEMAWeights } from './swap_ema_weights.js';
export { TensorBoard, type TensorBoardOptions, tensorBoard } from './tensorboard/tensorboard.js';
export { TerminateOnNaN, type TerminateOnNaNOptions, terminateOnNaN } from './terminate_on_nan.js';
export type { CallbackHooks, CallbackLike, CallbackModel, CallbackParams, HookName } from './types.js';
