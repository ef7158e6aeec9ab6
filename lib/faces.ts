// Users hold a `Sequential`, which shows what is public. The rest of the package works with the core behind it.

const cores = new WeakMap<object, object>();

/** Notes the core behind an object that users hold. */
export function noteCore(face: object, core: object): void {
  cores.set(face, core);
}

/** The core behind an object that users hold, as far as the asking room knows of it. undefined for anything else. */
export function coreOf<T extends object>(face: unknown): T | undefined {
  return typeof face === 'object' && face !== null ? (cores.get(face) as T | undefined) : undefined;
}
