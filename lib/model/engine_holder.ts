import type { TrainingSums } from '../../binding.js';
import { RuntimeError, ValueError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import { Nested } from '../layers/nested.js';
import type { Shape } from '../layers/shape.js';
import type { Compilation } from './compilation.js';
import type { Counters } from './counters.js';
import { Engine } from './engine.js';
import type { SampleShapes } from './layer_stack.js';
import { checkOwner, claim } from './optimizer_state.js';
import type { Turns } from './turns.js';

/** What an engine is made of. */
interface Parts {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly counters: Counters;
  readonly turns: Turns;
  readonly compilationOrNull: Compilation | null;
  shapes(): SampleShapes;
  trainingLayers(): Set<Layer>;
}

/** The engine of a model: made when it is first needed, and forgotten when what it was made of changes. */
export class EngineHolder {
  #engine: Engine | null = null;
  #disposed = false;
  /** Of the output's last axis, where only data tell it. */
  #width: number | null = null;
  /** What a training goes on from that was taken up: an engine that is made anew before its first batch takes it up as well. */
  #takenUp: { sums: TrainingSums | null } | null = null;

  constructor(private readonly model: Parts) {}

  get(): Engine {
    this.mustLive();
    for (const layer of this.model.layers) if (layer instanceof Nested) layer.checkUnchanged();
    this.#engine ??= this.make(this.model.compilationOrNull, this.#width);
    return this.#engine;
  }
  /** The one there is. */
  get current(): Engine | null {
    return this.#engine;
  }

  /** One that is not held yet. @param width of the output's last axis, where data have told it */
  make(compilation: Compilation | null, width: number | null = null): Engine {
    const { model } = this;
    const { inputShape, outputShape } = model.shapes();
    if (compilation) {
      // Not `compile` alone: a model that was built since, or whose layers changed, notes what trains now.
      compilation.training ??= model.trainingLayers();
      checkOwner(compilation.optimizer, model, compilation.training);
    }
    const engine = new Engine({
      layers: model.layers,
      inputShape,
      outputShape,
      width: widthOf(outputShape, width),
      compilation,
      counters: model.counters,
      session: () => model.turns.session,
    });
    if (compilation) claim(compilation.optimizer, model);
    this.#intoEngine(engine, widthOf(outputShape, width));
    return engine;
  }
  /** Forgets the engine that there is. @param next takes its place */
  replace(next: Engine | null): void {
    this.#engine?.dispose();
    this.#engine = next;
    this.#width = null;
  }

  /** There is no engine from now on. */
  dispose(): void {
    this.#disposed = true;
    this.replace(null);
  }
  mustLive(): void {
    if (this.#disposed) throw new RuntimeError(`Model '${this.model.name}' has been disposed of.`, 'ERR_DISPOSED');
  }

  get width(): number | null {
    return this.#width;
  }
  /** What was chosen by data is as it was before. */
  takeBackWidth(width: number | null): void {
    this.#width = width;
  }
  /**
   * Chooses loss and metrics for outputs whose last axis only the data tell. Keras chooses them at the first batch as well.
   * @param first whether nothing has been summed up yet, so that others may be chosen
   * @param forget forgets the engine and what goes with it
   */
  chooseWidth(width: number, first: boolean, forget: () => void): void {
    const { model } = this;
    const before = this.#width;
    if (model.shapes().outputShape.at(-1) !== null || width === before) return;
    if (before === null || !this.get().computesAlike(before, width)) {
      if (this.#engine?.isTraining) model.turns.mayChange('take outputs of another size from');
      if (before !== null && !first)
        throw new ValueError(
          `Model '${model.name}': loss and metrics were chosen for outputs whose last axis has ${before} elements, as in the first batch. Received one of ${width}.`,
          'ERR_SHAPE',
        );
      forget();
    }
    this.#width = width;
    try {
      this.get();
    } catch (error) {
      this.#width = before;
      throw error;
    }
  }

  /**
   * The variables are those of a training that was put down, and it goes on now.
   * @param sums of loss and metrics of its epoch; null where that begins
   */
  takeUp(sums: TrainingSums | null): void {
    this.#takenUp = { sums };
    this.#intoEngine(this.get(), widthOf(this.model.shapes().outputShape, this.#width));
  }
  /** The training that was taken up is over. */
  endTakenUp(): void {
    this.#takenUp = null;
  }
  #intoEngine(engine: Engine, width: number | null): void {
    if (!this.#takenUp) return;
    // Whoever reads before the first batch, or when no batch is left, sees rows of large tables as they are, too.
    engine.takeUpRows();
    const { sums } = this.#takenUp;
    // Without a width there are no loss and metrics yet: the engine is made again when there are.
    if (sums && width !== null) engine.trainingSums = sums;
  }
}

/** Elements of the output's last axis: 1 of a single number, `fromData` where only data tell it. */
function widthOf(outputShape: Shape, fromData: number | null): number | null {
  const last = outputShape.at(-1);
  return last === null ? fromData : (last ?? 1);
}
