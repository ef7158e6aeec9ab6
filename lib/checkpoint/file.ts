import { join } from 'node:path';
import { crc32, crc32InTurns } from '../crc32.js';
import { RuntimeError, ValueError } from '../errors.js';
import { files, writeFileAtomically } from '../saving/atomic_file.js';
import { readLimits } from '../saving/limits.js';
import { bytesOf, readSafetensors, writeSafetensors } from '../saving/safetensors.js';
import { fileSource } from '../saving/source.js';
import { parseStrictJson } from '../saving/strict_json.js';
import type { Stored } from './encode.js';
import { checkMeta } from './validate.js';

/** Versions of the form of checkpoints: another first number is refused. */
const FORMAT = 1;

/** One checkpoint: arrays by name, and all else as JSON. */
export interface CheckpointFile {
  meta: Record<string, unknown>;
  tensors: Map<string, Stored>;
}

const PATTERN = /^checkpoint-(\d{8,})-(\d{8,})\.safetensors$/;
const nameOf = (epoch: number, step: number) =>
  `checkpoint-${String(epoch).padStart(8, '0')}-${String(step).padStart(8, '0')}.safetensors`;

const hex = (n: number) => n.toString(16).padStart(8, '0');

/** The names of the checkpoints of a folder, the newest first. */
export async function listCheckpoints(folder: string): Promise<string[]> {
  const names = await files.readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw Object.assign(new RuntimeError(`checkpoint: the folder ${folder} could not be read: ${error.message}`, 'ERR_READ'), {
      cause: error,
    });
  });
  const order = (name: string) => (name.match(PATTERN) as RegExpMatchArray).slice(1).map(Number);
  return names
    .filter((name) => PATTERN.test(name))
    .sort((a, b) => {
      const [ea, sa] = order(a);
      const [eb, sb] = order(b);
      return eb - ea || sb - sa;
    });
}

const TEMPORARY = /^\.checkpoint-\d{8,}-\d{8,}\.safetensors\..*\.tmp$/;

/** Removes what a process that was killed in the middle of writing a checkpoint left in its folder. */
export async function removeTorn(folder: string): Promise<void> {
  const names = await files.readdir(folder).catch(() => []);
  for (const name of names) if (TEMPORARY.test(name)) await files.rm(join(folder, name), { force: true }).catch(() => undefined);
}

/** CRC-32 of each array. */
async function checksums(tensors: CheckpointFile['tensors']): Promise<Record<string, string>> {
  const sums: [string, string][] = [];
  const crcOf = crc32InTurns();
  for (const [name, { data }] of tensors) sums.push([name, hex(await crcOf([bytesOf(data)]))]);
  return Object.fromEntries(sums);
}

/** Writes a checkpoint of the epoch and the step that are next, and removes the oldest beyond `keep`. */
export async function writeCheckpoint(
  folder: string,
  file: CheckpointFile,
  epoch: number,
  step: number,
  keep: number,
): Promise<string> {
  await files.mkdir(folder, { recursive: true });
  const crc = await checksums(file.tensors);
  const state = JSON.stringify({ ...file.meta, crc });
  const metadata = {
    format: 'gemmfit-checkpoint',
    version: String(FORMAT),
    state,
    crc: hex(crc32(new TextEncoder().encode(state))),
  };
  const name = nameOf(epoch, step);
  await writeFileAtomically('checkpoint', join(folder, name), writeSafetensors(file.tensors, metadata));
  for (const old of (await listCheckpoints(folder)).slice(keep)) await files.rm(join(folder, old), { force: true });
  return name;
}

/** All that a checkpoint holds, whole. ValueError ERR_FILE where it is damaged, ERR_CHECKPOINT where it is of a version that this one cannot read. */
export async function readCheckpointFile(folder: string, name: string): Promise<CheckpointFile> {
  const path = join(folder, name);
  const limits = readLimits('checkpoint', {});
  const source = fileSource(`checkpoint ${path}`, path, limits);
  const { tensors, metadata } = readSafetensors(source.where, await source.bytes(), limits);
  const damaged = (why: string) => new ValueError(`${source.where}: ${why}.`, 'ERR_FILE');
  const state = metadata.get('state');
  if (metadata.get('format') !== 'gemmfit-checkpoint' || state === undefined) throw damaged('is no checkpoint');
  if (metadata.get('version') !== String(FORMAT))
    throw new ValueError(
      `${source.where}: is of version ${metadata.get('version')}; this program reads version ${FORMAT}.`,
      'ERR_CHECKPOINT',
    );
  if (metadata.get('crc') !== hex(crc32(new TextEncoder().encode(state))))
    throw damaged('its state has another checksum than it says');
  const meta = parseStrictJson(source.where, state) as Record<string, unknown>;
  if (typeof meta !== 'object' || meta === null || typeof meta.crc !== 'object' || meta.crc === null)
    throw damaged('is no checkpoint of a training');
  const sums = meta.crc as Record<string, string>;
  const stored = new Map<string, Stored>();
  for (const [tensor, { shape, data }] of tensors) {
    if (!ArrayBuffer.isView(data) || !Object.hasOwn(sums, tensor) || sums[tensor] !== hex(crc32(bytesOf(data))))
      throw damaged(`its array '${tensor}' has another checksum than it says`);
    stored.set(tensor, { shape, data });
  }
  for (const tensor of Object.keys(sums)) if (!stored.has(tensor)) throw damaged(`its array '${tensor}' is missing`);
  const file = { meta, tensors: stored };
  checkMeta(source.where, file);
  return file;
}

/** Of a file that is not whole, or that the disk does not give. */
const DAMAGED = new Set<string | undefined>(['ERR_FILE', 'ERR_JSON', 'ERR_READ']);

/** The newest checkpoint that is whole; damaged ones are named in a warning and passed over. null where there is none. */
export async function newestCheckpoint(folder: string): Promise<{ name: string; file: CheckpointFile } | null> {
  const names = await listCheckpoints(folder);
  let damaged: string | null = null;
  for (const name of names) {
    try {
      const file = await readCheckpointFile(folder, name);
      if (damaged) process.emitWarning(`${damaged} Training goes on from ${name} instead.`, { code: 'GEMMFIT_CHECKPOINT' });
      return { name, file };
    } catch (error) {
      if (!DAMAGED.has((error as { code?: string }).code)) throw error;
      damaged = (error as Error).message;
    }
  }
  if (damaged) throw new ValueError(`${damaged} There is no whole checkpoint in ${folder}.`, 'ERR_NO_CHECKPOINT');
  return null;
}

/** Removes all checkpoints of a folder; other files stay. */
export async function removeCheckpoints(folder: string): Promise<void> {
  for (const name of await listCheckpoints(folder)) await files.rm(join(folder, name), { force: true });
}
