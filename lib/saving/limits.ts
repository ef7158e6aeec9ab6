import { checkNumber, readOptions } from '../options.js';

/** What a file may hold before what it says of itself is believed. Files come from anywhere. */
export interface FileLimits {
  /** Bytes of the file, and of all that it holds once unpacked. Default 2^33 (8 GiB). */
  bytes?: number;
  /** Members of an archive, or files of a folder. Default 10,000. */
  members?: number;
  /** How many times its packed size a member of an archive may be. Default 1,000. */
  expansion?: number;
  /** Tensors, groups and attributes. Default 100,000. */
  objects?: number;
  /** Groups inside groups. Default 64. */
  depth?: number;
  /** Seconds that reading an HDF5 file may take: a damaged one could keep its library at work for ever. Default 600. */
  seconds?: number;
}

const defaults: Required<FileLimits> = {
  bytes: 2 ** 33,
  members: 10_000,
  expansion: 1000,
  objects: 100_000,
  depth: 64,
  seconds: 600,
};

export function readLimits(where: string, given: unknown): Required<FileLimits> {
  const limits = readOptions<Required<FileLimits>>(`${where}: 'limits'`, given, defaults);
  for (const [name, value] of Object.entries(limits)) checkNumber(`${where}: limits`, name, value, { min: 1, integer: true });
  return limits;
}
