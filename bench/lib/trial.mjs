// What runners in JavaScript share: node RUNNER.mjs MANIFEST EPOCHS BUDGET MOST [THREADS], the clock, the line of JSON at the end.
import { readFileSync } from 'node:fs';
import { readData } from './data.mjs';
import { growth } from './memory.mjs';

const [manifestFile, epochs, budget, most, threads] = process.argv.slice(2);

/** The workload with x and y, and the number of threads asked for. */
export function readTrial() {
  const workload = JSON.parse(readFileSync(manifestFile, 'utf8'));
  return { workload, threads, ...readData(workload) };
}

/** All epochs; or five and BUDGET seconds; or at least one, and MOST seconds. */
export function enough(times) {
  const spent = times.reduce((sum, t) => sum + t, 0);
  return times.length >= Number(epochs) || (times.length >= 5 && spent > Number(budget)) || spent > Number(most);
}

/** Hooks of `fit` that time epochs, and stop the model when they are enough. */
export function clock(model) {
  const times = [];
  let start = 0;
  return {
    times,
    onEpochBegin: () => {
      start = performance.now();
    },
    onEpochEnd: () => {
      times.push((performance.now() - start) / 1000);
      if (enough(times)) model.stopTraining = true;
    },
  };
}

/** The most epochs: the clock may end them before. */
export const mostEpochs = Number(epochs);

export function reportTrial(result) {
  console.log(JSON.stringify({ ...result, ...growth() }));
}
