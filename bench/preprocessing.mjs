// Seconds that texts and tables take on one thread before the engine gets them: node bench/preprocessing.mjs [texts] [rows]. Beside a feature space scikit-learn's
// ColumnTransformer, where python3 has it. Alternating runs; nothing else should run meanwhile.
import { spawnSync } from 'node:child_process';
import { layers, preprocessing, setThreads } from '../dist/index.mjs';

const [texts = 1_000_000, rows = 200_000] = process.argv.slice(2).map(Number);
setThreads(1);

/** Numbers that follow from their place, from 0 to below 1. */
const draw = (i) => {
  let z = Math.imul(i + 1, 0x9e3779b9);
  z = Math.imul(z ^ (z >>> 15), 0x85ebca6b);
  return ((z ^ (z >>> 13)) >>> 0) / 2 ** 32;
};
/** Words as texts have them: few are frequent. */
const wordAt = (i) => `word${Math.floor(20000 * draw(i) ** 3)}`;
const textAt = (i) => `${Array.from({ length: 5 + (i % 8) }, (_, k) => wordAt(i * 13 + k)).join(' ')}, and the rest!`;

function timed(run) {
  const begin = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - begin) / 1e9;
}
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const times = (run, count = 3) => median(Array.from({ length: count }, () => timed(run)));

const all = Array.from({ length: texts }, (_, i) => textAt(i));
const words = all.reduce((n, t) => n + t.split(' ').length, 0);
const vectorization = layers.textVectorization({ maxTokens: 20000, outputSequenceLength: 16 });
const adapting = times(() => vectorization.adapt(all), 1);
const mapping = times(() => vectorization.call(all));
console.log(`TextVectorization of ${texts} texts, ${words} words: adapt ${adapting.toFixed(2)} s, ids ${mapping.toFixed(2)} s`);

const cities = Array.from({ length: 500 }, (_, i) => `city ${i}`);
const table = {
  age: Float64Array.from({ length: rows }, (_, i) => 20 + 60 * draw(i)),
  income: Float64Array.from({ length: rows }, (_, i) => 1e5 * draw(i + 7) ** 2),
  hours: Float64Array.from({ length: rows }, (_, i) => 80 * draw(i + 11)),
  city: Array.from({ length: rows }, (_, i) => cities[Math.floor(500 * draw(i + 3))]),
  job: Array.from({ length: rows }, (_, i) => `job ${Math.floor(40 * draw(i + 5))}`),
};
const asRows = Array.from({ length: rows }, (_, i) => Object.fromEntries(Object.entries(table).map(([k, v]) => [k, v[i]])));
const space = preprocessing.featureSpace({
  age: 'float_normalized',
  income: 'float_normalized',
  hours: 'float_normalized',
  city: 'string_categorical',
  job: 'string_categorical',
});
const learning = times(() => space.adapt(table));
const fromColumns = times(() => space.call(table));
const fromRows = times(() => space.call(asRows));
console.log(
  `featureSpace of ${rows} rows, 5 columns to ${space.parts.reduce((n, p) => n + p.width, 0)} numbers: adapt ${learning.toFixed(3)} s, columns ${fromColumns.toFixed(3)} s, rows ${fromRows.toFixed(3)} s`,
);

const python = `
import time, numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
n = ${rows}
r = np.random.default_rng(0)
x = np.empty((n, 5), dtype=object)
for c in range(3): x[:, c] = r.uniform(0, 100, n)
x[:, 3] = np.array([f"city {i}" for i in range(500)], dtype=object)[r.integers(0, 500, n)]
x[:, 4] = np.array([f"job {i}" for i in range(40)], dtype=object)[r.integers(0, 40, n)]
def made(sparse):
    return ColumnTransformer([("n", StandardScaler(), [0, 1, 2]), ("c", OneHotEncoder(handle_unknown="ignore", sparse_output=sparse, dtype=np.float32), [3, 4])])
for sparse in (False, True):
    t = made(sparse); begin = time.perf_counter(); t.fit(x); fit = time.perf_counter() - begin
    took = []
    for _ in range(3):
        begin = time.perf_counter(); t.transform(x); took.append(time.perf_counter() - begin)
    print(f"ColumnTransformer of {n} rows, {'sparse' if sparse else 'dense'}: fit {fit:.3f} s, transform {sorted(took)[1]:.3f} s")
`;
const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
const { status, stdout } = spawnSync(process.env.PYTHON ?? 'python3', ['-c', python], { encoding: 'utf8', env });
console.log(status === 0 ? stdout.trim() : 'scikit-learn: not there (PYTHON names a python that has it)');
