import type { RunRequest, RunResult, Totals } from '../../binding.js';
import { disposedOf, type Engine, type NativeFeed, type NativeSource, type RunShape } from './engine.js';
import type { NativeNetwork, ReadingKind } from './readers.js';

/**
 * One evaluation or prediction, with sums of its own. All its runs see the weights as they are at the first, also where a training goes on
 * meanwhile. `close` ends it; a run after that begins another.
 */
export class Reading {
  #engine: Engine | null = null;
  #network: NativeNetwork | null = null;

  constructor(
    private readonly model: { engine(): Engine },
    private readonly kind: ReadingKind,
  ) {}

  /** @param losses room for the loss of each item, where it is wanted */
  test(
    feed: NativeSource,
    shape: RunShape,
    steps: number,
    reset: boolean,
    checkFinite = false,
    losses?: Float32Array,
  ): Promise<RunResult> {
    const { sampleShape, weightSteps } = shape;
    const request: RunRequest = { mode: 'test', sampleShape: [...sampleShape], weightSteps, steps, reset, checkFinite };
    return this.#run(feed, losses ? { ...request, predictions: losses } : request);
  }

  predict(
    feed: NativeFeed,
    sampleShape: readonly number[],
    steps: number,
    predictions: Float32Array,
    checkFinite = false,
  ): Promise<RunResult> {
    return this.#run(feed, { mode: 'predict', sampleShape: [...sampleShape], steps, predictions, checkFinite });
  }

  /** Results of the run that has just ended, with what came before it since the last reset. */
  totals(): Totals {
    return this.#network?.totals() ?? { loss: 0, metrics: [], steps: 0 };
  }
  progress(): Totals | null {
    return this.#network?.progress() ?? null;
  }
  get disposed(): boolean {
    return this.#engine?.disposed ?? false;
  }
  /** Ends what runs at its next batch. */
  stop(): void {
    this.#network?.stop();
  }
  /** The next run sees the weights as they are then; the sums go on. */
  rest(): void {
    this.#network?.rest();
  }
  close(): void {
    if (this.#network) this.#engine?.giveBack(this.#network);
    this.#network = null;
  }

  async #run(feed: NativeSource, request: RunRequest): Promise<RunResult> {
    if (!this.#network || !this.#engine) {
      this.#engine = this.model.engine();
      this.#network = this.#engine.reader(this.kind);
    }
    const result = await this.#network.run(feed, request);
    if (this.#engine.disposed) throw disposedOf();
    return result;
  }
}
