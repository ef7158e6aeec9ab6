import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { array, sequential } from '../../lib/index.js';
import { layerRegistry } from '../../lib/layers/index.js';
import { layerOptions } from '../../lib/saving/config.js';

// What live Keras on TensorFlow makes of texts, ids and bins, by test/parity/make_units.py: vocabularies and their order, ids, bins, vectors.

// biome-ignore lint/suspicious/noExplicitAny: JSON of Keras, and layers made of it
type Anything = any;
const { cases } = JSON.parse(readFileSync(join(__dirname, '../parity/units/preprocessing.json'), 'utf8'));

function layerOf({ class_name: className, config, adapt }: Anything): Anything {
  const options = layerOptions({ className, config }, { dialect: 'keras3', old: false });
  const layer = layerRegistry.resolve({ className, config: options }) as Anything;
  if (adapt) layer.adapt(adapt.batches ? adapt.batches.values() : adapt.array);
  return layer;
}

/** By itself, or in a model where it has no other way. */
const outputOf = (layer: Anything, x: Anything) => (layer.call ? layer.call(x) : sequential([layer]).predictSync(array(x)));

const named: [number, string, string, Anything][] = cases.map((c: Anything, i: number) => {
  return [i, c.class_name, JSON.stringify(c.config).slice(0, 200), c];
});

it.each(named)('%i: %s %s', (_i, _name, _config, c: Anything) => {
  const layer = layerOf(c);
  if (c.vocabulary) {
    expect(layer.getVocabulary()).toEqual(c.vocabulary);
    expect(layer.getVocabulary(false)).toEqual(c.withoutSpecials);
    expect(layer.vocabularySize()).toBe(c.size);
  }
  if (c.boundaries) expect(layer.binBoundaries.map(Math.fround)).toEqual(c.boundaries);
  const y = outputOf(layer, c.x);
  expect([...y.shape]).toEqual(c.y.shape);
  if (c.idf) (y.data as Float32Array).forEach((v, i) => void expect(v).toBeCloseTo(c.y.data[i], 5));
  else expect([...y.data].map((v) => (typeof v === 'bigint' ? Number(v) : v))).toEqual(c.y.data);
});
