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
    super(message);
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
    super(message);
    this.name = 'RuntimeError';
    this.code = code;
  }
}

/** A built-in `TypeError` that carries a `code`: unknown option names and values of the wrong type. */
export function typeError(message: string, code = 'ERR_TYPE'): TypeError & { code: string } {
  return Object.assign(new TypeError(message), { code });
}

/** How a value is shown in a message: short, and telling its kind. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length})`;
  if (Array.isArray(value)) return value.length > 8 ? `an array of ${value.length}` : `[${value.map(show).join(', ')}]`;
  const name = value.constructor?.name;
  return name && name !== 'Object' ? `a ${name}` : `an object with keys [${Object.keys(value).slice(0, 8).join(', ')}]`;
}
