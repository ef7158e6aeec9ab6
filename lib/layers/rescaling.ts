import type { OpSpec } from '../engine/spec.js';
import { show, typeError, ValueError } from '../errors.js';
import { checkNumber } from '../options.js';
import type { Config } from '../registry.js';
import { Layer, type LayerOptions, type Shape } from './layer.js';

/** A number for all, or one for each place of the last axis. */
export type PerFeature = number | ArrayLike<number>;

/** Also takes the form in which Keras writes a NumPy array. */
function read(option: string, given: unknown): number | number[] {
  const { class_name, config } = (given ?? {}) as { class_name?: unknown; config?: { value?: unknown } };
  const value = class_name === '__numpy__' ? config?.value : given;
  if (typeof value === 'number') return checkNumber('Rescaling', option, value);
  const list = Array.isArray(value)
    ? value
    : ArrayBuffer.isView(value)
      ? Array.from(value as unknown as ArrayLike<number>)
      : undefined;
  if (!list || list.length === 0)
    throw typeError(
      `Rescaling: '${option}' must be a number, or numbers for the places of the last axis. Received: ${show(given)}`,
    );
  return list.map((v) => checkNumber('Rescaling', option, v));
}

/**
 * `x * scale + offset`: brings data into the range that a model learns in. See https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/
 * @example layers.rescaling({ scale: 1 / 127.5, offset: -1, inputShape: [28, 28, 1] })   // 0..255 becomes -1..1
 */
export class Rescaling extends Layer {
  static override readonly className = 'Rescaling';
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];

  constructor(
    options: LayerOptions & {
      scale: PerFeature;
      /** Default 0. */
      offset?: PerFeature;
    },
  ) {
    const o = Layer.read('Rescaling', options, { scale: undefined as unknown, offset: 0 as unknown });
    super(o);
    this.scale = read('scale', o.scale);
    this.offset = read('offset', o.offset);
  }

  computeOutputShape(input: Shape): Shape {
    const last = input.at(-1) ?? null;
    for (const [option, value] of Object.entries({ scale: this.scale, offset: this.offset }))
      if (typeof value !== 'number' && value.length !== 1 && last !== null && value.length !== last)
        throw new ValueError(
          `${this.label}: '${option}' has ${value.length} numbers for a last axis of ${last} in samples of shape [${input.map(String)}].`,
          'ERR_SHAPE',
        );
    return input;
  }

  lower(): OpSpec[] {
    return [{ op: 'rescaling', scale: plain(this.scale), offset: plain(this.offset) }];
  }

  protected config(): Config {
    return { scale: plain(this.scale), offset: plain(this.offset) };
  }
}

const plain = (value: number | readonly number[]): number | number[] => (typeof value === 'number' ? value : [...value]);
