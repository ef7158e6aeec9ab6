import { ValueError } from '../errors.js';
import { exponential, fixed } from '../terminal/numbers.js';

/**
 * A path with Python's placeholders filled in: `{epoch:02d}`, `{val_loss:.4f}`, `{batch}`. ValueError ERR_FILE_PATTERN for a name that is not there and for
 * a form that is not known.
 */
export function fillPattern(where: string, pattern: string, values: Readonly<Record<string, unknown>>): string {
  return pattern.replace(/\{(\w+)(?::([^}]*))?\}/g, (whole, name: string, form: string | undefined) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value !== 'number')
      throw new ValueError(
        `${where}: '${pattern}' names '${name}', and there are ${Object.keys(values).join(', ')}.`,
        'ERR_FILE_PATTERN',
      );
    const parts = (form ?? '').match(/^(0?)(\d*)(?:\.(\d+))?([dfeg]?)$/);
    if (!parts)
      throw new ValueError(
        `${where}: '${whole}' is no form that is known, such as {epoch:02d} or {loss:.4f}.`,
        'ERR_FILE_PATTERN',
      );
    const [, zero, width, digits, kind] = parts;
    const text =
      kind === 'e'
        ? exponential(value, Number(digits ?? 6))
        : kind === 'f' || (kind === '' && digits !== undefined)
          ? fixed(value, Number(digits ?? 6))
          : kind === 'd'
            ? String(Math.trunc(value))
            : String(value);
    return text.padStart(Number(width || 0), zero ? '0' : ' ');
  });
}
