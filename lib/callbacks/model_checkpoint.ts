import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf, readOptions } from '../options.js';
import { fixed } from '../terminal/numbers.js';
import { printMessage } from '../terminal/output.js';
import { Callback, type Logs } from './callback.js';
import { fillPattern } from './file_pattern.js';
import { direction, MODES, type Mode, Monitor } from './monitor.js';

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions {
  /**
   * The file, which may name values: `'model-{epoch:02d}-{val_loss:.4f}.keras'`. Its ending says the format. Folders that are missing are made.
   */
  filepath: string;
  /** Name of the value in the logs that says what is best. Default `'val_loss'`. */
  monitor?: string;
  /** 1 says when a model is saved. Default 0. */
  verbose?: number;
  /** Saves only where the value is better than all before. Default false. */
  saveBestOnly?: boolean;
  /** Saves weights alone, by endings such as `.weights.h5` and `.safetensors`. Default false: the whole model. */
  saveWeightsOnly?: boolean;
  /** Whether less or more is better; 'auto' asks the metric, then goes by the name. Default 'auto'. */
  mode?: Mode;
  /** `'epoch'`, or a number of batches, after which it is saved; batches are counted over all epochs. Default 'epoch'. */
  saveFreq?: 'epoch' | number;
  /** What the first value must be better than. Default null. */
  initialValueThreshold?: number | null;
}

/**
 * Saves the model, or its weights, after epochs or batches: always, or when a value is the best so far. The file is whole at any instant.
 * Throws what `save` throws. See https://keras.io/api/callbacks/model_checkpoint/
 * @example callbacks.modelCheckpoint({ filepath: 'best.keras', monitor: 'val_loss', saveBestOnly: true })
 */
export class ModelCheckpoint extends Callback {
  readonly filepath: string;
  readonly monitor: string;
  readonly verbose: number;
  readonly saveBestOnly: boolean;
  readonly saveWeightsOnly: boolean;
  readonly mode: Mode;
  readonly saveFreq: 'epoch' | number;
  /** The best value so far; null where there was none. */
  best: number | null;
  readonly #monitor: Monitor;
  #larger = false;
  #epoch = 0;
  #batches = 0;

  constructor(options: ModelCheckpointOptions) {
    super();
    const where = 'ModelCheckpoint';
    const o = readOptions<Required<ModelCheckpointOptions>>(where, options, {
      filepath: '',
      monitor: 'val_loss',
      verbose: 0,
      saveBestOnly: false,
      saveWeightsOnly: false,
      mode: 'auto',
      saveFreq: 'epoch',
      initialValueThreshold: null,
    });
    if (typeof o.filepath !== 'string' || !o.filepath)
      throw typeError(`${where}: 'filepath' must be a path such as 'model-{epoch:02d}.keras'. Received: ${show(o.filepath)}`);
    if (typeof o.monitor !== 'string')
      throw typeError(`${where}: 'monitor' must be the name of a value in the logs. Received: ${show(o.monitor)}`);
    this.filepath = o.filepath;
    this.monitor = o.monitor;
    this.verbose = checkNumber(where, 'verbose', o.verbose, { min: 0, integer: true });
    this.saveBestOnly = checkBoolean(where, 'saveBestOnly', o.saveBestOnly);
    this.saveWeightsOnly = checkBoolean(where, 'saveWeightsOnly', o.saveWeightsOnly);
    this.mode = checkOneOf(where, 'mode', o.mode, MODES);
    this.saveFreq = o.saveFreq === 'epoch' ? 'epoch' : checkNumber(where, 'saveFreq', o.saveFreq, { min: 1, integer: true });
    this.best = o.initialValueThreshold === null ? null : checkNumber(where, 'initialValueThreshold', o.initialValueThreshold);
    const weights = /\.(weights\.h5|safetensors|npz)$/.test(this.filepath);
    if (weights !== this.saveWeightsOnly)
      throw new ValueError(
        `${where}: with saveWeightsOnly: ${this.saveWeightsOnly} 'filepath' ends in ${this.saveWeightsOnly ? '.weights.h5, .safetensors or .npz' : '.keras or .h5'}. Received: '${this.filepath}'`,
        'ERR_FORMAT',
      );
    this.#monitor = new Monitor(where, this.monitor);
    // Without it training need not come back after each batch.
    if (this.saveFreq !== 'epoch') this.onTrainBatchEnd = this.#onBatch;
  }

  override onTrainBegin(_logs: Logs): void {
    this.#monitor.reset();
    this.#larger = direction(this.monitor, this.mode, this.model, /(acc|accuracy|auc)$/) === 'max';
    this.#batches = 0;
  }

  override getState() {
    return { best: this.best, batches: this.#batches, epoch: this.#epoch };
  }
  override setState({ best, batches, epoch }: ReturnType<ModelCheckpoint['getState']>): void {
    this.best = best;
    this.#batches = batches;
    this.#epoch = epoch;
  }

  override onEpochBegin(epoch: number, _logs: Logs): void {
    this.#epoch = epoch;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.saveFreq === 'epoch') await this.#save({ epoch: epoch + 1, ...logs }, logs);
  }

  async #onBatch(batch: number, logs: Logs): Promise<void> {
    if (++this.#batches < (this.saveFreq as number)) return;
    this.#batches = 0;
    await this.#save({ epoch: this.#epoch + 1, batch: batch + 1, ...logs }, logs);
  }

  async #save(values: Record<string, unknown>, logs: Logs): Promise<void> {
    const path = fillPattern('ModelCheckpoint', this.filepath, values);
    if (!this.#isDue(values.epoch as number, logs, path)) return;
    await mkdir(dirname(path), { recursive: true });
    await (this.saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
  }

  #isDue(epoch: number, logs: Logs, path: string): boolean {
    const say = (text: string) => this.verbose > 0 && printMessage(`\nEpoch ${epoch}: ${text}`);
    if (!this.saveBestOnly) {
      say(`saving model to ${path}`);
      return true;
    }
    const value = this.#monitor.read(logs, this.params);
    if (value === undefined) return false;
    const before = this.best === null ? 'None' : fixed(this.best, 5);
    if (this.best !== null && !(this.#larger ? value > this.best : value < this.best)) {
      say(`${this.monitor} did not improve from ${before}`);
      return false;
    }
    this.best = value;
    say(`${this.monitor} improved from ${before} to ${fixed(value, 5)}, saving model to ${path}`);
    return true;
  }
}

/** See {@link ModelCheckpoint}. */

export const modelCheckpointCallbacks = { ModelCheckpoint };
