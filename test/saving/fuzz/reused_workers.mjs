// A thread that reads HDF5 starts in a tenth of a second and reads a small file in a thousandth. Here it reads many before it ends: what a package of the product
// starts is a stand-in for one that is kept.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';

const { Worker } = threads;
/** Files that one thread reads: a library that has seen that many damaged ones may itself be in disorder. */
const MOST = 500;
let kept = null;
let files = 0;

function take(file, options) {
  if (kept && files++ < MOST) return kept;
  kept?.terminate();
  files = 0;
  kept = new Worker(file, options);
  kept.unref();
  kept.on('exit', () => {
    kept = null;
  });
  return kept;
}

class Reused {
  #worker;
  #listeners = [];
  constructor(file, options) {
    this.#worker = take(file, options);
    this.#worker.ref();
  }
  once(name, listener) {
    this.#listeners.push([name, listener]);
    this.#worker.once(name, listener);
  }
  postMessage(...given) {
    this.#worker.postMessage(...given);
  }
  async terminate() {
    for (const [name, listener] of this.#listeners) this.#worker.off(name, listener);
    this.#worker.unref();
  }
}
threads.Worker = Reused;
syncBuiltinESMExports();
