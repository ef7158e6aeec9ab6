import { show, typeError, ValueError } from '../errors.js';
import { checkOneOf } from '../options.js';
import type { Config } from '../registry.js';
import { checkDataFormat, checkSizes, type DataFormat, joinAxes, type Sizes, splitAxes } from './axes.js';
import type { Shape } from './layer.js';

/** `'valid'`: only whole windows; `'same'`: `ceil(size / stride)` windows; `'causal'`: as many, none of which sees later steps. */
export type Padding = 'valid' | 'same' | 'causal';

/** How the window of a convolution slides. */
export interface SlidingOptions {
  /** Size of the window: one whole number above 0 for all spatial axes, or one for each. */
  kernelSize: Sizes;
  /** Steps from window to window, as `kernelSize`. Default 1. Other than 1 only where `dilationRate` is 1. */
  strides?: Sizes;
  /** Default `'valid'`. */
  padding?: Padding;
  /** `'channels_last'` (`[..., channels]`, the default) or `'channels_first'` (`[channels, ...]`). */
  dataFormat?: DataFormat | null;
  /** Steps between the cells that a window sees, as `kernelSize`. Default 1: neighbours. */
  dilationRate?: Sizes;
}

export const slidingDefaults = {
  kernelSize: undefined as unknown,
  strides: 1 as unknown,
  padding: 'valid' as unknown,
  dataFormat: null as unknown,
  dilationRate: 1 as unknown,
};

/** The window of a convolution over 1 to 3 spatial axes: its options, checked, and the shapes that follow. */
export class SlidingWindow {
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dataFormat: DataFormat;
  readonly dilationRate: readonly number[];

  constructor(
    where: string,
    readonly rank: number,
    o: typeof slidingDefaults,
    paddings: readonly Padding[] = ['valid', 'same'],
  ) {
    if (o.kernelSize === undefined)
      throw typeError(
        `${where}: 'kernelSize' is missing; give the size of the window, such as ${show(rank === 1 ? 3 : new Array(rank).fill(3))}.`,
      );
    this.kernelSize = checkSizes(where, 'kernelSize', o.kernelSize, rank);
    this.strides = checkSizes(where, 'strides', o.strides, rank);
    this.padding = checkOneOf(where, 'padding', typeof o.padding === 'string' ? o.padding.toLowerCase() : o.padding, paddings);
    this.dataFormat = checkDataFormat(where, o.dataFormat);
    this.dilationRate = checkSizes(where, 'dilationRate', o.dilationRate, rank);
    if (Math.max(...this.strides) > 1 && Math.max(...this.dilationRate) > 1)
      throw new ValueError(
        `${where}: strides and dilation cannot both be above 1. Received: strides ${show(o.strides)}, dilationRate ${show(o.dilationRate)}`,
        'ERR_OUT_OF_RANGE',
      );
  }

  /** Sizes of an image's axes; the channels must be known. */
  split(label: string, image: Shape): { spatial: Shape; channels: number } {
    const { spatial, channels } = splitAxes(label, image, this.rank, this.dataFormat);
    if (channels === null)
      throw new ValueError(
        `${label}: the channels of its input must be known ('${this.dataFormat}'). Received shape [${image.map(String).join(', ')}].`,
        'ERR_SHAPE',
      );
    return { spatial, channels };
  }

  /** Cells from the first to the last that a window sees along an axis. */
  extent(axis: number): number {
    return (this.kernelSize[axis] - 1) * this.dilationRate[axis] + 1;
  }

  outputShape(label: string, spatial: Shape, channels: number): Shape {
    const out = spatial.map((n, i) => {
      if (n === null) return null;
      if (this.padding !== 'valid') return Math.ceil(n / this.strides[i]);
      if (n < this.extent(i))
        throw new ValueError(
          `${label}: a kernel of [${this.kernelSize.join(', ')}]${this.dilationRate.some((d) => d > 1) ? ` with dilation [${this.dilationRate.join(', ')}]` : ''} does not fit into an input of [${spatial.map(String).join(', ')}]. Give a smaller 'kernelSize' or padding: 'same'.`,
          'ERR_SHAPE',
        );
      return Math.floor((n - this.extent(i)) / this.strides[i]) + 1;
    });
    return joinAxes(out, channels, this.dataFormat);
  }

  /** What the engine's ops are told of it. */
  spec() {
    const { kernelSize, strides, dilationRate, padding, dataFormat } = this;
    const channelsFirst = dataFormat === 'channels_first';
    return { kernel: [...kernelSize], strides: [...strides], dilation: [...dilationRate], padding, channelsFirst };
  }

  config(): Config {
    const { kernelSize, strides, dilationRate, padding, dataFormat } = this;
    return { kernelSize: [...kernelSize], strides: [...strides], padding, dataFormat, dilationRate: [...dilationRate] };
  }
}
