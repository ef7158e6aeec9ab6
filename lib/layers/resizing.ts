import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import type { Config } from '../registry.js';
import { checkDataFormat, type DataFormat, joinAxes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** Cells before and after one axis. */
type Pair = readonly [number, number];

/** Options of the zero padding layers for one axis. */
export interface ZeroPadding1DOptions extends LayerOptions {
  /** Zeros before and after the steps: one number for both, or `[before, after]`. Default 1. */
  padding?: number | Pair;
  /** `'channels_last'` (`[steps, channels]`, the default) or `'channels_first'`. */
  dataFormat?: DataFormat | null;
}

/** Options of the zero padding layers for two and three axes. */
export interface ZeroPaddingOptions extends LayerOptions {
  /** Zeros around: one number for all sides, a number for each axis, or `[before, after]` for each axis. Default 1. */
  padding?: number | readonly number[] | readonly Pair[];
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
}

/** Options of {@link Cropping1D}. */
export interface Cropping1DOptions extends LayerOptions {
  /** Steps cut off before and after: one number for both, or `[before, after]`. Default 1. */
  cropping?: number | Pair;
}

/** Options of the cropping layers for two and three axes. */
export interface CroppingOptions extends LayerOptions {
  /** Cells cut off: one number for all sides, a number for each axis, or `[before, after]` for each axis. */
  cropping?: number | readonly number[] | readonly Pair[];
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
}

/** Zeros put around, or cells cut off at the border: what they are called is all that differs. */
abstract class BorderLayer extends Layer {
  readonly dataFormat: DataFormat;
  protected readonly pairs: readonly Pair[];
  /** Keras's name of the option. */
  protected abstract readonly option: 'padding' | 'cropping';

  protected constructor(options: LayerOptions, option: string, value: unknown, rank: number, dataFormat: unknown) {
    super(options);
    this.pairs = checkPairs(this.className, option, value, rank);
    this.dataFormat = checkDataFormat(this.className, dataFormat);
  }

  override outputShapeOf(input: Shape): Shape {
    const { spatial, channels } = splitAxes(this.label, input, this.pairs.length, this.dataFormat);
    const sign = this.option === 'padding' ? 1 : -1;
    const out = spatial.map((n, i) => {
      const [before, after] = this.pairs[i];
      if (n !== null && n + sign * (before + after) < 1)
        throw new ValueError(
          `${this.label}: 'cropping' [${before}, ${after}] leaves nothing of samples of shape [${input.map(String).join(', ')}].`,
          'ERR_SHAPE',
        );
      return n === null ? null : n + sign * (before + after);
    });
    return joinAxes(out, channels, this.dataFormat);
  }

  override lower(): OpSpec[] {
    const sign = this.option === 'padding' ? 1 : -1;
    const side = (i: 0 | 1) =>
      joinAxes(
        this.pairs.map((p) => (p[i] === 0 ? 0 : sign * p[i])),
        0,
        this.dataFormat,
      );
    return [{ op: 'zeroPadding', before: side(0), after: side(1) }];
  }

  protected override config(): Config {
    if (this.pairs.length === 1) return { [this.option]: [...this.pairs[0]] };
    return { [this.option]: this.pairs.map((p) => [...p]), dataFormat: this.dataFormat };
  }
}

/** One number, a number for each axis, or two for each axis; for a single axis one number or two. */
function checkPairs(where: string, option: string, value: unknown, rank: number): Pair[] {
  const wanted =
    rank === 1
      ? 'a whole number >= 0 or [before, after]'
      : `a whole number >= 0, an array of ${rank} of them, or an array of ${rank} pairs [before, after]`;
  const isCount = (v: unknown) => Number.isInteger(v) && (v as number) >= 0;
  // The lengths first: a sparse array may have any. Array.from shows holes as undefined.
  const wrong = () => new ValueError(`${where}: '${option}' must be ${wanted}. Received: ${show(value)}`, 'ERR_OUT_OF_RANGE');
  if (Array.isArray(value) && value.length !== (rank === 1 ? 2 : rank)) throw wrong();
  const axes: unknown[] = rank === 1 ? [value] : Array.isArray(value) ? Array.from(value) : new Array(rank).fill(value);
  if (axes.some((v) => Array.isArray(v) && v.length !== 2)) throw wrong();
  const pairs = axes.map((v) => (Array.isArray(v) ? Array.from(v) : [v, v]));
  if (pairs.flat().some((n) => typeof n !== 'number'))
    throw typeError(`${where}: '${option}' must be ${wanted}. Received: ${show(value)}`);
  if (!pairs.every((p) => p.every(isCount))) throw wrong();
  return pairs as unknown as Pair[];
}

abstract class ZeroPadding extends BorderLayer {
  protected readonly option = 'padding';

  protected constructor(className: string, rank: number, options: ZeroPaddingOptions | undefined) {
    const o = Layer.read(className, options, { padding: 1 as unknown, dataFormat: null as unknown });
    super(o, 'padding', o.padding, rank, o.dataFormat);
  }

  get padding(): readonly Pair[] {
    return this.pairs;
  }
}

/**
 * Zeros before and after the steps of a sequence. Input `[steps, channels]`, output `[before + steps + after, channels]`.
 * See https://keras.io/api/layers/reshaping_layers/zero_padding1d/
 * @example layers.zeroPadding1D({ padding: [2, 0] })
 */
export class ZeroPadding1D extends ZeroPadding {
  static override readonly className = 'ZeroPadding1D';
  constructor(options?: ZeroPadding1DOptions) {
    super('ZeroPadding1D', 1, options as ZeroPaddingOptions | undefined);
  }
  protected override config(): Config {
    return { ...super.config(), dataFormat: this.dataFormat };
  }
}

/**
 * Zeros around an image. Input `[height, width, channels]`. See https://keras.io/api/layers/reshaping_layers/zero_padding2d/
 * @example layers.zeroPadding2D({ padding: [[0, 1], [0, 1]] })
 */
export class ZeroPadding2D extends ZeroPadding {
  static override readonly className = 'ZeroPadding2D';
  constructor(options?: ZeroPaddingOptions) {
    super('ZeroPadding2D', 2, options);
  }
}

/**
 * Zeros around a volume. Input `[depth, height, width, channels]`. See https://keras.io/api/layers/reshaping_layers/zero_padding3d/
 * @example layers.zeroPadding3D({ padding: [0, 1, 1] })
 */
export class ZeroPadding3D extends ZeroPadding {
  static override readonly className = 'ZeroPadding3D';
  constructor(options?: ZeroPaddingOptions) {
    super('ZeroPadding3D', 3, options);
  }
}

abstract class Cropping extends BorderLayer {
  protected readonly option = 'cropping';

  protected constructor(className: string, rank: number, options: CroppingOptions | undefined, byDefault: number) {
    const formats = rank === 1 ? {} : { dataFormat: null as unknown };
    const o: LayerOptions & { cropping: unknown; dataFormat?: unknown } = Layer.read(className, options, {
      cropping: byDefault as unknown,
      ...formats,
    });
    super(o, 'cropping', o.cropping, rank, o.dataFormat ?? null);
  }

  get cropping(): readonly Pair[] {
    return this.pairs;
  }
}

/**
 * Cuts steps off a sequence. Input `[steps, channels]`, output `[steps - before - after, channels]`.
 * See https://keras.io/api/layers/reshaping_layers/cropping1d/
 * @example layers.cropping1D({ cropping: [2, 0] })
 */
export class Cropping1D extends Cropping {
  static override readonly className = 'Cropping1D';
  constructor(options?: Cropping1DOptions) {
    super('Cropping1D', 1, options as CroppingOptions | undefined, 1);
  }
}

/**
 * Cuts the border off an image. Input `[height, width, channels]`. Default: nothing. See https://keras.io/api/layers/reshaping_layers/cropping2d/
 * @example layers.cropping2D({ cropping: [[0, 1], [0, 1]] })
 */
export class Cropping2D extends Cropping {
  static override readonly className = 'Cropping2D';
  constructor(options?: CroppingOptions) {
    super('Cropping2D', 2, options, 0);
  }
}

/**
 * Cuts the border off a volume. Input `[depth, height, width, channels]`. Default: 1 on all sides. See https://keras.io/api/layers/reshaping_layers/cropping3d/
 * @example layers.cropping3D({ cropping: 1 })
 */
export class Cropping3D extends Cropping {
  static override readonly className = 'Cropping3D';
  constructor(options?: CroppingOptions) {
    super('Cropping3D', 3, options, 1);
  }
}

export const resizingLayers = { ZeroPadding1D, ZeroPadding2D, ZeroPadding3D, Cropping1D, Cropping2D, Cropping3D };
