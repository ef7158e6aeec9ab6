import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { array, modelFromJSON } from '../../lib/index.js';

interface Saved {
  /** model.json as TensorFlow.js writes it. */
  file: { weightsManifest: { weights: { name: string; shape: number[] }[] }[] };
  /** The numbers of weights.bin. */
  weights: number[];
  x: number[];
  shape: number[];
  y: number[];
}

// Made by make_tfjs.mjs with TensorFlow.js itself.
const saved: Record<string, Saved> = JSON.parse(readFileSync(join(import.meta.dirname, 'tfjs_models.json'), 'utf8'));

describe('a model that TensorFlow.js saved predicts here what it predicted there', () => {
  test.each(Object.entries(saved))('%s', (_, { file, weights, x, shape, y }) => {
    const model = modelFromJSON(file);
    const specs = file.weightsManifest.flatMap((group) => group.weights);
    const targets = [...model.trainableWeights, ...model.nonTrainableWeights];
    expect(targets.map((w) => w.shape)).toEqual(specs.map((spec) => spec.shape));
    let from = 0;
    for (const target of targets) {
      const size = target.shape.reduce((a, b) => a * b, 1);
      target.write(array(Float32Array.from(weights.slice(from, from + size)), [...target.shape]));
      from += size;
    }
    const predicted = model.predictSync(array(Float32Array.from(x), shape));
    expect(predicted.size).toBe(y.length);
    y.forEach((value, i) => {
      expect(predicted.data[i]).toBeCloseTo(value, 4);
    });
  });
});
