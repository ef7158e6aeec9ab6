/** What travels to the engine: plain data, read by native/engine/value.h. Names inside are those of the native registries. */
export type SpecValue = null | boolean | number | string | SpecValue[] | { [key: string]: SpecValue | undefined };

/** What a layer says of an op. `weights` are positions in the network's list of variables. */
export type OpSpec = { op: string; weights?: number[] } & { [key: string]: SpecValue | undefined };

/** An op in its place: the values it reads and the one it makes. Value 0 is the batch. `stream` is where its random numbers come from. */
export type ProgramOp = OpSpec & { inputs: number[]; output: number; stream: number[] };
