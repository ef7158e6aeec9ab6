import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RuntimeError, show, typeError, ValueError } from '../../errors.js';
import { checkBoolean, checkNumber, isPlain, readOptions } from '../../options.js';
import type { Pieces } from '../../protobuf.js';
import { Callback, type Logs } from '../callback.js';
import { EventFile, type EventFilePlace } from './event_file.js';
import { graphOf } from './graph.js';
import { projectorConfig } from './projector.js';
import { markdown, modelGraph, scalar } from './summaries.js';
import { weightSummaries } from './weights.js';

/** Options of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** The folder; a path or file URL. Default `'logs'`. `tensorboard --logdir logs` shows what is in it. */
  logDir?: string | URL;
  /** Epochs between two histograms of all weights. Default 0: none. */
  histogramFreq?: number;
  /** Whether the stack of layers is written, as a graph and as a summary in words. Default true. */
  writeGraph?: boolean;
  /** Whether weights are written as pictures too, where there are histograms. Default false. */
  writeImages?: boolean;
  /** Whether steps a second are written, of each epoch and, with `updateFreq`, of each batch. Default false. */
  writeStepsPerSecond?: boolean;
  /** `'epoch'`, or a number of batches (`'batch'`: 1) after which loss and metrics are written as well. Default `'epoch'`. */
  updateFreq?: 'epoch' | 'batch' | number;
  /** Only 0: the trace of a training is `fit`'s option `profile`. */
  profileBatch?: 0;
  /** Epochs between two files of weights for the projector of embeddings. Default 0: none. */
  embeddingsFreq?: number;
  /** A file of labels for the rows of embeddings, or a file for each layer by its name. Default null. */
  embeddingsMetadata?: string | Record<string, string> | null;
}

/**
 * Writes what TensorBoard shows: loss, metrics and learning rate of each epoch (`epoch_loss`, in the folders `train` and `validation`), of
 * batches (`batch_loss`), of evaluations by the optimizer's steps (`evaluation_loss_vs_iterations`), histograms and pictures of weights, the
 * stack of layers. Tags are Keras's. A metric of several values has one tag for each: `epoch_f1_score_0`.
 *
 * `updateFreq` other than `'epoch'` makes training come back to JavaScript after each batch. A training that goes on from a checkpoint goes
 * on with its files, without double points.
 *
 * @example callbacks.tensorBoard({ logDir: 'logs/run-1', histogramFreq: 1 })
 * @throws RuntimeError (code `'ERR_FILE'`) from `fit` where the files cannot be written.
 * Keras: https://keras.io/api/callbacks/tensorboard/
 */
export class TensorBoard extends Callback {
  readonly logDir: string;
  readonly histogramFreq: number;
  readonly writeGraph: boolean;
  readonly writeImages: boolean;
  readonly writeStepsPerSecond: boolean;
  readonly updateFreq: 'epoch' | number;
  readonly embeddingsFreq: number;
  readonly embeddingsMetadata: string | Record<string, string> | null;
  #train: EventFile;
  #validation: EventFile;
  #batches = 0;
  #began = { epoch: 0, iterations: 0, batch: 0 };

  constructor(options: TensorBoardOptions = {}) {
    super();
    const where = 'TensorBoard';
    const o = readOptions<Required<TensorBoardOptions>>(where, options, {
      logDir: 'logs',
      histogramFreq: 0,
      writeGraph: true,
      writeImages: false,
      writeStepsPerSecond: false,
      updateFreq: 'epoch',
      profileBatch: 0,
      embeddingsFreq: 0,
      embeddingsMetadata: null,
    });
    if (!(o.logDir instanceof URL) && (typeof o.logDir !== 'string' || o.logDir === ''))
      throw typeError(`${where}: 'logDir' must be a path such as 'logs'. Received: ${show(o.logDir)}`);
    if ((o.profileBatch as unknown) !== 0)
      throw new ValueError(
        `${where}: 'profileBatch' must be 0; give fit the option profile: 'trace.json' for a trace of the training. Received: ${show(o.profileBatch)}`,
        'ERR_OUT_OF_RANGE',
      );
    this.logDir = o.logDir instanceof URL ? fileURLToPath(o.logDir) : o.logDir;
    this.histogramFreq = checkNumber(where, 'histogramFreq', o.histogramFreq, { min: 0, integer: true });
    this.writeGraph = checkBoolean(where, 'writeGraph', o.writeGraph);
    this.writeImages = checkBoolean(where, 'writeImages', o.writeImages);
    this.writeStepsPerSecond = checkBoolean(where, 'writeStepsPerSecond', o.writeStepsPerSecond);
    const every = o.updateFreq === 'batch' ? 1 : o.updateFreq;
    this.updateFreq = every === 'epoch' ? every : checkNumber(where, 'updateFreq', every, { min: 1, integer: true });
    this.embeddingsFreq = checkNumber(where, 'embeddingsFreq', o.embeddingsFreq, { min: 0, integer: true });
    this.embeddingsMetadata = checkMetadata(where, o.embeddingsMetadata);
    this.#train = new EventFile(join(this.logDir, 'train'));
    this.#validation = new EventFile(join(this.logDir, 'validation'));
    // Without them training need not come back after each batch.
    if (this.updateFreq !== 'epoch') {
      this.onTrainBatchBegin = this.#batchBegins;
      this.onTrainBatchEnd = this.#batchEnds;
    }
  }

  override async onTrainBegin(_logs: Logs): Promise<void> {
    await this.#write(async () => {
      await this.#flush();
      this.#train = new EventFile(this.#train.folder);
      this.#validation = new EventFile(this.#validation.folder);
      this.#batches = 0;
      if (this.embeddingsFreq > 0) {
        await mkdir(this.#train.folder, { recursive: true });
        await writeFile(join(this.logDir, 'projector_config.pbtxt'), projectorConfig(this.model.layers, this.embeddingsMetadata));
      }
      // A training that goes on has it in the file that `setState` goes on with.
      if (!this.writeGraph || this.params?.resumedFrom) return;
      const lines: string[] = [];
      this.model.summary({ printFn: (line) => lines.push(line) });
      this.#train.addGraph(graphOf(this.model));
      this.#train.add(0, [
        modelGraph('keras', JSON.stringify(this.model)),
        markdown('model', lines.map((line) => `    ${line}`).join('\n')),
      ]);
      await this.#flush();
    });
  }

  /** All events so far are on the disk before a checkpoint says so. */
  override async getState() {
    return { train: await this.#train.place(), validation: await this.#validation.place(), batches: this.#batches };
  }
  override async setState({ train, validation, batches }: Awaited<ReturnType<TensorBoard['getState']>>): Promise<void> {
    await goOn(this.#train, train);
    await goOn(this.#validation, validation);
    this.#batches = batches;
  }

  override onEpochBegin(_epoch: number, _logs: Logs): void {
    this.#began = { ...this.#began, epoch: performance.now(), iterations: this.model.optimizer.iterations };
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const ofTraining: Logs = {};
    const ofValidation: Logs = {};
    for (const [name, value] of Object.entries(logs))
      if (name.startsWith('val_')) ofValidation[name.slice(4)] = value;
      else ofTraining[name] = value;
    const { learningRate, iterations } = this.model.optimizer;
    ofTraining.learning_rate = learningRate;
    if (this.writeStepsPerSecond) ofTraining.steps_per_second = perSecond(iterations - this.#began.iterations, this.#began.epoch);
    this.#train.add(epoch, scalars('epoch_', ofTraining));
    this.#validation.add(epoch, scalars('epoch_', ofValidation));
    if (isDue(epoch, this.histogramFreq)) this.#train.add(epoch, weightSummaries(this.#weights(), this.writeImages));
    await this.#write(() => this.#flush());
    if (isDue(epoch, this.embeddingsFreq))
      await this.model.saveWeights(join(this.#train.folder, `keras_embedding.ckpt-${epoch}.weights.h5`));
  }

  #batchBegins(_batch: number, _logs: Logs): void {
    this.#batches++;
    this.#began.batch = performance.now();
  }
  #batchEnds(_batch: number, logs: Logs): void {
    if (this.#batches % (this.updateFreq as number) !== 0) return;
    const speed = this.writeStepsPerSecond ? { steps_per_second: perSecond(1, this.#began.batch) } : {};
    this.#train.add(this.#batches, scalars('batch_', { ...speed, ...logs }));
  }

  override async onTestEnd(logs: Logs): Promise<void> {
    const named = Object.fromEntries(Object.entries(logs).map(([name, value]) => [`${name}_vs_iterations`, value]));
    this.#validation.add(this.model.optimizer.iterations, scalars('evaluation_', named));
    await this.#write(() => this.#flush());
  }

  override async onTrainEnd(_logs: Logs): Promise<void> {
    await this.#write(() => this.#flush());
  }

  /** Weights with tags that tell them apart. */
  #weights() {
    const seen = new Map<string, number>();
    return this.model.layers.flatMap((layer) => {
      const values = layer.getWeights();
      return layer.weights.map((weight, i) => {
        const name = `${layer.name}/${weight.name}`.replaceAll(':', '_');
        const count = seen.get(name) ?? 0;
        seen.set(name, count + 1);
        return { tag: count ? `${name}_${count}` : name, value: values[i] };
      });
    });
  }

  async #flush(): Promise<void> {
    await this.#train.flush();
    await this.#validation.flush();
  }

  async #write(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_OUT_OF_RANGE') throw error;
      throw Object.assign(
        new RuntimeError(
          `TensorBoard: cannot write into '${this.logDir}': ${(error as Error).message}. May that folder be written?`,
          'ERR_FILE',
        ),
        { cause: error },
      );
    }
  }
}

const isDue = (epoch: number, every: number) => every > 0 && epoch % every === 0;
const perSecond = (count: number, since: number) => (1000 * count) / (performance.now() - since);

async function goOn(file: EventFile, place: EventFilePlace | null): Promise<void> {
  const found = place ? await file.goOn(place) : null;
  if (place && found !== null)
    throw new RuntimeError(
      `TensorBoard: '${join(file.folder, place.name)}' has ${found} bytes where the checkpoint left ${place.bytes}. Put the file back, or train anew (resume: 'never').`,
      'ERR_FILE',
    );
}

/** A metric of several values has a tag for each. */
function scalars(prefix: string, logs: Logs): Pieces[] {
  return Object.entries(logs).flatMap(([name, value]) => {
    if (typeof value === 'number') return [scalar(prefix + name, value)];
    const list = (value as { data?: unknown } | null)?.data ?? value;
    if (!Array.isArray(list) && !ArrayBuffer.isView(list)) return [];
    return Array.from(list as ArrayLike<number>, (one, i) => scalar(`${prefix}${name}_${i}`, one));
  });
}

function checkMetadata(where: string, value: unknown): string | Record<string, string> | null {
  if (value === null || typeof value === 'string') return value;
  if (isPlain(value) && Object.values(value).every((one) => typeof one === 'string'))
    return { ...(value as Record<string, string>) };
  throw typeError(`${where}: 'embeddingsMetadata' must be a path or an object of paths by layer. Received: ${show(value)}`);
}

export const tensorBoardCallbacks = { TensorBoard };
