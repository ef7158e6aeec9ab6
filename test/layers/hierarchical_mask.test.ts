import { expect, it } from 'vitest';
import { array, initializers, layers as L, modelFromJSON, type NDArray, sequential, type TypedArray } from '../../lib/index.js';

// Masks over [sentences, words]. Predictions are those of tf-keras 2.21, whose TimeDistributed brings the mask of a layer that consumes the words
// down to the sentences: one counts where any of its words does.
const [N, S, T] = [4, 3, 4];
const ids = new Int32Array(N * S * T);
for (let i = 0; i < N; i++)
  for (let s = 0; s < S; s++)
    for (let t = 0; t < T; t++) ids[(i * S + s) * T + t] = t < T - ((i + s) % 4) ? 1 + ((i * 7 + s * 5 + t * 3) % 6) : 0;
ids.fill(0, 2 * T, 3 * T);
ids.fill(0, (2 * S + 1) * T, 3 * S * T);
const words = array(ids, [N, S, T]);
const numbers = array(
  Float32Array.from({ length: 2 * ids.length }, (_, i) => (ids[i >> 1] * (1 + (i % 2))) / 7),
  [N, S, T, 2],
);
const documents = array(
  Int32Array.from({ length: 2 * ids.length }, (_, i) => {
    const [n, k] = [Math.floor(i / (2 * S * T)), i % (2 * S * T)];
    return ids[k < S * T ? n * S * T + k : (N - 1 - n) * S * T + k - S * T];
  }),
  [N, 2, S, T],
);

const embedding = () => L.embedding({ inputDim: 7, outputDim: 2, maskZero: true });
const td = (layer: Parameters<typeof L.timeDistributed>[0]['layer']) => L.timeDistributed({ layer });
const cases: [string, unknown[], NDArray<TypedArray>, number[][] | [number, number[]][]][] = [
  [
    'LSTM',
    [embedding(), td(L.lstm({ units: 3 })), L.lstm({ units: 2 })],
    words,
    [
      [0.0929435, 0.1120465],
      [0.1077395, 0.1261153],
      [0.073611, 0.0674302],
      [0.0970765, 0.1311853],
    ],
  ],
  [
    'Bidirectional',
    [embedding(), td(L.bidirectional({ layer: L.lstm({ units: 2 }) })), L.gru({ units: 2 })],
    words,
    [
      [0.1027202, 0.1289969],
      [0.1747143, 0.1284386],
      [0.0802166, 0.0705407],
      [0.1449409, 0.1282221],
    ],
  ],
  [
    'GlobalAveragePooling1D',
    [embedding(), td(L.globalAveragePooling1D()), L.lstm({ units: 2 })],
    words,
    [
      [-0.0948779, -0.1443602],
      [-0.1348611, -0.1296885],
      [-0.0409886, -0.1073757],
      [-0.0862227, -0.1437603],
    ],
  ],
  [
    'Dense, which passes it on',
    [embedding(), td(L.dense({ units: 3 })), td(L.lstm({ units: 2 })), L.simpleRNN({ units: 2 })],
    words,
    [
      [0.5582042, -0.4965808],
      [0.6723937, -0.566702],
      [0.3187238, -0.3603605],
      [0.665716, -0.561539],
    ],
  ],
  [
    'LayerNormalization',
    [embedding(), td(L.layerNormalization()), td(L.lstm({ units: 2 })), L.lstm({ units: 2 })],
    words,
    [
      [0.1272085, -0.2045324],
      [0.1121114, -0.225],
      [0.0890863, -0.1321816],
      [0.1187165, -0.216858],
    ],
  ],
  [
    'sequences, then their mean',
    [embedding(), td(L.lstm({ units: 3, returnSequences: true })), td(L.globalAveragePooling1D()), L.lstm({ units: 2 })],
    words,
    [
      [0.0976334, 0.104694],
      [0.1102348, 0.1220924],
      [0.074943, 0.0608598],
      [0.1011532, 0.1250965],
    ],
  ],
  [
    'a mask made inside',
    [td(L.masking()), td(L.lstm({ units: 2 })), L.lstm({ units: 2 })],
    numbers,
    [
      [-0.0998147, -0.1109836],
      [-0.13014, -0.1333965],
      [-0.0570662, -0.0747865],
      [-0.1296016, -0.1404038],
    ],
  ],
  [
    'Masking of words',
    [L.masking(), td(L.lstm({ units: 2 })), L.lstm({ units: 2 })],
    numbers,
    [
      [-0.0998147, -0.1109836],
      [-0.13014, -0.1333965],
      [-0.0570662, -0.0747865],
      [-0.1296016, -0.1404038],
    ],
  ],
  [
    'an embedding inside',
    [td(embedding()), td(L.lstm({ units: 2 })), L.lstm({ units: 2 })],
    words,
    [
      [0.1518763, -0.1489452],
      [0.1521358, -0.162495],
      [0.114283, -0.1043999],
      [0.155843, -0.1680098],
    ],
  ],
  [
    'TimeDistributed itself',
    [embedding(), td(td(L.lstm({ units: 2 }))), td(L.lstm({ units: 2 })), L.lstm({ units: 2 })],
    documents,
    [
      [0.1294216, 0.0647056],
      [0.1272755, 0.0673422],
      [0.1278605, 0.0664657],
      [0.1293375, 0.0645922],
    ],
  ],
];

it.each(cases)('TimeDistributed around %s', async (_, layers, x, expected) => {
  const model = sequential([L.inputLayer({ shape: x.shape.slice(1) as number[] }), ...(layers as never[])]);
  let k = 0;
  const values = model.weights.map((w) => {
    const size = w.shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, (_, i) => 0.5 * Math.sin(1.7 * (k + i)));
    k += size;
    return array(data, [...w.shape]);
  });
  model.setWeights(values);
  const rows = (await model.predict(x, { verbose: 0, batchSize: 3 })).toArray() as number[][];
  (expected as number[][]).forEach((row, i) => {
    row.forEach((v, j) => {
      expect(Math.abs(rows[i][j] - v), `${rows[i]} where ${row} is right`).toBeLessThan(2e-6);
    });
  });
});

it('brings the mask down to the loss, in which sentences without words do not count', async () => {
  const layers = [
    L.embedding({ inputDim: 7, outputDim: 2, maskZero: true, inputShape: [S, T] }),
    td(L.lstm({ units: 3 })),
    L.dense({ units: 1, kernelInitializer: initializers.Zeros, biasInitializer: initializers.Ones }),
  ];
  const model = sequential(layers);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const y = array(
    Float32Array.from({ length: N * S }, (_, i) => i),
    [N, S, 1],
  );
  const counted = [0, 1, 3, 4, 5, 6, 9, 10, 11];
  const right = counted.reduce((sum, v) => sum + (v - 1) ** 2, 0) / counted.length;
  expect(await model.evaluate(words, y, { verbose: 0, batchSize: 4 })).toBeCloseTo(right, 4);
  expect(modelFromJSON(JSON.stringify(model)).layers).toHaveLength(3);
});
