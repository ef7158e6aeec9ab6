// What went right.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @returns rows: what, models that went right, of so many, and those of which the other side has none; the failures, a line each */
export function results(folder) {
  const rows = new Map();
  const wrong = [];
  for (const file of readdirSync(folder).filter((name) => /^results\..*\.json$/.test(name)))
    for (const { what, name, result } of JSON.parse(readFileSync(join(folder, file), 'utf8'))) {
      const row = rows.get(what) ?? { what, right: 0, wrong: 0, none: 0 };
      rows.set(what, row);
      const kind = result === 'ok' ? 'right' : result.startsWith('none: ') ? 'none' : 'wrong';
      row[kind]++;
      if (kind === 'wrong') wrong.push(`${what}: ${name}: ${result}`);
    }
  return { rows: [...rows.values()].sort((a, b) => (a.what < b.what ? -1 : 1)), wrong };
}

export const table = (rows) =>
  [
    '| | right | wrong | has no such layer or option |',
    '|---|---|---|---|',
    ...rows.map(({ what, right, wrong, none }) => `| ${what} | ${right} | ${wrong} | ${none || ''} |`),
  ].join('\n');
