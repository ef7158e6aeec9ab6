// Configs that are wrong in any one place: a model or an error of ours that has a code, never anything else.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { modelFromJSON } from '../../lib/load_model.js';
import { buildModel } from '../../lib/saving/from_json.js';
import { newModel } from '../../lib/sequential.js';

const folder = join(__dirname, 'files');
const configs = readdirSync(folder)
  .filter((f) => f.endsWith('.expected.json'))
  .map((f): [string, object] => [f.split('.expected')[0], JSON.parse(readFileSync(join(folder, f), 'utf8')).modelConfig])
  .filter(([, config]) => config);
/** All values in every place take a minute: `npm run fuzz`. */
const every = process.env.GEMMFIT_FUZZ ? 1 : 6;

beforeAll(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
});

const VALUES: unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  Number.POSITIVE_INFINITY,
  Number.NaN,
  2 ** 31,
  2 ** 53,
  '',
  'x',
  'a'.repeat(100_000),
  '__proto__',
  'constructor',
  [],
  [null],
  [[[1]]],
  [-1, 2 ** 40],
  {},
  { a: { b: 1 } },
  { class_name: 'Lambda', config: {} },
  { class_name: '__tuple__', items: [1e9, 1e9] },
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
];

type Path = (string | number)[];
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}
function withValue(config: object, path: Path, value: unknown): object {
  const copy = structuredClone(config);
  let at = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as typeof at;
  at[path[path.length - 1]] = value;
  return copy;
}
const isOurs = (error: unknown): boolean => {
  const { name, code } = error as { name: string; code?: string };
  return ['ValueError', 'RuntimeError', 'TypeError'].includes(name) && /^ERR_/.test(code ?? '');
};

describe.each(configs)('%s', (_, config) => {
  it('is a model or refused, whatever stands in one place', () => {
    for (const [i, path] of pathsOf(config).slice(1).entries())
      for (const value of VALUES.filter((_, v) => (i + v) % every === 0)) {
        try {
          buildModel('loadModel', withValue(config, path, value), newModel, {
            compile: true,
            compileConfig: null,
            customObjects: null,
            weightBytes: 2 ** 20,
          }).dispose();
        } catch (error) {
          if (!isOurs(error)) throw new Error(`${path.join('.')} = ${JSON.stringify(value)?.slice(0, 80)}`, { cause: error });
        }
      }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

it('a model that asks for more weights than its file has is refused before memory is taken', () => {
  const config = (units: number) => ({
    class_name: 'Sequential',
    config: { layers: [{ class_name: 'Dense', config: { units, batch_input_shape: [null, 8] } }] },
  });
  const options = { compile: true, compileConfig: null, customObjects: null, weightBytes: 2 ** 20 };
  expect(() => buildModel('loadModel', config(2 ** 16), newModel, options)).toThrow(
    expect.objectContaining({ code: 'ERR_FILE_REFUSED' }),
  );
  expect(() => modelFromJSON(config(2 ** 52))).toThrow(expect.objectContaining({ code: 'ERR_MEMORY' }));
  expect(buildModel('loadModel', config(2 ** 12), newModel, options).countParams()).toBe(9 * 2 ** 12);
});
