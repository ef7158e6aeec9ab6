/** Longest message: whatever was passed, a log stays readable. */
const LONGEST = 600;

/** The beginning, which says where and what, and the end, which says how to mend it. */
const shortened = (message: string): string =>
  message.length <= LONGEST ? message : `${message.slice(0, 350)} ... ${message.slice(-(LONGEST - 355))}`;

/**
 * Base of what gemmfit throws: an `Error` with a machine-readable `code` such as `'ERR_SHAPE'`.
 * @example
 * try {
 *   layers.dense({ units: -1 });
 * } catch (error) {
 *   if (error instanceof ValueError) console.log(error.code); // ERR_OUT_OF_RANGE
 * }
 */
export class ValueError extends Error {
  readonly code: string;
  constructor(message: string, code = 'ERR_VALUE') {
    super(shortened(message));
    this.name = 'ValueError';
    this.code = code;
  }
}

/**
 * Thrown where a call comes at the wrong time: before `compile`, while a fit is running, after `dispose`.
 * @example
 * try {
 *   await sequential([layers.dense({ units: 1, inputShape: [4] })]).fit(x, y);
 * } catch (error) {
 *   if (error instanceof RuntimeError) console.log(error.code); // ERR_NOT_COMPILED
 * }
 */
export class RuntimeError extends Error {
  readonly code: string;
  constructor(message: string, code = 'ERR_RUNTIME') {
    super(shortened(message));
    this.name = 'RuntimeError';
    this.code = code;
  }
}

/** A built-in `TypeError` that carries a `code`: unknown option names and values of the wrong type. */
export function typeError(message: string, code = 'ERR_TYPE'): TypeError & { code: string } {
  return Object.assign(new TypeError(shortened(message)), { code });
}

/** How a value is shown in a message: short, and telling its kind. Never throws, whatever getters and proxies do. */
export function show(value: unknown, depth = 0): string {
  try {
    return describe(value, depth);
  } catch {
    return `${typeof value === 'function' ? 'a function' : 'an object'} that cannot be read`;
  }
}

const cut = (text: string, most = 60): string => (text.length > most ? `${text.slice(0, most - 3)}...` : text);

function describe(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(cut(value));
  if (typeof value === 'function') return value.name ? `function ${cut(String(value.name))}` : 'a function';
  if (typeof value === 'bigint') return `${cut(String(value))}n`;
  if (value === null || typeof value !== 'object') return cut(String(value));
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length ?? value.byteLength})`;
  if (Array.isArray(value)) {
    // Lists in lists may go on for ever.
    if (value.length > 8 || depth > 2) return `an array of ${value.length}`;
    // Array.from: also where there are holes.
    return `[${Array.from(value, (v) => show(v, depth + 1)).join(', ')}]`;
  }
  if (isPromise(value)) return 'a Promise (did you forget await?)';
  const name = value.constructor?.name;
  if (typeof name === 'string' && name && name !== 'Object') return `a ${cut(name)}`;
  return `an object with keys [${Object.keys(value)
    .slice(0, 8)
    .map((key) => cut(key, 30))
    .join(', ')}]`;
}

export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
