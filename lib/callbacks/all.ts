// Every callback: a line a file, which ends in the list of its classes.
export { backupAndRestoreCallbacks } from './backup_and_restore.js';
export { csvLoggerCallbacks } from './csv_logger.js';
export { earlyStoppingCallbacks } from './early_stopping.js';
export { historyCallbacks } from './history.js';
export { jsonLoggerCallbacks } from './json_logger.js';
export { lambdaCallbacks } from './lambda_callback.js';
export { learningRateSchedulerCallbacks } from './learning_rate_scheduler.js';
export { modelCheckpointCallbacks } from './model_checkpoint.js';
export { progbarLoggerCallbacks } from './progbar_logger.js';
export { reduceLrOnPlateauCallbacks } from './reduce_lr_on_plateau.js';
export { remoteMonitorCallbacks } from './remote_monitor.js';
export { swapEmaWeightsCallbacks } from './swap_ema_weights.js';
export { tensorBoardCallbacks } from './tensorboard/tensorboard.js';
export { terminateOnNanCallbacks } from './terminate_on_nan.js';
