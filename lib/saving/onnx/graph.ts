import { ValueError } from '../../errors.js';
import { bytes, float, integer, message, type Pieces, text } from '../../protobuf.js';

/** A tensor of the graph: its name, and the shape of one sample, null where only the data tell a size. */
export interface Value {
  name: string;
  shape: (number | null)[];
  /** Steps that are samples here, inside TimeDistributed; the outermost first. */
  within?: number[];
}

export type Attribute = number | string | number[] | string[] | { float: number } | { floats: number[] };

const FLOAT = 1;
const INT32 = 6;
const INT64 = 7;
export const OPSET = 17;

function attribute(name: string, value: Attribute): Pieces {
  const kind = (type: number) => integer(20, type);
  if (typeof value === 'number') return [...text(1, name), ...integer(3, value), ...kind(2)];
  if (typeof value === 'string') return [...text(1, name), ...text(4, value), ...kind(3)];
  if (!Array.isArray(value))
    return 'float' in value
      ? [...text(1, name), ...float(2, value.float), ...kind(1)]
      : [...text(1, name), ...value.floats.flatMap((v) => float(7, v)), ...kind(6)];
  if (typeof value[0] === 'string') return [...text(1, name), ...(value as string[]).flatMap((v) => text(9, v)), ...kind(8)];
  return [...text(1, name), ...(value as number[]).flatMap((v) => integer(8, v)), ...kind(7)];
}

function info(name: string, type: number, shape: readonly (number | null)[]): Pieces {
  const dims = ['N', ...shape].flatMap((d, i) => message(1, typeof d === 'number' ? integer(1, d) : text(2, d ?? `d${i}`)));
  return [...text(1, name), ...message(2, message(1, [...integer(1, type), ...message(2, dims)]))];
}

/** An ONNX graph under construction. */
export class Graph {
  readonly #nodes: Pieces[] = [];
  readonly #initializers: Pieces[] = [];
  readonly #constants = new Map<string, string>();
  #names = 0;
  /** The layer whose ops are being written, for messages. */
  label = '';
  /** Whether steps are masked from here on. */
  masked = false;

  constructor(
    /** The model's weights, by their positions in the program. */
    readonly weight: (position: number) => { shape: readonly number[]; data: Float32Array },
  ) {}

  /** ValueError ERR_ONNX, in the layer's name. */
  refuse(what: string): ValueError {
    return new ValueError(
      `save: ${this.label}: ONNX cannot express ${what}. Save the model as .keras, or leave the layer out.`,
      'ERR_ONNX',
    );
  }

  /** What a layer needs a known size for. */
  known(shape: readonly (number | null)[], what: string): number[] {
    if (shape.includes(null)) throw this.refuse(`${what} where a size is known only with the data`);
    return shape as number[];
  }

  #name(hint: string): string {
    return `${hint}_${this.#names++}`;
  }

  floats(shape: readonly number[], data: Float32Array | readonly number[]): string {
    const values = data instanceof Float32Array ? data : Float32Array.from(data);
    const name = this.#name('weight');
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#initializers.push([...shape.flatMap((d) => integer(1, d)), ...integer(2, FLOAT), ...text(8, name), ...bytes(9, raw)]);
    return name;
  }
  scalar(value: number): string {
    const key = `f${value}`;
    let name = this.#constants.get(key);
    if (!name) {
      name = this.floats([], [value]);
      this.#constants.set(key, name);
    }
    return name;
  }
  integers(values: readonly number[]): string {
    const key = `i${values}`;
    let name = this.#constants.get(key);
    if (!name) {
      name = this.#name('shape');
      const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      this.#initializers.push([...integer(1, values.length), ...integer(2, INT64), ...text(8, name), ...bytes(9, raw)]);
      this.#constants.set(key, name);
    }
    return name;
  }

  /** A node; the names of its outputs. */
  nodes(type: string, inputs: readonly string[], attributes: Record<string, Attribute | undefined> = {}, outputs = 1): string[] {
    const names = Array.from({ length: outputs }, () => this.#name(type));
    this.#nodes.push([
      ...inputs.flatMap((name) => text(1, name)),
      ...names.flatMap((name) => text(2, name)),
      ...text(3, names[0]),
      ...text(4, type),
      ...Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : message(5, attribute(name, value)))),
    ]);
    return names;
  }
  /** A node of one output. */
  node(type: string, inputs: readonly string[], attributes: Record<string, Attribute | undefined> = {}): string {
    return this.nodes(type, inputs, attributes)[0];
  }

  /** The whole model. */
  model(
    name: string,
    input: { name: string; shape: readonly (number | null)[]; ids: boolean },
    output: Value,
    version: string,
  ): Pieces {
    const named = this.node('Identity', [output.name]);
    const graph = [
      ...this.#nodes.flatMap((node) => message(1, node)),
      ...text(2, name),
      ...this.#initializers.flatMap((tensor) => message(5, tensor)),
      ...message(11, info(input.name, input.ids ? INT32 : FLOAT, input.shape)),
      ...message(12, info(named, FLOAT, output.shape)),
    ];
    return [
      ...integer(1, 8),
      ...text(2, 'gemmfit'),
      ...text(3, version),
      ...message(7, graph),
      ...message(8, [...text(1, ''), ...integer(2, OPSET)]),
    ];
  }
}
