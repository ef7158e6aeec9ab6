import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Layer, layers, loadModel, modelFromJSON, sequential, setRandomSeed } from '../../lib/index.js';
import { throwing } from '../layers/helpers.js';

// Models whose first layers take texts: data through fit, evaluate and predict, files both ways.

// biome-ignore lint/suspicious/noExplicitAny: JSON
type Anything = any;
const folder = join(__dirname, 'files');
const files: Record<string, Anything> = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'));
const texts = ['the cat sat', 'the dog ran fast', 'a cat', 'fast fast dog'];
const labels = [1, 0, 1, 0];

function textModel() {
  setRandomSeed(3);
  const vectorization = layers.textVectorization({ maxTokens: 20, outputSequenceLength: 4 });
  vectorization.adapt(texts);
  const model = sequential([
    vectorization,
    layers.embedding({ inputDim: 20, outputDim: 4 }),
    layers.globalAveragePooling1D(),
    layers.dense({ units: 1, activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
  return model;
}
const near = (got: ArrayLike<number>, want: readonly number[]) => want.forEach((v, i) => void expect(got[i]).toBeCloseTo(v, 5));

describe('files of Keras', () => {
  it.each(Object.keys(files))('%s predicts the same, also after we wrote it', async (name) => {
    const { x, y } = files[name];
    const model = await loadModel(join(folder, `${name}.keras`));
    near((await model.predict(x, { verbose: 0 })).data, y.flat());
    const again = await loadModel(await model.toBuffer('keras'));
    near(again.predictSync(x).data, y.flat());
    near(model.clone().predictSync(x).data, y.flat());
  });
});

describe('a model of texts', () => {
  it('takes them everywhere, as lists, columns and datasets', async () => {
    const model = textModel();
    const column = texts.map((t) => [t]);
    const history = await model.fit(texts, labels, { epochs: 2, verbose: 0, validationSplit: 0.25, shuffle: false });
    expect(history.history.val_loss).toHaveLength(2);
    await model.fit(column, labels, { verbose: 0, validationData: [texts, labels] });
    await model.fit(
      [
        [texts, labels],
        [column, labels],
      ].values() as Anything,
      null,
      { verbose: 0 },
    );
    const results = await model.evaluate(texts, labels, { verbose: 0 });
    expect(results).toEqual(await model.evaluate([[column, labels]].values() as Anything, null, { verbose: 0 }));
    const y = await model.predict(texts, { verbose: 0 });
    expect(model.predictSync({ data: texts, shape: [4, 1] } as Anything)).toEqual(y);
    expect(await model.predict([texts.slice(0, 2), texts.slice(2)].values() as Anything, { verbose: 0 })).toEqual(y);
    expect(await model.predictOnBatch(column)).toEqual(y);
    await model.trainOnBatch(texts, labels);
    await model.testOnBatch(texts, labels);
  });

  it('trains to the bits of the same model of ids', async () => {
    const model = textModel();
    model.build([null, 1]);
    const vectorization = model.layers[0] as Layer & { call(x: unknown): Anything };
    const ids = vectorization.call(texts);
    const plain = sequential(model.layers.slice(1).map((l) => ({ className: l.className, config: l.getConfig() })) as Anything);
    plain.build([null, 4]);
    plain.setWeights(model.getWeights());
    plain.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
    const options = { epochs: 3, batchSize: 2, shuffle: false, verbose: 0 } as const;
    const [a, b] = [await model.fit(texts, labels, options), await plain.fit(ids, labels, options)];
    expect(a.history).toEqual(b.history);
    expect(model.getWeights()).toEqual(plain.getWeights());
  });

  it('keeps its vocabulary in JSON, h5 and files of its own', async () => {
    const model = textModel();
    const y = model.predictSync(texts);
    for (const format of ['keras', 'h5']) expect((await loadModel(await model.toBuffer(format))).predictSync(texts)).toEqual(y);
    const again = modelFromJSON(JSON.stringify(model));
    again.setWeights(model.getWeights());
    expect(again.predictSync(texts)).toEqual(y);
    expect((model.toJSON() as Anything).config.layers[0].config.dtype).toBe('string');
  });

  it('keeps terms that no line holds in the config', async () => {
    const lookup = layers.stringLookup({ inputShape: [1] });
    lookup.adapt(['a\nb', 'c\u2028', 'd']);
    const model = sequential([lookup]);
    const again = await loadModel(await model.toBuffer('keras'));
    expect(again.predictSync(['d', 'a\nb', 'c\u2028'])).toEqual(model.predictSync(['d', 'a\nb', 'c\u2028']));
  });

  it('keeps ids beyond what numbers hold', async () => {
    const lookup = layers.integerLookup({ inputShape: [2], vocabulary: [2n ** 60n, 3] });
    const model = sequential([lookup, layers.flatten()]);
    expect(model.predictSync([[2n ** 60n, 2n ** 60n + 1n]]).toArray()).toEqual([[1, 0]]);
    const again = await loadModel(await model.toBuffer('keras'));
    expect(again.predictSync([[2n ** 60n, 3n]]).toArray()).toEqual([[1, 2]]);
  });
});

describe('refused', () => {
  it('by formats without a place for it', async () => {
    const model = sequential([layers.hashing({ numBins: 3, inputShape: [1] })]);
    await expect(model.toBuffer('onnx')).rejects.toThrow(throwing('ERR_ONNX', /hashing/));
    await expect(model.save('never/made/')).rejects.toThrow(throwing('ERR_NOT_EXPRESSIBLE', /Hashing/));
  });
  const vectorization = () => layers.textVectorization({ vocabulary: ['a'], outputSequenceLength: 2 });
  it('behind other layers, and behind one with ops of its own', () => {
    const behind = sequential([layers.flatten({ inputShape: [1] }), layers.hashing({ numBins: 3 })]);
    expect(() => behind.predictSync([[1]])).toThrow(throwing('ERR_LAYER', /hashing.*must be the first layer/));
  });
  it('without a vocabulary', () => {
    const model = sequential([layers.stringLookup({ inputShape: [1] })]);
    expect(() => model.predictSync(['a'])).toThrow(throwing('ERR_NOT_ADAPTED', /adapt\(data\)/));
    expect(() => layers.stringLookup({ outputMode: 'count' }).computeOutputShape([3])).toThrow(
      throwing('ERR_NOT_ADAPTED', /adapt/),
    );
  });
  it('numbers where texts belong, and texts where numbers do', async () => {
    const model = sequential([vectorization()]);
    expect(() => model.predictSync([[1]])).toThrow(TypeError);
    expect(() => model.predictSync([['a'], ['b', 'c']] as Anything)).toThrow(throwing('ERR_SHAPE', /ragged/));
    expect(() => model.predictSync(['a', null] as Anything)).toThrow(throwing('ERR_TYPE', /element 1/));
    const dense = sequential([layers.dense({ units: 1, inputShape: [1] })]);
    expect(() => dense.predictSync(['a', 'b'] as Anything)).toThrow(throwing('ERR_TYPE', /text/));
  });
  it('what is not in a vocabulary without room for it', () => {
    const lookup = layers.stringLookup({ vocabulary: ['a'], numOovIndices: 0 });
    expect(() => lookup.call(['q'])).toThrow(throwing('ERR_OUT_OF_VOCABULARY', /"q"/));
  });
  it('a vocabulary of another size where layers hang on it', () => {
    const lookup = layers.stringLookup({ outputMode: 'one_hot' });
    lookup.adapt(['a', 'b']);
    sequential([lookup, layers.dense({ units: 1 })]).build([null, 1]);
    expect(() => lookup.setVocabulary(['a'])).toThrow(throwing('ERR_VOCABULARY', /3 terms/));
    lookup.setVocabulary(['x', 'y']);
    expect(lookup.getVocabulary()).toEqual(['[UNK]', 'x', 'y']);
  });
  it.each([
    [{ vocabulary: ['a', 'a'] }, /twice/],
    [{ vocabulary: [] }, /empty/],
    [{ vocabulary: ['a', 'b'], maxTokens: 2 }, /more than maxTokens/],
    [{ vocabulary: ['a', ''], maskToken: '' }, /mask/],
    [{ vocabulary: 'terms.txt' }, /a path/],
    [{ vocabulary: ['a'], outputMode: 'tf_idf' }, /idfWeights/],
    [{ vocabulary: ['a'], outputMode: 'tf_idf', idfWeights: [1, 2, 3] }, /as long as/],
    [{ padToMaxTokens: true }, /needs 'maxTokens'/],
    [{ invert: true, outputMode: 'count' }, /'invert'/],
    [{ sparse: true }, /'sparse'/],
    [{ encoding: 'latin-1' }, /utf-8/],
  ])('options %o', (options, message) => {
    expect(() => layers.stringLookup(options as Anything)).toThrow(message);
  });
  it('options of texts', () => {
    const make = (options: Anything) => () => layers.textVectorization(options);
    expect(make({ ragged: true })).toThrow(throwing('ERR_UNSUPPORTED', /ragged/));
    expect(make({ outputMode: 'count', outputSequenceLength: 3 })).toThrow(throwing('ERR_OPTIONS', /outputSequenceLength/));
    expect(make({ split: 'words' })).toThrow(throwing('ERR_OUT_OF_RANGE', /split/));
    const own = layers.textVectorization({ vocabulary: ['A'], standardize: (t) => t.toUpperCase(), split: (t) => t.split('-') });
    expect(own.call(['a-b']).toArray()).toEqual([[2, 1]]);
    expect(() => own.getConfig()).toThrow(throwing('ERR_CODE', /function/));
  });
  it('adapting to what is given, and to nothing', async () => {
    expect(() => vectorization().adapt(['a'])).toThrow(throwing('ERR_VOCABULARY', /given as an option/));
    expect(() => layers.textVectorization().adapt([' '])).toThrow(throwing('ERR_EMPTY', /no terms/));
    expect(() => layers.discretization({ binBoundaries: [1] }).adapt([1])).toThrow(/nothing to adapt/);
  });
  it('ids below 0', () => {
    const model = sequential([layers.categoryEncoding({ numTokens: 3, inputShape: [2] })]);
    expect(() => model.predictSync([[0, -1]])).toThrow(/below 0/);
  });
});

describe('adapt', () => {
  const batches = [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'c'],
  ];
  async function* later() {
    for (const batch of batches) yield batch;
  }
  it('of async batches gives a promise, and reads as many as it is told', async () => {
    const lookup = layers.stringLookup();
    await lookup.adapt(later());
    expect(lookup.getVocabulary()).toEqual(['[UNK]', 'c', 'b', 'a']);
    await lookup.adapt(() => later(), { steps: 2 });
    expect(lookup.getVocabulary()).toEqual(['[UNK]', 'b', 'c', 'a']);
    const endless = function* () {
      for (;;) yield ['a'];
    };
    lookup.adapt(endless(), { steps: 3 });
    expect(lookup.getVocabulary(false)).toEqual(['a']);
    lookup.adapt([{ xs: ['q'], ys: [1] }]);
    expect(lookup.getVocabulary(false)).toEqual(['q']);
  });
});
