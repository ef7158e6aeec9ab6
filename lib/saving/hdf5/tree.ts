/** What an attribute of an HDF5 object may be here: texts and numbers. */
export type Hdf5Attribute = string | number | string[] | number[];

/** A dataset of an HDF5 file: numbers of one kind, row by row. */
export interface Hdf5Array {
  dtype:
    | 'float32'
    | 'float64'
    | 'float16'
    | 'int64'
    | 'int32'
    | 'int16'
    | 'int8'
    | 'uint64'
    | 'uint32'
    | 'uint16'
    | 'uint8'
    | 'string';
  shape: number[];
  /** A typed array of that kind; texts where `dtype` is 'string'. */
  data: ArrayBufferView | string[];
  attributes: Map<string, Hdf5Attribute>;
}

/** A group of an HDF5 file with all that is in it. Maps: names come from files. */
export interface Hdf5Group {
  attributes: Map<string, Hdf5Attribute>;
  groups: Map<string, Hdf5Group>;
  arrays: Map<string, Hdf5Array>;
}

export const emptyGroup = (): Hdf5Group => ({ attributes: new Map(), groups: new Map(), arrays: new Map() });

/** The numbers of all datasets. */
export function* arraysOf(group: Hdf5Group): Generator<ArrayBufferView> {
  for (const { data } of group.arrays.values()) if (ArrayBuffer.isView(data)) yield data;
  for (const child of group.groups.values()) yield* arraysOf(child);
}

/** The group at a path below another, made where it is missing. */
export function groupAt(root: Hdf5Group, path: string): Hdf5Group {
  let at = root;
  for (const name of path.split('/').filter(Boolean)) {
    let next = at.groups.get(name);
    if (!next) {
      next = emptyGroup();
      at.groups.set(name, next);
    }
    at = next;
  }
  return at;
}

/** The group at a path, where there is one. */
export function findGroup(root: Hdf5Group, path: string): Hdf5Group | undefined {
  let at: Hdf5Group | undefined = root;
  for (const name of path.split('/').filter(Boolean)) at = at?.groups.get(name);
  return at;
}

/** The dataset at a path, where there is one. */
export function findArray(root: Hdf5Group, path: string): Hdf5Array | undefined {
  const cut = path.lastIndexOf('/');
  return findGroup(root, cut < 0 ? '' : path.slice(0, cut))?.arrays.get(path.slice(cut + 1));
}

/** What a file may hold before its contents are believed. */
export interface Hdf5Limits {
  /** Groups, datasets and attributes together. */
  objects: number;
  /** Groups inside groups. */
  depth: number;
  /** Bytes of all datasets and attributes together, as they lie in memory. */
  bytes: number;
  /** How many times the file's own bytes that may be. */
  expansion: number;
  /** Of reading it. */
  seconds: number;
}

export type Hdf5Request = { read: Uint8Array; limits: Hdf5Limits } | { write: Hdf5Group };
export type Hdf5Answer = { group: Hdf5Group } | Hdf5File | { error: string; refused: boolean };

/** A file that was made, in pieces, and the CRC-32 of all. */
export interface Hdf5File {
  pieces: Uint8Array[];
  crc: number;
}
