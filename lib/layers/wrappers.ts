import { show, typeError, ValueError } from '../errors.js';
import { coreOf } from '../faces.js';
import type { LayerName } from '../names.js';
import { checkOneOf } from '../options.js';
import type { PartConfig } from '../part_config.js';
import type { Config } from '../registry.js';
import { classNameOf } from '../registry.js';
import { warnOnce } from '../warnings.js';
import type { LayerIdentifier } from './identifiers.js';
import { isStateful, Layer, type LayerOptions, type Lowering, lowerAll, type Shape } from './layer.js';
import { Nested, type Stack } from './nested.js';
import { RecurrentLayer } from './recurrent.js';
import { RecurrentCell } from './recurrent_cell.js';
import { StackedRNNCells } from './recurrent_cells.js';
import { layerRegistry } from './registry.js';
import { Wrapper } from './wrapper.js';

/** The layer an option holds: an instance, a model (as one layer), or a config. */
function layerOf(where: string, option: string, value: unknown): Layer {
  const stack = coreOf<Stack>(value);
  if (stack) return new Nested(stack);
  const isConfig =
    typeof value === 'object' && value !== null && !(value instanceof Layer) && ('className' in value || 'class_name' in value);
  const layer = isConfig ? layerRegistry.resolve(value, `${where}: '${option}'`) : value;
  if (!(layer instanceof Layer))
    throw typeError(`${where}: '${option}' must be a layer, such as layers.lstm({ units: 32 }). Received: ${show(value)}`);
  return layer;
}

/** The op that makes one of both directions. */
const merges = { concat: 'concatenate', sum: 'add', mul: 'multiply', ave: 'average' } as const;

export interface BidirectionalOptions extends LayerOptions {
  /** A recurrent layer; its options are used for both directions, with weights made anew for each. */
  layer: RecurrentLayer | PartConfig<LayerName>;
  /** How the outputs of both directions become one. Default `'concat'`: side by side on the last axis. */
  mergeMode?: 'concat' | 'sum' | 'mul' | 'ave';
  /** The layer of the other direction, where it differs: `goBackwards` must be the opposite of `layer`'s. Default: like `layer`. */
  backwardLayer?: RecurrentLayer | PartConfig<LayerName> | null;
}

/**
 * A recurrent layer in both directions. Input: that of the layer, such as `[steps, features]`; with `returnSequences` the outputs of the
 * backward direction are turned round, so that both stand at the step they belong to, and masked steps give 0. Output: that of the layer,
 * with 'concat' twice as wide on the last axis, whatever it holds.
 * Weights: those of the forward layer, then those of the backward one.
 * See https://keras.io/api/layers/recurrent_layers/bidirectional/
 * @example layers.bidirectional({ layer: layers.lstm({ units: 32, returnSequences: true }) })
 */
export class Bidirectional extends Wrapper {
  static override readonly className = 'Bidirectional';
  protected override readonly innerNames = ['forward_layer', 'backward_layer'];
  readonly mergeMode: 'concat' | 'sum' | 'mul' | 'ave';
  readonly forwardLayer: RecurrentLayer;
  readonly backwardLayer: RecurrentLayer;

  constructor(options: BidirectionalOptions) {
    const o = Layer.read('Bidirectional', options, {
      layer: undefined as unknown,
      mergeMode: 'concat' as unknown,
      backwardLayer: null as unknown,
    });
    const given = recurrentOf('layer', o.layer);
    const other = o.backwardLayer === null ? null : recurrentOf('backwardLayer', o.backwardLayer);
    // Fresh layers, as in Keras: the one given stays as it is, and may be used elsewhere.
    const forward = again(given, 'forward', {});
    const backward = other ? again(other, 'backward', {}) : again(given, 'backward', { goBackwards: !given.goBackwards });
    for (const option of ['returnSequences', 'stateful'] as const)
      if (forward[option] !== backward[option])
        throw new ValueError(
          `Bidirectional: '${option}' must be the same for 'layer' and 'backwardLayer'. Received: ${forward[option]} and ${backward[option]}`,
          'ERR_LAYER',
        );
    if (forward.goBackwards === backward.goBackwards)
      throw new ValueError(
        `Bidirectional: 'goBackwards' must differ between 'layer' and 'backwardLayer'. Received: ${forward.goBackwards} for both`,
        'ERR_LAYER',
      );
    super(o, [forward, backward]);
    if (o.mergeMode === null)
      throw new ValueError(
        "Bidirectional: 'mergeMode' null gives two outputs, and a layer of a stack has one. Use 'concat', 'sum', 'mul' or 'ave'.",
        'ERR_OUT_OF_RANGE',
      );
    this.mergeMode = checkOneOf('Bidirectional', 'mergeMode', o.mergeMode, ['concat', 'sum', 'mul', 'ave']);
    if (forward.units !== backward.units && this.mergeMode !== 'concat')
      throw new ValueError(
        `Bidirectional: with mergeMode '${this.mergeMode}' both directions must have the same units. Received: ${forward.units} and ${backward.units}`,
        'ERR_LAYER',
      );
    this.forwardLayer = forward;
    this.backwardLayer = backward;
  }

  get stateful(): boolean {
    return this.forwardLayer.stateful;
  }

  override outputShapeOf(input: Shape): Shape {
    this.#name();
    const shape = this.forwardLayer.outputShapeOf(input);
    const other = this.backwardLayer.outputShapeOf(input);
    const concat = this.mergeMode === 'concat';
    const compared = (s: Shape) => String(concat ? s.slice(0, -1) : s);
    if (shape.length !== other.length || compared(shape) !== compared(other))
      throw new ValueError(
        `${this.label}: with mergeMode '${this.mergeMode}' the outputs of both directions must fit together. Received: [${shape.map(String).join(', ')}] and [${other.map(String).join(', ')}]`,
        'ERR_SHAPE',
      );
    const [last, otherLast] = [shape.at(-1) ?? null, other.at(-1) ?? null];
    return concat ? [...shape.slice(0, -1), last === null || otherLast === null ? null : last + otherLast] : shape;
  }

  protected override createWeights(input: Shape): void {
    this.buildInner(input);
  }

  override lowerInto(x: number, input: Shape, lowering: Lowering): number {
    const fork = lowering.fork();
    const sequences = this.forwardLayer.returnSequences;
    // Masked steps give 0 here, as in Keras.
    const zeroing: Lowering = {
      ...lowering,
      add: (op, inputs) => lowering.add('returnSequences' in op ? { ...op, zeroOutputForMask: sequences } : op, inputs),
    };
    const there = fork(1, () => lowerAll([this.forwardLayer], x, input, zeroing));
    const back = fork(2, () => lowerAll([this.backwardLayer], x, input, zeroing));
    return fork(0, () => {
      const turned = sequences ? lowering.add({ op: 'flip', axis: 1 }, [back]) : back;
      return lowering.add({ op: merges[this.mergeMode] }, [there, turned]);
    });
  }

  /** Messages of the layers inside name them. */
  #name(): void {
    for (const [layer, prefix] of [
      [this.forwardLayer, 'forward'],
      [this.backwardLayer, 'backward'],
    ] as const)
      layer.name ??= `${prefix}_${this.name ?? 'bidirectional'}`;
  }

  protected override config(): Config {
    this.#name();
    return { mergeMode: this.mergeMode, layer: this.forwardLayer, backwardLayer: this.backwardLayer };
  }
}

function recurrentOf(option: string, value: unknown): RecurrentLayer {
  const layer = layerOf('Bidirectional', option, value);
  if (!(layer instanceof RecurrentLayer))
    throw typeError(
      `Bidirectional: '${option}' must be a recurrent layer: lstm, gru, simpleRNN, rnn, convLSTM1D or convLSTM2D. Received: ${classNameOf(layer)}`,
    );
  return layer;
}

/** A layer with the same options and weights of its own. */
function again<T extends Layer>(layer: T, prefix: string, change: Config): T {
  const { name, ...config } = layer.getConfig();
  const bare = typeof name === 'string' ? name.replace(new RegExp(`^${prefix}_`), '') : undefined;
  const Same = layer.constructor as new (options: Config) => T;
  return new Same({ ...config, ...change, ...(bare === undefined ? {} : { name: `${prefix}_${bare}` }) });
}

export interface TimeDistributedOptions extends LayerOptions {
  /** The layer to apply to every step. */
  layer: LayerIdentifier;
}

/**
 * Applies a layer to every step of a sequence, with the same weights. Input `[steps, ...]`, output `[steps, ...]` with the layer's
 * output for samples of shape `[...]`. Masks pass, and the layer sees each step's part of one.
 *
 * As in Keras 3 the layer runs once for every step, from the first to the last: inside, BatchNormalization normalizes each step by the
 * statistics of that step, and the moving ones follow the steps in turn (tf.keras took all steps for one batch). Throws ValueError
 * (ERR_LAYER) for what has no meaning then: stateful layers, an activity regularizer of the layer itself, and training of
 * SpectralNormalization over several steps; ERR_MASK where the layer cannot take the mask's part.
 * See https://keras.io/api/layers/recurrent_layers/time_distributed/
 * @example layers.timeDistributed({ layer: layers.conv2d({ filters: 8, kernelSize: 3 }), inputShape: [10, 28, 28, 1] })
 */
export class TimeDistributed extends Wrapper {
  static override readonly className = 'TimeDistributed';
  protected override readonly innerNames = ['layer'];
  readonly layer: Layer;

  constructor(options: TimeDistributedOptions) {
    const o = Layer.read('TimeDistributed', options, { layer: undefined as unknown });
    const layer = layerOf('TimeDistributed', 'layer', o.layer);
    if (layer instanceof RecurrentCell || layer instanceof StackedRNNCells)
      throw typeError(
        `TimeDistributed: 'layer' must be a layer, not a cell. Received: ${classNameOf(layer)}. Put the cell into layers.rnn({ cell }).`,
      );
    if (isStateful(layer))
      throw new ValueError(
        "TimeDistributed: 'layer' must not be stateful: its batches are the steps of many samples.",
        'ERR_LAYER',
      );
    if (layer.activityRegularizer)
      warnOnce(
        'GEMMFIT_ACTIVITY_REGULARIZER',
        `TimeDistributed: the activity regularizer of its ${classNameOf(layer)} has no effect there, as in Keras. Give it to TimeDistributed itself.`,
      );
    if (classNameOf(layer) === 'ActivityRegularization')
      throw new ValueError(
        "TimeDistributed: 'layer' must be one that has an effect there, and Keras gives it none. Received: ActivityRegularization. Put it after TimeDistributed.",
        'ERR_LAYER',
      );
    super(o, [layer]);
    this.layer = layer;
  }

  override outputShapeOf(input: Shape): Shape {
    this.layer.name ??= `${this.name ?? 'time_distributed'}_layer`;
    if (input.length < 2)
      throw new ValueError(
        `${this.label} needs samples of rank 2 or more, [steps, ...]. Received samples of shape [${input.map(String)}].`,
        'ERR_SHAPE',
      );
    return [input[0], ...this.layer.outputShapeOf(input.slice(1))];
  }

  protected override createWeights(input: Shape): void {
    this.buildInner(input.slice(1));
  }

  override lowerInto(x: number, input: Shape, lowering: Lowering): number {
    const fork = lowering.fork();
    const rows = fork(1, () => lowering.add({ op: 'stepsToRows' }, [x]));
    // By itself: without the penalty that its activity regularizer would be.
    const y = fork(0, () => lowering.of(this.layer, () => this.layer.lowerInto(rows, input.slice(1), lowering)));
    return fork(1, () => lowering.add({ op: 'rowsToSteps' }, [y]));
  }

  protected override config(): Config {
    this.layer.name ??= `${this.name ?? 'time_distributed'}_layer`;
    return { layer: this.layer };
  }
}

export const wrapperLayers = { Bidirectional, TimeDistributed };
