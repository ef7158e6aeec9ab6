// Large arrays go through the library's memory in parts: it would take all of one besides.
import type { Dataset, ready } from 'h5wasm';
import type { ReadFile, WrittenFile } from './storage.mjs';

type Module = Awaited<typeof ready>;

/** Arrays from here on go in parts, of at most so many bytes. */
export const LARGE = 2 ** 20;
const PART = 4 * 2 ** 20;

/** A part of an array whose numbers follow each other. */
interface Part {
  offset: bigint[];
  count: bigint[];
  bytes: number;
}

/** An array's parts in their order: rows of the first axis that is not too long, one index of those before it. */
export function* partsOf(shape: readonly number[], size: number): Generator<Part> {
  const inner = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, d) => n * d, size));
  const axis = Math.max(
    0,
    inner.findIndex((bytes) => bytes <= PART),
  );
  const rows = Math.max(1, Math.floor(PART / inner[axis]));
  const outer = shape.slice(0, axis).reduce((n, d) => n * d, 1);
  for (let i = 0; i < outer; i++) {
    const before: number[] = [];
    let rest = i;
    for (let a = axis - 1; a >= 0; a--) {
      before.unshift(rest % shape[a]);
      rest = Math.floor(rest / shape[a]);
    }
    for (let row = 0; row < shape[axis]; row += rows) {
      const count = Math.min(rows, shape[axis] - row);
      yield {
        offset: [...before, row, ...shape.slice(axis + 1).map(() => 0)].map(BigInt),
        count: [...before.map(() => 1), count, ...shape.slice(axis + 1)].map(BigInt),
        bytes: count * inner[axis],
      };
    }
  }
}

const strides = (shape: readonly number[]) => shape.map(() => 1n);

/** Memory of the library while `use` runs. */
function withMemory(module: Module, bytes: number, use: (at: number) => void): void {
  const at = module._malloc(bytes);
  if (at === 0) throw new RangeError(`the library has no ${bytes} bytes`);
  try {
    use(at);
  } finally {
    module._free(at);
  }
}

/** A dataset's numbers, which it has been made without. */
export function writeParts(
  module: Module,
  file: WrittenFile,
  dataset: Dataset,
  shape: readonly number[],
  data: ArrayBufferView,
): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const size = (data as Float32Array).BYTES_PER_ELEMENT;
  let done = 0;
  withMemory(module, PART, (at) => {
    for (const part of partsOf(shape, size)) {
      const from = bytes.subarray(done, done + part.bytes);
      module.HEAPU8.set(from, at);
      file.writes(from, () =>
        module.set_dataset_data(dataset.file_id, dataset.path, part.count, part.offset, strides(shape), BigInt(at)),
      );
      done += part.bytes;
    }
  });
}

/**
 * A dataset's numbers: where they lie in the file, if they lie there as they are and where `alignment` allows, else a copy.
 * @param size bytes of an element
 */
export function readParts(module: Module, file: ReadFile, dataset: Dataset, shape: readonly number[], size: number): Uint8Array {
  const total = shape.reduce((n, d) => n * d, size);
  let start = -1;
  let copy: Uint8Array | null = null;
  let done = 0;
  withMemory(module, PART, (at) => {
    for (const part of partsOf(shape, size)) {
      const place = file.placeOf(() => {
        module.get_dataset_data(dataset.file_id, dataset.path, part.count, part.offset, strides(shape), BigInt(at));
      });
      if (done === 0) start = place;
      const got = module.HEAPU8.subarray(at, at + part.bytes);
      const there = file.bytes.subarray(start + done, start + done + part.bytes);
      const readable = start >= 0 && (file.bytes.byteOffset + start) % size === 0;
      if (!copy && !(readable && Buffer.compare(got, there) === 0)) {
        copy = new Uint8Array(total);
        if (done > 0) copy.set(file.bytes.subarray(start, start + done));
      }
      copy?.set(got, done);
      done += part.bytes;
    }
  });
  return copy ?? file.bytes.subarray(start, start + total);
}
