import type { RunResult, Totals } from '../../binding.js';
import type { Compilation } from '../model/compilation.js';
import type { Engine, NativeSource, RunShape } from '../model/engine.js';
import type { Model } from '../model/model.js';
import type { Ran } from '../model/results.js';
import type { Runner } from './batches.js';
import type { FirstPass } from './first_pass.js';
import { LossWatch } from './loss_watch.js';
import type { NumericsCheck } from './numerics.js';

/** Runs the batches of a fit: trains, and has an eye on numbers that are not finite. */
export class FitRunner implements Runner, Ran {
  #engine: Engine | null = null;
  readonly #watch: LossWatch;
  /** Looks at x while the first pass gathers it; null where that is done before. */
  firstPass: FirstPass | null = null;

  /** Looks after each batch which layer gives what is no number, where that is asked. */
  numerics: NumericsCheck | null = null;

  /** @param traces whether the engine records what it does, from the first batch on */
  constructor(
    private readonly model: Model,
    private readonly compilation: Compilation,
    initialEpoch: number,
    private readonly traces: boolean,
  ) {
    this.#watch = new LossWatch(model.name, initialEpoch);
  }

  /** The engine is the same for an epoch; data whose width was not known may have made another. */
  begin(): void {
    const engine = this.model.engine();
    if (this.traces && engine !== this.#engine) engine.beginTrace();
    this.#engine = engine;
  }

  async run(feed: NativeSource, shape: RunShape, count: number, reset: boolean, epochSteps = 0): Promise<RunResult> {
    const engine = this.#current;
    const train = (steps: number, anew: boolean) => engine.train(feed, shape, steps, anew, epochSteps, this.firstPass?.isOn);
    const result = await (this.numerics
      ? this.numerics.run(engine, count, reset, (anew) => train(1, anew))
      : train(count, reset));
    await this.firstPass?.note(result);
    const { optimizer } = this.compilation;
    this.#watch.note(result, reset, epochSteps, (i) => optimizer.rateAt(optimizer.calls - result.done + i));
    return result;
  }

  totals(): Totals {
    return this.#current.totals();
  }
  progress(): Totals {
    return this.#current.progress();
  }
  get disposed(): boolean {
    return this.#current.disposed;
  }

  get #current(): Engine {
    return this.#engine ?? this.model.engine();
  }
}
