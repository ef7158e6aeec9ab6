// What the tests of files share.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { writeHdf5 } from '../../lib/saving/hdf5/hdf5.js';
import type { Hdf5Group } from '../../lib/saving/hdf5/tree.js';
import { writeZip } from '../../lib/saving/zip_writer.js';
import type { Sequential } from '../../lib/sequential.js';

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gemmfit-saving-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The weights of a model, to be compared to the bit. */
export const bits = (model: Sequential) => model.getWeights().map((w) => Buffer.from(w.data.buffer).toString('base64'));

/** An archive of these members, as `.keras` and `.npz` files are. */
export async function archiveOf(members: Readonly<Record<string, Uint8Array | string>>): Promise<Buffer> {
  const entries = Object.entries(members).map(([name, data]) => [name, { pieces: [Buffer.from(data)] }] as const);
  return Buffer.concat(await writeZip(new Map(entries)));
}

/** An HDF5 file of these groups. */
export const hdf5Of = async (group: Hdf5Group): Promise<Buffer> => Buffer.concat((await writeHdf5('test', group)).pieces);
