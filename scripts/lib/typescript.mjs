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
    const { buildSync } = require('esbuild');
    const { dependencies } = require('./package.json');
    for (const name of ['index', 'diagnose']) {
      const options = {
        absWorkingDir: root,
        entryPoints: [`lib/${name}.ts`],
        bundle: true,
        // The package has one instance: other entries load it when they need it. (In its own bundle the name would also mean the
        // index.ts of folders.) The binaries stay where they are: paths to them are the same from dist/ as from lib/.
        external: [...(name === 'index' ? [] : ['./index.js']), '*.node', ...Object.keys(dependencies)],
        minifyWhitespace: true,
        // Node shows the line that an uncaught error comes from: not the whole bundle.
        lineLimit: 160,
        platform: 'node',
        target: 'node20',
        outfile: `dist/${name}.js`,
      };
      buildSync(options);
      // An ES module has its names in its outline.
      const { metafile } = buildSync({ ...options, format: 'esm', write: false, metafile: true });
      writeEsmEntry(name, metafile.outputs[options.outfile].exports);
    }
    // A thread of its own, which loads its library by itself.
    buildSync({
      absWorkingDir: root,
      entryPoints: ['lib/saving/hdf5/worker.mts'],
      bundle: true,
      external: ['h5wasm'],
      platform: 'node',
      target: 'node20',
      format: 'esm',
      outfile: 'dist/hdf5_worker.mjs',
    });
  });
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
