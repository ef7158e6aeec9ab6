// The data and the initial weights that all systems train on: raw little-endian files under bench/.cache, the same from a seed everywhere.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layersOf, sampleShape } from './stack.mjs';
import { cacheFolder, workloads } from './workloads.mjs';

/** Uniform numbers in [0, 1). */
export function generator(seed) {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

// The sum of three uniform numbers, scaled to unit variance: near enough to normal, and quick for 47 million values.
const normalFrom = (uniform) => () => (uniform() + uniform() + uniform() - 1.5) * 2;

export const makers = {
  /** Classes lie around random centres, with noise wide enough that an epoch does not learn all there is. */
  clusters({ rows, features, classes, seed }) {
    const uniform = generator(seed);
    const normal = normalFrom(uniform);
    const centres = Float32Array.from({ length: classes * features }, normal);
    const spread = 1.4 / Math.sqrt(features);
    const x = new Float32Array(rows * features);
    const y = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      y[row] = Math.floor(uniform() * classes);
      for (let i = 0; i < features; i++) x[row * features + i] = normal() + spread * centres[y[row] * features + i];
    }
    return { x, y };
  },
  /** A class is a coarse pattern, each of whose squares has one colour, under noise. */
  images({ rows, shape: [height, width, channels], classes, square: side = 4, contrast = 0.1, seed }) {
    const uniform = generator(seed);
    const normal = normalFrom(uniform);
    const across = width / side;
    const patterns = Float32Array.from({ length: classes * across * (height / side) * channels }, normal);
    const x = new Float32Array(rows * height * width * channels);
    const y = new Int32Array(rows);
    let at = 0;
    for (let row = 0; row < rows; row++) {
      y[row] = Math.floor(uniform() * classes);
      for (let i = 0; i < height * width; i++) {
        const square = (y[row] * (height / side) + Math.floor(i / width / side)) * across + Math.floor((i % width) / side);
        for (let c = 0; c < channels; c++) x[at++] = 0.5 + contrast * patterns[square * channels + c] + 0.35 * normal();
      }
    }
    return { x, y };
  },
  /** A class is a tone, which begins anywhere in its period, under noise. */
  signals({ rows, shape: [samples], classes, seed }) {
    const uniform = generator(seed);
    const normal = normalFrom(uniform);
    const x = new Float32Array(rows * samples);
    const y = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      y[row] = Math.floor(uniform() * classes);
      const pace = 0.02 * 1.4 ** y[row];
      const begin = 2 * Math.PI * uniform();
      for (let i = 0; i < samples; i++) x[row * samples + i] = 0.3 * Math.sin(begin + pace * i) + 0.5 * normal();
    }
    return { x, y };
  },
  /** The target is a squashed weighted mean of the last eight steps. */
  series({ rows, steps, features, seed }) {
    const normal = normalFrom(generator(seed));
    const weights = Float32Array.from({ length: features }, normal);
    const x = Float32Array.from({ length: rows * steps * features }, normal);
    const y = new Float32Array(rows);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let t = steps - 8; t < steps; t++)
        for (let i = 0; i < features; i++) sum += x[(row * steps + t) * features + i] * weights[i];
      y[row] = Math.tanh(sum / 8);
    }
    return { x, y };
  },
  /** Each id has a score; the class is the sign of the sum. */
  ids({ rows, steps, vocabulary, seed }) {
    const uniform = generator(seed);
    const normal = normalFrom(uniform);
    const scores = Float32Array.from({ length: vocabulary }, normal);
    const x = Int32Array.from({ length: rows * steps }, () => Math.floor(uniform() * vocabulary));
    const y = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let t = 0; t < steps; t++) sum += scores[x[row * steps + t]];
      y[row] = sum > 0 ? 1 : 0;
    }
    return { x, y };
  },
};

const typeOf = (array) => (array instanceof Int32Array ? 'int32' : 'float32');
const bytes = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

export function makeData(data) {
  return makers[data.kind](data);
}

/** Writes what systems in other languages read, where it is not there yet: data, initial weights, and `NAME.json` that describes them. */
export async function prepare(name) {
  const workload = workloads[name];
  const description = JSON.stringify(workload);
  const file = join(cacheFolder, `${name}.json`);
  if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).made === description) return file;
  mkdirSync(cacheFolder, { recursive: true });
  const { x, y } = makeData(workload.data);
  const stem = `${workload.data.kind}-${workload.data.seed}-${workload.data.rows}x${sampleShape(workload.data).join('x')}`;
  writeFileSync(join(cacheFolder, `${stem}.x`), bytes(x));
  writeFileSync(join(cacheFolder, `${stem}.y`), bytes(y));
  const { buildModel } = await import('../runners/gemmfit_model.mjs');
  const { model } = await buildModel(workload);
  const weights = model.layers.map((layer) => layer.getWeights());
  writeFileSync(join(cacheFolder, `${name}.weights`), Buffer.concat(weights.flat().map((w) => bytes(w.data))));
  model.dispose();
  const manifest = {
    name,
    ...workload,
    layers: layersOf(workload),
    made: description,
    rows: workload.data.rows,
    x: { file: join(cacheFolder, `${stem}.x`), type: typeOf(x), shape: [workload.data.rows, ...sampleShape(workload.data)] },
    y: { file: join(cacheFolder, `${stem}.y`), type: typeOf(y), shape: [workload.data.rows] },
    weights: { file: join(cacheFolder, `${name}.weights`), shapes: weights.map((of) => of.map((w) => w.shape)) },
  };
  writeFileSync(file, JSON.stringify(manifest));
  return file;
}

/** x and y of a prepared workload. */
export function readData(manifest) {
  const read = ({ file, type }) => {
    const { buffer, byteOffset, byteLength } = readFileSync(file);
    return type === 'int32'
      ? new Int32Array(buffer, byteOffset, byteLength / 4)
      : new Float32Array(buffer, byteOffset, byteLength / 4);
  };
  return { x: read(manifest.x), y: read(manifest.y) };
}
