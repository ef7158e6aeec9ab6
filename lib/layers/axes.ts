import { show, typeError, ValueError } from '../errors.js';
import { checkOneOf } from '../options.js';
import type { Shape } from './layer.js';

/** Where the channels are: behind the spatial axes or before them. */
export type DataFormat = 'channels_last' | 'channels_first';
/** One whole number for all spatial axes, or one for each. */
export type Sizes = number | readonly number[];

const channelsWords = ['channels_last', 'channels_first'] as const;

/** Keras's words, also in camelCase; null is the default. */
export function checkDataFormat(where: string, value: unknown): DataFormat {
  if (value === null) return 'channels_last';
  if (value === 'channelsLast') return 'channels_last';
  if (value === 'channelsFirst') return 'channels_first';
  return checkOneOf(where, 'dataFormat', value, channelsWords);
}

/** Sizes as one a spatial axis. */
export function checkSizes(where: string, option: string, value: unknown, rank: number, min = 1): number[] {
  const list = Array.isArray(value) ? value : new Array(rank).fill(value);
  const wanted = `a whole number >= ${min}${rank > 1 ? ` or an array of ${rank} of them` : ''}`;
  // The length first: a sparse array may have any.
  if (list.length === rank && Array.from(list).some((n) => typeof n !== 'number'))
    throw typeError(`${where}: '${option}' must be ${wanted}. Received: ${show(value)}`);
  if (list.length !== rank || !list.every((n) => Number.isInteger(n) && n >= min))
    throw new ValueError(`${where}: '${option}' must be ${wanted}. Received: ${show(value)}`, 'ERR_OUT_OF_RANGE');
  return [...list];
}

/** Sizes of the spatial axes and of the channels of a sample. Throws a ValueError where its rank is another. */
export function splitAxes(
  label: string,
  input: Shape,
  rank: number,
  format: DataFormat,
): { spatial: Shape; channels: number | null } {
  if (input.length !== rank + 1) {
    const names = rank === 1 ? ['steps'] : rank === 2 ? ['height', 'width'] : ['depth', 'height', 'width'];
    throw new ValueError(
      `${label} needs samples of rank ${rank + 1}, [${joinAxes(names, 'channels', format).join(', ')}]. Received samples of shape [${input.map(String).join(', ')}].`,
      'ERR_SHAPE',
    );
  }
  return format === 'channels_first'
    ? { channels: input[0], spatial: input.slice(1) }
    : { spatial: input.slice(0, -1), channels: input[rank] };
}

/** The reverse of {@link splitAxes}. */
export function joinAxes<T>(spatial: readonly T[], channels: T, format: DataFormat): T[] {
  return format === 'channels_first' ? [channels, ...spatial] : [...spatial, channels];
}
