// TypeScript to dist/: types by tsc, one CommonJS file an entry by esbuild (a hundred small ones take Node longer to load than all the
// rest), and an ESM file over the same instance, so that both share classes and state.
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { completeDeclarations } from './declarations.mjs';
import { nodeTool, root } from './shell.mjs';
import { fingerprint, isFresh, stamped } from './stamps.mjs';

const print = () =>
  fingerprint([
    'lib',
    'tsconfig.json',
    'binding.d.ts',
    'package.json',
    'scripts/lib/typescript.mjs',
    'scripts/lib/declarations.mjs',
  ]);
export const typescriptFresh = () => isFresh('typescript', 'dist/index.mjs', print());

/** Compiles lib/ and writes the ESM entries. */
export function buildTypeScript(options) {
  stamped('typescript', print(), () => {
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    nodeTool('typescript/bin/tsc', ['-p', '.', '--emitDeclarationOnly'], options);
    completeDeclarations();
    // From the project's own folder, and only when it builds: scripts also run before packages are installed.
    const require = createRequire(join(root, 'package.json'));
    bundlePackage(require('esbuild'));
    bundleDiagnose(require('esbuild'));
    bundleCommandLine(require('esbuild'));
    bundleWorkers(require('esbuild'));
  });
}

const manifest = () => createRequire(join(root, 'package.json'))('./package.json');

const common = () => ({
  absWorkingDir: root,
  bundle: true,
  // The binaries stay where they are: paths to them are the same from dist/ as from lib/.
  external: ['*.node', ...Object.keys(manifest().dependencies), ...Object.keys(manifest().peerDependencies)],
  platform: 'node',
  target: 'node20',
});

// Node shows the line that an uncaught error comes from: not the whole bundle.
const short = { minifyWhitespace: true, lineLimit: 160 };

/**
 * `index.js`, `files.js`, which it loads when it needs it, and `shared.js`, what both are made of. esbuild takes only ES modules apart, so they are made as
 * such, with another word for `require`, and become CommonJS then.
 */
function bundlePackage({ buildSync, transformSync }) {
  const { outputFiles, metafile } = buildSync({
    ...common(),
    entryPoints: ['lib/index.ts', 'lib/files.ts'],
    splitting: true,
    chunkNames: 'shared',
    format: 'esm',
    define: { require: 'requireOfCommonJS' },
    outdir: 'dist',
    metafile: true,
    write: false,
  });
  for (const { path, text } of outputFiles) {
    const { code } = transformSync(text, {
      ...short,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      define: { requireOfCommonJS: 'require' },
    });
    writeFileSync(path, code);
  }
  writeEsmEntry('index', metafile.outputs['dist/index.js'].exports);
}

function bundleDiagnose({ buildSync }) {
  // The package has one instance: it is loaded when it is needed. (In its own bundle the name would also mean the index.ts of folders.)
  const { external, ...rest } = common();
  const options = {
    ...rest,
    ...short,
    entryPoints: ['lib/diagnose.ts'],
    external: ['./index.js', ...external],
    outfile: 'dist/diagnose.js',
  };
  buildSync(options);
  // An ES module has its names in its outline.
  const { metafile } = buildSync({ ...options, format: 'esm', write: false, metafile: true });
  writeEsmEntry('diagnose', metafile.outputs[options.outfile].exports);
}

/** The command line, over the one instance of the package that whoever calls it has. */
function bundleCommandLine({ buildSync }) {
  const { external, ...rest } = common();
  const loaded = ['./index.js', './diagnose.js'];
  buildSync({ ...rest, ...short, entryPoints: ['lib/cli.ts'], external: [...loaded, ...external], outfile: 'dist/cli.js' });
}

/** Threads of their own, which load their libraries by themselves. */
function bundleWorkers({ buildSync }) {
  buildSync({ ...common(), entryPoints: ['lib/saving/hdf5/worker.mts'], format: 'esm', outfile: 'dist/hdf5_worker.mjs' });
  buildSync({ ...common(), entryPoints: ['lib/datasets/parts/worker.mts'], format: 'esm', outfile: 'dist/data_worker.mjs' });
}

function writeEsmEntry(entry, names) {
  const named = names.filter((name) => name !== 'default');
  const module = (...head) =>
    [...head, 'export const {', ...named.map((name) => `  ${name},`), '} = m;', 'export default m;', ''].join('\n');
  // Not `import m from`: Node would parse the whole file twice, to guess its names.
  const load = ["import { createRequire } from 'node:module';", `const m = createRequire(import.meta.url)('./${entry}.js');`];
  writeFileSync(join(root, `dist/${entry}.mjs`), module(...load));
  // For bundlers, which follow imports only: all that do not take the condition node-addons, as Node does.
  writeFileSync(join(root, `dist/${entry}.bundle.mjs`), module(`import * as m from './${entry}.js';`));
  const types = `import m from './${entry}.js';\nexport * from './${entry}.js';\nexport default m;\n`;
  writeFileSync(join(root, `dist/${entry}.d.mts`), types);
}
