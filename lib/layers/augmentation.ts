import type { OpSpec } from '../engine/spec.js';
import { show, ValueError } from '../errors.js';
import { checkNumber, checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, type DataFormat, splitAxes } from './axes.js';
import { ImageSizeLayer, type ImageSizeOptions } from './image_sizes.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** A number, for both directions, or the lowest and the highest. */
export type Factor = number | readonly [number, number];

/** Options of all layers that change images at random. */
export interface AugmentationOptions extends LayerOptions {
  /** A whole number from which its random numbers follow. Default null: the model's seed. */
  seed?: number | null;
  /** `'channels_last'` (`[height, width, channels]`, the default) or `'channels_first'`. */
  dataFormat?: DataFormat | null;
}

const shared = { seed: null as number | null, dataFormat: null as unknown };

/** As Keras reads a factor: of one number, from the opposite or the lowest allowed. */
function range(where: string, option: string, value: unknown, [lowest, highest]: readonly [number, number]): [number, number] {
  const one = (v: unknown) => checkNumber(where, option, v, { min: lowest, max: highest });
  if (!Array.isArray(value)) {
    const v = Math.abs(one(value));
    return [Math.max(-v, lowest) + 0, v];
  }
  if (value.length !== 2)
    throw new ValueError(
      `${where}: '${option}' must be a number or [lowest, highest]. Received: ${show(value)}`,
      'ERR_OUT_OF_RANGE',
    );
  const [a, b] = [one(value[0]), one(value[1])];
  return a <= b ? [a, b] : [b, a];
}

function readSeed(where: string, seed: unknown): number | null {
  return seed === null ? null : checkNumber(where, 'seed', seed, { integer: true });
}

/** A layer that changes images while a model trains, each by its own draw, and passes them through otherwise. */
abstract class AugmentationLayer extends Layer {
  readonly seed: number | null;
  readonly dataFormat: DataFormat;

  constructor(o: AugmentationOptions) {
    super(o);
    this.seed = readSeed(this.className, o.seed ?? null);
    this.dataFormat = checkDataFormat(this.className, o.dataFormat ?? null);
  }
  override outputShapeOf(input: Shape): Shape {
    splitAxes(this.label, input, 2, this.dataFormat);
    return input;
  }
  protected abstract spec(): OpSpec;
  override lower(): OpSpec[] {
    return [
      {
        ...this.spec(),
        channelsFirst: this.dataFormat === 'channels_first',
        ...(this.seed === null ? {} : { seed: this.seed }),
      },
    ];
  }
  protected override config(): Config {
    return { seed: this.seed, dataFormat: this.dataFormat };
  }
}

const modes = ['horizontal', 'vertical', 'horizontal_and_vertical'] as const;

/** Options of {@link RandomFlip}. */
export interface RandomFlipOptions extends AugmentationOptions {
  /** Mirrored, upside down, or both at once. Default `'horizontal_and_vertical'`. */
  mode?: 'horizontal' | 'vertical' | 'horizontal_and_vertical';
}

/**
 * Turns over every other image, on average, while training; as in Keras, `'horizontal_and_vertical'` turns both ways or none. Input `[height, width, channels]`,
 * output of the same shape. See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_flip/
 * @example sequential([layers.randomFlip({ mode: 'horizontal', inputShape: [8, 8, 1] }), layers.flatten(), layers.dense({ units: 1 })])
 */
export class RandomFlip extends AugmentationLayer {
  static override readonly className = 'RandomFlip';
  readonly mode: (typeof modes)[number];

  constructor(options: RandomFlipOptions = {}) {
    const o = Layer.read('RandomFlip', options, { ...shared, mode: 'horizontal_and_vertical' as unknown });
    super(o as AugmentationOptions);
    this.mode = checkOneOf('RandomFlip', 'mode', o.mode, modes);
  }
  protected spec(): OpSpec {
    return { op: 'randomFlip', horizontal: this.mode !== 'vertical', vertical: this.mode !== 'horizontal' };
  }
  protected override config(): Config {
    return { ...super.config(), mode: this.mode };
  }
}

/** Options of layers that move pixels. */
export interface AffineOptions extends AugmentationOptions {
  /** What lies beyond the border: the image mirrored, repeated, its border, or `fillValue`. Default `'reflect'`. */
  fillMode?: 'reflect' | 'wrap' | 'constant' | 'nearest';
  /** How pixels between pixels are made. Default `'bilinear'`. */
  interpolation?: 'bilinear' | 'nearest';
  /** With `fillMode: 'constant'`. Default 0. */
  fillValue?: number;
}

const affine = { ...shared, fillMode: 'reflect' as unknown, interpolation: 'bilinear' as unknown, fillValue: 0 };

abstract class AffineLayer extends AugmentationLayer {
  readonly fillMode: 'reflect' | 'wrap' | 'constant' | 'nearest';
  readonly interpolation: 'bilinear' | 'nearest';
  readonly fillValue: number;

  constructor(o: AugmentationOptions & typeof affine) {
    super(o);
    this.fillMode = checkOneOf(this.className, 'fillMode', o.fillMode, ['reflect', 'wrap', 'constant', 'nearest'] as const);
    this.interpolation = checkOneOf(this.className, 'interpolation', o.interpolation, ['bilinear', 'nearest'] as const);
    this.fillValue = checkNumber(this.className, 'fillValue', o.fillValue);
  }
  protected abstract moves(): Omit<OpSpec, 'op'>;
  protected spec(): OpSpec {
    const { fillMode, interpolation, fillValue } = this;
    return { op: 'randomAffine', ...this.moves(), fillMode, interpolation, fillValue };
  }
  protected override config(): Config {
    const { fillMode, interpolation, fillValue } = this;
    return { ...super.config(), fillMode, interpolation, fillValue };
  }
}

/** Options of {@link RandomRotation}. */
export interface RandomRotationOptions extends AffineOptions {
  /** Whole turns: 0.1 is up to 36 degrees either way; or `[lowest, highest]`, from -1 to 1, counted as Keras does. */
  factor: Factor;
}

/**
 * Turns images around their middle while training. Input `[height, width, channels]`, output of the same shape.
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_rotation/
 * @example layers.randomRotation({ factor: 0.05 })
 */
export class RandomRotation extends AffineLayer {
  static override readonly className = 'RandomRotation';
  readonly factor: readonly [number, number];

  constructor(options: RandomRotationOptions) {
    const o = Layer.read('RandomRotation', options, { ...affine, factor: undefined as unknown });
    super(o as never);
    this.factor = range('RandomRotation', 'factor', o.factor, [-1, 1]);
  }
  protected moves() {
    return { kind: 'rotation', turn: [...this.factor] };
  }
  protected override config(): Config {
    return { ...super.config(), factor: [...this.factor] };
  }
}

/** Options of {@link RandomZoom}. */
export interface RandomZoomOptions extends AffineOptions {
  /** How much larger the part of the image becomes that is seen: -0.2 zooms in by a fifth; 0.2 is from -0.2 to 0.2. From above -1 to 1. */
  heightFactor: Factor;
  /** Default null: that of the height, by the same draw. */
  widthFactor?: Factor | null;
}

/**
 * Zooms into images, or out of them, while training. Input `[height, width, channels]`, output of the same shape.
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_zoom/
 * @example layers.randomZoom({ heightFactor: [-0.2, 0] })
 */
export class RandomZoom extends AffineLayer {
  static override readonly className = 'RandomZoom';
  readonly #given: { heightFactor: unknown; widthFactor: unknown };
  readonly #height: [number, number];
  readonly #width: [number, number] | null;

  constructor(options: RandomZoomOptions) {
    const o = Layer.read('RandomZoom', options, { ...affine, heightFactor: undefined as unknown, widthFactor: null as unknown });
    super(o as never);
    const bounds = [-0.9999999, 1] as const;
    this.#height = range('RandomZoom', 'heightFactor', o.heightFactor, bounds);
    this.#width = o.widthFactor === null ? null : range('RandomZoom', 'widthFactor', o.widthFactor, bounds);
    this.#given = { heightFactor: o.heightFactor, widthFactor: o.widthFactor };
  }
  protected moves() {
    const zoom = (factor: [number, number]) => factor.map((f) => 1 + f);
    return { kind: 'zoom', rows: zoom(this.#height), ...(this.#width ? { columns: zoom(this.#width) } : {}) };
  }
  protected override config(): Config {
    return { ...super.config(), ...this.#given };
  }
}

/** Options of {@link RandomTranslation}. */
export interface RandomTranslationOptions extends AffineOptions {
  /** Shares of the height, downwards: 0.2 is up to a fifth either way; or `[lowest, highest]`, from -1 to 1. */
  heightFactor: Factor;
  /** Shares of the width, to the right. */
  widthFactor: Factor;
}

/**
 * Moves images while training. Input `[height, width, channels]`, output of the same shape.
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_translation/
 * @example layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1 })
 */
export class RandomTranslation extends AffineLayer {
  static override readonly className = 'RandomTranslation';
  readonly #given: { heightFactor: unknown; widthFactor: unknown };
  readonly #moves: { rows: [number, number]; columns: [number, number] };

  constructor(options: RandomTranslationOptions) {
    const where = 'RandomTranslation';
    const o = Layer.read(where, options, { ...affine, heightFactor: undefined as unknown, widthFactor: undefined as unknown });
    super(o as never);
    this.#moves = {
      rows: range(where, 'heightFactor', o.heightFactor, [-1, 1]),
      columns: range(where, 'widthFactor', o.widthFactor, [-1, 1]),
    };
    this.#given = { heightFactor: o.heightFactor, widthFactor: o.widthFactor };
  }
  protected moves() {
    return { kind: 'translation', ...this.#moves };
  }
  protected override config(): Config {
    return { ...super.config(), ...this.#given };
  }
}

/** Options of {@link RandomShear}. */
export interface RandomShearOptions extends AffineOptions {
  /** How far a row moves against the one above it: up to so much either way, or `[lowest, highest]`, from 0 to 1. Default 0. */
  xFactor?: Factor;
  /** How far a column moves against the one before it. Default 0. */
  yFactor?: Factor;
}

/**
 * Shears images while training. Input `[height, width, channels]`, output of the same shape.
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_shear/
 * @example layers.randomShear({ xFactor: 0.2 })
 */
export class RandomShear extends AffineLayer {
  static override readonly className = 'RandomShear';
  readonly xFactor: readonly [number, number];
  readonly yFactor: readonly [number, number];

  constructor(options: RandomShearOptions = {}) {
    const o = Layer.read('RandomShear', options, { ...affine, xFactor: 0 as unknown, yFactor: 0 as unknown });
    super(o as never);
    // A config has both ends, of which Keras makes the lower one of a single number negative.
    this.xFactor = range('RandomShear', 'xFactor', o.xFactor, [-1, 1]);
    this.yFactor = range('RandomShear', 'yFactor', o.yFactor, [-1, 1]);
  }
  protected moves() {
    return { kind: 'shear', rows: [...this.yFactor], columns: [...this.xFactor] };
  }
  protected override config(): Config {
    return { ...super.config(), xFactor: [...this.xFactor], yFactor: [...this.yFactor] };
  }
}

/** Options of layers that change the light of images. */
export interface LightOptions extends AugmentationOptions {
  /** See the class. */
  factor: Factor;
  /** What values of pixels lie between. Default `[0, 255]`. */
  valueRange?: readonly [number, number];
}

const light = { ...shared, factor: undefined as unknown, valueRange: [0, 255] as unknown };

function readValues(where: string, value: unknown): [number, number] {
  if (!Array.isArray(value) || value.length !== 2)
    throw new ValueError(`${where}: 'valueRange' must be [lowest, highest]. Received: ${show(value)}`, 'ERR_OUT_OF_RANGE');
  const [a, b] = value.map((v) => checkNumber(where, 'valueRange', v));
  return a <= b ? [a, b] : [b, a];
}

abstract class LightLayer extends AugmentationLayer {
  readonly factor: readonly [number, number];
  readonly valueRange: readonly [number, number];

  constructor(o: AugmentationOptions & typeof light, bounds: readonly [number, number]) {
    super(o);
    this.factor = range(this.className, 'factor', o.factor, bounds);
    this.valueRange = readValues(this.className, o.valueRange);
  }
  protected light(kind: string, factor: readonly number[]): OpSpec {
    return { op: 'randomLight', kind, factor: [...factor], values: [...this.valueRange] };
  }
  protected override config(): Config {
    return { ...super.config(), factor: [...this.factor], valueRange: [...this.valueRange] };
  }
}

/**
 * Makes images lighter or darker while training, by a share of `valueRange` drawn from `factor`: 0.2 is from -0.2 to 0.2. Values are cut to the range. Input
 * `[height, width, channels]`, output of the same shape.
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_brightness/
 * @example layers.randomBrightness({ factor: 0.1, valueRange: [0, 1] })
 */
export class RandomBrightness extends LightLayer {
  static override readonly className = 'RandomBrightness';
  constructor(options: LightOptions) {
    super(Layer.read('RandomBrightness', options, light) as never, [-1, 1]);
  }
  protected spec(): OpSpec {
    return this.light('brightness', this.factor);
  }
}

/**
 * Changes the contrast of images around the mean of each channel while training: times 1 - `factor[0]` to 1 + `factor[1]`; one number is `[0, factor]`, as in
 * Keras. Values are cut to `valueRange`. Input `[height, width, channels]`, output of the same shape.
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_contrast/
 * @example layers.randomContrast({ factor: [0.3, 0.3], valueRange: [0, 1] })
 */
export class RandomContrast extends LightLayer {
  static override readonly className = 'RandomContrast';
  constructor(options: LightOptions) {
    super(Layer.read('RandomContrast', options, light) as never, [0, 1]);
  }
  protected spec(): OpSpec {
    return this.light('contrast', [1 - this.factor[0], 1 + this.factor[1]]);
  }
}

/** Options of {@link RandomErasing}. */
export interface RandomErasingOptions extends AugmentationOptions {
  /** The chance that an image loses a part: up to so much, or drawn from `[lowest, highest]`. Default 1: from 0 to 1. */
  factor?: Factor;
  /** The share of the image that it loses, from 0 to 1. Default `[0.02, 0.33]`. */
  scale?: Factor;
  /** What stands there instead: a number, or three for the channels. Default null: noise. */
  fillValue?: number | readonly number[] | null;
  /** What values of pixels lie between. Default `[0, 255]`. */
  valueRange?: readonly [number, number];
}

/**
 * Erases rectangles of images while training. Input `[height, width, channels]`, output of the same shape.
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_erasing/
 * @example layers.randomErasing({ factor: [0.5, 0.5], fillValue: 0 })
 */
export class RandomErasing extends AugmentationLayer {
  static override readonly className = 'RandomErasing';
  readonly factor: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly fillValue: number | readonly number[] | null;
  readonly valueRange: readonly [number, number];

  constructor(options: RandomErasingOptions = {}) {
    const where = 'RandomErasing';
    const o = Layer.read(where, options, {
      ...shared,
      factor: 1 as unknown,
      scale: [0.02, 0.33] as unknown,
      fillValue: null as unknown,
      valueRange: [0, 255] as unknown,
    });
    super(o as AugmentationOptions);
    this.factor = range(where, 'factor', o.factor, [0, 1]);
    this.scale = range(where, 'scale', o.scale, [0, 1]);
    this.valueRange = readValues(where, o.valueRange);
    const list = (Array.isArray(o.fillValue) ? o.fillValue : [o.fillValue]).map((v) =>
      v === null ? v : checkNumber(where, 'fillValue', v),
    );
    this.fillValue = Array.isArray(o.fillValue) ? (list as number[]) : (list[0] as number | null);
  }
  protected spec(): OpSpec {
    const { factor, scale, valueRange, fillValue } = this;
    const fill = fillValue === null ? {} : { fill: [fillValue].flat() };
    return { op: 'randomErasing', factor: [...factor], scale: [...scale], values: [...valueRange], ...fill };
  }
  protected override config(): Config {
    const { factor, scale, valueRange, fillValue } = this;
    return { ...super.config(), factor: [...factor], scale: [...scale], fillValue, valueRange: [...valueRange] };
  }
}

/** Options of {@link RandomCrop}. */
export interface RandomCropOptions extends ImageSizeOptions {
  /** A whole number from which its random numbers follow. Default null: the model's seed. */
  seed?: number | null;
}

/**
 * A part of images, at a random place that is the same for a whole batch, while training. Otherwise, and of images that are not larger, the largest window in the
 * middle whose sides are to each other as those asked for, resized. Input `[height, width, channels]`, output of the size given. (So Keras documents it;
 * 3.15 itself gives images uncropped outside training, and of those that are too small another window.)
 * See https://keras.io/api/layers/preprocessing_layers/image_augmentation/random_crop/
 * @example layers.randomCrop({ height: 24, width: 24 })
 */
export class RandomCrop extends ImageSizeLayer {
  static override readonly className = 'RandomCrop';
  readonly seed: number | null;

  constructor(options: RandomCropOptions) {
    const o = Layer.read('RandomCrop', options, {
      ...shared,
      height: undefined as number | undefined,
      width: undefined as number | undefined,
    });
    super(o as ImageSizeOptions);
    this.seed = readSeed('RandomCrop', o.seed);
  }
  override lower(): OpSpec[] {
    return [{ op: 'randomCrop', ...this.image, ...(this.seed === null ? {} : { seed: this.seed }) }];
  }
  protected override config(): Config {
    return { ...super.config(), seed: this.seed };
  }
}

export const augmentationLayers = {
  RandomFlip,
  RandomRotation,
  RandomZoom,
  RandomTranslation,
  RandomShear,
  RandomBrightness,
  RandomContrast,
  RandomErasing,
  RandomCrop,
};
