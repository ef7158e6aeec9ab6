import type { TypedArray } from '../data/elements.js';
import type { XInput } from '../data/inputs.js';
import { NDArray } from '../data/ndarray.js';
import { ValueError } from '../errors.js';
import { work } from '../preprocessing/lazy.js';
import type { Raw } from '../preprocessing/raw.js';
import { runLayer } from './by_itself.js';
import { Layer, type Lowering, type Shape } from './layer.js';
import { Nested } from './nested.js';
import { TextArray } from './text_array.js';

/**
 * A layer that works on data before they reach the engine: on texts, ids of any size, columns. It stands first in a stack, or behind others of its kind.
 * What it makes of a whole data set is made once, in JavaScript; ops of its own may follow in the engine, and then no other such layer.
 */
export abstract class FrontLayer extends Layer {
  static override readonly computesItself = true;
  static override readonly noActivityRegularizer: string | undefined = 'it works on data before they reach the engine';

  /** @internal What its data are in Keras's words: texts or whole numbers. */
  abstract get takes(): 'string' | 'int64' | 'float32';

  /** @internal Whether an object is data to it, and not arrays by the names of inputs. */
  readonly takesDictionary: boolean = false;

  /** @internal Data as users give them. */
  read(where: string, value: unknown): Raw {
    return work().readRaw(where, value);
  }

  /** @internal What goes on to the next layer, of samples of its input shape. */
  abstract map(where: string, x: Raw): Raw;

  /** @internal The shape of a sample where only data tell it. Flat data are a column, as everywhere. */
  sampleOf(x: Raw): Shape {
    return x.shape.length > 1 ? x.shape.slice(1) : [1];
  }

  /** Most have no ops in the engine. */
  override lower(): ReturnType<Layer['lower']> {
    return [];
  }

  override lowerInto(x: number, input: Shape, lowering: Lowering): number {
    if (x !== 0)
      throw new ValueError(
        `${this.label} works on data before they reach the engine and so must be the first layer. Received it behind others: put it first, and what stands before it into the data.`,
        'ERR_LAYER',
      );
    return super.lowerInto(x, input, lowering);
  }

  /**
   * What it makes of data, by itself: numbers as an NDArray, terms as a `TextArray`. A flat list is one of samples.
   * @param x data as `fit` takes them
   */
  override call(x: XInput): NDArray<TypedArray> | TextArray {
    const where = `${this.label}: x`;
    const read = this.read(where, x);
    const sample = this.sampleOf(read);
    const { data, shape } = this.map(where, { data: read.data, shape: [read.shape[0], ...(sample as number[])] });
    const isFlat = read.shape.length === 1 && shape.length === 2 && shape[1] === 1;
    if (work().isText(data)) return new TextArray(data, isFlat ? read.shape : shape);
    if (!this.hasOps) return new NDArray(data, isFlat ? [...read.shape] : [...shape]);
    this.buildFor(sample);
    return runLayer(this, sample, new NDArray(data, [...shape]));
  }

  /** Whether ops in the engine follow. */
  protected get hasOps(): boolean {
    return false;
  }
}

/** The layers at the beginning of a stack that work on data before the engine, also those at the beginning of a model inside. */
export function frontOf(layers: readonly Layer[]): FrontLayer[] {
  const front: FrontLayer[] = [];
  for (const layer of layers) {
    const own = layer instanceof Nested ? frontOf(layer.layers) : layer instanceof FrontLayer ? [layer] : [];
    front.push(...own);
    const whole = layer instanceof Nested ? own.length === layer.layers.length : own.length === 1;
    if (!whole) break;
  }
  return front;
}
