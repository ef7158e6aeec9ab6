// node scripts/names.mjs [--check]: writes lib/names.ts, the names of all parts as types, from the tables of the built package. An editor completes them
// at once, which it would not do for types that TypeScript first has to compute from a hundred classes.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure, main, root } from './lib/shell.mjs';

const target = join(root, 'lib/names.ts');

/** Keras's rule, as in lib/registry.ts. */
const snake = (name) =>
  name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

const unique = (names) => [...new Set(names)];

/** The classes of a table in the order of their names, without its base class, which names nothing. */
const classesOf = (table, base) =>
  unique(
    Object.values(table).filter((c) => typeof c === 'function' && typeof c.className === 'string' && c.className !== base),
  ).sort((a, b) => (a.className < b.className ? -1 : 1));

const both = (c) => [snake(c.className), c.className, ...(c.aliases ?? [])];
const words = (c) => [snake(c.className), ...(c.aliases ?? [])].filter((name) => /^[a-z0-9_]+$/.test(name));
const lower = (c) => [c.className.toLowerCase(), c.className];

/** For each kind its names, as Keras spells them. */
export function namesOf(tables) {
  const of = (table, base, spell) => unique(classesOf(tables[table], base).flatMap(spell));
  const losses = of('losses', 'Loss', both);
  return {
    Activation: of('activations', 'Activation', words),
    Constraint: of('constraints', 'Constraint', both),
    Initializer: of('initializers', 'Initializer', both),
    Layer: of('layers', 'Layer', both),
    Loss: losses,
    Metric: unique(['accuracy', 'acc', 'crossentropy', 'ce', ...of('metrics', 'Metric', both), ...losses]),
    Optimizer: of('optimizers', 'Optimizer', lower),
    Regularizer: of('regularizers', 'Regularizer', both),
    Schedule: of('schedules', 'LearningRateSchedule', both),
  };
}

const articles = { Activation: 'an activation', Initializer: 'an initializer', Optimizer: 'an optimizer' };
const remarks = { Metric: ', of losses too' };

/** The text of lib/names.ts. */
export function namesFile(tables) {
  const unions = Object.entries(namesOf(tables)).map(([kind, names]) => {
    const what = articles[kind] ?? `a ${kind.toLowerCase()}`;
    return `/** Names of ${what}${remarks[kind] ?? ''}. */\nexport type ${kind}Name =\n${names.map((name) => `  | '${name}'`).join('\n')};\n`;
  });
  return `// Written by scripts/names.mjs: what the registries know, in Keras's spellings.\n\n${unions.join('\n')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  main('names', () => {
    const text = namesFile(createRequire(import.meta.url)(join(root, 'dist/index.js')));
    if (!process.argv.includes('--check')) writeFileSync(target, text);
    else if (readFileSync(target, 'utf8') !== text) throw new Failure('lib/names.ts is out of date. Run: node scripts/names.mjs');
  });
