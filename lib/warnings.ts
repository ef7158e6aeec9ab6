const shown = new Set<string>();

/** What makes warnings the same: names, numbers and what is shown of values may differ. */
const kindOf = (code: string, message: string): string =>
  `${code} ${message
    .replace(/'[^']*'/g, "''")
    .replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/gi, '0')
    .replace(/0(, 0)+/g, '0')}`;

/** A warning of the process, once a kind: fifty models made the same way warn once. */
export function warnOnce(code: string, message: string, type?: string): void {
  const kind = kindOf(code, message);
  if (shown.has(kind)) return;
  shown.add(kind);
  process.emitWarning(message, { code, ...(type === undefined ? {} : { type }) });
}
