/** What travels to the engine: plain data, read by native/engine/value.h. Names inside are those of the native registries. */
export type SpecValue = null | boolean | number | string | SpecValue[] | { [key: string]: SpecValue | undefined };

/** One op of a program. `weights` are positions in the network's list of variables. */
export type OpSpec = { op: string; weights?: number[] } & { [key: string]: SpecValue | undefined };
