import type * as Package from '../../lib/index.js';

// biome-ignore lint/suspicious/noExplicitAny: cases are JSON as the reference wrote it
type Json = any;

const camel = (s: string) => s.replace(/_([a-z0-9])/g, (_, c) => c.toUpperCase());
const camelKeys = (o: Json) => Object.fromEntries(Object.entries(o ?? {}).map(([k, v]) => [camel(k), v]));
const typed: Json = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};
const number = (v: Json): number =>
  v === 'NaN' || v === null ? Number.NaN : v === 'Infinity' ? Infinity : v === '-Infinity' ? -Infinity : v;

/** Layers that a case uses. */
export const layersOf = (c: Json): string[] => {
  const names = (layers: Json[]): string[] =>
    layers.flatMap((l) =>
      l.class_name === 'Sequential' ? names(l.config.layers) : [l.class_name, ...(l.config.layer ? names([l.config.layer]) : [])],
    );
  return names((c.modelConfig ?? c.modelConfigKeras2).config.layers);
};

function makeCallback(gemmfit: typeof Package, c: Json): unknown {
  const classes = gemmfit.callbacks as Json;
  if (c.class_name === 'LearningRateScheduler')
    return new classes.LearningRateScheduler((epoch: number) => c.config.table[epoch]);
  return new classes[c.class_name](camelKeys(c.config));
}

/** The largest deviation, scaled as the tolerances are: |a - b| / max(1, |b|). */
function differ(problems: string[], where: string, actual: Json, expected: Json, tolerance: number): void {
  const a: number[] = actual?.data ? Array.from(actual.data) : Array.isArray(actual) ? actual : [actual];
  const b: number[] = (expected?.data ?? (Array.isArray(expected) ? expected : [expected])).map(number);
  if (a.length !== b.length) {
    problems.push(`${where}: ${a.length} values, expected ${b.length}`);
    return;
  }
  if (expected?.shape && String(actual.shape) !== String(expected.shape))
    problems.push(`${where}: shape [${actual.shape}], expected [${expected.shape}]`);
  b.forEach((want, i) => {
    const same = Object.is(a[i], want) || a[i] === want;
    if (!same && !(Math.abs(a[i] - want) / Math.max(1, Math.abs(want)) <= tolerance))
      problems.push(`${where}[${i}]: ${a[i]}, expected ${want}`);
  });
}

/** Replays one training that real Keras ran; gives what differs. `note` sees every value that is compared. */
export async function replay(
  gemmfit: typeof Package,
  c: Json,
  note: (where: string, actual: Json) => void = () => {},
): Promise<string[]> {
  const problems: string[] = [];
  const compare = (where: string, actual: Json, expected: Json, tolerance: number) => {
    note(where, actual);
    differ(problems, where, actual, expected, tolerance);
  };
  const tensor = (t: Json) => t && gemmfit.array((typed[t.dtype] ?? Float32Array).from(t.data.map(number)), t.shape);
  const config = structuredClone(c.modelConfig ?? c.modelConfigKeras2);
  delete config.compile_config;
  const model = gemmfit.modelFromJSON(config);
  if (c.initialWeights.length) model.setWeights(c.initialWeights.map(tensor));
  const k = c.compile;
  model.compile({
    optimizer: k.optimizer,
    loss: k.loss,
    ...(k.metrics && { metrics: k.metrics }),
    ...(k.weighted_metrics && { weightedMetrics: k.weighted_metrics }),
    ...(k.sample_weight_mode && { sampleWeightMode: k.sample_weight_mode }),
    ...(k.loss_weights != null && { lossWeights: k.loss_weights }),
  });
  const [x, y, weights] = [tensor(c.data.x), tensor(c.data.y), tensor(c.data.sample_weight)];
  const asX = (t: Json) => (c.xAs === 'dict' ? { [c.inputName]: t } : c.xAs === 'list' ? [t] : t);
  const asY = (t: Json) => (c.yAs === 'dict' ? { [model.outputNames[0]]: t } : t);
  const tol = c.tolerance;
  const want = c.expected;
  const predict = (args: Json) => model.predict(asX(x), { verbose: 0, ...camelKeys(args) });
  // Those before training are of all samples, whatever `predictArgs` says of the later ones.
  compare('initial predictions', await predict({}), c.initialPredictions, tol.initialPredictions ?? tol.predictions);

  const options = (f: Json) => ({
    verbose: 0 as const,
    ...camelKeys(f),
    ...(c.callbacks && { callbacks: c.callbacks.map((callback: Json) => makeCallback(gemmfit, callback)) }),
    ...(weights && { sampleWeight: weights }),
    ...(c.data.x_val && {
      validationData: [
        tensor(c.data.x_val),
        tensor(c.data.y_val),
        ...(c.data.val_sample_weight ? [tensor(c.data.val_sample_weight)] : []),
      ],
    }),
  });
  const check = (h: Json, history: Json, epoch: number[]) => {
    if (String(Object.keys(h.history)) !== String(Object.keys(history)))
      problems.push(`keys ${Object.keys(h.history)}, expected ${Object.keys(history)}`);
    for (const key of Object.keys(history)) if (h.history[key]) compare(key, h.history[key], history[key], tol.history);
    if (String(h.epoch) !== String(epoch)) problems.push(`epochs ${h.epoch}, expected ${epoch}`);
  };
  if (c.mode === 'fit') {
    const h = await model.fit(asX(x), asY(y), options(c.fit));
    check(h, want.history, want.epoch);
    const params = { ...h.params } as Record<string, unknown>;
    for (const [p, v] of Object.entries(want.params ?? {}))
      if (params[p] !== v) problems.push(`params.${p} ${params[p]}, expected ${v}`);
    if (c.fit2) check(await model.fit(asX(x), asY(y), options({ ...c.fit, ...c.fit2 })), want.history2, want.epoch2);
    if (want.iterations !== undefined && model.optimizer.iterations !== want.iterations)
      problems.push(`iterations ${model.optimizer.iterations}, expected ${want.iterations}`);
  } else if (c.mode === 'train_on_batch') {
    for (const [i, [from, to]] of c.batches.entries()) {
      const rows = (t: Json) => t?.slice(from, to);
      const got = await model.trainOnBatch(rows(x), rows(y), {
        ...(c.fit.class_weight && { classWeight: c.fit.class_weight }),
        ...(weights && { sampleWeight: rows(weights) }),
      });
      compare(`batch ${i}`, got, want.batchResults[i], tol.history);
    }
  }
  const finals = model.getWeights();
  if (finals.length !== want.finalWeights.length) problems.push(`${finals.length} weights, expected ${want.finalWeights.length}`);
  finals.forEach((w, i) => {
    compare(`weight ${i}`, w, want.finalWeights[i], tol.weights);
  });
  compare('predictions', await predict(c.predictArgs), want.predictions, tol.predictions);
  const { sampleWeight, ...args } = camelKeys(c.evaluateArgs) as Json;
  const got = await model.evaluate(asX(x), asY(y), {
    verbose: 0,
    returnDict: true,
    ...args,
    ...(sampleWeight && { sampleWeight: weights }),
  });
  for (const [key, v] of Object.entries(want.evaluate ?? {}))
    compare(`evaluate.${key}`, (got as Json)[key], v, tol.evaluate ?? tol.history);
  model.dispose();
  return problems;
}
