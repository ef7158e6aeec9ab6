import type { OpSpec, SpecValue } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, readOptions } from '../options.js';
import { type Config, camel, type NoOptions, type Part, partToJSON, snake } from '../registry.js';
import { classMadeBy } from '../table.js';

type Shape = readonly (number | null)[];

/**
 * A function that a layer applies to its output: of each element, or of all elements along an axis. It is computed by the engine:
 * a subclass gives its name and the defaults of its options.
 * @example const isActivation = activations.leakyRelu() instanceof activations.Activation; // true
 */
export abstract class Activation<Options extends object = NoOptions> implements Part {
  static readonly className: string = 'Activation';
  static readonly aliases: readonly string[] = [];
  /** Options with Keras's defaults. Those that must be given are `undefined` here. */
  static readonly defaults: Config = {};
  readonly #options: Config;

  constructor(options: Options = {} as Options) {
    const { className, defaults } = new.target as unknown as typeof Activation;
    const where = snake(className);
    this.#options = readOptions(`activation '${where}'`, options, defaults);
    for (const [key, value] of Object.entries(this.#options)) {
      if (typeof defaults[key] === 'boolean') checkBoolean(`activation '${where}'`, key, value);
      else if (key === 'axis' && Array.isArray(value)) this.#options.axis = this.#checkAxes(`activation '${where}'`, value);
      else if (value !== null || defaults[key] !== null)
        checkNumber(`activation '${where}'`, key, value, { integer: key === 'axis' });
    }
  }

  /** Several axes: a list of one is that one. */
  #checkAxes(where: string, axes: readonly unknown[]): number | readonly number[] {
    if (!this.takesAxes)
      throw typeError(`${where}: 'axis' must be one whole number; it goes along one axis. Received: ${show(axes)}`);
    const read = axes.map((a) => checkNumber(where, 'axis', a, { integer: true }));
    if (read.length === 0)
      throw new ValueError(`${where}: 'axis' must name an axis. Received: ${show(axes)}`, 'ERR_OUT_OF_RANGE');
    return read.length === 1 ? read[0] : read;
  }
  /** Whether it can go over several axes at once. */
  protected get takesAxes(): boolean {
    return false;
  }

  /** Keras's name of the function: `leaky_relu`. */
  get name(): string {
    return snake((this.constructor as typeof Activation).className);
  }

  /** Whether it does nothing. */
  get isLinear(): boolean {
    return this.name === 'linear';
  }

  /** The options that are not at their defaults: nothing for one that goes by its name. */
  getConfig(): Config {
    const { defaults } = this.constructor as typeof Activation;
    return Object.fromEntries(Object.entries(this.#options).filter(([key, value]) => value !== defaults[key]));
  }

  toJSON(): { className: string; config: Config } {
    return partToJSON(this);
  }

  /** All options, those at their defaults too. */
  get options(): Config {
    return { ...this.#options };
  }

  /** The shape of one output sample. Throws a ValueError where the input does not have the axis it works along. */
  outputShape(input: Shape, label = `activation '${this.name}'`): Shape {
    if (this.#options.axis !== undefined) this.#axes(input, label);
    return input;
  }

  /**
   * What the engine's op `activation` takes: native/ops/activation.cc.
   * @param rank axes of a sample, where they are known: an axis that is the last one is then said as -1
   */
  spec(rank?: number): { [key: string]: SpecValue } {
    const options = this.getConfig() as { [key: string]: SpecValue };
    if (options.axis === rank) delete options.axis;
    return { activation: camel(this.name), ...options };
  }

  /** The op of the engine that computes it, for samples of so many axes. */
  op(rank?: number): OpSpec {
    return { op: 'activation', ...this.spec(rank) };
  }

  #axes(input: Shape, label: string): readonly number[] {
    const axes = [this.#options.axis as number | number[]].flat();
    const indices = axes.map((axis) => this.#index(axis, input, label));
    if (new Set(indices).size < indices.length)
      throw new ValueError(`${label}: 'axis' must name each axis once. Received: ${show(axes)}`, 'ERR_OUT_OF_RANGE');
    return indices;
  }
  /** An axis as an index into a sample's shape. In Keras axis 0 is the batch, whose samples are independent here. */
  #index(axis: number, input: Shape, label: string): number {
    const index = axis < 0 ? input.length + axis : axis - 1;
    if (axis === 0 || index < 0 || index >= input.length)
      throw new ValueError(
        `${label}: 'axis' must be 1 to ${input.length}, or -1 to -${input.length} from the end, for samples of shape [${input.map(String)}]. ` +
          `Received: ${axis}${axis === 0 || index === -1 ? ' (the batch, whose samples are independent)' : ''}`,
        'ERR_OUT_OF_RANGE',
      );
    return index;
  }

  protected option(name: string): unknown {
    return this.#options[name];
  }

  /** For functions that halve their axis. */
  protected halved(input: Shape, label: string): Shape {
    const [axis] = this.#axes(input, label);
    const size = input[axis];
    if (size !== null && size % 2 !== 0)
      throw new ValueError(
        `${label}: the size of axis ${this.#options.axis} must be even; it is halved. Received shape [${input.map(String)}].`,
        'ERR_SHAPE',
      );
    return input.map((d, i) => (i === axis && d !== null ? d / 2 : d));
  }
}

/** For whoever passes a class or a factory where a name is usual: `activation: activations.relu`. */
export function fromFunction(id: (...args: never[]) => unknown, where: string): Activation {
  const of = classMadeBy(id) ?? id;
  if (of.prototype instanceof Activation) return new (of as unknown as new () => Activation)();
  throw typeError(
    `${where}: an activation is computed natively and cannot be a function of your own. ` +
      `Give one of activations.*, a name, or { className, config }. Received: function ${id.name || '(anonymous)'}`,
  );
}
