import { show, ValueError } from '../errors.js';
import type { FileSource } from './formats/format.js';
import { isObject } from './plain.js';
import type { Tensor } from './tensor.js';
import { toFloat32 } from './tensor.js';

const SIZES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 };

type Named = [name: string, tensor: Tensor];

/** The arrays of a `weightsManifest`, by name: those of the model, and what its optimizer kept. */
export interface Manifest {
  model: Named[];
  optimizer: Named[];
}

export async function readManifest(source: FileSource, manifest: unknown): Promise<Manifest> {
  const { where, limits } = source;
  const damaged = (what: string) => new ValueError(`${where}: weightsManifest: ${what}`, 'ERR_FILE');
  if (!Array.isArray(manifest)) throw damaged(`must be a list of groups. Received: ${show(manifest)}`);
  const out: Manifest = { model: [], optimizer: [] };
  let files = 0;
  for (const group of manifest) {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw damaged(`a group must have 'paths' and 'weights'. Received: ${show(group)}`);
    files += group.paths.length;
    if (files > limits.members || out.model.length + out.optimizer.length + group.weights.length > limits.objects)
      throw new ValueError(`${where}: names more files or weights than the limits allow.`, 'ERR_FILE_REFUSED');
    const shards: Uint8Array[] = [];
    for (const path of group.paths) {
      if (typeof path !== 'string') throw damaged(`paths must be texts. Received: ${show(path)}`);
      shards.push(await source.sibling(path.replace(/^\.\//, '')));
    }
    readGroup(damaged, shards.length === 1 ? shards[0] : Buffer.concat(shards), group.weights, out);
  }
  return out;
}

function readGroup(damaged: (what: string) => ValueError, bytes: Uint8Array, specs: unknown[], out: Manifest): void {
  let at = 0;
  for (const spec of specs) {
    if (!isObject(spec) || typeof spec.name !== 'string' || !Array.isArray(spec.shape))
      throw damaged(`a weight must have a name and a shape. Received: ${show(spec)}`);
    const label = `weight '${spec.name.slice(0, 80)}'`;
    const shape = spec.shape as number[];
    const count = shape.reduce((n, d) => (Number.isSafeInteger(d) && d >= 0 ? n * d : Number.NaN), 1);
    const quantized = isObject(spec.quantization) ? spec.quantization : null;
    const kind = String(quantized ? quantized.dtype : spec.dtype);
    const size = Object.hasOwn(SIZES, kind) ? SIZES[kind] * count : Number.NaN;
    if (Number.isNaN(count)) throw damaged(`${label} has the shape ${show(shape)}.`);
    if (Number.isNaN(size)) throw damaged(`${label} is of type ${show(kind)}; known are ${Object.keys(SIZES).join(', ')}.`);
    if (!(at + size <= bytes.byteLength))
      throw damaged(`${label} needs ${size} bytes, and its files have ${bytes.byteLength - at} more.`);
    const own = new Uint8Array(bytes.subarray(at, at + size)).buffer;
    at += size;
    const to = spec.group === 'optimizer' ? out.optimizer : out.model;
    to.push([spec.name, { shape, data: numbers(damaged, label, kind, own, quantized) }]);
  }
  if (at !== bytes.byteLength) throw damaged(`its files have ${bytes.byteLength} bytes, and its weights ${at}.`);
}

type Quantization = Record<string, unknown>;

function numbers(
  damaged: (what: string) => ValueError,
  label: string,
  kind: string,
  bytes: ArrayBuffer,
  quantized: Quantization | null,
): ArrayBufferView {
  if (kind === 'float32') return new Float32Array(bytes);
  if (kind === 'int32') return new Int32Array(bytes);
  if (kind === 'float16') return toFloat32(label, { shape: [], data: new Uint16Array(bytes), dtype: 'float16' });
  const levels = kind === 'uint16' ? new Uint16Array(bytes) : new Uint8Array(bytes);
  if (!quantized) return levels;
  const { scale, min } = quantized;
  if (typeof scale !== 'number' || typeof min !== 'number') throw damaged(`${label} is quantized without 'scale' and 'min'.`);
  return Float32Array.from(levels, (level) => level * scale + min);
}
