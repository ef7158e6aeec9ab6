// Which file of lib/ imports which, types too, and two rules: no circles, and arrows between rooms go down.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { root } from './shell.mjs';

/**
 * The rooms of lib/, from the top down: files and folders of one line are one room. A file imports from its own room and from those below.
 * A new folder needs a place here.
 */
export const rooms = [
  ['cli.ts', 'cli/'],
  ['index.ts', 'diagnose.ts', 'diagnose/'],
  ['data.ts', 'load_model.ts', 'sequential.ts', 'tune.ts'],
  ['training/'],
  ['lazy.ts', 'files.ts'],
  ['tuning/'],
  ['datasets/'],
  ['checkpoint/'],
  ['saving/'],
  ['model/'],
  ['callbacks/'],
  ['layers/'],
  ['preprocessing/'],
  [
    ...['activations/', 'constraints/', 'initializers/', 'losses/', 'metrics/', 'optimizers/', 'regularizers/', 'schedules/'],
    'identifiers.ts',
  ],
  ['ops/'],
  ['evaluation/'],
  ['plots/'],
  ['data/', 'terminal/', 'option_types.ts', 'logs.ts'],
  ['engine/'],
  ['registry.ts', 'table.ts', 'part_config.ts', 'names.ts', 'dtype_policy.ts'],
  [
    ...[
      'binaries.ts',
      'crc32.ts',
      'errors.ts',
      'events.ts',
      'faces.ts',
      'memory.ts',
      'options.ts',
      'package_json.d.ts',
      'protobuf.ts',
    ],
    ...['random.ts', 'shapes.ts', 'warnings.ts'],
  ],
];

/** The files of a folder, each with the files of the folder that it imports: paths within it. */
export function importsOf(folder) {
  const ts = createRequire(join(root, 'package.json'))('typescript');
  const name = (path) => relative(folder, path).split(sep).join('/');
  const files = readdirSync(folder, { recursive: true }).filter((file) => /\.m?ts$/.test(file));
  return new Map(
    files.map((file) => {
      const path = join(folder, file);
      const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'), true, true);
      const targets = importedFiles
        .filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => join(dirname(path), fileName.replace(/\.(m?)js$/, '.$1ts')))
        .filter((target) => existsSync(target) && !name(target).startsWith('../'));
      return [name(path), [...new Set(targets.map(name))].sort()];
    }),
  );
}

/** One circle of each knot of files that import each other: `a.ts -> b.ts -> a.ts`. */
export function circles(imports) {
  const found = [];
  const done = new Set();
  const visit = (file, path) => {
    if (done.has(file)) return;
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push([...path.slice(at), file].join(' -> '));
      return;
    }
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}

/** Imports that go up from one room to another, and files that have no room. */
export function arrowsUp(imports, order = rooms) {
  const roomOf = (file) =>
    order.findIndex((room) => room.some((place) => file === place || (place.endsWith('/') && file.startsWith(place))));
  return [...imports].flatMap(([file, targets]) => {
    if (roomOf(file) < 0) return [`${file} has no room: give it a place in scripts/lib/imports.mjs`];
    return targets
      .filter((target) => roomOf(target) >= 0 && roomOf(target) < roomOf(file))
      .map((target) => `${file} imports ${target}, which stands above it`);
  });
}
