import type { Writable } from 'node:stream';
import { show, typeError, ValueError } from '../errors.js';
import type { Model } from '../model/model.js';
import { checkBoolean, readOptions } from '../options.js';
import { writeFileAtomically } from './atomic_file.js';
import { writeFolder } from './folder.js';
import type { Format, WrittenFiles } from './formats/format.js';
import { formatOfName, formatOfPath } from './formats/index.js';

/** What `save` and `saveWeights` write to besides a path: a writable stream of Node, told by what of it is used. */
export interface SaveTarget {
  write(chunk: Uint8Array): boolean;
  end(): void;
}

/** Options of `save`. */
export interface SaveOptions {
  /** Whether a file of that name may be replaced. Default true; false: ValueError ERR_EXISTS where there is one. */
  overwrite?: boolean;
  /** Whether what the optimizer keeps goes with it, so that training goes on as if it had not stopped. Default true. */
  includeOptimizer?: boolean;
  /** `'keras'`, `'h5'`, ...: where the path has no ending that says so, or a stream is written to. Default: by the ending; for streams `'keras'`. */
  format?: string | null;
}

/** Options of `saveWeights`. */
export type SaveWeightsOptions = Omit<SaveOptions, 'includeOptimizer'>;

const writes = (format: Format) => format.write !== undefined;
const writesModels = (format: Format) => writes(format) && format.holds === 'model';

const needsBuilt = (where: string, model: Model) => {
  if (!model.built)
    throw new ValueError(
      `${where}: model '${model.name}' has no weights yet: give the first layer an 'inputShape', call build([null, ...]), or fit it.`,
      'ERR_NOT_BUILT',
    );
};

/** The whole model into a file, or into a stream. */
export async function save(model: Model, target: unknown, options?: SaveOptions): Promise<void> {
  const o = readOptions<Required<SaveOptions>>('save', options, { overwrite: true, includeOptimizer: true, format: null });
  const includeOptimizer = checkBoolean('save', 'includeOptimizer', o.includeOptimizer);
  await write('save', model, target, checkBoolean('save', 'overwrite', o.overwrite), o.format, includeOptimizer, writesModels);
}

/** The weights alone. */
export async function saveWeights(model: Model, target: unknown, options?: SaveWeightsOptions): Promise<void> {
  const o = readOptions<Required<SaveWeightsOptions>>('saveWeights', options, { overwrite: true, format: null });
  const overwrite = checkBoolean('saveWeights', 'overwrite', o.overwrite);
  await write('saveWeights', model, target, overwrite, o.format, true, (format) => writes(format) && format.holds === 'weights');
}

/** The bytes of the file that `save` would write. */
export async function toBuffer(
  model: Model,
  name: unknown = 'keras',
  options?: Pick<SaveOptions, 'includeOptimizer'>,
): Promise<Uint8Array> {
  const o = readOptions('toBuffer', options, { includeOptimizer: true });
  const format = formatOfName('toBuffer', name, writes);
  needsBuilt('toBuffer', model);
  const files = await made(format, model, checkBoolean('toBuffer', 'includeOptimizer', o.includeOptimizer));
  const pieces = files.get('');
  if (!pieces) throw new ValueError(`toBuffer: '${format.name}' is a folder of files; save(path) writes them.`, 'ERR_FORMAT');
  return Buffer.concat([...pieces]);
}

const made = (format: Format, model: Model, includeOptimizer: boolean): Promise<WrittenFiles> =>
  (format.write as NonNullable<Format['write']>)(model, { includeOptimizer });

async function write(
  where: string,
  model: Model,
  target: unknown,
  overwrite: boolean,
  name: string | null,
  includeOptimizer: boolean,
  can: (format: Format) => boolean,
): Promise<void> {
  const stream = isWritable(target);
  if (!stream && (typeof target !== 'string' || !target))
    throw typeError(`${where}: takes the path of a file or a writable stream. Received: ${show(target)}`);
  const format =
    name !== null || stream
      ? formatOfName(where, name ?? (where === 'save' ? 'keras' : 'weights.h5'), can)
      : formatOfPath(where, target as string, can);
  needsBuilt(where, model);
  const files = await made(format, model, includeOptimizer);
  if (stream) return intoStream(where, format, files, target as Writable);
  if (files.has('')) return writeFileAtomically(where, target as string, files.get('') as Iterable<Uint8Array>, overwrite);
  await writeFolder(where, target as string, files, overwrite);
}

const isWritable = (value: unknown): value is Writable =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Writable).write === 'function' &&
  typeof (value as Writable).end === 'function';

async function intoStream(where: string, format: Format, files: WrittenFiles, stream: Writable): Promise<void> {
  const pieces = files.get('');
  if (!pieces)
    throw new ValueError(
      `${where}: '${format.name}' is a folder of files, which do not go into one stream. Give a path.`,
      'ERR_FORMAT',
    );
  const { Readable } = await import('node:stream');
  const { pipeline } = await import('node:stream/promises');
  await pipeline(Readable.from(pieces), stream);
}
