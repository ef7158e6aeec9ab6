import { RuntimeError } from '../errors.js';

/** A library that only those install who use what needs it. Its name is no literal where it is imported: a bundler would look for it in every program. */
export async function peer<T>(where: string, name: 'apache-arrow' | 'sharp'): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    const isMissing = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((cause as { code?: string }).code ?? '');
    const message = isMissing
      ? `${where} needs the package ${name}, which is not installed: npm i ${name}`
      : `${where}: the package ${name} could not be loaded: ${(cause as Error).message}`;
    throw Object.assign(new RuntimeError(message, 'ERR_PEER'), { cause });
  }
}
