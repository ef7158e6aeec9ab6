import type { OpSpec } from '../engine/spec.js';
import { show, ValueError } from '../errors.js';
import { checkBoolean, checkNumber, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, type DataFormat, joinAxes, splitAxes } from './axes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** Options of layers that give images of one size. */
export interface ImageSizeOptions extends LayerOptions {
  /** Rows of the output: a whole number above 0. */
  height: number;
  /** Columns of the output: a whole number above 0. */
  width: number;
  /** `'channels_last'` (`[height, width, channels]`, the default) or `'channels_first'`. */
  dataFormat?: DataFormat | null;
}

/** A layer that gives images of one size, whatever comes. */
export abstract class ImageSizeLayer extends Layer {
  readonly height: number;
  readonly width: number;
  readonly dataFormat: DataFormat;

  constructor(o: ImageSizeOptions) {
    super(o);
    this.height = checkNumber(this.className, 'height', o.height, { min: 1, integer: true });
    this.width = checkNumber(this.className, 'width', o.width, { min: 1, integer: true });
    this.dataFormat = checkDataFormat(this.className, o.dataFormat ?? null);
  }
  override outputShapeOf(input: Shape): Shape {
    return joinAxes([this.height, this.width], splitAxes(this.label, input, 2, this.dataFormat).channels, this.dataFormat);
  }
  /** What its ops are told. */
  protected get image(): Omit<OpSpec, 'op'> {
    return { height: this.height, width: this.width, channelsFirst: this.dataFormat === 'channels_first' };
  }
  protected override config(): Config {
    return { height: this.height, width: this.width, dataFormat: this.dataFormat };
  }
}

const interpolations = ['bilinear', 'nearest', 'bicubic', 'lanczos3', 'lanczos5'] as const;

/** Options of {@link Resizing}. */
export interface ResizingOptions extends ImageSizeOptions {
  /** How cells between cells are made. Default `'bilinear'`. */
  interpolation?: 'bilinear' | 'nearest' | 'bicubic' | 'lanczos3' | 'lanczos5';
  /** Cuts off what is too much on two sides, so that the picture is not stretched. Default false. */
  cropToAspectRatio?: boolean;
  /** Puts `fillValue` on two sides, so that the picture is not stretched. Default false. */
  padToAspectRatio?: boolean;
  /** Only `'constant'`. */
  fillMode?: 'constant';
  /** What `padToAspectRatio` puts there. Default 0. */
  fillValue?: number;
  /** Whether images that become smaller are smoothed. Default false. */
  antialias?: boolean;
}

/**
 * Images of one size, stretched, cut or filled up. Input `[height, width, channels]` of any size, output of the size given.
 * See https://keras.io/api/layers/preprocessing_layers/image_preprocessing/resizing/
 * @example sequential([layers.resizing({ height: 4, width: 4, inputShape: [8, 6, 1] }), layers.flatten(), layers.dense({ units: 1 })])
 */
export class Resizing extends ImageSizeLayer {
  static override readonly className = 'Resizing';
  readonly #options: Required<
    Pick<ResizingOptions, 'interpolation' | 'cropToAspectRatio' | 'padToAspectRatio' | 'fillValue' | 'antialias'>
  >;

  constructor(options: ResizingOptions) {
    const where = 'Resizing';
    const o = Layer.read(where, options, {
      height: undefined as number | undefined,
      width: undefined as number | undefined,
      interpolation: 'bilinear' as unknown,
      cropToAspectRatio: false,
      padToAspectRatio: false,
      fillMode: 'constant' as unknown,
      fillValue: 0,
      antialias: false,
      dataFormat: null as unknown,
    });
    super(o as ImageSizeOptions);
    checkOneOf(where, 'fillMode', o.fillMode, ['constant'] as const);
    this.#options = {
      interpolation: checkOneOf(where, 'interpolation', o.interpolation, interpolations),
      cropToAspectRatio: checkBoolean(where, 'cropToAspectRatio', o.cropToAspectRatio),
      padToAspectRatio: checkBoolean(where, 'padToAspectRatio', o.padToAspectRatio),
      fillValue: checkNumber(where, 'fillValue', o.fillValue),
      antialias: checkBoolean(where, 'antialias', o.antialias),
    };
    if (o.cropToAspectRatio && o.padToAspectRatio)
      throw new ValueError(`${where}: only one of 'cropToAspectRatio' and 'padToAspectRatio' can be true.`, 'ERR_OPTIONS');
  }

  override lower(input: Shape): OpSpec[] {
    const { interpolation, cropToAspectRatio: crop, antialias } = this.#options;
    return [...this.#padding(input), { op: 'resizing', ...this.image, interpolation, crop, antialias }];
  }

  /** Both sides get as much, so that one cell may be too many. */
  #padding(input: Shape): OpSpec[] {
    if (!this.#options.padToAspectRatio) return [];
    const [height, width] = splitAxes(this.label, input, 2, this.dataFormat).spatial;
    if (height === null || width === null)
      throw new ValueError(
        `${this.label}: 'padToAspectRatio' needs images of one size. Received samples of shape ${show(input)}.`,
        'ERR_SHAPE',
      );
    const side = (whole: number, other: number, a: number, b: number) =>
      Math.trunc((Math.max(whole, Math.trunc((other * a) / b)) - whole) / 2);
    const rows = side(height, width, this.height, this.width);
    const columns = side(width, height, this.width, this.height);
    const around = joinAxes([rows, columns], 0, this.dataFormat);
    const { fillValue } = this.#options;
    // Zeros are put around: what they are to be is taken off before, and added after.
    const shift = (offset: number): OpSpec[] => (fillValue === 0 ? [] : [{ op: 'rescaling', scale: 1, offset }]);
    return [...shift(-fillValue), { op: 'zeroPadding', before: around, after: around }, ...shift(fillValue)];
  }

  protected override config(): Config {
    return { ...super.config(), ...this.#options, fillMode: 'constant' };
  }
}

/**
 * The middle of images. Of one that is too small, the largest window of the same sides to each other, resized. Input `[height, width, channels]`, output of
 * the size given. See https://keras.io/api/layers/preprocessing_layers/image_preprocessing/center_crop/
 * @example layers.centerCrop({ height: 24, width: 24 })
 */
export class CenterCrop extends ImageSizeLayer {
  static override readonly className = 'CenterCrop';

  constructor(options: ImageSizeOptions) {
    const sizes = {
      height: undefined as number | undefined,
      width: undefined as number | undefined,
      dataFormat: null as unknown,
    };
    super(Layer.read('CenterCrop', options, sizes) as ImageSizeOptions);
  }
  override lower(): OpSpec[] {
    return [{ op: 'centerCrop', ...this.image, interpolation: 'bilinear' }];
  }
}

export const imageSizeLayers = { Resizing, CenterCrop };
