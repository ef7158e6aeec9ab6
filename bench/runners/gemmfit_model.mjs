import { layersOf, sampleShape } from '../lib/stack.mjs';

/** A workload's model in gemmfit. */
export async function buildModel(workload) {
  const gemmfit = await import('../../dist/index.mjs');
  const { layers, sequential, setRandomSeed } = gemmfit;
  setRandomSeed(1);
  const { data, loss } = workload;
  const model = sequential(
    layersOf(workload).map(([name, options], i) =>
      layers[name]({ ...options, ...(i === 0 && { inputShape: sampleShape(data) }) }),
    ),
  );
  model.compile({ optimizer: 'adam', loss, metrics: loss.includes('crossentropy') ? ['accuracy'] : [] });
  return { model, gemmfit };
}
