import type { Activation } from '../activations/index.js';
import type { OpSpec, SpecValue } from '../engine/spec.js';
import { show, typeError } from '../errors.js';
import { Initializer } from '../initializers/index.js';
import type { LayerName } from '../names.js';
import { checkBoolean } from '../options.js';
import type { PartConfig } from '../part_config.js';
import type { Config } from '../registry.js';
import type { ActivationIdentifier } from './identifiers.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';
import { type CellOptions, cellDefaults, isNoLayer, RecurrentCell } from './recurrent_cell.js';
import { layerRegistry } from './registry.js';

const gatedDefaults = { recurrentActivation: 'sigmoid' as unknown };

export interface LSTMCellOptions extends CellOptions {
  /** Of the gates. Default `'sigmoid'`; null for none. */
  recurrentActivation?: ActivationIdentifier;
  /** Whether the forget gate's bias starts at 1. Default true. */
  unitForgetBias?: boolean;
}

export const lstmDefaults = { ...cellDefaults, ...gatedDefaults, unitForgetBias: true };

/**
 * A step of {@link LSTM}, for {@link RNN}. Input `[features]`, output `[units]`.
 * See https://keras.io/api/layers/recurrent_layers/lstm_cell/
 * @example layers.rnn({ cell: new layers.LSTMCell({ units: 32 }), returnSequences: true })
 */
export class LSTMCell extends RecurrentCell {
  static override readonly className = 'LSTMCell';
  readonly unitForgetBias: boolean;
  readonly recurrentActivation: Activation;
  protected readonly gates = 4;

  constructor(options: LSTMCellOptions) {
    const o = Layer.read('LSTMCell', options, lstmDefaults);
    super(o);
    this.unitForgetBias = checkBoolean(this.className, 'unitForgetBias', o.unitForgetBias);
    this.recurrentActivation = this.gateFunction('recurrentActivation', o.recurrentActivation);
  }

  protected gateSpec(): OpSpec {
    return { op: 'lstm', recurrentActivation: this.recurrentActivation.spec() as SpecValue };
  }
  protected override firstBias(initializer: Initializer): Initializer {
    return this.unitForgetBias ? new ForgetBias(initializer, this.units) : initializer;
  }
  override cellConfig(): Config {
    return { ...super.cellConfig(), recurrentActivation: this.recurrentActivation, unitForgetBias: this.unitForgetBias };
  }
}

/** The bias of an LSTM: 1 for the forget gate, which is the second of four; the others by another initializer. */
class ForgetBias extends Initializer {
  constructor(
    private readonly others: Initializer,
    private readonly units: number,
  ) {
    super();
  }
  create(_shape: readonly number[], seed: number): Float32Array {
    const { others, units } = this;
    const bias = new Float32Array(4 * units).fill(1);
    bias.set(others.create([units], seed), 0);
    bias.set(others.create([2 * units], seed + 1), 2 * units);
    return bias;
  }
  getConfig(): Config {
    return {};
  }
}

export interface GRUCellOptions extends CellOptions {
  /** Of the gates. Default `'sigmoid'`; null for none. */
  recurrentActivation?: ActivationIdentifier;
  /** Whether the reset gate acts after the product with the recurrent kernel (the default), or before it, as in Keras 2.2 and older. */
  resetAfter?: boolean;
}

export const gruDefaults = { ...cellDefaults, ...gatedDefaults, resetAfter: true };

/**
 * A step of {@link GRU}, for {@link RNN}. Input `[features]`, output `[units]`.
 * See https://keras.io/api/layers/recurrent_layers/gru_cell/
 * @example layers.rnn({ cell: new layers.GRUCell({ units: 32 }) })
 */
export class GRUCell extends RecurrentCell {
  static override readonly className = 'GRUCell';
  readonly resetAfter: boolean;
  readonly recurrentActivation: Activation;
  protected readonly gates = 3;

  constructor(options: GRUCellOptions) {
    const o = Layer.read('GRUCell', options, gruDefaults);
    super(o);
    this.resetAfter = checkBoolean(this.className, 'resetAfter', o.resetAfter);
    this.recurrentActivation = this.gateFunction('recurrentActivation', o.recurrentActivation);
  }

  protected gateSpec(): OpSpec {
    return { op: 'gru', resetAfter: this.resetAfter, recurrentActivation: this.recurrentActivation.spec() as SpecValue };
  }
  protected override biasShape(): number[] {
    return this.resetAfter ? [2, 3 * this.units] : [3 * this.units];
  }
  override cellConfig(): Config {
    return { ...super.cellConfig(), recurrentActivation: this.recurrentActivation, resetAfter: this.resetAfter };
  }
}

/**
 * A step of {@link SimpleRNN}, for {@link RNN}. Input `[features]`, output `[units]`.
 * See https://keras.io/api/layers/recurrent_layers/simple_rnn_cell/
 * @example layers.rnn({ cell: new layers.SimpleRNNCell({ units: 16, activation: 'relu' }) })
 */
export class SimpleRNNCell extends RecurrentCell {
  static override readonly className = 'SimpleRNNCell';
  protected readonly gates = 1;

  constructor(options: CellOptions) {
    super(Layer.read('SimpleRNNCell', options, cellDefaults));
  }

  protected gateSpec(): OpSpec {
    return { op: 'simpleRnn' };
  }
}

/** An instance of a cell, or a config of one. */
export type CellIdentifier = RecurrentCell | PartConfig<LayerName>;

/** The cell that an option holds: a config of one becomes an instance, anything else stays what it is. */
export const cellOf = (where: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && ('className' in value || 'class_name' in value) && !(value instanceof Layer)
    ? layerRegistry.resolve(value, where)
    : value;

/**
 * Cells on top of each other, each taking the output of the one before. Input `[features]`, output `[units]` of the topmost.
 * `layers.rnn({ cell: [a, b] })` is short for it.
 * See https://keras.io/api/layers/recurrent_layers/stacked_rnn_cell/
 * @example layers.rnn({ cell: new layers.StackedRNNCells({ cells: [new layers.LSTMCell({ units: 32 }), new layers.LSTMCell({ units: 16 })] }) })
 */
export class StackedRNNCells extends Layer {
  static override readonly className = 'StackedRNNCells';
  static override readonly noActivityRegularizer = 'cells run step by step; give it to the layer around them';
  readonly cells: readonly RecurrentCell[];

  constructor(options: { cells: readonly CellIdentifier[] } & LayerOptions) {
    const o = Layer.read('StackedRNNCells', options, { cells: undefined as unknown });
    super(o);
    const cells = Array.isArray(o.cells) ? o.cells.map((c) => cellOf("StackedRNNCells: 'cells'", c)) : [];
    if (cells.length === 0 || !cells.every((c) => c instanceof RecurrentCell))
      throw typeError(
        `StackedRNNCells: 'cells' must be a list of cells, such as [layers.LSTMCell, ...] instances. Received: ${show(o.cells)}`,
      );
    this.cells = cells as RecurrentCell[];
    for (const cell of this.cells) cell.home ??= this;
  }

  override get sublayers(): readonly Layer[] {
    return this.cells;
  }

  override outputShapeOf(input: Shape): Shape {
    return (this.cells.at(-1) as RecurrentCell).outputShapeOf(input);
  }
  override lower(): OpSpec[] {
    throw isNoLayer(this);
  }
  override buildFor(): void {
    throw isNoLayer(this);
  }
  protected override config(): Config {
    return { cells: [...this.cells] };
  }
}

export const recurrentCells = { GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells };
