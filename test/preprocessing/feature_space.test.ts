import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layers, loadModel, modelFromJSON, preprocessing, sequential, setRandomSeed } from '../../lib/index.js';
import { throwing } from '../layers/helpers.js';

// biome-ignore lint/suspicious/noExplicitAny: JSON of Keras
type Anything = any;
const keras = JSON.parse(readFileSync(join(__dirname, '../parity/units/feature_space.json'), 'utf8'));
const camel = (key: string) => key.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
const rowsOf = (columns: Record<string, unknown[]>) =>
  Object.values(columns)[0].map((_, i) => Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, v[i]])));

const variants: [string, Anything][] = keras.variants.map((v: Anything) => [v.name, v]);

describe.each(variants)("Keras's FeatureSpace, %s", (_name, v: Anything) => {
  const options = Object.fromEntries(Object.entries(v.options).map(([k, o]) => [camel(k), o]));
  const made = (data: Anything) => {
    const space = preprocessing.featureSpace(v.features, options);
    space.adapt(data);
    return space;
  };
  const expectSame = (y: Anything, want: Anything) => {
    expect(y.shape).toEqual(want.shape);
    y.data.forEach((n: number, i: number) => void expect(n).toBeCloseTo(want.data[i], 4));
  };
  it.each([
    ['columns', keras.columns, keras.new],
    ['rows', rowsOf(keras.columns), rowsOf(keras.new)],
  ])('of %s', (_kind, data: Anything, x: Anything) => {
    const space = made(data);
    if (v.options.output_mode !== 'dict') return expectSame(space.call(x), v.y);
    const y = space.dictionary(x);
    expect(Object.keys(y).sort()).toEqual(Object.keys(v.y).sort());
    for (const [name, want] of Object.entries(v.y)) expectSame(y[name], want);
  });
});

/** Rows of which some lack values. */
const rows = Array.from({ length: 60 }, (_, i) => ({
  age: i % 7 === 3 ? null : 20 + ((i * 13) % 50),
  city: i % 11 === 5 ? undefined : ['Oslo', 'Bergen', 'Åre'][i % 3],
  member: i % 2 === 0,
}));
const labels = rows.map((row) => Number(row.city === 'Oslo'));
const features = {
  age: { type: 'float_normalized', missing: 'median', missingIndicator: true },
  city: { type: 'string_categorical', missing: { constant: 'nowhere' } },
  member: 'integer_categorical',
} as const;

describe('a table model', () => {
  const build = () => {
    setRandomSeed(5);
    const space = preprocessing.featureSpace(features, { crosses: [['city', 'member']], crossingDim: 8 });
    space.adapt(rows);
    const model = sequential([
      space,
      layers.dense({ units: 8, activation: 'relu' }),
      layers.dense({ units: 1, activation: 'sigmoid' }),
    ]);
    model.compile({
      optimizer: { className: 'Adam', config: { learningRate: 0.05 } },
      loss: 'binary_crossentropy',
      metrics: ['accuracy'],
    });
    return { space, model };
  };

  it('takes rows from fit to predict to the saved file', async () => {
    const { space, model } = build();
    expect(space.parts).toEqual([
      { name: 'age', width: 1 },
      { name: 'age_missing', width: 1 },
      { name: 'city', width: 5 },
      { name: 'member', width: 3 },
      { name: 'city_X_member', width: 8 },
    ]);
    const { history } = await model.fit(rows, labels, { epochs: 40, validationSplit: 0.2, verbose: 0 });
    expect(history.val_accuracy?.at(-1)).toBe(1);
    const columns = { age: rows.map((r) => r.age), city: rows.map((r) => r.city), member: rows.map((r) => r.member) };
    const y = await model.predict(rows, { verbose: 0 });
    expect(await model.predict(columns, { verbose: 0 })).toEqual(y);
    expect(model.predictSync(rows.slice(0, 2)).data).toEqual(y.data.slice(0, 2));
    expect(await model.evaluate([[rows, labels]].values() as Anything, null, { verbose: 0 })).toHaveLength(2);
    for (const format of ['keras', 'h5']) {
      const again = await loadModel(await model.toBuffer(format));
      expect(await again.predict(rows, { verbose: 0 })).toEqual(y);
      await again.fit(rows, labels, { verbose: 0 });
    }
    const json = modelFromJSON(JSON.stringify(model));
    json.setWeights(model.getWeights());
    expect(await json.predict(rows, { verbose: 0 })).toEqual(y);
    expect(model.clone().predictSync(rows)).toEqual(y);
  });

  it('adapts to batches, as to all of them', async () => {
    const whole = preprocessing.featureSpace(features);
    whole.adapt(rows);
    const parts = preprocessing.featureSpace(features);
    async function* batches() {
      yield [rows.slice(0, 20), labels.slice(0, 20)] as Anything;
      yield { xs: rows.slice(20), ys: labels.slice(20) } as Anything;
    }
    await parts.adapt(batches());
    expect(parts.getConfig().learned).toEqual(whole.getConfig().learned);
  });

  it('fills in what is missing', () => {
    const of = (feature: Anything, column: unknown[], x: unknown[]) => {
      const space = preprocessing.featureSpace({ a: feature });
      space.adapt({ a: column } as Anything);
      return space.call({ a: x } as Anything).toArray();
    };
    expect(of({ type: 'float', missing: 'median' }, [1, 2, 10, null, 3], [null, Number.NaN, 5])).toEqual([[2.5], [2.5], [5]]);
    expect(of({ type: 'float', missing: 'most_frequent' }, [1, 2, 2, 3], [undefined, 5])).toEqual([[2], [5]]);
    expect(of({ type: 'float', missing: { constant: 7 }, missingIndicator: true }, [1], [undefined, 5])).toEqual([
      [7, 1],
      [5, 0],
    ]);
    expect(of({ type: 'string_categorical', missing: 'most_frequent' }, ['a', 'b', 'b', null], [null, 'a', 'q'])).toEqual([
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
    ]);
  });
});

describe('refused', () => {
  const space = (given: Anything, options?: Anything) => preprocessing.featureSpace(given, options);
  it('what is missing, misspelt or of another type', () => {
    const s = space({ age: 'float', city: 'string_hashed' });
    expect(() => s.call([{ age: 1, city: 'a' }, { city: 'b' }])).toThrow(throwing('ERR_MISSING_DATA', /'age'.*row 1.*median/));
    expect(() => s.call([{ aeg: 1, city: 'a' }])).toThrow(throwing('ERR_MISSING_DATA', /no column 'age'.*'aeg'/));
    expect(() => s.call([{ age: '1', city: 'a' }])).toThrow(throwing('ERR_TYPE', /'age' is float/));
    expect(() => s.call({ age: [1, 2], city: ['a'] })).toThrow(throwing('ERR_LENGTHS', /one length/));
    expect(() => s.call([] as Anything)).toThrow(throwing('ERR_EMPTY', /no rows/));
    expect(() => s.call(5 as Anything)).toThrow(/a table/);
  });
  it('options that do not fit', () => {
    expect(() => space({})).toThrow(/features/);
    expect(() => space({ a: 'floaty' })).toThrow(throwing('ERR_OUT_OF_RANGE', /type/));
    expect(() => space({ a: { type: 'string_hashed', missing: 'median' } })).toThrow(throwing('ERR_OUT_OF_RANGE', /missing/));
    expect(() => space({ a: 'float', b: 'string_hashed' }, { crosses: [['a', 'b']] })).toThrow(throwing('ERR_OPTIONS', /"a"/));
    expect(() => space({ a: { type: 'string_hashed', outputMode: 'int' } })).toThrow(throwing('ERR_OPTIONS', /'dict'/));
    expect(() => space({ a: { type: 'float', mising: 1 } })).toThrow(throwing('ERR_UNKNOWN_OPTION', /missing/));
  });
  it('before it has seen data, and in dict mode in a model', () => {
    const unseen = sequential([space({ a: 'float_normalized' }), layers.dense({ units: 1 })]);
    expect(() => unseen.predictSync([{ a: 1 }])).toThrow(throwing('ERR_NOT_ADAPTED', /'a'/));
    const dict = sequential([space({ a: 'float' }, { outputMode: 'dict' }), layers.dense({ units: 1 })]);
    expect(() => dict.predictSync([{ a: 1 }])).toThrow(throwing('ERR_LAYER', /'concat'/));
  });
});
