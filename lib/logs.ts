/**
 * What a hook is told: `loss`, the metrics under their names, and `val_...` at the end of an epoch that validated.
 * Values are numbers, except metrics that give one value a class (a list) and `outputs` of predict batches (an array).
 */
// biome-ignore lint/suspicious/noExplicitAny: nearly all are numbers, and making every user narrow them would help nobody
export type Logs = Record<string, any>;
