import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './workloads.mjs';

/** A workload's model and data, in a runner's process: what is imported here would count as memory of those who need it not. */
export async function prepared(name) {
  const { readData } = await import('./data.mjs');
  const manifest = JSON.parse(readFileSync(join(cacheFolder, `${name}.json`), 'utf8'));
  const { buildModel } = await import('../runners/gemmfit_model.mjs');
  return { ...(await buildModel(manifest)), ...readData(manifest), workload: manifest };
}
