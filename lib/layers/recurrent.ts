import { addon, type NativeVariable } from '../engine/addon.js';
import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Lowering, type Shape, type WeightGroup } from './layer.js';
import { type CellOptions, cellDefaults, RecurrentCell } from './recurrent_cell.js';
import {
  type CellIdentifier,
  cellOf,
  GRUCell,
  type GRUCellOptions,
  gruDefaults,
  LSTMCell,
  type LSTMCellOptions,
  lstmDefaults,
  SimpleRNNCell,
  StackedRNNCells,
} from './recurrent_cells.js';
import { listedGroups } from './weight_groups.js';

/** How a recurrent layer goes through a sequence. */
export interface SequenceOptions extends LayerOptions {
  /** Whether to give the output of every step, `[steps, units]`, or of the last alone, `[units]` (the default). */
  returnSequences?: boolean;
  /** Only false: a stack has no use for states. */
  returnState?: boolean;
  /** From the last step to the first; outputs come in that order too. Default false. */
  goBackwards?: boolean;
  /**
   * Whether a batch starts from the states that the batch before it ended with, row by row. Then all batches must have the same size and
   * `fit` should not shuffle. The states are the layer's, as in Keras on TensorFlow: training, evaluation and prediction go on from each
   * other's, from epoch to epoch and past `compile` (on JAX Keras keeps none). `model.resetStates()` or `layer.resetStates()` start anew,
   * and allow for another batch size. Default false.
   */
  stateful?: boolean;
  /** Accepted for Keras's sake: it makes no difference here. */
  unroll?: boolean;
  /** Whether masked steps give 0, or repeat the output of the step before (the default). */
  zeroOutputForMask?: boolean;
}

export const sequenceDefaults = {
  returnSequences: false,
  returnState: false,
  goBackwards: false,
  stateful: false,
  unroll: false,
  zeroOutputForMask: false,
};

type Sequence = typeof sequenceDefaults & LayerOptions;

/** What all recurrent layers are: cells run over a sequence of steps `[steps, features]`. */
export abstract class RecurrentLayer extends Layer {
  static override readonly onlyFloat32: boolean = true;
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly unroll: boolean;
  readonly zeroOutputForMask: boolean;
  /** Of each cell, where stateful. */
  readonly #states: readonly NativeVariable[];

  protected constructor(
    o: Sequence,
    /** From the bottom to the top. */
    readonly cells: readonly RecurrentCell[],
  ) {
    super(o);
    for (const cell of cells) cell.home ??= this;
    const where = this.className;
    this.returnSequences = checkBoolean(where, 'returnSequences', o.returnSequences);
    this.goBackwards = checkBoolean(where, 'goBackwards', o.goBackwards);
    this.stateful = checkBoolean(where, 'stateful', o.stateful);
    this.unroll = checkBoolean(where, 'unroll', o.unroll);
    this.zeroOutputForMask = checkBoolean(where, 'zeroOutputForMask', o.zeroOutputForMask);
    this.#states = this.stateful ? cells.map(() => new addon.Variable([0])) : [];
    if (checkBoolean(where, 'returnState', o.returnState))
      throw new ValueError(
        `${where}: 'returnState' gives several outputs, and a layer of a stack has one. Received: true. Leave it out.`,
        'ERR_OUT_OF_RANGE',
      );
  }

  /** Its cells, by whose `trainable` their weights go as well as by its own. */
  override get sublayers(): readonly Layer[] {
    return this.stackedCells ? [this.stackedCells] : this.cells;
  }
  override get learns(): boolean {
    return true;
  }

  /** Size of the output's last axis. */
  get units(): number {
    return (this.cells.at(-1) as RecurrentCell).units;
  }

  override outputShapeOf(input: Shape): Shape {
    if (input.length !== 2)
      throw new ValueError(
        `${this.label} needs sequences: samples of rank 2, [steps, features]. Received samples of shape [${input.map(String)}].` +
          (input.length === 1 ? ' A preceding layer of this kind needs returnSequences: true.' : ''),
        'ERR_SHAPE',
      );
    if (input[1] === null)
      throw new ValueError(
        `${this.label}: the last axis of its input must be known. Received shape [${input.map(String)}].`,
        'ERR_SHAPE',
      );
    return this.returnSequences ? [input[0], this.units] : [this.units];
  }

  protected override createWeights(input: Shape): void {
    let features = input[1] as number;
    this.cells.forEach((cell, i) => {
      const prefix = this.cells.length > 1 ? `cell_${i}/` : '';
      cell.addWeights(features, (name, shape, options) => this.addWeight(prefix + name, shape, options));
      features = cell.units;
    });
  }

  override weightGroup(): WeightGroup {
    let used = 0;
    const cells = this.cells.map((cell, i) => {
      const prefix = this.cells.length > 1 ? `cell_${i}/` : '';
      const weights = this.weights.slice(used, used + (cell.useBias ? 3 : 2));
      used += weights.length;
      const group = cell.weightGroup();
      return { ...group, weights: weights.map((weight) => ({ name: weight.name.slice(prefix.length), weight })) };
    });
    const stacked = this.stackedCells;
    const cell = stacked ? { ...stacked.weightGroup(), groups: listedGroups('cells', cells) } : cells[0];
    return this.group([], [['cell', cell]]);
  }
  /** The layer that holds its cells, where they are stacked. */
  protected get stackedCells(): Layer | null {
    return null;
  }

  override lower(_input: Shape, lowering: Lowering): OpSpec[] {
    const ids = lowering.weights(this);
    const { goBackwards, zeroOutputForMask } = this;
    const top = this.cells.length - 1;
    let used = 0;
    return this.cells.map((cell, i) => {
      const weights = ids.slice(used, used + (cell.useBias ? 3 : 2));
      used += weights.length;
      return {
        ...cell.sequenceSpec(),
        // What lies above sees the steps in the order in which they were taken; the mask stays in the order of the input.
        goBackwards: goBackwards && i === 0,
        ...(goBackwards && i > 0 ? { maskBackwards: true } : {}),
        returnSequences: this.returnSequences || i < top,
        zeroOutputForMask: zeroOutputForMask && i === top,
        ...(this.stateful ? { state: lowering.state(this.#states[i]) } : {}),
        weights,
      };
    });
  }

  override resetStates(): void {
    for (const state of this.#states) state.clear();
  }

  protected sequenceConfig(): Config {
    const { returnSequences, goBackwards, stateful, unroll, zeroOutputForMask } = this;
    return { returnSequences, returnState: false, goBackwards, stateful, unroll, zeroOutputForMask };
  }

  protected override config(): Config {
    const { activityRegularizer } = this;
    return { ...this.sequenceConfig(), ...this.cells[0].cellConfig(), activityRegularizer };
  }
}

/** The options of a layer that holds one cell of its own, apart: those of the sequence and those of the cell. */
export function split<T extends object>(cell: T, all: T & Sequence): { cell: T; sequence: Sequence } {
  const isOfCell = ([key]: [string, unknown]) => key in cell;
  return {
    cell: Object.fromEntries(Object.entries(all).filter(isOfCell)) as T,
    sequence: Object.fromEntries(Object.entries(all).filter((e) => !isOfCell(e))) as Sequence,
  };
}

/** Messages about a cell's options name the layer they were given to. */
export function named<C extends typeof GRUCell | typeof LSTMCell | typeof SimpleRNNCell>(cell: C, className: string): C {
  const Named = class extends (cell as typeof SimpleRNNCell) {};
  Object.defineProperty(Named, 'className', { value: className });
  return Named as unknown as C;
}
const GRUStep = named(GRUCell, 'GRU');
const LSTMStep = named(LSTMCell, 'LSTM');
const SimpleRNNStep = named(SimpleRNNCell, 'SimpleRNN');

/** Options of {@link LSTM}. */
export interface LSTMOptions extends LSTMCellOptions, SequenceOptions {}

/**
 * Long short-term memory. Input `[steps, features]`, output `[units]`, or `[steps, units]` with `returnSequences`.
 * `i, f, o = recurrentActivation(x W + h U + b)`, `c = f c + i activation(x W + h U + b)`, `h = o activation(c)`.
 * Weights, gates side by side in the order i, f, c, o: kernel `[features, 4 units]`, recurrent_kernel `[units, 4 units]`, bias `[4 units]`.
 *
 * Steps that a mask skips leave the state as it is; with `returnSequences` the mask goes on to the next layer, otherwise it ends here.
 * Hochreiter & Schmidhuber 1997, https://keras.io/api/layers/recurrent_layers/lstm/
 * @example layers.lstm({ units: 64, inputShape: [50, 16] })
 */
export class LSTM extends RecurrentLayer {
  static override readonly className = 'LSTM';
  constructor(options: LSTMOptions) {
    const { cell, sequence } = split(lstmDefaults, Layer.read('LSTM', options, { ...lstmDefaults, ...sequenceDefaults }));
    super(sequence, [new LSTMStep(cell as LSTMCellOptions)]);
  }
}

/** Options of {@link GRU}. */
export interface GRUOptions extends GRUCellOptions, SequenceOptions {}

/**
 * Gated recurrent unit. Input `[steps, features]`, output `[units]`, or `[steps, units]` with `returnSequences`.
 * `z, r = recurrentActivation(x W + h U + b)`, `h = z h + (1 - z) activation(x W + b + r (h U + b'))`, or with `resetAfter: false`
 * `activation(x W + b + (r h) U)`. Weights, gates side by side in the order z, r, h: kernel `[features, 3 units]`,
 * recurrent_kernel `[units, 3 units]`, bias `[2, 3 units]`, or `[3 units]` with `resetAfter: false`. Masks as in {@link LSTM}.
 * Cho et al. 2014, https://keras.io/api/layers/recurrent_layers/gru/
 * @example layers.gru({ units: 32, returnSequences: true })
 */
export class GRU extends RecurrentLayer {
  static override readonly className = 'GRU';
  constructor(options: GRUOptions) {
    const { cell, sequence } = split(gruDefaults, Layer.read('GRU', options, { ...gruDefaults, ...sequenceDefaults }));
    super(sequence, [new GRUStep(cell as GRUCellOptions)]);
  }
}

/** Options of {@link SimpleRNN}. */
export interface SimpleRNNOptions extends CellOptions, SequenceOptions {}

/**
 * The plain recurrent layer: `h = activation(x W + b + h U)`. Input `[steps, features]`, output `[units]`, or `[steps, units]` with `returnSequences`.
 * Weights: kernel `[features, units]`, recurrent_kernel `[units, units]`, bias `[units]`. Masks as in {@link LSTM}.
 * See https://keras.io/api/layers/recurrent_layers/simple_rnn/
 * @example layers.simpleRNN({ units: 16, inputShape: [null, 3] })
 */
export class SimpleRNN extends RecurrentLayer {
  static override readonly className = 'SimpleRNN';
  constructor(options: SimpleRNNOptions) {
    const { cell, sequence } = split(cellDefaults, Layer.read('SimpleRNN', options, { ...cellDefaults, ...sequenceDefaults }));
    super(sequence, [new SimpleRNNStep(cell as CellOptions)]);
  }
}

/** Options of {@link RNN}. */
export interface RNNOptions extends SequenceOptions {
  /** A cell, or several on top of each other: instances or configs. */
  cell: CellIdentifier | StackedRNNCells | readonly CellIdentifier[];
}

/**
 * Runs cells over a sequence. Input `[steps, features]`, output `[units]`, or `[steps, units]` with `returnSequences`, with the units of
 * the topmost cell. Weights: those of each cell, from the bottom up. See https://keras.io/api/layers/recurrent_layers/rnn/
 * @example layers.rnn({ cell: [new layers.GRUCell({ units: 32 }), new layers.GRUCell({ units: 16 })] })
 */
export class RNN extends RecurrentLayer {
  static override readonly className = 'RNN';
  readonly cell: RecurrentCell | StackedRNNCells;

  constructor(options: RNNOptions) {
    const { cell, ...sequence } = Layer.read('RNN', options, { cell: undefined as unknown, ...sequenceDefaults });
    const one = Array.isArray(cell) ? new StackedRNNCells({ cells: cell }) : cellOf("RNN: 'cell'", cell);
    if (!(one instanceof RecurrentCell || one instanceof StackedRNNCells))
      throw typeError(
        `RNN: 'cell' must be a cell such as new layers.LSTMCell({ units: 32 }), or a list of cells. Received: ${show(cell)}`,
      );
    super(sequence, one instanceof StackedRNNCells ? one.cells : [one]);
    this.cell = one;
    one.home ??= this;
  }

  protected override get stackedCells(): Layer | null {
    return this.cell instanceof StackedRNNCells ? this.cell : null;
  }

  protected override config(): Config {
    const { cell } = this;
    cell.name ??= 'cell';
    return { ...this.sequenceConfig(), cell };
  }
}

export const recurrentLayers = { GRU, LSTM, RNN, SimpleRNN };
