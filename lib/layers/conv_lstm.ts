import type { OpSpec } from '../engine/spec.js';
import { typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type Lowering, type Shape } from './layer.js';
import { named, RecurrentLayer, type SequenceOptions, sequenceDefaults, split } from './recurrent.js';
import { LSTMCell, type LSTMCellOptions, lstmDefaults } from './recurrent_cells.js';
import { type SlidingOptions, SlidingWindow, slidingDefaults } from './window.js';

/**
 * Options of {@link ConvLSTM1D} and {@link ConvLSTM2D}: those of an LSTM with `filters` in place of `units`, and those of the window.
 * `padding` is `'valid'` or `'same'`. With `dropout` each gate has a draw of its own, one a sample, the same at all time steps.
 */
export interface ConvLSTMOptions extends Omit<LSTMCellOptions, 'units'>, SequenceOptions, Omit<SlidingOptions, 'padding'> {
  /** Channels of the state and of the output: a whole number above 0. */
  filters: number;
  /** Of the input's convolution; that of the state is always `'same'`. Default `'valid'`. */
  padding?: 'valid' | 'same';
}

const { units: _, ...gateDefaults } = lstmDefaults;
const defaults = { ...slidingDefaults, ...gateDefaults, ...sequenceDefaults, filters: undefined as unknown };

/** Softmax in Keras is along the last axis, which is not always that of the channels. */
class ConvLSTMCell extends LSTMCell {
  protected override get takesSoftmax(): boolean {
    return false;
  }
}

abstract class ConvLSTM extends RecurrentLayer {
  readonly window: SlidingWindow;

  constructor(rank: number, options: ConvLSTMOptions) {
    const where = new.target.className;
    const { filters, kernelSize, strides, padding, dataFormat, dilationRate, ...rest } = Layer.read(where, options, defaults);
    if (filters === undefined)
      throw typeError(`${where}: 'filters' is missing; give the channels of the output, such as { filters: 32 }.`);
    const units = checkNumber(where, 'filters', filters, { min: 1, integer: true });
    const { cell, sequence } = split(lstmDefaults, { ...rest, units });
    super(sequence, [new (named(ConvLSTMCell, where))(cell as LSTMCellOptions)]);
    this.window = new SlidingWindow(where, rank, { kernelSize, strides, padding, dataFormat, dilationRate });
  }

  get filters(): number {
    return this.units;
  }

  /** Sizes of the image that is one step of the input. */
  #image(input: Shape) {
    if (input.length !== this.window.rank + 2)
      throw new ValueError(
        `${this.label} needs sequences of images: samples of rank ${this.window.rank + 2}, [steps, ...image]. Received samples of shape [${input.map(String).join(', ')}].` +
          (input.length === this.window.rank + 1 ? ' A preceding layer of this kind needs returnSequences: true.' : ''),
        'ERR_SHAPE',
      );
    return this.window.split(this.label, input.slice(1));
  }

  override outputShapeOf(input: Shape): Shape {
    const grid = this.window.outputShape(this.label, this.#image(input).spatial, this.filters);
    return this.returnSequences ? [input[0], ...grid] : grid;
  }

  protected override createWeights(input: Shape): void {
    // The weights of an LSTM for one cell, at each tap of the window.
    this.cells[0].addWeights(this.#image(input).channels, (name, shape, options) =>
      this.addWeight(name, name === 'bias' ? shape : [...this.window.kernelSize, ...shape], options),
    );
  }

  override lower(input: Shape, lowering: Lowering): OpSpec[] {
    const [{ units: filters, ...op }, ...rest] = super.lower(input, lowering);
    return [{ ...op, op: 'convLstm', filters, ...this.window.spec() }, ...rest];
  }

  protected override config(): Config {
    const { units: filters, ...rest } = super.config();
    return { filters, ...this.window.config(), ...rest };
  }
}

/**
 * An LSTM over sequences of lines, whose products are convolutions. Input `[steps, length, channels]`, output `[windows, filters]`, or
 * `[steps, windows, filters]` with `returnSequences`; with `dataFormat: 'channels_first'` channels and filters stand before the length.
 * `i, f, o = recurrentActivation(x * W + h * U + b)`, `c = f c + i activation(x * W + h * U + b)`, `h = o activation(c)`, where `*` is a
 * convolution: that of the input slides as the options say, that of the state in steps of one with padding `'same'`.
 * Weights, gates side by side in the order i, f, c, o: kernel `[kernelSize, channels, 4 filters]`, recurrent_kernel
 * `[kernelSize, filters, 4 filters]`, bias `[4 filters]`.
 *
 * Masks, of one number a step, as in {@link LSTM}. Throws ValueError where the window does not fit, and, when it meets the data, where
 * a mask tells cells apart, as that of a Masking layer over images does.
 * Shi et al. 2015, https://keras.io/api/layers/recurrent_layers/conv_lstm1d/
 * @example layers.convLSTM1D({ filters: 8, kernelSize: 3, inputShape: [10, 64, 2] })
 */
export class ConvLSTM1D extends ConvLSTM {
  static override readonly className = 'ConvLSTM1D';
  constructor(options: ConvLSTMOptions) {
    super(1, options);
  }
}

/**
 * An LSTM over sequences of images, whose products are convolutions. Input `[steps, height, width, channels]`, output
 * `[rows, columns, filters]`, or `[steps, rows, columns, filters]` with `returnSequences`; with `dataFormat: 'channels_first'` channels
 * and filters stand before the height. Weights: kernel `[...kernelSize, channels, 4 filters]`, recurrent_kernel
 * `[...kernelSize, filters, 4 filters]`, bias `[4 filters]`. All else as in {@link ConvLSTM1D}.
 * Shi et al. 2015, https://keras.io/api/layers/recurrent_layers/conv_lstm2d/
 * @example layers.convLSTM2D({ filters: 16, kernelSize: 3, padding: 'same', returnSequences: true, inputShape: [8, 32, 32, 1] })
 */
export class ConvLSTM2D extends ConvLSTM {
  static override readonly className = 'ConvLSTM2D';
  constructor(options: ConvLSTMOptions) {
    super(2, options);
  }
}

export const convLSTMLayers = { ConvLSTM1D, ConvLSTM2D };
