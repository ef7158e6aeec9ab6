import { toTensor } from '../data/convert.js';
import { eachBatch, isDataset } from '../data/dataset.js';
import type { ArrayInput, DatasetLike } from '../data/inputs.js';
import type { OpSpec } from '../engine/spec.js';
import { RuntimeError, show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { work } from '../preprocessing/lazy.js';
import type { Config } from '../registry.js';
import { checkOutputMode, encodedShape, encodingOps, type OutputMode } from './encoding.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';
import type { AdaptOptions } from './vocabulary_layer.js';

/** Options of {@link Discretization}: either `binBoundaries` or `numBins`. */
export interface DiscretizationOptions extends LayerOptions {
  /** Where bins end, ascending: `[0, 1]` makes three, below 0, from 0 to below 1, from 1 on. */
  binBoundaries?: readonly number[] | null;
  /** Bins that `adapt` finds: as many elements of the data in each. */
  numBins?: number | null;
  /** How exact their boundaries are, as a share of the elements. Default 0.01. */
  epsilon?: number;
  /** `'int'` gives the bins. `'one_hot'`: a vector for each element; `'multi_hot'`, `'count'`: one for a sample. Default `'int'`. */
  outputMode?: Exclude<OutputMode, 'tf_idf'>;
  /** Keras then makes a sparse tensor; here the same numbers come. Default false. */
  sparse?: boolean;
}

/**
 * Numbers to the bins that they lie in. Input `[...]`, output `[...]` of bins, or vectors by `outputMode`. Nothing is learnt but by `adapt`.
 * See https://keras.io/api/layers/preprocessing_layers/numerical/discretization/
 * @example
 * const bins = layers.discretization({ numBins: 4, inputShape: [1] });
 * bins.adapt([1, 2, 3, 4, 5, 6, 7, 8]);
 */
export class Discretization extends Layer {
  static override readonly className = 'Discretization';
  static override readonly noActivityRegularizer = 'nothing flows back through it';
  readonly numBins: number | null;
  readonly epsilon: number;
  readonly outputMode: OutputMode;
  readonly sparse: boolean;
  #boundaries: readonly number[] | null;

  constructor(options: DiscretizationOptions) {
    const where = 'Discretization';
    const o = Layer.read(where, options, {
      binBoundaries: null as readonly number[] | null,
      numBins: null as number | null,
      epsilon: 0.01,
      outputMode: 'int' as unknown,
      sparse: false,
    });
    super(o);
    if (o.binBoundaries === null && o.numBins === null)
      throw new ValueError(`${where}: give 'binBoundaries', or 'numBins' and call adapt.`, 'ERR_OPTIONS');
    this.numBins = o.numBins === null ? null : checkNumber(where, 'numBins', o.numBins, { min: 1, integer: true });
    this.epsilon = checkNumber(where, 'epsilon', o.epsilon, { above: 0, below: 1 });
    this.outputMode = checkOutputMode(where, o.outputMode, ['int', 'one_hot', 'multi_hot', 'count']);
    this.sparse = checkBoolean(where, 'sparse', o.sparse);
    if (this.sparse && this.outputMode === 'int')
      throw new ValueError(`${where}: 'sparse' goes with another outputMode than 'int'. Received: true`, 'ERR_OPTIONS');
    // A config has both once the boundaries were found.
    this.#boundaries = o.binBoundaries === null ? null : readBoundaries(where, o.binBoundaries);
  }

  /** Where bins end; null before they were found. */
  get binBoundaries(): readonly number[] | null {
    return this.#boundaries;
  }
  get #known(): readonly number[] {
    if (this.#boundaries) return this.#boundaries;
    throw new RuntimeError(`${this.label} has no boundaries yet: call adapt(data), or give 'binBoundaries'.`, 'ERR_NOT_ADAPTED');
  }

  /**
   * Finds the boundaries between `numBins` bins of data. Call it before training and before the layer stands in a model; a second call starts anew.
   * @param data numbers as `fit` takes them, or a dataset; with an async one it gives a promise
   */
  adapt(data: ArrayInput | DatasetLike, options?: AdaptOptions): void | Promise<void> {
    const where = `adapt of ${this.label}`;
    const { steps } = readOptions<Required<AdaptOptions>>('adapt', options, { steps: null });
    const bins = this.numBins;
    if (bins === null)
      throw new RuntimeError(
        `${where}: 'binBoundaries' were given as an option, so that there is nothing to adapt.`,
        'ERR_OPTIONS',
      );
    if (this.builtFor)
      throw new RuntimeError(
        `${where}: it stands in a model already, which was built for its boundaries. Adapt it before.`,
        'ERR_BUILT',
      );
    const { emptySummary, summarize, mergeSummaries, boundariesOf } = work();
    let summary = emptySummary();
    const add = (name: string, x: unknown) => {
      const { data: values } = toTensor(name, x, {});
      summary = mergeSummaries(summarize(values, this.epsilon), summary, this.epsilon);
    };
    const learn = () => {
      if (summary.values.length === 0) throw new ValueError(`${where}: the data have no elements.`, 'ERR_EMPTY');
      this.#boundaries = boundariesOf(summary, bins);
    };
    if (!isDataset(data)) {
      add(`${where}: the data`, data);
      return learn();
    }
    const batch = ({ index, x }: { index: number; x: unknown }) => {
      add(`${where}: batch ${index}`, x);
      return steps === null || index + 1 < steps;
    };
    return eachBatch(where, data, batch, learn);
  }

  override outputShapeOf(input: Shape): Shape {
    return encodedShape(this.label, input, this.outputMode, this.#known.length + 1);
  }
  override lower(): OpSpec[] {
    const boundaries = [...this.#known];
    return [{ op: 'discretization', boundaries }, ...encodingOps(this.outputMode, boundaries.length + 1, false)];
  }
  protected override config(): Config {
    const { numBins, epsilon, outputMode, sparse } = this;
    return { binBoundaries: this.#boundaries && [...this.#boundaries], numBins, epsilon, outputMode, sparse };
  }
}

function readBoundaries(where: string, given: unknown): number[] {
  if (!Array.isArray(given)) throw typeError(`${where}: 'binBoundaries' must be a list of numbers. Received: ${show(given)}`);
  const list = given.map((v) => checkNumber(where, 'binBoundaries', v));
  if (list.some((v, i) => i > 0 && v < list[i - 1]))
    throw new ValueError(`${where}: 'binBoundaries' must ascend. Received: ${show(given)}`, 'ERR_OUT_OF_RANGE');
  return list;
}

export const discretizationLayers = { Discretization };
