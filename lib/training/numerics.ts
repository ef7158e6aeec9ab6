import type { RunResult } from '../../binding.js';
import type { Tensor } from '../data/convert.js';
import { RuntimeError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import { Engine } from '../model/engine.js';
import type { Model } from '../model/model.js';
import { sizeOf } from '../shapes.js';
import { rowSize } from './samples.js';

/** Samples that are looked at in one go. */
const ROWS = 256;

/** Looks after each batch whether its loss and all weights are finite numbers, and says which layer was the first where they are not. */
export class NumericsCheck {
  #batch = 0;

  /** @param x the samples; null where they come as a dataset, which cannot be asked again */
  constructor(
    private readonly model: Model,
    private readonly x: Tensor | null,
  ) {}

  /** Trains batch by batch, each from a copy of all that training changes. */
  async run(engine: Engine, count: number, reset: boolean, train: (reset: boolean) => Promise<RunResult>): Promise<RunResult> {
    let all: RunResult | null = null;
    do {
      const back = engine.remember();
      const { calls } = this.model.optimizer;
      const { state } = this.model.counters;
      const result = await train(reset && all === null);
      const broken = result.done > 0 ? this.#broken() : null;
      if (result.lossNotFinite >= 0 || broken) {
        back();
        this.model.optimizer.calls = calls;
        this.model.counters.state = state;
        throw this.#error(broken);
      }
      all = all ? { ...result, done: all.done + result.done, samples: all.samples + result.samples } : result;
      this.#batch += result.done;
      if (result.done === 0) break;
    } while (all.done < count && !engine.wasStopped);
    return all;
  }

  /** The layer nearest the output whose weights are no numbers: gradients come from there. */
  #broken(): Layer | null {
    const { layers } = this.model;
    for (let i = layers.length - 1; i >= 0; i--)
      if (layers[i].weights.some((w) => !(w.read().data as Float32Array).every(Number.isFinite))) return layers[i];
    return null;
  }

  #error(broken: Layer | null): RuntimeError {
    const at = `fit: checkNumerics: batch ${this.#batch} of this fit (counted from 0)`;
    const mend =
      'The weights are as they were before it. A smaller learning rate, clipnorm or inputs of about -1 to 1 may mend it.';
    const found = this.#firstOutput();
    const what = found
      ? `the output of layer '${found.layer.name}' is ${found.value} for sample ${found.sample}`
      : broken
        ? `all outputs are finite, and the gradient of layer '${broken.name}' is not`
        : 'all outputs are finite, and the loss is not';
    return new RuntimeError(`${at}: ${what}. ${mend}`, 'ERR_NUMERICS');
  }

  /** The first layer, from the input up, that gives a number which is not finite, in prediction. */
  #firstOutput(): { layer: Layer; sample: number; value: number } | null {
    const { x, model } = this;
    if (!x) return null;
    const sample = x.shape.slice(1);
    const size = rowSize(x);
    for (let k = 1; k <= model.layers.length; k++) {
      const { inputShape } = model.shapes();
      const { counters, turns } = model;
      const layers = model.layers.slice(0, k);
      const engine = new Engine({
        layers,
        inputShape,
        outputShape: [],
        width: null,
        compilation: null,
        counters,
        session: () => turns.session,
      });
      try {
        const width = sizeOf(engine.outputShape(sample));
        for (let row = 0; row < x.shape[0]; row += ROWS) {
          const rows = Math.min(ROWS, x.shape[0] - row);
          const outputs = new Float32Array(rows * width);
          engine.predictSync(x.data.subarray(row * size, (row + rows) * size) as Float32Array, sample, outputs);
          const at = outputs.findIndex((v) => !Number.isFinite(v));
          if (at >= 0) return { layer: layers[k - 1], sample: row + Math.floor(at / width), value: outputs[at] };
        }
      } finally {
        engine.dispose();
      }
    }
    return null;
  }
}
