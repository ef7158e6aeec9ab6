import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { shapeText } from '../shapes.js';
import { checkDataFormat, type DataFormat } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** The product of sizes; null where one is not known. */
const knownSize = (shape: Shape): number | null =>
  shape.reduce<number | null>((n, d) => (n === null || d === null ? null : n * d), 1);

/**
 * All numbers of a sample on one axis: `[a, b, c]` becomes `[a * b * c]`. A mask ends here.
 * See https://keras.io/api/layers/reshaping_layers/flatten/
 * @example layers.flatten()
 */
export class Flatten extends Layer {
  static override readonly className = 'Flatten';
  readonly dataFormat: DataFormat;

  constructor(
    options?: LayerOptions & {
      /** `'channels_first'`: the first axis is taken for channels and goes last, so that weights fit both formats. Default `'channels_last'`. */
      dataFormat?: string | null;
    },
  ) {
    const o = Layer.read('Flatten', options, { dataFormat: null as string | null });
    super(o);
    this.dataFormat = checkDataFormat('Flatten', o.dataFormat);
  }

  override outputShapeOf(input: Shape): Shape {
    return [knownSize(input)];
  }

  override lower(input: Shape): OpSpec[] {
    const flat = { op: 'reshape', shape: [-1] };
    if (this.dataFormat === 'channels_last' || input.length < 2) return [flat];
    return [{ op: 'permute', dims: [...input.map((_, i) => i + 2).slice(0, -1), 1] }, flat];
  }

  protected override config(): Config {
    return { dataFormat: this.dataFormat };
  }
}

/**
 * The same numbers under another shape. A mask ends here.
 * See https://keras.io/api/layers/reshaping_layers/reshape/
 * @example layers.reshape({ targetShape: [3, -1] })
 */
export class Reshape extends Layer {
  static override readonly className = 'Reshape';
  readonly targetShape: readonly number[];

  constructor(
    options: LayerOptions & {
      /** Of one sample: whole numbers above 0; one may be -1 (or, as in TensorFlow.js, null), which takes what is left. */
      targetShape: readonly (number | null)[];
    },
  ) {
    const o = Layer.read('Reshape', options, { targetShape: undefined as readonly (number | null)[] | undefined });
    super(o);
    if (!Array.isArray(o.targetShape))
      throw typeError(`Reshape: 'targetShape' must be an array of whole numbers. Received: ${show(o.targetShape)}`);
    const shape: number[] = o.targetShape.map((d) => d ?? -1);
    if (!shape.every((d) => Number.isInteger(d) && (d > 0 || d === -1)) || shape.filter((d) => d === -1).length > 1)
      throw new ValueError(
        `Reshape: 'targetShape' must hold whole numbers above 0, and -1 at most once. Received: ${show(shape)}`,
        'ERR_SHAPE',
      );
    this.targetShape = [...shape];
  }

  override outputShapeOf(input: Shape): Shape {
    const size = knownSize(input);
    const known = this.targetShape.reduce((n, d) => (d === -1 ? n : n * d), 1);
    const open = this.targetShape.includes(-1);
    if (size !== null && (open ? size % known !== 0 : size !== known))
      throw new ValueError(
        `${this.label}: the ${size} numbers of a sample of shape ${shapeText(input)} do not fill the shape ${shapeText(this.targetShape)}.`,
        'ERR_SHAPE',
      );
    return this.targetShape.map((d) => (d !== -1 ? d : size === null ? null : size / known));
  }

  override lower(): OpSpec[] {
    return [{ op: 'reshape', shape: [...this.targetShape] }];
  }

  protected override config(): Config {
    return { targetShape: [...this.targetShape] };
  }
}

/**
 * The axes in another order. A mask ends here. See https://keras.io/api/layers/reshaping_layers/permute/
 * @example layers.permute({ dims: [2, 1] })   // [steps, features] becomes [features, steps]
 */
export class Permute extends Layer {
  static override readonly className = 'Permute';
  readonly dims: readonly number[];

  constructor(
    options: LayerOptions & {
      /** Which axis of the input each axis of the output is, counted from 1 (0 is the batch, which stays). */
      dims: readonly number[];
    },
  ) {
    const o = Layer.read('Permute', options, { dims: undefined as readonly number[] | undefined });
    super(o);
    const dims = o.dims;
    if (!Array.isArray(dims)) throw typeError(`Permute: 'dims' must be an array of whole numbers. Received: ${show(dims)}`);
    if (![...dims].sort((a, b) => a - b).every((d, i) => d === i + 1))
      throw new ValueError(
        `Permute: 'dims' must hold each of 1 to ${dims.length} once: the axes of a sample, without the batch. Received: ${show(dims)}`,
        'ERR_OUT_OF_RANGE',
      );
    this.dims = [...dims];
  }

  override outputShapeOf(input: Shape): Shape {
    if (input.length !== this.dims.length)
      throw new ValueError(
        `${this.label}: 'dims' [${this.dims}] orders ${this.dims.length} axes, but a sample of shape ${shapeText(input)} has ${input.length}.`,
        'ERR_SHAPE',
      );
    return this.dims.map((d) => input[d - 1]);
  }

  override lower(): OpSpec[] {
    return [{ op: 'permute', dims: [...this.dims] }];
  }

  protected override config(): Config {
    return { dims: [...this.dims] };
  }
}

/**
 * The sample `n` times. Input `[features]`, output `[n, features]`. See https://keras.io/api/layers/reshaping_layers/repeat_vector/
 * @example layers.repeatVector({ n: 3 })
 */
export class RepeatVector extends Layer {
  static override readonly className = 'RepeatVector';
  readonly n: number;

  constructor(
    options: LayerOptions & {
      /** A whole number above 0. */
      n: number;
    },
  ) {
    const o = Layer.read('RepeatVector', options, { n: undefined as number | undefined });
    super(o);
    this.n = checkNumber('RepeatVector', 'n', o.n, { min: 1, integer: true });
  }

  override outputShapeOf(input: Shape): Shape {
    if (input.length !== 1)
      throw new ValueError(
        `${this.label} needs samples of rank 1, [features]. Received samples of shape ${shapeText(input)}.`,
        'ERR_SHAPE',
      );
    return [this.n, input[0]];
  }

  override lower(): OpSpec[] {
    return [{ op: 'repeatVector', n: this.n }];
  }

  protected override config(): Config {
    return { n: this.n };
  }
}

export const reshapingLayers = { Flatten, Reshape, Permute, RepeatVector };
