import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { format } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as diagnose from '../../lib/diagnose.js';
import * as gemmfit from '../../lib/index.js';
import { blocksOf, compilerOptions, type Example, entries, examplesOf, publicNames, root } from './support/documentation.js';

const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join(root, 'lib', file));
const pages = ['', 'docs/'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => folder + file),
);
const read = (path: string) => readFileSync(path, 'utf8');

const comments = sources.flatMap((path) => examplesOf(relative(root, path), read(path)));
const blocks = pages.flatMap((page) => blocksOf(page, read(join(root, page))));

const guides = blocks.filter((block) => block.file === 'README.md' || block.file.startsWith('docs/'));

/** What a block of code says that it prints, line by line. */
const told = (code: string): string[] => [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line);

/** A folder with a model as `model.save` of TensorFlow.js leaves it. */
function saveAsTensorFlowJS(folder: string): void {
  const { file, weights } = JSON.parse(read(join(root, 'test/saving/tfjs_models.json'))).normalization;
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.json'), JSON.stringify(file));
  writeFileSync(join(folder, 'weights.bin'), Float32Array.from(weights));
}

// What examples may count on without saying so: every public name, a model, and data that fits it.
const globals = `
  type Package = typeof import('gemmfit');
  declare global {
    ${Object.keys(gemmfit)
      .map((name) => `const ${name}: Package['${name}'];`)
      .join('\n    ')}
    type Logs = import('gemmfit').Logs;
    type NDArray = import('gemmfit').NDArray;
    type RuntimeError = import('gemmfit').RuntimeError;
    type Tensor = import('gemmfit').Tensor;
    const model: import('gemmfit').Sequential;
    const x: import('gemmfit').NDArray;
    const y: import('gemmfit').NDArray;
    const batches: [import('gemmfit').NDArray, import('gemmfit').NDArray][];
  }
  export {};`;

const parsed = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says of these, in one run, each as a module of its own; messages name the example's place. */
function check(examples: Example[]): string[] {
  const folder = join(root, 'test/packaging/none');
  const files = new Map(examples.map((example, i) => [join(folder, `${i}.mts`), example]));
  const texts = new Map([...files].map(([path, { code }]) => [path, `${code}\nexport {};\n`]));
  texts.set(join(folder, 'globals.mts'), globals);
  const options: ts.CompilerOptions = {
    ...compilerOptions(),
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    paths: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, [path]])),
    // Examples show names that they do not use.
    noUnusedLocals: false,
    noUnusedParameters: false,
    // As strict as users' projects may be.
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (path, version) => {
    const text = texts.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, version, true);
    // Runs share what they read: parsing is most of their time.
    if (!parsed.has(path)) parsed.set(path, getSourceFile.call(host, path, version));
    return parsed.get(path);
  };
  host.fileExists = (path) => texts.has(path) || fileExists.call(host, path);
  host.readFile = (path) => texts.get(path) ?? readFile.call(host, path);
  const program = ts.createProgram([...texts.keys()], options, host);
  return [...texts.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText, start = 0 }) => {
      const example = files.get(path);
      const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + (example?.line ?? 0);
      return `${example?.file ?? 'globals'}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

describe('examples', () => {
  test('there are some, of comments and of pages', () => {
    expect(comments.length).toBeGreaterThan(200);
    expect(guides.length).toBeGreaterThan(20);
    expect(guides.some(({ code }) => told(code).length > 0)).toBe(true);
  });

  test('all compile', () => {
    expect(check([...comments, ...blocks])).toEqual([]);
  });

  test('every entry of a table that there is at run time is known to the compiler', () => {
    const tables = Object.entries(gemmfit).filter(([, value]) => typeof value === 'object' && !('gemmfit' in value));
    expect(tables.map(([name]) => name)).toContain('layers');
    const lines = tables.flatMap(([name, table]) => Object.keys(table).map((entry) => `${name}.${entry};`));
    expect(check([{ file: 'tables', line: 1, code: lines.join('\n') }])).toEqual([]);
  });

  test('one that does not compile is told, with its place', () => {
    const wrong = [
      '/**\n * Text.\n * @example\n * layers.dense({ units: 1 });\n * layers.dense({ unit: 1 });\n */\nexport const a = 1;',
    ];
    const [example] = wrong.flatMap((text) => examplesOf('wrong.ts', text));
    expect(check([example])).toEqual([expect.stringMatching(/^wrong\.ts:5: .*'unit'/)]);
    const page = blocksOf('page.md', "# Title\n```ts\nimport { sequentail } from 'gemmfit';\n```\n");
    expect(check(page)).toEqual([expect.stringMatching(/^page\.md:3: .*'sequentail'/)]);
  });
});

describe('examples run', () => {
  const start = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'gemmfit-examples-'));

  beforeAll(() => {
    process.chdir(folder);
    saveAsTensorFlowJS('my-model');
    for (const name of ['train.parquet', 'x.npy', 'y.npy', 'train.npz', 'train.h5', 'train.arrow', 'pets'])
      cpSync(join(root, 'test/datasets/files', name), name, { recursive: true });
    const rows = Array.from({ length: 40 }, (_, i) => ({ a: i % 7, b: i % 5, c: 1, d: 0.5, target: i % 2 }));
    writeFileSync('train.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    writeFileSync(
      'train.csv',
      `a,b,c,d,target\n${Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 5},1,0.5,${i % 2}`).join('\n')}\n`,
    );
    writeFileSync('model.json', JSON.stringify(gemmfit.sequential([gemmfit.layers.dense({ units: 1, inputShape: [4] })])));
    vi.spyOn(console, 'log').mockImplementation((...values) => {
      printed.push(...format(...values).split('\n'));
    });
    vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
  });
  afterAll(() => {
    vi.restoreAllMocks();
    process.chdir(start);
    rmSync(folder, { recursive: true, force: true });
    gemmfit.setDtypePolicy('float32');
  });

  const nodeRequire = createRequire(import.meta.url);
  const packages: Record<string, unknown> = { gemmfit, 'gemmfit/diagnose': diagnose };
  const AsyncFunction = (async () => {}).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>;

  const printed: string[] = [];

  /** Runs it; what it printed. */
  async function run(code: string): Promise<string[]> {
    printed.length = 0;
    gemmfit.setDtypePolicy('float32');
    // It has no shape before it sees data: what examples compile it with need not go with one output.
    const model = gemmfit.sequential([gemmfit.layers.dense({ units: 1, activation: 'sigmoid' })]);
    model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['accuracy'] });
    const x = gemmfit.array(
      Float32Array.from({ length: 40 * 4 }, (_, i) => (i % 7) / 7),
      [40, 4],
    );
    const y = gemmfit.array(
      Float32Array.from({ length: 40 }, (_, i) => i % 2),
      [40, 1],
    );
    const known = { ...gemmfit, model, x, y, batches: [[x, y]] };
    // In a block, so that an example may have a model of its own.
    const { outputText } = ts.transpileModule(`${code}\nexport {};`, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    const body = new AsyncFunction('require', 'exports', ...Object.keys(known), `{${outputText}}`);
    await body((name: string) => packages[name] ?? nodeRequire(name), {}, ...Object.values(known));
    return [...printed];
  }

  test.each(comments.map((example) => [`${example.file}:${example.line}`, example.code]))('%s runs', async (_, code) => {
    await run(code);
  });

  test.each(guides.map((example) => [`${example.file}:${example.line}`, example.code]))('%s runs', async (_, code) => {
    const lines = await run(code);
    expect(lines.filter((line) => told(code).includes(line))).toEqual(told(code));
  });

  test('one that throws is told', async () => {
    await expect(run('layers.dense({ units: -1 })')).rejects.toThrow("'units' must be");
  });

  test('what it prints is heard', async () => {
    expect(await run('console.log([1, 2], new Float32Array(1));')).toEqual(['[ 1, 2 ] Float32Array(1) [ 0 ]']);
    expect(told('a(); // prints 1\n// prints [ 2 ]\n')).toEqual(['1', '[ 2 ]']);
  });
});

describe('public names', () => {
  const names = publicNames();

  test('the tables are among them', () => {
    const found = names.map((entry) => entry.name);
    for (const name of ['sequential', 'layers.Dense', 'losses.Huber', 'optimizers.Adam', 'FitOptions', 'diagnose'])
      expect(found).toContain(name);
  });

  test('each has a comment', () => {
    expect(names.filter((entry) => !entry.summary).map((entry) => `${entry.name} (${entry.where})`)).toEqual([]);
  });

  test('each but types has an example', () => {
    const values = names.filter((entry) => entry.kind === 'value');
    expect(values.filter((entry) => !entry.examples).map((entry) => `${entry.name} (${entry.where})`)).toEqual([]);
  });
});
