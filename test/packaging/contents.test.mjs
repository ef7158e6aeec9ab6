import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { wrongFiles, wrongLinks, wrongManifest } from '../../scripts/pack/contents.mjs';
import { example, firstBlock, forms, oneEpoch, wrongOutput } from '../../scripts/pack/example.mjs';

const needed = { sources: ['native/engine/step.cc'], binaries: ['prebuilds/linux-x64/gemmfit.glibc.node'] };
const files = [
  ...[
    'package.json',
    'README.md',
    'LICENSE',
    'bin/gemmfit.mjs',
    'binding.d.ts',
    'CMakeLists.txt',
    'dist/cli.js',
    'dist/files.js',
    'dist/data_worker.mjs',
    'dist/hdf5_worker.mjs',
    'dist/shared.js',
    'dist/layers/core.d.ts',
  ],
  ...['ARCHITECTURE', 'CHANGELOG', 'CONTRIBUTING', 'SECURITY', 'VERSIONING'].map((page) => `${page}.md`),
  'docs/README.md',
  'docs/data.md',
  ...['index', 'diagnose'].flatMap((name) => ['js', 'mjs', 'bundle.mjs', 'd.ts', 'd.mts'].map((kind) => `dist/${name}.${kind}`)),
  ...needed.sources,
  ...needed.binaries,
];

describe('files of the package', () => {
  test('those that it needs are right', () => expect(wrongFiles(files, needed)).toEqual([]));

  const free = ['dist/layers/core.d.ts', 'docs/data.md'];
  test.each(files.filter((file) => !free.includes(file)))('without %s it is wrong', (file) => {
    const without = files.filter((other) => other !== file);
    expect(wrongFiles(without, needed)).toEqual([`${file} is not in it`]);
  });

  test.each([
    'node_modules/esbuild/package.json',
    'build/Release/gemmfit.node',
    'native/test/gemm_test.cc',
    'test/layers/dense.test.ts',
    'prebuilds/linux-x64/gemmfit.node',
    'scripts/setup.mjs',
    'docs/notes.txt',
    'docs/drafts/data.md',
    'lib/index.ts',
    'dist/index.js.map',
    'dist/other.js',
    '.npmrc',
  ])('%s does not belong into it', (file) => {
    expect(wrongFiles([...files, file], needed)).toEqual([`${file} does not belong into it`]);
  });
});

describe('the manifest', () => {
  const entry = (kind) => ({ types: `./dist/index.d.${kind}ts`, default: `./dist/index.${kind}js` });
  const manifest = {
    main: './dist/index.js',
    bin: { gemmfit: 'bin/gemmfit.mjs' },
    exports: { '.': { import: entry('m'), require: entry('') }, './package.json': './package.json' },
    homepage: 'https://example.org/#readme',
    repository: { type: 'git', url: 'git+https://example.org/a.git' },
    bugs: { url: 'https://example.org/issues' },
    scripts: { build: 'node scripts/build.mjs' },
    devDependencies: { esbuild: '1.0.0' },
  };

  test('one that installs and runs nothing is right', () => expect(wrongManifest(manifest, files)).toEqual([]));

  test.each([
    [{ binary: { napi_versions: [8] } }, 'it has the field binary'],
    [{ scripts: { install: 'node-gyp rebuild' } }, 'it has the script install'],
    [{ scripts: { postinstall: 'node download.js' } }, 'it has the script postinstall'],
    [{ dependencies: { bindings: '^1.0.0' } }, 'dependencies has bindings, which training does not need'],
    [{ optionalDependencies: { fsevents: '*' } }, 'optionalDependencies has fsevents, which training does not need'],
    [{ repository: undefined }, 'it has no repository'],
    [{ bugs: undefined }, 'it has no bugs'],
    [{ main: './dist/main.js' }, 'it names dist/main.js, which is not there'],
    [{ bin: { gemmfit: 'bin/other.mjs' } }, 'it names bin/other.mjs, which is not there'],
    [{ exports: { '.': { import: entry('m'), require: {} } } }, 'exports has no types for both import and require'],
  ])('%j: %s', (change, message) => {
    expect(wrongManifest({ ...manifest, ...change }, files)).toEqual([message]);
  });

  test('binding.gyp makes npm run node-gyp', () => {
    expect(wrongManifest(manifest, [...files, 'binding.gyp'])).toEqual(['binding.gyp makes npm build at install']);
  });
});

describe('what the package leads to', () => {
  const texts = {
    'README.md': '# C: c`s\nsee [a](docs/A.md#the-2-parts), [b](https://example.org/b), [c](#c-cs) and ![d](d.svg)',
    'docs/A.md': '[back](../README.md)\n## The `2` Parts\n',
    'examples/a.mjs': "import { b } from './data/b.mjs';\nimport { c } from 'gemmfit';\n",
  };
  const read = (file) => texts[file] ?? '';

  test('is right where all of it is packed', () => {
    expect(wrongLinks([...Object.keys(texts), 'd.svg', 'examples/data/b.mjs'], read)).toEqual([]);
  });

  test('is told where it is not', () => {
    expect(wrongLinks(['README.md', 'examples/a.mjs'], read)).toEqual([
      'README.md leads to docs/A.md#the-2-parts, which is not there',
      'README.md leads to d.svg, which is not there',
      'examples/a.mjs leads to ./data/b.mjs, which is not there',
    ]);
  });

  test('is told where a page has no such heading', () => {
    const other = (file) => (file === 'docs/A.md' ? '## Another part\n' : file === 'README.md' ? `${read(file)} [e](#e)` : '');
    expect(wrongLinks(['README.md', 'docs/A.md', 'd.svg'], other)).toEqual([
      'README.md leads to docs/A.md#the-2-parts, which is not there',
      'README.md leads to #e, which is not there',
    ]);
  });

  test('is there in this package, and the examples travel with it', () => {
    const root = resolve(import.meta.dirname, '../..');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const printed = execFileSync(npm, ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      shell: process.platform === 'win32',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [packed] = Object.values(JSON.parse(printed));
    const files = packed.files.map(({ path }) => path);
    expect(wrongLinks(files, (file) => readFileSync(join(root, file), 'utf8'))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining(['examples/digits_cnn.mjs', 'examples/data/sunspots.csv', 'VERSIONING.md', 'docs/data.md']),
    );
  }, 60_000);
});

describe("the README's example", () => {
  test('is the first block of TypeScript that trains', () => {
    const code = "import { a } from 'gemmfit';\nawait a.fit();\n";
    expect(firstBlock(`text\n\`\`\`sh\nnpm i\n\`\`\`\n\`\`\`ts\n${code}\`\`\`\n`)).toBe(code);
    expect(() => firstBlock('```ts\nconst a = 1;\n```\n')).toThrow('trains nothing');
  });

  test('has a form for each kind of program', () => {
    const made = forms("import { a, b } from 'gemmfit';\n\nconst c = (await a.fit(b)) as number;\n");
    expect(made.cjs).toMatch(/^const { a, b } = require\('gemmfit'\);\nasync function main\(\) {/);
    expect(made.cts).toMatch(/^import { a, b } from 'gemmfit';\nasync function main\(\) {/);
    expect(made.mjs).not.toContain('as number');
    expect(oneEpoch(example().mjs)).toContain('epochs: 1,');
  });

  test('is right only where it learned and predicts', () => {
    expect(wrongOutput('validation accuracy 0.97\nnear 0: true\n')).toBe(undefined);
    expect(wrongOutput('validation accuracy 0.51\nnear 0: true\n')).toContain('did not learn');
    expect(wrongOutput('validation accuracy NaN\nnear 0: true\n')).toContain('did not learn');
    expect(wrongOutput('validation accuracy 0.97\nnear 0: false\n')).toContain('prediction');
    expect(wrongOutput('')).toContain('did not learn');
  });
});
