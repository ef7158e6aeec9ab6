// Values of events, as TensorFlow 2 writes them: a tensor, and the name of the part of TensorBoard that shows it.
import { bytes, float, integer, message, type Pieces, text } from '../../protobuf.js';
import { bucketsOf } from './histogram.js';
import { pngOf } from './png.js';

const FLOAT = 1;
const DOUBLE = 2;
const STRING = 7;

const shapeOf = (...sizes: number[]): Pieces =>
  message(
    2,
    sizes.flatMap((size) => message(2, integer(1, size))),
  );

/** SummaryMetadata. Classes of data: 1 a number, 2 a tensor, 3 blobs. */
const metadata = (plugin: string, content: string, dataClass: number): Pieces => [
  ...message(1, [...text(1, plugin), ...text(2, content)]),
  ...(dataClass ? integer(4, dataClass) : []),
];

const value = (tag: string, plugin: string, tensor: Pieces, dataClass: number, content = ''): Pieces => [
  ...text(1, tag),
  ...message(9, metadata(plugin, content, dataClass)),
  ...message(8, tensor),
];

export const scalar = (tag: string, number: number): Pieces =>
  value(tag, 'scalars', [...integer(1, FLOAT), ...shapeOf(), ...float(5, number)], 1);

/** Texts are Markdown. */
export const markdown = (tag: string, content: string): Pieces =>
  value(tag, 'text', [...integer(1, STRING), ...shapeOf(), ...text(8, content)], 2);

/** The stack of layers, from the model's config, for the tab of graphs. */
export const modelGraph = (tag: string, config: string): Pieces =>
  value(tag, 'graph_keras_model', [...integer(1, STRING), ...shapeOf(), ...text(8, config)], 0, '1');

/** Thirty buckets of equal width: [left, right, count] each. */
export function histogram(tag: string, numbers: Float32Array): Pieces {
  const buckets = bucketsOf(numbers);
  const content = new Uint8Array(buckets.buffer, buckets.byteOffset, buckets.byteLength);
  return value(tag, 'histograms', [...integer(1, DOUBLE), ...shapeOf(buckets.length / 3, 3), ...bytes(4, content)], 2);
}

/** Pictures of [height, width, channels] each, from 0 to 1. At most three are shown. */
export function images(tag: string, numbers: Float32Array, [count, height, width, channels]: readonly number[]): Pieces {
  const shown = Math.min(count, 3);
  const one = height * width * channels;
  const pictures = Array.from({ length: shown }, (_, i) =>
    bytes(8, pngOf(numbers.subarray(i * one, (i + 1) * one), height, width, channels)),
  );
  const tensor = [...integer(1, STRING), ...shapeOf(2 + shown), ...text(8, String(width)), ...text(8, String(height))];
  return value(tag, 'images', [...tensor, ...pictures.flat()], 3);
}
