import { statSync } from 'node:fs';
import { ValueError } from '../../errors.js';
import type { Format } from './format.js';
import { h5Format } from './h5.js';
import { kerasFormat } from './keras.js';
import { npzFormat } from './npz.js';
import { onnxFormat } from './onnx.js';
import { safetensorsFormat } from './safetensors.js';
import { tfjsFormat } from './tfjs.js';
import { weightsH5Format } from './weights_h5.js';

/** Every format of files. */
const formats: readonly Format[] = [kerasFormat, h5Format, weightsH5Format, safetensorsFormat, npzFormat, onnxFormat, tfjsFormat];

const byEnding = formats
  .flatMap((format) => format.endings.map((ending) => ({ ending, format })))
  .sort((a, b) => b.ending.length - a.ending.length);

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const known = (list: readonly Format[]) => list.flatMap((f) => f.endings).join(', ');

/** The format of a path, by its ending. ValueError ERR_FORMAT where it has none of those that `can` allows. */
export function formatOfPath(where: string, path: string, can: (format: Format) => boolean): Format {
  const name = `/${path.replaceAll('\\', '/')}`.toLowerCase();
  const found =
    byEnding.find(({ ending }) => name.endsWith(ending))?.format ??
    (name.endsWith('/') || isFolder(path) ? formats.find((format) => format.folder) : undefined);
  if (found && can(found)) return found;
  throw new ValueError(
    `${where}: the ending of the file says in which format it is, one of ${known(formats.filter(can))}. Received: '${path}'`,
    'ERR_FORMAT',
  );
}

/** The format of a name such as 'keras'. */
export function formatOfName(where: string, name: unknown, can: (format: Format) => boolean): Format {
  const found = formats.find((format) => format.name === name);
  if (found && can(found)) return found;
  const names = formats.filter(can).map((f) => `'${f.name}'`);
  throw new ValueError(
    `${where}: the format must be one of ${names.join(', ')}. Received: ${typeof name === 'string' ? `'${name}'` : String(name)}`,
    'ERR_FORMAT',
  );
}

/** The format of bytes without a name. */
export function formatOfBytes(where: string, bytes: Uint8Array, can: (format: Format) => boolean): Format {
  const found = formats.find((format) => can(format) && format.recognizes?.(bytes));
  if (found) return found;
  throw new ValueError(
    `${where}: these ${bytes.byteLength} bytes begin like no format that is known (${known(formats.filter(can))}).`,
    'ERR_FORMAT',
  );
}
