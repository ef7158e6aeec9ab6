import type { NestedArray } from '../data/inputs.js';
import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, type DataFormat } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** A number for all, or one for each place of the channels' axis. As NumPy broadcasts, `[[[r]], [[g]], [[b]]]` stands for images whose channels come first. */
export type PerFeature = number | ArrayLike<number> | NestedArray;

interface Factors {
  values: number | number[];
  /** Axes from that of the places to the last one: 1 for the last. */
  depth: number;
}

/** Also takes the form in which Keras writes a NumPy array. */
function read(option: string, given: unknown, format: DataFormat): Factors {
  const { class_name, config } = (given ?? {}) as { class_name?: unknown; config?: { value?: unknown } };
  const value = class_name === '__numpy__' ? config?.value : given;
  if (typeof value === 'number') return { values: checkNumber('Rescaling', option, value), depth: 1 };
  const list: unknown[] | undefined = Array.isArray(value)
    ? value
    : ArrayBuffer.isView(value)
      ? Array.from(value as unknown as ArrayLike<number>)
      : undefined;
  if (!list || list.length === 0)
    throw typeError(
      `Rescaling: '${option}' must be a number, or numbers for the places of the channels' axis. Received: ${show(given)}`,
    );
  let depth = 1;
  let places = list;
  for (; depth < 4 && places.every((v) => Array.isArray(v) && v.length === 1); depth++)
    places = places.map((v) => (v as unknown[])[0]);
  const values = places.map((v) => checkNumber('Rescaling', option, v));
  // Keras's images have two axes besides the channels.
  return { values, depth: depth === 1 && format === 'channels_first' ? 3 : depth };
}

/** As Keras takes it: numbers in lists of one for each axis after theirs. */
const nested = ({ values, depth }: Factors): number | unknown[] =>
  typeof values === 'number'
    ? values
    : values.map((v) => {
        let entry: unknown = v;
        for (let d = 1; d < depth; d++) entry = [entry];
        return entry;
      });

/**
 * `x * scale + offset`: brings data into the range that a model learns in. See https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/
 * @example layers.rescaling({ scale: 1 / 127.5, offset: -1, inputShape: [28, 28, 1] })   // 0..255 becomes -1..1
 */
export class Rescaling extends Layer {
  static override readonly className = 'Rescaling';
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];
  readonly #scale: Factors;
  readonly #offset: Factors;
  /** Axes from that of the channels to the last one. */
  readonly #depth: number;

  constructor(
    options: LayerOptions & {
      scale: PerFeature;
      /** Default 0. */
      offset?: PerFeature;
      /** Where lists count channels: `'channels_last'` (default), or `'channels_first'` for images `[channels, height, width]`. */
      dataFormat?: DataFormat | null;
    },
  ) {
    const o = Layer.read('Rescaling', options, {
      scale: undefined as unknown,
      offset: 0 as unknown,
      dataFormat: null as unknown,
    });
    super(o);
    const format = checkDataFormat('Rescaling', o.dataFormat);
    this.#scale = read('scale', o.scale, format);
    this.#offset = read('offset', o.offset, format);
    this.scale = this.#scale.values;
    this.offset = this.#offset.values;
    const depths = [this.#scale, this.#offset].filter((f) => typeof f.values !== 'number').map((f) => f.depth);
    if (new Set(depths).size > 1)
      throw new ValueError(
        `Rescaling: 'scale' and 'offset' must count the places of one axis. Received: ${show(o.scale)} and ${show(o.offset)}`,
        'ERR_SHAPE',
      );
    this.#depth = depths[0] ?? 1;
  }

  override outputShapeOf(input: Shape): Shape {
    const size = input.at(-this.#depth);
    for (const [option, value] of Object.entries({ scale: this.scale, offset: this.offset }))
      if (typeof value !== 'number' && value.length !== 1 && size !== null && value.length !== size)
        throw new ValueError(
          `${this.label}: '${option}' has ${value.length} numbers for ${this.#depth === 1 ? 'a last axis' : 'channels'} of ${size} in samples of shape [${input.map(String)}].`,
          'ERR_SHAPE',
        );
    return input;
  }

  override lower(input: Shape): OpSpec[] {
    const op = { op: 'rescaling', scale: plain(this.scale), offset: plain(this.offset) };
    if (this.#depth === 1) return [op];
    // The channels are brought to the end, and back.
    const at = input.length - this.#depth;
    const order = input.map((_, i) => i).filter((i) => i !== at);
    order.push(at);
    return [
      { op: 'permute', dims: order.map((i) => i + 1) },
      op,
      { op: 'permute', dims: order.map((_, i) => order.indexOf(i) + 1) },
    ];
  }

  protected override config(): Config {
    return { scale: nested(this.#scale), offset: nested(this.#offset) };
  }
}

const plain = (value: number | readonly number[]): number | number[] => (typeof value === 'number' ? value : [...value]);

export const rescalingLayers = { Rescaling };
