// What dist's declarations tell an editor and the compiler: mistakes are errors, right uses none, names are completed, factories are documented.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { blocksOf } from './support/documentation.js';
import { mistakes } from './types/mistakes.js';
import { uses } from './types/uses.js';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'test/packaging/none');

const values =
  'activations, array, callbacks, constraints, data, initializers, input, layers, losses, metrics, NDArray, optimizers, ' +
  'registerSerializable, regularizers, schedules, search, Sequential, sequential, setDtypePolicy, ValueError';
const types =
  'ArrayInput, CallbackLike, DatasetLike, FitOptions, History, Initializer, Layer, Logs, Loss, LossName, Metric, MetricIdentifier, Optimizer, ' +
  'OptimizerName, Regularizer, Shape, StopReason, Weight';
const prelude = `import { ${values} } from 'gemmfit'; import type { ${types} } from 'gemmfit'; declare const model: Sequential; declare const x: NDArray; declare const y: NDArray;`;
const file = (code: string) => `${prelude}\n${code}\nexport {};\n`;

/** A service over files that exist only here, with the package's name resolved to what is built. */
function serviceOver(files: ReadonlyMap<string, string>, more: ts.CompilerOptions = {}) {
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    noEmit: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    types: [],
    ...more,
  };
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => options,
    getScriptFileNames: () => [...files.keys()],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const text = files.get(path) ?? ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => files.has(path) || ts.sys.fileExists(path),
    readFile: (path) => files.get(path) ?? ts.sys.readFile(path),
    directoryExists: ts.sys.directoryExists,
  };
  return ts.createLanguageService(host);
}

/** Errors of a file, as the compiler words them. */
function errorsOf(service: ts.LanguageService, path: string): string[] {
  const found = [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)];
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

const wrong = new Map(mistakes.map((code, i) => [join(folder, `wrong${i}.mts`), file(code)]));
const right = new Map(uses.map((code, i) => [join(folder, `right${i}.mts`), file(code)]));
const nothing = join(folder, 'nothing.mts');
const asks = new Map<string, { text: string; at: number }>();
/** A file with a question at the place of the mark `|`. */
function ask(name: string, code: string): string {
  const path = join(folder, `${name}.mts`);
  const marked = file(code);
  asks.set(path, { text: marked.replace('|', ''), at: marked.indexOf('|', prelude.length) });
  return path;
}

const completions = [
  ['activation', "layers.dense({ units: 1, activation: '|' });", ['relu', 'leaky_relu', 'softmax']],
  ['kernelInitializer', "layers.dense({ units: 1, kernelInitializer: '|' });", ['he_normal', 'GlorotUniform']],
  ['loss', "model.compile({ loss: '|' });", ['mse', 'mean_squared_error', 'MeanSquaredError']],
  ['metrics', "model.compile({ metrics: ['|'] });", ['accuracy', 'mse', 'AUC']],
  ['optimizer', "model.compile({ optimizer: '|' });", ['adam', 'RMSprop']],
  ['padding', "layers.conv2d({ filters: 1, kernelSize: 1, padding: '|' });", ['valid', 'same']],
  ['mode', "callbacks.earlyStopping({ mode: '|' });", ['auto', 'min', 'max']],
].map(([name, code, wanted]) => ({ name, path: ask(`complete_${name}`, code as string), wanted }) as const);

const hovers = [
  ['layers.dense', 'layers.de|nse({ units: 1 });', 'A fully connected layer'],
  ['layers.conv2d', 'layers.con|v2d({ filters: 1, kernelSize: 1 });', 'Convolution'],
  ['optimizers.adam', 'optimizers.ad|am();', 'Steps along the average gradient'],
  ['losses.huber', 'losses.hub|er();', 'https://keras.io/api/losses/regression_losses/#huber-class'],
  ['metrics.auc', 'metrics.au|c();', 'Area under'],
  ['callbacks.earlyStopping', 'callbacks.earlySto|pping();', 'Stops'],
  ['initializers.heNormal', 'initializers.heNor|mal();', 'normal'],
  ['regularizers.l2', 'regularizers.l|2();', 'sum(w^2)'],
  ['constraints.maxNorm', 'constraints.maxNo|rm();', 'Scales weights down'],
  ['schedules.cosineDecay', 'schedules.cosineDe|cay({ initialLearningRate: 1, decaySteps: 1 });', 'cosine'],
  ['activations.relu', 'activations.re|lu();', '`x` above `threshold`'],
].map(([name, code, sentence]) => ({ name, path: ask(`hover_${name}`, code as string), sentence }) as const);

let service: ts.LanguageService;
beforeAll(() => {
  const asked = [...asks].map(([path, { text }]) => [path, text] as const);
  service = serviceOver(new Map([...wrong, ...right, ...asked, [nothing, file('')]]));
});

describe('mistakes', () => {
  test('there are forty, and what stands around them is right', () => {
    expect(wrong.size).toBeGreaterThanOrEqual(40);
    expect(errorsOf(service, nothing)).toEqual([]);
  });

  test.each([...wrong])('%s', (path, text) => {
    expect(errorsOf(service, path), text.slice(prelude.length)).not.toEqual([]);
  });
});

describe('right uses, under the strictest options', () => {
  test('there are forty', () => {
    expect(right.size).toBeGreaterThanOrEqual(40);
  });

  test.each([...right])('%s', (path, text) => {
    expect(errorsOf(service, path), text.slice(prelude.length)).toEqual([]);
  });
});

// typescript 5.9.3; its `types: []` and `lib` stay as they are.
const init = ts.convertCompilerOptionsFromJson(
  {
    module: 'nodenext',
    target: 'esnext',
    types: [],
    sourceMap: true,
    declaration: true,
    declarationMap: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    strict: true,
    jsx: 'react-jsx',
    verbatimModuleSyntax: true,
    isolatedModules: true,
    noUncheckedSideEffectImports: true,
    moduleDetection: 'force',
    skipLibCheck: true,
  },
  folder,
).options;

describe("the README's twelve lines, under what `tsc --init` writes", () => {
  const [block] = blocksOf('README.md', readFileSync(join(root, 'README.md'), 'utf8'));
  const code = block?.code ?? '';
  const names = /^import \{([^}]*)\} from 'gemmfit';$/m;
  const esm = join(folder, 'esm.mts');
  const commonjs = join(folder, 'commonjs.cts');
  // CommonJS has no `import { ... }` under verbatimModuleSyntax, and waits in functions only.
  const required = code.replace(names, "import gemmfit = require('gemmfit');\nconst {$1} = gemmfit;\nasync function main() {");
  const readme = serviceOver(
    new Map([
      [esm, code],
      [commonjs, `${required}\n}\nmain();\n`],
    ]),
    init,
  );

  test('they are a module', () => {
    expect(code).toMatch(names);
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(12);
  });
  test.each([['ES module', esm] as const, ['CommonJS', commonjs] as const])('%s', (_, path) => {
    expect(errorsOf(readme, path)).toEqual([]);
  });
});

describe('an editor', () => {
  test.each(completions)('completes $name', ({ path, wanted }) => {
    const found = service.getCompletionsAtPosition(path, asks.get(path)?.at ?? 0, {})?.entries.map((entry) => entry.name);
    expect(found).toEqual(expect.arrayContaining(wanted as string[]));
  });

  test.each(hovers)('shows what $name makes', ({ path, sentence }) => {
    const info = service.getQuickInfoAtPosition(path, asks.get(path)?.at ?? 0);
    const shown = `${ts.displayPartsToString(info?.documentation)} ${(info?.tags ?? []).map((tag) => ts.displayPartsToString(tag.text)).join(' ')}`;
    expect(shown).toContain(sentence);
  });
});

test('no declaration that is reached from the names needs the types of Node', () => {
  const program = ts.createProgram([join(root, 'dist/index.d.ts')], {
    types: [],
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
  });
  const found = ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, ' '));
  expect(found).toEqual([]);
});
